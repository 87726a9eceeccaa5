#include "lab/open_loop.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include "base/error.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "lab/wrk.h"

namespace wasmax::lab {

namespace {

using Clock = std::chrono::steady_clock;
using Nanoseconds = std::chrono::nanoseconds;

constexpr std::size_t kMaxRequests = 50'000'000;
constexpr std::chrono::seconds kAfterwards{2};
constexpr std::chrono::milliseconds kReconnectPause{5};
constexpr std::size_t kReadBytes = 65'536;
constexpr std::size_t kMaxAnswerBytes = 16U << 20U;

char to_lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool equal_words(std::string_view one, std::string_view other) {
    return std::ranges::equal(one, other, {}, to_lower, to_lower);
}

std::optional<std::size_t> number(std::string_view text, int base) {
    std::size_t value = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value, base);
    return parsed.ec == std::errc() && parsed.ptr != text.data() ? std::optional(value)
                                                                 : std::nullopt;
}

// Bytes of a chunked body with its end; nullopt: more are needed; the largest size: it is broken.
std::optional<std::size_t> chunked_bytes(std::string_view body) {
    std::size_t at = 0;
    while (true) {
        const std::size_t line = body.find("\r\n", at);
        if (line == std::string_view::npos) {
            return std::nullopt;
        }
        const auto chunk = number(body.substr(at, line - at), 16);
        if (!chunk || *chunk > kMaxAnswerBytes) {
            return std::numeric_limits<std::size_t>::max();
        }
        at = line + 2 + *chunk + 2;
        if (at > body.size()) {
            return std::nullopt;
        }
        if (*chunk == 0) {
            return at;
        }
    }
}

// One connection and the request it carries.
struct Connection {
    UniqueFd fd;
    bool connected = false;
    std::optional<Clock::time_point> due = {};  // of the request in flight
    std::string bytes = {};                     // of its answer, so far
    Clock::time_point retry = {};               // when to open it again
};

class Loop {
public:
    explicit Loop(const OpenLoop& options)
        : options_(options),
          request_(fmt::format("GET {} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\n\r\n", options.path,
                               options.port)),
          total_(static_cast<std::size_t>(options.rate) *
                 static_cast<std::size_t>(options.duration.count())) {}

    Result<WrkResult, Error> run();

private:
    [[nodiscard]] Clock::time_point due(std::size_t index) const {
        return start_ + Nanoseconds(static_cast<std::int64_t>(1e9 * static_cast<double>(index) /
                                                              options_.rate));
    }
    Result<void, Error> open(std::size_t index);
    void drop(std::size_t index);
    void send_due(Clock::time_point now);
    void send(std::size_t index, Clock::time_point when);
    void ready(std::size_t index, std::uint32_t events);
    void received(std::size_t index, bool ended);
    Result<bool, Error> wait(Clock::time_point now, Clock::time_point end);
    [[nodiscard]] WrkResult result(Clock::time_point end);

