// Arguments, environment, randomness.

#include <sys/random.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <tuple>

#include "base/result.h"
#include "base/units.h"
#include "io/backend.h"
#include "wasix/errnos.h"
#include "wasix/guest_memory.h"
#include "wasix/guest_types.h"
#include "wasix/params.h"
#include "wasix/process.h"
#include "wasix/syscalls.h"
#include "wasix/thread.h"

namespace wasmax::wasix {
namespace {

/// Writes the strings to `buffer` and the guest addresses of each to `pointers`. wasix: 1.11
Result<void, Errno> store_strings(const GuestMemory& memory, const StringList& strings,
                                  GuestPointer<GuestAddress> pointers,
                                  GuestPointer<std::byte> buffer) {
    const GuestSpan<GuestAddress> array{pointers.address, strings.count()};
    TRY(memory.check(array));
    const MutableByteView bytes = TRY(memory.view(buffer.address, strings.bytes().size()));
    for (Size index = 0; index < strings.count(); ++index) {
        memory.put(array, index, GuestAddress{buffer.address + strings.offsets()[index]});
    }
    if (!bytes.empty()) {
        std::memcpy(bytes.data(), strings.bytes().data(), bytes.size());
    }
    return {};
}

std::tuple<Size, Size> sizes(const StringList& strings) {
    return {strings.count(), static_cast<Size>(strings.bytes().size())};
}

}  // namespace

Result<void, Errno> wasi_snapshot_preview1::args_get(Caller& caller,
                                                     GuestPointer<GuestAddress> argv,
                                                     GuestPointer<std::byte> argv_buf) {
    return store_strings(caller.memory, caller.process.args(), argv, argv_buf);
}

Result<std::tuple<Size, Size>, Errno> wasi_snapshot_preview1::args_sizes_get(Caller& caller) {
    return sizes(caller.process.args());
}

Result<void, Errno> wasi_snapshot_preview1::environ_get(Caller& caller,
                                                        GuestPointer<GuestAddress> entries,
                                                        GuestPointer<std::byte> entries_buf) {
    return store_strings(caller.memory, caller.process.env(), entries, entries_buf);
}

Result<std::tuple<Size, Size>, Errno> wasi_snapshot_preview1::environ_sizes_get(Caller& caller) {
    return sizes(caller.process.env());
}

/// linux: getrandom(2)
Result<void, Errno> wasi_snapshot_preview1::random_get(Caller& caller, GuestBuffer buf) {
    MutableByteView rest = TRY(caller.memory.writable(buf));
    while (!rest.empty()) {
        // A signal cuts long requests short, which is no error; only the first bytes after boot can
        // make it wait, and nothing else fails here.
        const ssize_t count = ::getrandom(rest.data(), rest.size(), 0);
        if (count < 0 && errno != EINTR) {
            return fail(Errno::io);
        }
        rest = rest.subspan(count < 0 ? 0 : static_cast<std::size_t>(count));
    }
    return {};
}

}  // namespace wasmax::wasix
