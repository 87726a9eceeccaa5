#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
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

/// The load that wrk puts on a contender.
struct Load {
    int threads = 12;       ///< 1..connections
    int connections = 400;  ///< 1..10000
    std::chrono::seconds duration{10};
    std::chrono::seconds warmup{2};  ///< 0: none
    bool operator==(const Load&) const = default;
};

struct Experiment {
    std::string name;
    std::vector<Contender> contenders;
    Workload workload;
    Load load;
    int runs = 3;          ///< measurements of each contender, 1..1000
    std::string baseline;  ///< the contender that the others are compared with; may be absent
};

/// Checks the ranges above and that names are unique. Errors: invalid, naming the value.
[[nodiscard]] Result<void, Error> validate(const Experiment& experiment);

/// `10s`, `2m` or `10` (seconds), 0 to 24 hours. Errors: invalid.
[[nodiscard]] Result<std::chrono::seconds, Error> parse_duration(const std::string& text);

/// Which contender to measure when: indices into `contenders`, with every second round reversed
/// (ABBA), so that a drift of the machine does not favour one of them.
[[nodiscard]] std::vector<std::size_t> schedule(std::size_t contenders, int runs);

}  // namespace wasmax::lab
