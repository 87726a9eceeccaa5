#include "lab/probe.h"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

#include <fmt/core.h>

#include "base/error.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "lab/experiment.h"
#include "lab/interrupt.h"
#include "lab/stop.h"

namespace wasmax::lab {

namespace {

constexpr std::size_t kMaxAnswerBytes = 1U << 20U;
constexpr std::size_t kMaxQuotedBytes = 60;

sockaddr_in address_of(in_addr_t host, std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(host);
    return address;
}

const sockaddr* generic(const sockaddr_in& address) {
    return reinterpret_cast<const sockaddr*>(&address);
}

// In quotes, shortened, and with control characters made visible.
std::string quoted(std::string_view text) {
    std::string result = "\"";
    for (const char c : text.substr(0, kMaxQuotedBytes)) {
        if (c >= ' ' && c <= '~') {
            result += c;
        } else {
            result += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
        }
    }
    return result + (text.size() > kMaxQuotedBytes ? "...\"" : "\"");
}

char to_lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// The value of a header, or nullopt; `head` is everything before the empty line.
std::optional<std::string_view> header(std::string_view head, std::string_view name) {
    while (!head.empty()) {
        const std::string_view line = head.substr(0, head.find("\r\n"));
        head.remove_prefix(std::min(head.size(), line.size() + 2));
        if (line.size() > name.size() && line[name.size()] == ':' &&
            std::ranges::equal(line.substr(0, name.size()), name, {}, to_lower, to_lower)) {
            std::string_view value = line.substr(name.size() + 1);
            value.remove_prefix(std::min(value.find_first_not_of(" \t"), value.size()));
            return value;
        }
    }
    return std::nullopt;
}

ProbeResult judge(const Workload& workload, const HttpAnswer& answer) {
    if (answer.status != workload.expected_status) {
        return Wrong{fmt::format("answered with status {} instead of {}", answer.status,
                                 workload.expected_status)};
    }
    if (workload.expected_body && answer.body != *workload.expected_body) {
        return Wrong{fmt::format("answered with the body {} instead of {}", quoted(answer.body),
                                 quoted(*workload.expected_body))};
    }
    return Correct{};
}

int pending_error(int fd) {
    int error = 0;
    socklen_t bytes = sizeof error;
    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &bytes) == 0 ? error : errno;
}

// Reads until the answer is complete. Losing what we send is no failure: a server that never reads
// requests may have closed already, and a reset after a complete answer is how such a close looks.
Attempt<ProbeResult> read_answer(int fd, const Workload& workload, Clock::time_point deadline,
                                 Interrupt& interrupt) {
    std::string bytes;
    for (bool closed = false; !closed;) {
        pollfd readable[] = {{.fd = fd, .events = POLLIN, .revents = 0}};
        if (!TRY(interrupt.wait(readable, deadline))) {
            return ProbeResult(Wrong{bytes.empty() ? "accepted a connection but sent no answer"
                                                   : "did not complete its answer"});
        }
        char buffer[4096];
        const ssize_t got = recv(fd, buffer, sizeof buffer, 0);
        if (got < 0 && (errno == EINTR || errno == EAGAIN)) {
            continue;
        }
        closed = got <= 0;
        if (got > 0) {
            bytes.append(buffer, static_cast<std::size_t>(got));
        }
        const auto answer = parse_answer(bytes, closed);
        if (!answer) {
            return ProbeResult(Wrong{answer.error()});
        }
        if (*answer) {
            return judge(workload, **answer);
        }
        if (bytes.size() > kMaxAnswerBytes) {
            break;
        }
    }
    return ProbeResult(Wrong{bytes.empty() ? "closed the connection without an answer"
                                           : "did not complete its answer"});
}

}  // namespace

Result<void, Error> require_free_port(std::uint16_t port) {
    const UniqueFd socket_fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const int on = 1;
    // As servers do, so that connections of the last run that linger in TIME_WAIT are no obstacle.
    if (!socket_fd || setsockopt(socket_fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0) {
        return fail(Error::from_errno(errno, "opening a socket"));
    }
    const sockaddr_in address = address_of(INADDR_ANY, port);
    if (bind(socket_fd.get(), generic(address), sizeof address) == 0) {
        return {};
    }
    const int code = errno;
    if (code == EADDRINUSE) {
        return fail(
            Error::invalid(fmt::format("port {} is already in use; `ss -ltnp` shows by which "
                                       "program, which must be stopped first",
                                       port)));
    }
    return fail(Error::from_errno(code, fmt::format("binding port {}", port)));
}

Attempt<ProbeResult> probe(const Workload& workload, std::chrono::milliseconds answer_limit,
                           Interrupt& interrupt) {
    const auto deadline = Clock::now() + answer_limit;
    const UniqueFd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!fd) {
        return fail(Error::from_errno(errno, "opening a socket"));
    }
    const sockaddr_in address = address_of(INADDR_LOOPBACK, workload.port);
    if (connect(fd.get(), generic(address), sizeof address) != 0) {
        if (errno == ECONNREFUSED) {
            return ProbeResult(NotListening{});
        }
        if (errno != EINPROGRESS) {
            return fail(Error::from_errno(errno, "connecting"));
        }
        pollfd writable[] = {{.fd = fd.get(), .events = POLLOUT, .revents = 0}};
        if (!TRY(interrupt.wait(writable, deadline))) {
            return ProbeResult(Wrong{"did not accept a connection"});
        }
        if (const int error = pending_error(fd.get()); error == ECONNREFUSED) {
            return ProbeResult(NotListening{});
        }
    }
    const std::string request =
        fmt::format("GET {} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\n\r\n", workload.path, workload.port);
    // A failure shows in what is read, if it matters at all.
    static_cast<void>(send(fd.get(), request.data(), request.size(), MSG_NOSIGNAL));
    return read_answer(fd.get(), workload, deadline, interrupt);
}

Result<std::optional<HttpAnswer>, std::string> parse_answer(std::string_view bytes, bool closed) {
    constexpr std::string_view kVersion = "HTTP/1.";  // then the minor version, a space, the status
    const std::size_t compared = std::min(bytes.size(), kVersion.size());
    if (bytes.substr(0, compared) != kVersion.substr(0, compared)) {
        return fail("did not answer in HTTP but with " + quoted(bytes));
    }
    const std::size_t head_end = bytes.find("\r\n\r\n");
    if (head_end == std::string_view::npos) {
        return std::optional<HttpAnswer>();
    }
    const std::string_view head = bytes.substr(0, head_end);
    HttpAnswer answer;
    const std::string_view status = head.substr(std::min(head.size(), kVersion.size() + 2));
    if (std::from_chars(status.data(), status.data() + status.size(), answer.status).ec !=
        std::errc()) {
        return fail("sent an answer without a status: " + quoted(head));
    }
    const std::string_view body = bytes.substr(head_end + 4);
    const auto length = header(head, "Content-Length");
    if (!length) {
        answer.body = body;
        return closed ? std::optional(answer) : std::nullopt;
    }
    std::size_t count = 0;
    if (std::from_chars(length->data(), length->data() + length->size(), count).ec != std::errc()) {
        return fail("sent a Content-Length that is no number: " + quoted(*length));
    }
    if (body.size() < count) {
        return std::optional<HttpAnswer>();
    }
    answer.body = body.substr(0, count);
    return std::optional(answer);
}

}  // namespace wasmax::lab