    const OpenLoop& options_;
    std::string request_;
    std::size_t total_;
    UniqueFd epoll_;
    Clock::time_point start_;
    std::vector<Connection> connections_;
    std::deque<std::size_t> idle_;  // indices of connections without a request
    std::size_t sent_ = 0;
    std::vector<double> latencies_us_;
    WrkResult counts_;
};

Result<void, Error> Loop::open(std::size_t index) {
    Connection& connection = connections_[index];
    connection = {};
    connection.fd.reset(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!connection.fd) {
        return fail(Error::from_errno(errno, "opening a socket"));
    }
    const int on = 1;
    setsockopt(connection.fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(options_.port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    // How it turns out is seen when it is writable.
    static_cast<void>(
        connect(connection.fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address));
    epoll_event event{.events = EPOLLIN | EPOLLOUT | EPOLLET, .data = {.u64 = index}};
    if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, connection.fd.get(), &event) != 0) {
        return fail(Error::from_errno(errno, "watching a socket"));
    }
    return {};
}

// It will be opened again at the next opportunity.
void Loop::drop(std::size_t index) {
    Connection& connection = connections_[index];
    std::erase(idle_, index);
    const bool refused = !connection.connected;
    connection = {};
    connection.retry = Clock::now() + (refused ? kReconnectPause : std::chrono::milliseconds(0));
}

void Loop::send(std::size_t index, Clock::time_point when) {
    Connection& connection = connections_[index];
    connection.due = when;
    connection.bytes.clear();
    // A request fits any socket buffer that is empty, as this one is.
    const ssize_t sent =
        ::send(connection.fd.get(), request_.data(), request_.size(), MSG_NOSIGNAL);
    if (sent != static_cast<ssize_t>(request_.size())) {
        ++counts_.write_errors;
        drop(index);
    }
}

void Loop::send_due(Clock::time_point now) {
    while (sent_ < total_ && !idle_.empty() && due(sent_) <= now) {
        const std::size_t index = idle_.front();
        idle_.pop_front();
        send(index, due(sent_++));
    }
}

void Loop::received(std::size_t index, bool ended) {
    Connection& connection = connections_[index];
    AnswerScanner scanner;
    AnswerScanner::State state =
        connection.due ? scanner.scan(connection.bytes) : AnswerScanner::State::incomplete;
    if (!connection.due && !connection.bytes.empty()) {
        state = AnswerScanner::State::broken;  // it answers what nobody asked
    }
    if (state == AnswerScanner::State::complete) {
        const std::chrono::duration<double, std::micro> latency = Clock::now() - *connection.due;
        latencies_us_.push_back(latency.count());
        counts_.status_errors += scanner.status() > 399 ? 1 : 0;
        connection.due.reset();
        connection.bytes.clear();
        if (ended || scanner.closes()) {
            drop(index);
        } else {
            idle_.push_back(index);
        }
    } else if (state == AnswerScanner::State::broken || ended) {
        counts_.read_errors += connection.due ? 1 : 0;
        drop(index);
    }
}

void Loop::ready(std::size_t index, std::uint32_t events) {
    Connection& connection = connections_[index];
    if (!connection.fd) {
        return;
    }
    if (!connection.connected) {
        int error = 0;
        socklen_t bytes = sizeof error;
        getsockopt(connection.fd.get(), SOL_SOCKET, SO_ERROR, &error, &bytes);
        if (error != 0) {
            ++counts_.connect_errors;
            return drop(index);
        }
        if ((events & EPOLLOUT) == 0) {
            return;
        }
        connection.connected = true;
        idle_.push_back(index);
    }
    bool any = false;
    for (;;) {
        char buffer[kReadBytes];
        const ssize_t got = recv(connection.fd.get(), buffer, sizeof buffer, 0);
        if (got <= 0) {
            const bool later = got < 0 && (errno == EAGAIN || errno == EINTR);
            if (any || !later) {
                received(index, !later);
            }
            return;
        }
        any = true;
        connection.bytes.append(buffer, static_cast<std::size_t>(got));
    }
}

// False once everything is answered or the time is over.
Result<bool, Error> Loop::wait(Clock::time_point now, Clock::time_point end) {
    Clock::time_point wake = end;
    if (sent_ < total_ && !idle_.empty()) {
        wake = std::min(wake, due(sent_));
    }
    for (std::size_t i = 0; i < connections_.size(); ++i) {
        if (!connections_[i].fd && connections_[i].retry <= now) {
            TRY(open(i));
        } else if (!connections_[i].fd) {
            wake = std::min(wake, connections_[i].retry);
        }
    }
    const auto left = std::max(std::chrono::duration_cast<Nanoseconds>(wake - now), Nanoseconds(0));
    const timespec timeout{.tv_sec = left.count() / 1'000'000'000,
                           .tv_nsec = left.count() % 1'000'000'000};
    epoll_event events[256];
    const int count = epoll_pwait2(epoll_.get(), events, std::size(events), &timeout, nullptr);
    if (count < 0 && errno != EINTR) {
        return fail(Error::from_errno(errno, "waiting"));
    }
    for (int i = 0; i < count; ++i) {
        ready(events[i].data.u64, events[i].events);
    }
    const bool answered =
        latencies_us_.size() + counts_.read_errors + counts_.write_errors >= total_;
    return !answered && Clock::now() < end;
}

WrkResult Loop::result(Clock::time_point end) {
    WrkResult result = counts_;
    result.requests = latencies_us_.size();
    result.timeouts = total_ - std::min<std::size_t>(total_, result.requests + result.read_errors +
                                                                 result.write_errors);
    result.elapsed_s =
        std::chrono::duration<double>(std::max(end - start_, Clock::duration(options_.duration)))
            .count();
    result.requests_per_second = static_cast<double>(result.requests) / result.elapsed_s;
    result.latency_stdev_us = std::nan("");
    if (latencies_us_.empty()) {
        return result;
    }
    std::ranges::sort(latencies_us_);
    const auto at = [&](double share) {
        return latencies_us_[static_cast<std::size_t>(
            share * static_cast<double>(latencies_us_.size() - 1))];
    };
    double sum = 0;
    for (const double latency : latencies_us_) {
        sum += latency;
    }
    result.latency_mean_us = sum / static_cast<double>(latencies_us_.size());
    double squares = 0;
    for (const double latency : latencies_us_) {
        squares += (latency - result.latency_mean_us) * (latency - result.latency_mean_us);
    }
    result.latency_stdev_us = std::sqrt(squares / static_cast<double>(latencies_us_.size()));
    result.latency_p50_us = at(0.5);
    result.latency_p75_us = at(0.75);
    result.latency_p90_us = at(0.9);
    result.latency_p99_us = at(0.99);
    result.latency_max_us = latencies_us_.back();
    return result;
}

Result<WrkResult, Error> Loop::run() {
    if (total_ > kMaxRequests) {
        return fail(
            Error::limit(fmt::format("{} requests are more than {}", total_, kMaxRequests)));
    }
    latencies_us_.reserve(total_);
    epoll_.reset(epoll_create1(EPOLL_CLOEXEC));
    if (!epoll_) {
        return fail(Error::from_errno(errno, "creating an epoll instance"));
    }
    connections_.resize(static_cast<std::size_t>(options_.connections));
    for (std::size_t i = 0; i < connections_.size(); ++i) {
        TRY(open(i));
    }
    start_ = Clock::now();
    const Clock::time_point end = start_ + options_.duration + kAfterwards;
    for (bool more = true; more;) {
        send_due(Clock::now());
        more = TRY(wait(Clock::now(), end));
    }
    return result(Clock::now());
}

}  // namespace

AnswerScanner::State AnswerScanner::scan(std::string_view answer) {
    constexpr std::string_view kStart = "HTTP/1.1 ";  // or 1.0
    if (answer.size() < kStart.size() + 3) {
        return State::incomplete;
    }
    const std::size_t head = answer.find("\r\n\r\n");
    const auto status = number(answer.substr(kStart.size(), 3), 10);
    if (!answer.starts_with("HTTP/1.") || !status || answer.size() > kMaxAnswerBytes) {
        return State::broken;
    }
    if (head == std::string_view::npos) {
        return State::incomplete;
    }
    status_ = static_cast<int>(*status);
    closes_ = answer.starts_with("HTTP/1.0");
    std::optional<std::size_t> length;
    bool chunked = false;
    for (std::size_t at = answer.find("\r\n"); at < head;) {
        const std::size_t end = answer.find("\r\n", at + 2);
        const std::string_view line = answer.substr(at + 2, end - at - 2);
        const std::size_t colon = std::min(line.find(':'), line.size());
        std::string_view value = line.substr(std::min(colon + 1, line.size()));
        value.remove_prefix(std::min(value.find_first_not_of(" \t"), value.size()));
        if (equal_words(line.substr(0, colon), "content-length")) {
            length = number(value, 10);
        } else if (equal_words(line.substr(0, colon), "transfer-encoding")) {
            chunked = equal_words(value, "chunked");
        } else if (equal_words(line.substr(0, colon), "connection")) {
            closes_ = equal_words(value, "close");
        }
        at = end;
    }
    const std::string_view body = answer.substr(head + 4);
    if (chunked) {
        const auto bytes = chunked_bytes(body);
        if (bytes == std::numeric_limits<std::size_t>::max()) {
            return State::broken;
        }
        bytes_ = head + 4 + bytes.value_or(0);
        return bytes ? State::complete : State::incomplete;
    }
    if (!length) {
        return State::broken;  // only its end would tell its length: no server of ours does that
    }
    bytes_ = head + 4 + *length;
    return body.size() >= *length ? State::complete : State::incomplete;
}

Result<WrkResult, Error> run_open_loop(const OpenLoop& options) { return Loop(options).run(); }

std::string to_wrk_text(const WrkResult& result) {
    return fmt::format(
        "  Latency {:.3f}us {:.3f}us {:.3f}us\n"
        "  50% {:.3f}us\n  75% {:.3f}us\n  90% {:.3f}us\n  99% {:.3f}us\n"
        "  {} requests in {:.6f}s\n"
        "  Socket errors: connect {}, read {}, write {}, timeout {}\n"
        "  Non-2xx or 3xx responses: {}\n"
        "Requests/sec: {:.3f}\n",
        result.latency_mean_us, result.latency_stdev_us, result.latency_max_us,
        result.latency_p50_us, result.latency_p75_us, result.latency_p90_us, result.latency_p99_us,
        result.requests, result.elapsed_s, result.connect_errors, result.read_errors,
        result.write_errors, result.timeouts, result.status_errors, result.requests_per_second);
}

}  // namespace wasmax::lab
