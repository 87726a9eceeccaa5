#include "wasix/resolver.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "io/backend.h"
#include "io/operation.h"
#include "wasix/address.h"
#include "wasix/dns_message.h"
#include "wasix/errnos.h"
#include "wasix/net_rules.h"

namespace wasmax::wasix {
namespace {

constexpr std::int64_t kSecond_ns = 1'000'000'000;
constexpr std::array kTypes{RecordType::a, RecordType::aaaa};

using Query = std::vector<std::uint8_t>;
using Queries = std::array<Query, kTypes.size()>;
using Answers = std::array<std::optional<DnsAnswer>, kTypes.size()>;

/// The file's text; nothing if it cannot be read, as without one.
std::string contents_of(const std::string& path) {
    constexpr std::size_t kMaxBytes = std::size_t{1} << 22;
    std::string text;
    const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    std::array<char, 4096> buffer;
    ssize_t count = 0;
    while (file && text.size() < kMaxBytes &&
           (count = ::read(file.get(), buffer.data(), buffer.size())) > 0) {
        text.append(buffer.data(), static_cast<std::size_t>(count));
    }
    return text;
}

std::int64_t now_ns() {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);  // cannot fail: the clock and the pointer are valid
    return now.tv_sec * kSecond_ns + now.tv_nsec;
}

/// A socket of `type` on its way to be connected to `server`; it never blocks.
Result<UniqueFd, Errno> connect_to(const HostAddress& server, int type) {
    UniqueFd fd(::socket(server.any.sa_family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!fd) {
        return fail(from_host_network(io::HostErrno{errno}));
    }
    if (::connect(fd.get(), &server.any, server.bytes) != 0 && errno != EINPROGRESS) {
        return fail(from_host_network(io::HostErrno{errno}));
    }
    return fd;
}

/// Waits for `events`. Errors: timedout.
Result<void, Errno> wait_for(io::Backend& io, int fd, short events, std::int64_t deadline_ns) {
    pollfd entry{fd, events, 0};
    const auto ready = io.run(io::Poll{{&entry, 1}, deadline_ns});
    if (!ready.has_value()) {
        return fail(from_host(ready.error()));
    }
    return *ready == 0 ? fail(Errno::timedout) : Result<void, Errno>{};
}

/// Sends or receives until `bytes` are through. `make` makes an operation of the rest.
template <class Byte, class Make>
Result<void, Errno> transfer(io::Backend& io, int fd, std::span<Byte> bytes,
                             std::int64_t deadline_ns, Make make) {
    constexpr bool kSends = std::is_const_v<Byte>;
    while (!bytes.empty()) {
        TRY(wait_for(io, fd, kSends ? POLLOUT : POLLIN, deadline_ns));
        const iovec buffer{const_cast<std::uint8_t*>(bytes.data()), bytes.size()};
        const auto count = io.run(make({&buffer, 1}));
        if (!count.has_value() && count.error() == io::HostErrno{EAGAIN}) {
            continue;
        }
        if (!count.has_value() || (!kSends && *count == 0)) {
            return fail(Errno::io);
        }
        bytes = bytes.subspan(*count);
    }
    return {};
}

/// One question over a stream: each message follows its length. RFC 1035 section 4.2.2
Result<DnsAnswer, Errno> ask_over_tcp(io::Backend& io, const HostAddress& server,
                                      const Query& query, std::int64_t deadline_ns) {
    const UniqueFd fd = TRY(connect_to(server, SOCK_STREAM));
    const auto send = [&](io::Buffers buffers) { return io::Send{fd.get(), buffers}; };
    const auto receive = [&](io::Buffers buffers) { return io::Receive{fd.get(), buffers}; };
    Query framed{static_cast<std::uint8_t>(query.size() >> 8),
                 static_cast<std::uint8_t>(query.size() & 0xff)};
    framed.insert(framed.end(), query.begin(), query.end());
    TRY(transfer(io, fd.get(), std::span<const std::uint8_t>(framed), deadline_ns, send));
    std::array<std::uint8_t, 2> length;
    TRY(transfer(io, fd.get(), std::span<std::uint8_t>(length), deadline_ns, receive));
    Query message(static_cast<std::size_t>(length[0] << 8 | length[1]));
    TRY(transfer(io, fd.get(), std::span<std::uint8_t>(message), deadline_ns, receive));
    auto answer = decode_answer(message, query);
    return answer ? Result<DnsAnswer, Errno>(std::move(*answer)) : fail(Errno::io);
}

/// Takes what arrived on `fd` to the question it answers.
void receive_answer(io::Backend& io, int fd, const Queries& queries, Answers& answers) {
    std::array<std::uint8_t, 4096> message;
    const iovec buffer{message.data(), message.size()};
    const auto count = io.run(io::Receive{fd, {&buffer, 1}});
    if (!count.has_value()) {
        return;  // nothing yet, or nobody listens there: then time runs out
    }
    for (std::size_t type = 0; type < queries.size(); ++type) {
        if (!answers[type]) {
            answers[type] = decode_answer(std::span(message).first(*count), queries[type]);
        }
    }
}

/// Both questions to one server. An answer that does not come is nullopt.
Result<Answers, Errno> ask_server(io::Backend& io, const HostAddress& server,
                                  const Queries& queries, std::int64_t deadline_ns) {
    const UniqueFd fd = TRY(connect_to(server, SOCK_DGRAM));
    for (const Query& query : queries) {
        const iovec buffer{const_cast<std::uint8_t*>(query.data()), query.size()};
        auto sent = io.run(io::Send{fd.get(), {&buffer, 1}});
        while (!sent.has_value() && sent.error() == io::HostErrno{EAGAIN}) {
            TRY(wait_for(io, fd.get(), POLLOUT, deadline_ns));
            sent = io.run(io::Send{fd.get(), {&buffer, 1}});
        }
        if (!sent.has_value()) {
            return fail(from_host_network(sent.error()));
        }
    }
    Answers answers;
    while (!answers[0] || !answers[1]) {
        pollfd entry{fd.get(), POLLIN, 0};
        const auto ready = io.run(io::Poll{{&entry, 1}, deadline_ns});
        if (!ready.has_value()) {
            return fail(from_host(ready.error()));
        }
        if (*ready == 0 || (entry.revents & POLLIN) == 0) {
            break;
        }
        receive_answer(io, fd.get(), queries, answers);
    }
    for (std::size_t type = 0; type < answers.size(); ++type) {
        if (answers[type] && answers[type]->truncated) {
            auto whole = ask_over_tcp(io, server, queries[type], deadline_ns);
            if (whole.has_value()) {
                answers[type] = std::move(*whole);
            }
        }
    }
    return answers;
}

struct Verdict {
    std::vector<IpAddress> addresses;
    bool certain = false;  ///< the server knows this name, or that there is none
};

Verdict verdict_of(const Answers& answers) {
    Verdict verdict;
    bool all_known = true;
    for (const auto& answer : answers) {
        all_known = all_known && answer && answer->outcome != DnsAnswer::Outcome::failed;
        if (answer) {
            verdict.addresses.insert(verdict.addresses.end(), answer->addresses.begin(),
                                     answer->addresses.end());
        }
    }
    verdict.certain = all_known || !verdict.addresses.empty();
    return verdict;
}

std::uint16_t random_id() {
    std::uint16_t id = 0;
    const ssize_t count = ::getrandom(&id, sizeof id, 0);
    return count == sizeof id ? id : static_cast<std::uint16_t>(now_ns());
}

/// Asks the servers in turn for one absolute name. Errors: noent; timedout or io when none knows.
Result<std::vector<IpAddress>, Errno> ask(io::Backend& io, const ResolverConfig& config,
                                          const std::string& name) {
    Queries queries;
    for (std::size_t type = 0; type < kTypes.size(); ++type) {
        auto query = encode_query(random_id(), name, kTypes[type]);
        if (!query) {
            return fail(Errno::noent);
        }
        queries[type] = std::move(*query);
    }
    Errno why = Errno::timedout;
    for (unsigned attempt = 0; attempt < config.attempts; ++attempt) {
        for (const HostAddress& server : config.servers) {
            const std::int64_t deadline_ns = now_ns() + config.timeout_s * kSecond_ns;
            const auto answers = ask_server(io, server, queries, deadline_ns);
            if (!answers.has_value()) {
                why = answers.error();
                continue;
            }
            Verdict verdict = verdict_of(*answers);
            if (verdict.certain) {
                return verdict.addresses.empty()
                           ? Result<std::vector<IpAddress>, Errno>(fail(Errno::noent))
                           : std::move(verdict.addresses);
            }
            why = (*answers)[0] || (*answers)[1] ? Errno::io : Errno::timedout;
        }
    }
    return fail(why);
}

/// `name` as it is tried, in this order. linux: resolv.conf(5), ndots
std::vector<std::string> candidates(const ResolverConfig& config, std::string_view name) {
    if (name.ends_with('.')) {
        return {std::string(name)};
    }
    std::vector<std::string> names;
    for (const std::string& domain : config.search) {
        names.push_back(std::string(name) + "." + domain);
    }
    const bool as_is_first = static_cast<unsigned>(std::ranges::count(name, '.')) >= config.dots;
    names.insert(as_is_first ? names.begin() : names.end(), std::string(name));
    return names;
}

/// Whether there is a route: connecting a datagram socket sends nothing.
bool is_reachable(const IpAddress& address) {
    constexpr std::uint16_t kAnyPort = 9;
    return connect_to(host_address(address, kAnyPort), SOCK_DGRAM).has_value();
}

std::vector<IpAddress> sorted_for_use(const std::vector<IpAddress>& addresses) {
    std::vector<IpAddress> sorted;
    std::vector<IpAddress> unreachable;
    for (const unsigned bits : {32U, 128U}) {
        for (const IpAddress& address : addresses) {
            if (address.bits == bits) {
                (is_reachable(address) ? sorted : unreachable).push_back(address);
            }
        }
    }
    sorted.insert(sorted.end(), unreachable.begin(), unreachable.end());
    return sorted;
}

}  // namespace

Result<std::vector<IpAddress>, Errno> resolve_name(io::Backend& io, const ResolverFiles& files,
                                                   std::string_view name) {
    IpAddress literal;
    if (name.empty() || name.find('\0') != std::string_view::npos) {
        return fail(Errno::inval);
    }
    if (parse_literal(name, literal)) {
        return std::vector{literal};
    }
    std::vector<IpAddress> addresses = addresses_in_hosts(contents_of(files.hosts), name);
    if (addresses.empty() && addresses_in_hosts("127.0.0.1 localhost", name).size() == 1) {
        addresses = addresses_in_hosts("127.0.0.1 localhost\n::1 localhost", name);  // RFC 6761
    }
    Errno why = Errno::noent;
    if (addresses.empty()) {
        const ResolverConfig config = ResolverConfig::parse(contents_of(files.resolv_conf));
        for (const std::string& candidate : candidates(config, name)) {
            auto found = ask(io, config, candidate);
            if (found.has_value()) {
                addresses = std::move(*found);
                break;
            }
            why = found.error();
            if (why != Errno::noent) {
                break;  // more questions would only take more time
            }
        }
    }
    if (addresses.empty()) {
        return fail(why);
    }
    return addresses.size() == 1 ? addresses : sorted_for_use(addresses);
}

}  // namespace wasmax::wasix
