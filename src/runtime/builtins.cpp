#include "runtime/impl/builtins.h"

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <type_traits>

#include "abi/builtin.h"
#include "abi/exception.h"
#include "abi/trap.h"
#include "abi/vm_context.h"
#include "base/assert.h"
#include "base/result.h"
#include "base/units.h"
#include "runtime/exception_heap.h"
#include "runtime/impl/enter.h"
#include "runtime/impl/unwind.h"
#include "runtime/instance.h"
#include "runtime/interrupt.h"
#include "runtime/memory.h"
#include "runtime/table.h"
#include "runtime/thread.h"
#include "runtime/wait_queue.h"
#include "wasm/module.h"

namespace wasmax::runtime {
namespace {

using abi::TrapCode;
using abi::VmContext;

// The types of builtins.def.
// NOLINTBEGIN(readability-identifier-naming): its spelling.
using nothing = void;
using u32 = std::uint32_t;
using u64 = std::uint64_t;
using ptr = void*;
// NOLINTEND(readability-identifier-naming)

/// What a builtin that can trap returns: it must not leave while it has a C++ frame.
template <class T>
using OrTrap = Result<T, TrapCode>;

constexpr u64 kCannotGrow = ~u64{0};

Memory& memory_of(VmContext& context, u32 memory) { return context.instance->memory({memory}); }
Table& table_of(VmContext& context, u32 table) { return context.instance->table({table}); }

/// [address, address + count) of a memory. Memories never shrink: one check is enough.
OrTrap<std::byte*> range(Memory& memory, u64 address, u64 count) {
    const u64 bytes = memory.bytes().count;
    if (address > bytes || count > bytes - address) {
        return fail(TrapCode::memory_out_of_bounds);
    }
    return memory.base() + address;
}

/// [offset, offset + count) of a segment.
template <class T>
OrTrap<std::span<T>> piece(std::span<T> segment, u64 offset, u64 count, TrapCode trap) {
    if (offset > segment.size() || count > segment.size() - offset) {
        return fail(trap);
    }
    return segment.subspan(offset, count);
}

// ---- The rows of builtins.def, in its order and with its parameters.
// NOLINTBEGIN(readability-function-size): up to six of them.

OrTrap<void> indirect_call_trap(VmContext& context, u32 table, u64 index) {
    const auto reference = table_of(context, table).get(index);
    if (!reference.has_value()) {
        return fail(TrapCode::undefined_element);
    }
    return fail(*reference == nullptr ? TrapCode::uninitialized_element
                                      : TrapCode::indirect_call_mismatch);
}

OrTrap<u64> memory_grow(VmContext& context, u32 memory, u64 delta) {
    const auto before = memory_of(context, memory).grow({delta});
    return before.has_value() ? before->count : kCannotGrow;
}

OrTrap<void> memory_fill(VmContext& context, u32 memory, u64 address, u32 byte, u64 count) {
    std::byte* const to = TRY(range(memory_of(context, memory), address, count));
    std::memset(to, static_cast<int>(byte & 0xff), count);
    return {};
}

OrTrap<void> memory_copy(VmContext& context, u32 to, u32 from, u64 to_address, u64 from_address,
                         u64 count) {
    std::byte* const target = TRY(range(memory_of(context, to), to_address, count));
    const std::byte* const source = TRY(range(memory_of(context, from), from_address, count));
    std::memmove(target, source, count);
    return {};
}

OrTrap<void> memory_init(VmContext& context, u32 memory, u32 segment, u64 address, u64 offset,
                         u64 count) {
    std::byte* const to = TRY(range(memory_of(context, memory), address, count));
    const ByteView bytes = TRY(
        piece(context.instance->data({segment}), offset, count, TrapCode::memory_out_of_bounds));
    if (!bytes.empty()) {
        std::memcpy(to, bytes.data(), bytes.size());
    }
    return {};
}

OrTrap<void> data_drop(VmContext& context, u32 segment) {
    context.instance->drop_data({segment});
    return {};
}

/// The word at a checked address: aligned, and inside.
template <class Word>
OrTrap<Word*> word(Memory& memory, u64 address) {
    if (address % sizeof(Word) != 0) {
        return fail(TrapCode::unaligned_atomic);
    }
    return reinterpret_cast<Word*>(TRY(range(memory, address, sizeof(Word))));
}

/// A thread that is interrupted does what it was asked and then waits again, if the word still is
/// `expected`. attend() may leave: no local has a destructor.
template <class Word>
OrTrap<u32> wait(VmContext& context, u32 index, u64 address, Word expected, u64 timeout) {
    Memory& memory = memory_of(context, index);
    const Word* const at = TRY(word<Word>(memory, address));
    if (!memory.type().shared) {
        return fail(TrapCode::expected_shared_memory);
    }
    WaitQueue::Deadline deadline;
    if (static_cast<std::int64_t>(timeout) >= 0) {
        deadline = WaitQueue::after(std::chrono::nanoseconds(timeout));
    }
    while (true) {
        const WaitQueue::Outcome outcome = memory.waiters().wait(at, expected, deadline);
        if (outcome != WaitQueue::Outcome::interrupted) {
            return static_cast<u32>(outcome);
        }
        attend_to_requests(*context.thread);
    }
}

OrTrap<u32> memory_wait32(VmContext& context, u32 memory, u64 address, u32 expected, u64 timeout) {
    return wait(context, memory, address, expected, timeout);
}

OrTrap<u32> memory_wait64(VmContext& context, u32 memory, u64 address, u64 expected, u64 timeout) {
    return wait(context, memory, address, expected, timeout);
}

OrTrap<u32> memory_notify(VmContext& context, u32 memory, u64 address, u32 count) {
    Memory& notified = memory_of(context, memory);
    return notified.waiters().notify(TRY(word<u32>(notified, address)), count);
}

OrTrap<ptr> table_get(VmContext& context, u32 table, u64 index) {
    return table_of(context, table).get(index);
}

OrTrap<void> table_set(VmContext& context, u32 table, u64 index, ptr reference) {
    return table_of(context, table).set(index, reference);
}

OrTrap<u64> table_size(VmContext& context, u32 table) { return table_of(context, table).count(); }

OrTrap<u64> table_grow(VmContext& context, u32 table, ptr reference, u64 delta) {
    const auto before = table_of(context, table).grow(delta, reference);
    return before.has_value() ? *before : kCannotGrow;
}

OrTrap<void> table_fill(VmContext& context, u32 table, u64 index, ptr reference, u64 count) {
    return table_of(context, table).fill(index, reference, count);
}

OrTrap<void> table_copy(VmContext& context, u32 to, u32 from, u64 to_index, u64 from_index,
                        u64 count) {
    return table_of(context, to).copy(to_index, table_of(context, from), from_index, count);
}

OrTrap<void> table_init(VmContext& context, u32 table, u32 segment, u64 index, u64 offset,
                        u64 count) {
    const auto references = TRY(
        piece(context.instance->elements({segment}), offset, count, TrapCode::table_out_of_bounds));
    return table_of(context, table).init(index, references);
}

OrTrap<void> elem_drop(VmContext& context, u32 segment) {
    context.instance->drop_elements({segment});
    return {};
}

OrTrap<void> keep_exception(VmContext& /*context*/, ptr exception) {
    ExceptionHeap::keep(static_cast<abi::Exception*>(exception));
    return {};
}
OrTrap<ptr> ref_func(VmContext& context, u32 function) {
    const abi::FuncRef* const ref = context.instance->function({function}).ref;
    WASMAX_ASSERT(ref != nullptr);
    return const_cast<abi::FuncRef*>(ref);
}

// NOLINTEND(readability-function-size)

// NOLINTNEXTLINE(readability-identifier-naming): the row is a function too, in assembly.
constexpr auto stack_check = &wasmax_runtime_stack_check;
constexpr auto throw_exception = &wasmax_runtime_throw_exception;
constexpr auto rethrow_exception = &wasmax_runtime_rethrow_exception;

// ---- From a row to the address compiled code calls.

/// `call` is what compiled code calls for a builtin: it unwraps the result or raises the trap. Not
/// instrumented: raise_trap() does not return, and sanitizers must not count this frame.
template <auto kBuiltin>
struct Entry {
    static constexpr auto call = kBuiltin;
};

template <class R, class... Parameters, OrTrap<R> (*kBuiltin)(VmContext&, Parameters...)>
struct Entry<kBuiltin> {
    [[clang::disable_sanitizer_instrumentation]] static R call(VmContext* context,
                                                               Parameters... parameters) noexcept {
        const OrTrap<R> result = kBuiltin(*context, parameters...);
        if (!result.has_value()) [[unlikely]] {
            raise_trap(*context->thread, result.error());
        }
        attend_to_requests(*context->thread);  // a signal that found us here left wasm code alone
        return result.value();
    }
};

/// The type of the row (result, (parameters)) in machine terms.
template <class R, class Parameters>
struct RowType;
template <class R, class... Parameters>
struct RowType<R, void(Parameters...)> {
    using Type = R (*)(VmContext*, Parameters...) noexcept;
};

#define BUILTIN(name, result, parameters)                                   \
    static_assert(std::is_same_v<std::decay_t<decltype(Entry<name>::call)>, \
                                 RowType<result, void parameters>::Type>,   \
                  "not what builtins.def says: " #name);
#include "abi/builtins.def"

}  // namespace

const std::array<const void*, abi::kBuiltinCount> kBuiltins{
#define BUILTIN(name, result, parameters) reinterpret_cast<const void*>(+Entry<name>::call),
#include "abi/builtins.def"
};

[[clang::disable_sanitizer_instrumentation]] void wasmax_runtime_check_stack(
    VmContext* context, std::uintptr_t frame) noexcept {
    ThreadState& thread = *context->thread;
    if (frame < thread.stack.limit) {
        raise_trap(thread, TrapCode::stack_exhausted);
    }
    context->stack_limit.store(thread.stack.limit, std::memory_order_relaxed);
    if (thread.interruption.is_requested()) {
        // The function has not read its arguments yet, and calls it does not know of may follow.
        std::array<std::byte, abi::kSpillBytes> spill;
        std::memcpy(spill.data(), context->spill, spill.size());
        attend(thread);
        std::memcpy(context->spill, spill.data(), spill.size());
    }
}

}  // namespace wasmax::runtime
