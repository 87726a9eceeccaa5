#include "runtime/call.h"

#include <atomic>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "abi/calling_convention.h"
#include "abi/exception.h"
#include "abi/trap.h"
#include "abi/vm_context.h"
#include "base/assert.h"
#include "runtime/exception_heap.h"
#include "runtime/impl/describe_trap.h"
#include "runtime/impl/enter.h"
#include "runtime/interrupt.h"
#include "runtime/outcome.h"
#include "runtime/thread.h"
#include "runtime/trap_handler.h"
#include "runtime/value.h"
#include "wasm/types.h"

namespace wasmax::runtime {
namespace {

using Kind = abi::ValueLocation::Kind;

/// The spill area needs no saving when calls nest: it is only in use between a store of arguments
/// and the callee's first instructions, and between a return and the load of results.
void place(std::span<const Value> arguments, const std::vector<abi::ValueLocation>& locations,
           EnterBlock& block) {
    for (std::size_t index = 0; index < arguments.size(); ++index) {
        const abi::ValueLocation location = locations[index];
        switch (location.kind) {
            case Kind::gpr:
                block.gprs[location.index] = arguments[index].low;
                break;
            case Kind::xmm:
                block.xmms[location.index] = arguments[index];
                break;
            case Kind::spill:
                std::memcpy(block.context->spill + location.index * abi::kSpillSlotBytes,
                            &arguments[index], sizeof(Value));
                break;
        }
    }
}

/// Registers and slots hold garbage above a value's width.
Value trim(Value value, wasm::ValueType type) {
    switch (type.kind()) {
        case wasm::ValueType::Kind::i32:
        case wasm::ValueType::Kind::f32:
            return {value.low & 0xffff'ffff, 0};
        case wasm::ValueType::Kind::v128:
            return value;
        case wasm::ValueType::Kind::i64:
        case wasm::ValueType::Kind::f64:
        case wasm::ValueType::Kind::ref:
        case wasm::ValueType::Kind::bottom:
            break;
    }
    return {value.low, 0};
}

void fetch(const EnterBlock& block, const wasm::FunctionType& type, std::span<Value> results) {
    const std::vector<abi::ValueLocation> locations = abi::result_locations(type);
    for (std::size_t index = 0; index < results.size(); ++index) {
        const abi::ValueLocation location = locations[index];
        Value value;
        switch (location.kind) {
            case Kind::gpr:
                value.low = block.result_gprs[location.index];
                break;
            case Kind::xmm:
                value = block.result_xmms[location.index];
                break;
            case Kind::spill:
                std::memcpy(&value, block.context->spill + location.index * abi::kSpillSlotBytes,
                            sizeof(Value));
                break;
        }
        if (type.results[index].is_ref() && type.results[index].heap() == wasm::HeapKind::exn) {
            ExceptionHeap::keep(static_cast<abi::Exception*>(value.as_reference()));
        }
        results[index] = trim(value, type.results[index]);
    }
}

/// A scope while it is the innermost of its thread.
class ActiveScope {
public:
    explicit ActiveScope(ThreadState& thread)
        : scope_{.thread = &thread,
                 .outer = current_trap_scope().load(std::memory_order_relaxed),
                 .landing_stack = nullptr,
                 .reason = 0} {
        current_trap_scope().store(&scope_, std::memory_order_relaxed);
    }
    ActiveScope(const ActiveScope&) = delete;
    ActiveScope& operator=(const ActiveScope&) = delete;
    ~ActiveScope() { current_trap_scope().store(scope_.outer, std::memory_order_relaxed); }

    Landing enter(EnterBlock& block) { return wasmax_runtime_enter(&block, &scope_.landing_stack); }
    [[nodiscard]] std::uint64_t reason() const { return scope_.reason; }

private:
    TrapScope scope_;
};

}  // namespace

CallOutcome call(ThreadState& thread, const abi::FuncRef& function, const wasm::FunctionType& type,
                 std::span<const Value> arguments, std::span<Value> results) {
    WASMAX_ASSERT(arguments.size() == type.parameters.size() &&
                  results.size() == type.results.size());
    if (reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0)) < thread.stack.limit) {
        return Trapped{Trap{.code = abi::TrapCode::stack_exhausted, .pc = 0, .frames = {}}};
    }
    EnterBlock block{};
    block.code = function.code;
    block.context = thread.contexts[function.module];
    WASMAX_ASSERT(block.context != nullptr);
    place(arguments, abi::parameter_locations(type), block);
    ActiveScope scope(thread);
    if (thread.interruption.is_requested()) [[unlikely]] {
        if (thread.interruption.is_requested(Request::stop)) {
            return Trapped{Trap{.code = abi::TrapCode::interrupted, .pc = 0, .frames = {}}};
        }
        thread.interruption.request(Request::visit);  // outside of scopes its signal had no effect
    }
    switch (scope.enter(block)) {
        case Landing::returned:
            fetch(block, type, results);
            return Returned{};
        case Landing::left:
            return Left{scope.reason()};
        case Landing::trapped:
            return Trapped{describe_trap(thread.store, thread.trap, thread.throw_trace.exception)};
    }
    __builtin_unreachable();
}

}  // namespace wasmax::runtime
