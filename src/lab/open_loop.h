#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/result.h"
#include "lab/wrk.h"

namespace wasmax::lab {

/// A load at a fixed rate: request i is due i / rate after the start, whatever became of those
/// before it. One that finds every connection busy waits, and its latency counts from when it was
/// due: that is what a user would have waited (decision 0012).
struct OpenLoop {
    std::uint16_t port = 8080;  ///< of 127.0.0.1
    std::string path = "/";
    int rate = 1000;       ///< requests per second, 1..10000000
    int connections = 10;  ///< kept open; opened again when the server closes one
    std::chrono::seconds duration{10};
};

/// Runs it on the calling thread. What is unanswered two seconds after the last request was due
/// counts as timed out. `connect_errors`: connections that could not be opened; `read_errors`:
/// those that ended within an answer or talked no HTTP. Errors: limit (more than 50 million
/// requests), host.
[[nodiscard]] Result<WrkResult, Error> run_open_loop(const OpenLoop& options);

/// What parse_wrk() reads.
[[nodiscard]] std::string to_wrk_text(const WrkResult& result);

/// Finds where answers end in a stream of bytes.
class AnswerScanner {
public:
    enum class State : std::uint8_t { incomplete, complete, broken };
    /// Looks at all bytes of an answer so far; `bytes()` of them are it once it is complete.
    [[nodiscard]] State scan(std::string_view answer);
    [[nodiscard]] std::size_t bytes() const { return bytes_; }
    [[nodiscard]] int status() const { return status_; }
    [[nodiscard]] bool closes() const { return closes_; }

private:
    std::size_t bytes_ = 0;
    int status_ = 0;
    bool closes_ = false;
};

}  // namespace wasmax::lab
