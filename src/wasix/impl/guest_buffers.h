#pragma once

#include <limits.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "base/result.h"
#include "base/units.h"
#include "io/operation.h"
#include "wasix/errnos.h"
#include "wasix/guest_memory.h"
#include "wasix/guest_types.h"
#include "wasix/impl/scratch.h"
#include "wasix/thread.h"

namespace wasmax::wasix {

// A guest's iovecs as the host wants them. Errors of all here: memviolation, and what the transfer
// answers.

/// Buffer `index` of a span that GuestMemory::check() accepted.
[[gnu::always_inline]] inline Result<iovec, Errno> host_buffer(const GuestMemory& memory,
                                                               GuestSpan<const Iovec> guest,
                                                               Size index) {
    const Iovec entry = memory.at(guest, index);
    const MutableByteView bytes = TRY(memory.view(entry.buf, entry.buf_len));
    return iovec{bytes.data(), bytes.size()};
}

/// Any number of buffers: on the stack, or if they are many in the thread's scratch memory. All by
/// value: a reference to what the caller has would keep it out of registers there.
template <class Transfer>
[[gnu::noinline]] auto with_many_buffers(GuestMemory memory, Scratch& scratch,
                                         GuestSpan<const Iovec> guest, Transfer transfer)
    -> decltype(transfer(io::Buffers())) {
    constexpr std::size_t kFew = 16;
    TRY(memory.check(guest));
    const auto count = static_cast<Size>(std::min<std::uint64_t>(guest.count, IOV_MAX));
    std::array<iovec, kFew> few;  // uninitialised
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): aligned for every type.
    auto* const entries =
        count <= kFew ? few.data() : reinterpret_cast<iovec*>(scratch.take(count * sizeof(iovec)));
    for (Size index = 0; index < count; ++index) {
        entries[index] = TRY(host_buffer(memory, guest, index));
    }
    return transfer(io::Buffers(entries, count));
}

/// Calls `transfer` with the buffers of `guest`, each inside the memory; they are valid as long as
/// the call. Of more than IOV_MAX the first IOV_MAX: the transfer is then a short one, which guests
/// must expect, and the work is bounded. `transfer` is copied.
template <class Transfer>
[[gnu::always_inline]] inline auto with_buffers(Caller& caller, GuestSpan<const Iovec> guest,
                                                const Transfer& transfer)
    -> decltype(transfer(io::Buffers())) {
    if (guest.count != 1) [[unlikely]] {
        return with_many_buffers(caller.memory, caller.thread.scratch, guest, transfer);
    }
    TRY(caller.memory.check(guest));
    const iovec one = TRY(host_buffer(caller.memory, guest, 0));
    return transfer(io::Buffers(&one, 1));
}

}  // namespace wasmax::wasix
