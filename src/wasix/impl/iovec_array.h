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

namespace wasmax::wasix {

/// A guest's iovecs as the host wants them, on the stack of the handler.
class IovecArray {
public:
    /// The buffers of `guest`, each inside the memory; valid as long as this array. Of more than
    /// IOV_MAX the first IOV_MAX: the transfer is then a short one, which guests must expect, and
    /// the work is bounded. Errors: memviolation.
    [[nodiscard]] Result<io::Buffers, Errno> fill(const GuestMemory& memory,
                                                  GuestSpan<const Iovec> guest) {
        TRY(memory.check(guest));
        const auto count = static_cast<Size>(std::min<std::uint64_t>(guest.count, IOV_MAX));
        for (Size index = 0; index < count; ++index) {
            const Iovec entry = memory.at(guest, index);
            const MutableByteView bytes = TRY(memory.view(entry.buf, entry.buf_len));
            entries_[index] = {bytes.data(), bytes.size()};
        }
        return io::Buffers(entries_.data(), count);
    }

private:
    std::array<iovec, IOV_MAX> entries_;  // uninitialised: clearing 16 KiB per call would show
};

}  // namespace wasmax::wasix
