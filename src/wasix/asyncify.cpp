#include "wasix/asyncify.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "runtime/call.h"
#include "runtime/extern.h"
#include "runtime/global.h"
#include "runtime/instance.h"
#include "runtime/outcome.h"
#include "runtime/thread.h"
#include "runtime/value.h"
#include "wasix/errnos.h"
#include "wasix/guest_memory.h"
#include "wasix/guest_types.h"
#include "wasix/stack_snapshots.h"
#include "wasm/types.h"

namespace wasmax::wasix {
namespace {

struct Export {
    std::string_view name;
    bool takes_data;
};
/// By Step.
constexpr std::array<Export, 4> kExports{{{"asyncify_start_unwind", true},
                                          {"asyncify_stop_unwind", false},
                                          {"asyncify_start_rewind", true},
                                          {"asyncify_stop_rewind", false}}};

wasm::ValueType address_type(AddressWidth width) {
    return width == AddressWidth::bits32 ? wasm::ValueType::i32 : wasm::ValueType::i64;
}

/// The value of an exported global that holds an address.
std::optional<std::uint64_t> address_global(const runtime::Instance& instance,
                                            std::string_view name) {
    const auto found = instance.export_(name);
    auto* const* const global = found ? std::get_if<runtime::Global*>(&*found) : nullptr;
    if (global == nullptr) {
        return std::nullopt;
    }
    const wasm::ValueType type = (*global)->type().value;
    if (type == wasm::ValueType::i32) {
        return (*global)->get().as_i32();
    }
    return type == wasm::ValueType::i64 ? std::optional((*global)->get().as_i64()) : std::nullopt;
}

constexpr std::string_view kStackPointer = "__stack_pointer";

/// Calls `visit` with each mutable global.
template <class Visit>
void each_mutable(const runtime::Instance& instance, const Visit& visit) {
    const std::vector<wasm::GlobalType>& types = instance.module().global_types;
    for (std::uint32_t index = 0; index < types.size(); ++index) {
        if (types[index].is_mutable) {
            visit(instance.global({index}));
        }
    }
}

/// The two words of a Buffer in the guest's memory.
GuestSpan<GuestAddress> words(std::uint64_t at) { return {at, 2}; }

}  // namespace

std::optional<Asyncify> Asyncify::of(const runtime::Instance& instance, AddressWidth width) {
    Asyncify asyncify;
    asyncify.width_ = width;
    for (std::size_t step = 0; step < kExports.size(); ++step) {
        wasm::FunctionType expected;
        if (kExports[step].takes_data) {
            expected.parameters.push_back(address_type(width));
        }
        const auto found = instance.export_(kExports[step].name);
        const auto* const function = found ? std::get_if<runtime::Function>(&*found) : nullptr;
        if (function == nullptr || function->ref == nullptr || *function->type != expected) {
            return std::nullopt;
        }
        asyncify.functions_[step] = *function;
    }
    return asyncify;
}

runtime::CallOutcome Asyncify::call(runtime::ThreadState& state, Step step,
                                    std::uint64_t data) const {
    const runtime::Function& function = functions_[static_cast<std::size_t>(step)];
    const std::array values{width_ == AddressWidth::bits32
                                ? runtime::Value::i32(static_cast<std::uint32_t>(data))
                                : runtime::Value::i64(data)};
    const std::span<const runtime::Value> arguments(values);
    return runtime::call(state, *function.ref, *function.type,
                         arguments.first(function.type->parameters.size()), {});
}

std::uint64_t Asyncify::header_bytes(AddressWidth width) {
    return width == AddressWidth::bits32 ? sizeof(std::array<std::uint32_t, 2>)
                                         : sizeof(std::array<std::uint64_t, 2>);
}

Result<void, Errno> Asyncify::store(const GuestMemory& memory, std::uint64_t at,
                                    const Buffer& buffer) {
    TRY(memory.check(words(at)));
    memory.put(words(at), 0, GuestAddress{buffer.start});
    memory.put(words(at), 1, GuestAddress{buffer.end});
    return {};
}

Result<Asyncify::Buffer, Errno> Asyncify::load(const GuestMemory& memory, std::uint64_t at) {
    TRY(memory.check(words(at)));
    return Buffer{static_cast<std::uint64_t>(memory.at(words(at), 0)),
                  static_cast<std::uint64_t>(memory.at(words(at), 1))};
}

StackBounds main_stack(const runtime::Instance& instance) {
    constexpr std::uint64_t kAssumedHigh = std::uint64_t{1024} * 1024;
    StackBounds bounds;
    bounds.high = address_global(instance, "__stack_high")
                      .value_or(address_global(instance, kStackPointer).value_or(kAssumedHigh));
    bounds.low = address_global(instance, "__stack_low")
                     .value_or(address_global(instance, "__data_end").value_or(0));
    if (bounds.low >= bounds.high) {
        bounds.low = 0;  // `wasm-ld --stack-first`: the stack lies below the data
    }
    return bounds;
}

std::uint64_t stack_pointer(const runtime::Instance& instance, const StackBounds& bounds) {
    return address_global(instance, kStackPointer).value_or(bounds.high);
}

std::vector<runtime::Value> save_globals(const runtime::Instance& instance) {
    std::vector<runtime::Value> globals;
    each_mutable(instance, [&](const runtime::Global& global) { globals.push_back(global.get()); });
    return globals;
}

void restore_globals(const runtime::Instance& instance,
                     const std::vector<runtime::Value>& globals) {
    auto value = globals.begin();
    each_mutable(instance, [&](runtime::Global& global) { global.set(*value++); });
}

}  // namespace wasmax::wasix
