#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/result.h"

namespace wasmax::lab {

/// A server to measure: a command, and the words that describe it in every sample.
struct Contender {
    std::string name;                       ///< unique; letters, digits, `-`, `_`, `.`
    std::string engine = {};                ///< what runs the program: `wasmax`, `cc`
    std::string flags = {};                 ///< how, where it matters: `--net`, `-O3`
    std::string program = {};               ///< what is run: `server_close.wat`
    std::string backend = {};               ///< how it does its I/O: `direct`, `libc`
    std::string handles = {};               ///< how it handles connections: `one thread, epoll`
    std::vector<std::string> command = {};  ///< program (found in PATH) and arguments
    bool operator==(const Contender&) const = default;
};

/// What every contender has to do. Results of different workloads are never mixed.
struct Workload {
    std::string name;           ///< `close`
    std::uint16_t port = 8080;  ///< where contenders listen, on 127.0.0.1 or all addresses
    std::string path = "/";
    int expected_status = 200;
    std::optional<std::string> expected_body = {};  ///< exactly; nullopt accepts any
    bool operator==(const Workload&) const = default;
};

enum class Generator : std::uint8_t {
    wrk,   ///< closed loop: each connection sends its next request when it has its answer
    open,  ///< open loop: requests at a fixed rate, whatever the server does
};
[[nodiscard]] std::string_view to_string(Generator generator);

/// The load that is put on a contender.
struct Load {
    Generator generator = Generator::wrk;
    int threads = 12;       ///< 1..connections; of wrk
    int connections = 400;  ///< 1..10000
    std::chrono::seconds duration{10};
    std::chrono::seconds warmup{2};  ///< 0: none
    int pipeline = 1;                ///< requests that wrk sends at once, 1..1000
    int rate = 0;                    ///< requests per second in all, 1..10000000; of open
    bool operator==(const Load&) const = default;
};

/// `wrk -t12 -c400 -d10s`, or the like.
[[nodiscard]] std::string describe(const Load& load);

/// A contender that is not measured.
struct Absence {
    enum class Why : std::uint8_t {
        absent,  ///< it cannot be had here
        failed,  ///< it was there and did not do its job
    };

    std::string contender;
    std::string reason;
    Why why = Why::absent;
    bool operator==(const Absence&) const = default;
};

/// A contender drawn from a published ratio to one that is measured.
struct Estimate {
    std::string contender;
    std::string of;      ///< the measured contender
    double ratio = 1;    ///< of requests per second
    std::string source;  ///< who published it, where, and how it was measured
    bool operator==(const Estimate&) const = default;
};

/// Contenders under one load, compared with one another. A run of the lab is one or several.
struct Experiment {
    std::string name;
    std::vector<Contender> contenders;
    Workload workload;
    Load load;
    int runs = 3;          ///< measurements of each contender, 1..1000
    std::string baseline;  ///< the contender that the others are compared with; may be absent
    std::vector<Absence> absences = {};
    std::vector<Estimate> estimates = {};
};

/// Checks the ranges above and that names are unique. Errors: invalid, naming the value.
[[nodiscard]] Result<void, Error> validate(const Experiment& experiment);

/// How long its measurements take if none is repeated, with a second each for start and stop.
[[nodiscard]] std::chrono::seconds planned_time(const Experiment& experiment);

/// `10s`, `2m` or `10` (seconds), 0 to 24 hours. Errors: invalid.
[[nodiscard]] Result<std::chrono::seconds, Error> parse_duration(const std::string& text);

/// Which contender to measure when: indices into `contenders`, with every second round reversed
/// (ABBA), so that a drift of the machine does not favour one of them.
[[nodiscard]] std::vector<std::size_t> schedule(std::size_t contenders, int runs);

}  // namespace wasmax::lab
