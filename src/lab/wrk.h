#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/result.h"
#include "lab/experiment.h"

namespace wasmax::lab {

/// What a generator printed about one run. Latencies in microseconds: wrk is a closed loop, so they
/// are service times under its own pace, and it corrects its histogram after the run. Those of the
/// open loop begin at the time at which the request should have been sent.
struct WrkResult {
    double requests_per_second = 0;
    std::uint64_t requests = 0;
    double elapsed_s = 0;
    double latency_mean_us = 0;
    double latency_stdev_us = 0;  ///< NaN when wrk had too few samples
    double latency_max_us = 0;
    double latency_p50_us = 0;
    double latency_p75_us = 0;
    double latency_p90_us = 0;
    double latency_p99_us = 0;
    std::uint64_t connect_errors = 0;
    std::uint64_t read_errors = 0;
    std::uint64_t write_errors = 0;
    std::uint64_t timeouts = 0;
    std::uint64_t status_errors = 0;  ///< answers with a status above 399
};

/// The programs that make load.
struct Generators {
    std::string wrk;
    std::string pipeline_script;         ///< for wrk: see pipeline_script(); when it pipelines
    std::vector<std::string> open = {};  ///< the beginning of an open-loop command
};

/// The command that loads 127.0.0.1 as `load` says, for `duration` seconds (at least 1). Either
/// generator prints what parse_wrk() reads.
[[nodiscard]] std::vector<std::string> load_command(const Generators& generators,
                                                    const Workload& workload, const Load& load,
                                                    std::chrono::seconds duration);

/// The Lua program with which wrk sends `count` requests at once.
[[nodiscard]] std::string pipeline_script(int count);

/// Reads the output of `wrk --latency`. Errors: internal, naming what is missing or unreadable.
[[nodiscard]] Result<WrkResult, Error> parse_wrk(std::string_view output);

}  // namespace wasmax::lab
