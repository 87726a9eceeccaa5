#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "base/result.h"
#include "io/backend.h"
#include "io/operation.h"

namespace wasmax::io {

/// How often what goes wrong, in operations per thousand (0 to 1000), tried in this order.
struct FaultRates {
    unsigned interrupted = 0;       ///< EINTR, for all but Close
    unsigned would_block = 0;       ///< EAGAIN, for transfers and Accept
    unsigned connection_reset = 0;  ///< ECONNRESET, for Receive and Send
    unsigned short_transfer = 0;    ///< only part of the first buffer, for stream transfers
};

/// Makes another back end fail as kernels do, in a way that repeats with the same seed while one
/// thread uses it. For tests: everything above must cope with what it does.
class FaultyBackend final : public Backend {
public:
    /// `inner` must outlive this.
    FaultyBackend(Backend& inner, std::uint64_t seed, FaultRates rates)
        : inner_(inner), rates_(rates), state_(seed) {}

private:
    Result<std::size_t, HostErrno> attempt(const Operation& operation) override;
    bool happens(unsigned rate);
    std::uint64_t draw();

    Backend& inner_;
    FaultRates rates_;
    std::atomic<std::uint64_t> state_;
};

}  // namespace wasmax::io
