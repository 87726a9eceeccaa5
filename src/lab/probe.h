#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/error.h"
#include "base/result.h"
#include "lab/experiment.h"
#include "lab/interrupt.h"

namespace wasmax::lab {

/// Checks that nobody listens on the port, so that what answers later is the contender.
/// Errors: invalid (in use), host.
[[nodiscard]] Result<void, Error> require_free_port(std::uint16_t port);

struct NotListening {};
struct Correct {};
struct Wrong {
    std::string why;  ///< the rest of a sentence that begins with the server's name
};
using ProbeResult = std::variant<NotListening, Correct, Wrong>;

/// Makes one request to 127.0.0.1 and compares the answer with what `workload` expects. A server
/// that accepts must answer completely within `answer_limit`. Errors: host; Stop on an
/// interruption.
[[nodiscard]] Attempt<ProbeResult> probe(const Workload& workload,
                                         std::chrono::milliseconds answer_limit,
                                         Interrupt& interrupt);

struct HttpAnswer {
    int status = 0;
    std::string body;
};
/// A complete HTTP/1.1 answer: one with all of Content-Length, or, without that header, one that
/// the server has closed. nullopt: more bytes are needed. Errors: the reason, as in Wrong.
[[nodiscard]] Result<std::optional<HttpAnswer>, std::string> parse_answer(std::string_view bytes,
                                                                          bool closed);

}  // namespace wasmax::lab
