#include "io/batch.h"

#include <signal.h>

#include <concepts>
#include <cstddef>
#include <variant>

#include "base/result.h"
#include "io/backend.h"
#include "io/operation.h"
#include "io/perform.h"
#include "io/poll_mirror.h"

namespace wasmax::io {

BatchBackend::BatchBackend() : Backend(Way::straight_but_mirrored) { ::signal(SIGPIPE, SIG_IGN); }

Result<std::size_t, HostErrno> BatchBackend::attempt(const Operation& operation) {
    return std::visit(
        [this]<class Kind>(const Kind& chosen) -> Result<std::size_t, HostErrno> {
            if constexpr (std::same_as<Kind, Poll>) {
                return poll(chosen);
            } else {
                if constexpr (std::same_as<Kind, Close>) {
                    closes_.add(chosen.fd);
                }
                return perform(chosen);
            }
        },
        operation);
}

Result<std::size_t, HostErrno> BatchBackend::poll(const Poll& poll) {
    if (poll.mirror != nullptr && poll.entries.size() >= PollMirror::kLeastEntries) {
        if (const auto mirrored = poll.mirror->run(poll, closes_)) {
            return *mirrored;
        }
    }
    return perform(poll);
}

}  // namespace wasmax::io
