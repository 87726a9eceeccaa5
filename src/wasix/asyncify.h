#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "runtime/extern.h"
#include "runtime/global.h"
#include "runtime/instance.h"
#include "runtime/outcome.h"
#include "runtime/thread.h"
#include "runtime/value.h"
#include "wasix/guest_memory.h"
#include "wasix/stack_snapshots.h"

namespace wasmax::wasix {

/// The four exports by which a module that went through `wasm-opt --asyncify` unwinds its stack and
/// rewinds it. The guest may export anything under these names: all that a host can rely on is
/// their types.
class Asyncify {
public:
    enum class Step : std::uint8_t { start_unwind, stop_unwind, start_rewind, stop_rewind };

    /// Nothing if the instance lacks one of the exports, or one has another type than it has for
    /// addresses of this width. Valid while the instance lives.
    [[nodiscard]] static std::optional<Asyncify> of(const runtime::Instance& instance,
                                                    AddressWidth width);

    /// Calls one. `data` is the address of the structure that describes the buffer, for the steps
    /// that start.
    [[nodiscard]] runtime::CallOutcome call(runtime::ThreadState& state, Step step,
                                            std::uint64_t data) const;

    /// That structure: two addresses. The buffer follows. wasix: 11.2
    struct Buffer {
        std::uint64_t start;  ///< unwinding writes from here on up, rewinding reads down from here
        std::uint64_t end;
    };
    [[nodiscard]] static std::uint64_t header_bytes(AddressWidth width);
    [[nodiscard]] static Result<void, Errno> store(const GuestMemory& memory, std::uint64_t at,
                                                   const Buffer& buffer);
    [[nodiscard]] static Result<Buffer, Errno> load(const GuestMemory& memory, std::uint64_t at);

private:
    static constexpr std::size_t kSteps = 4;
    std::array<runtime::Function, kSteps> functions_{};  // by Step
    AddressWidth width_ = AddressWidth::bits32;
};

/// The C stack of a main thread, by what its module exports. wasix: 11.4
[[nodiscard]] StackBounds main_stack(const runtime::Instance& instance);

/// Where the C stack of `instance`'s thread ends now: `__stack_pointer`, or the upper bound if the
/// module does not export it.
[[nodiscard]] std::uint64_t stack_pointer(const runtime::Instance& instance,
                                          const StackBounds& bounds);

/// The mutable globals of an instance, in their order, and back.
[[nodiscard]] std::vector<runtime::Value> save_globals(const runtime::Instance& instance);
void restore_globals(const runtime::Instance& instance, const std::vector<runtime::Value>& globals);

}  // namespace wasmax::wasix
