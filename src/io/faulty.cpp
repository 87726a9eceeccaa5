#include "io/faulty.h"

#include <sys/uio.h>

#include <atomic>
#include <cerrno>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <variant>

#include "base/result.h"
#include "io/backend.h"
#include "io/operation.h"

namespace wasmax::io {
namespace {

template <class T, class... Kinds>
concept OneOf = (std::same_as<T, Kinds> || ...);

/// Whether a part of this transfer is a transfer: not of a datagram, whose rest would be lost, not
/// of the number of an eventfd, which is transferred whole or not at all, and not of an empty
/// buffer, where a short read would be mistaken for the end.
template <class Kind>
bool can_be_short(const Kind& operation) {
    if constexpr (OneOf<Kind, Receive, Send>) {
        // NOLINTNEXTLINE(misc-const-correctness): not for every kind
        bool datagram = operation.address != nullptr;
        if constexpr (std::same_as<Kind, Receive>) {
            datagram = datagram || operation.message_flags != nullptr;
        }
        if (datagram) {
            return false;
        }
    }
    return !operation.buffers.empty() && operation.buffers.front().iov_len > sizeof(std::uint64_t);
}

}  // namespace

/// splitmix64: one addition of state, so any thread may draw.
std::uint64_t FaultyBackend::draw() {
    std::uint64_t z = state_.fetch_add(0x9e3779b97f4a7c15, std::memory_order_relaxed);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}

bool FaultyBackend::happens(unsigned rate) { return draw() % 1000 < rate; }

Result<std::size_t, HostErrno> FaultyBackend::attempt(const Operation& operation) {
    return std::visit(
        [this]<class Kind>(const Kind& chosen) -> Result<std::size_t, HostErrno> {
            if (!std::same_as<Kind, Close> && happens(rates_.interrupted)) {
                if constexpr (std::same_as<Kind, Connect>) {
                    // An interrupted connect has begun, so it must not look as if it had not.
                    TRY(attempt_on(inner_, chosen));
                }
                return fail(HostErrno{EINTR});
            }
            if (OneOf<Kind, Read, Write, Accept, Receive, Send, SendFile> &&
                happens(rates_.would_block)) {
                return fail(HostErrno{EAGAIN});
            }
            if (OneOf<Kind, Receive, Send, SendFile> && happens(rates_.connection_reset)) {
                return fail(HostErrno{ECONNRESET});
            }
            if constexpr (OneOf<Kind, Read, Write, Receive, Send>) {
                if (can_be_short(chosen) && happens(rates_.short_transfer)) {
                    iovec part = chosen.buffers.front();
                    part.iov_len = 1 + draw() % part.iov_len;
                    Kind shortened = chosen;
                    shortened.buffers = {&part, 1};
                    return attempt_on(inner_, shortened);
                }
            }
            if constexpr (std::same_as<Kind, SendFile>) {
                if (chosen.bytes != 0 && happens(rates_.short_transfer)) {
                    SendFile shortened = chosen;
                    shortened.bytes = 1 + draw() % chosen.bytes;
                    return attempt_on(inner_, shortened);
                }
            }
            return attempt_on(inner_, chosen);
        },
        operation);
}

}  // namespace wasmax::io
