// Names to addresses, against name servers of our own on this machine.

#include "wasix/resolver.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "base/unique_fd.h"
#include "unit/wasix/guest.h"
#include "wasix/dns_message.h"
#include "wasix/errnos.h"

namespace wasmax::wasix {
namespace {

using Message = std::vector<std::uint8_t>;

IpAddress ip(std::string_view text) {
    IpAddress address;
    EXPECT_TRUE(parse_literal(text, address)) << text;
    return address;
}

/// The query made a response with `code` and `answers`, which are `count` records.
Message respond(std::span<const std::uint8_t> query, std::uint8_t code = 0, std::uint8_t count = 0,
                const Message& answers = {}) {
    Message message(query.begin(), query.end());
    message[2] |= 0x80;
    message[3] = code;
    message[7] = count;
    message.insert(message.end(), answers.begin(), answers.end());
    return message;
}

/// A record that belongs to the question's name, which stands behind the header.
Message record(std::uint8_t type, const Message& data) {
    Message bytes{0xc0, 12, 0, type, 0, 1, 0, 0, 0, 60, 0, static_cast<std::uint8_t>(data.size())};
    bytes.insert(bytes.end(), data.begin(), data.end());
    return bytes;
}

bool asks_for_inet4(std::span<const std::uint8_t> query) { return query[query.size() - 3] == 1; }

constexpr std::array<std::uint8_t, 16> kInet6{0x20, 1, 0xd, 0xb8, 0, 0, 0, 0,
                                              0,    0, 0,   0,    0, 0, 0, 1};

/// 1.2.3.4 and 2001:db8::1.
Message both_kinds(std::span<const std::uint8_t> query) {
    return asks_for_inet4(query)
               ? respond(query, 0, 1, record(1, {1, 2, 3, 4}))
               : respond(query, 0, 1, record(28, Message(kInet6.begin(), kInet6.end())));
}

/// Answers over UDP and TCP on one port of 127.0.0.1 until it goes out of scope.
class NameServer {
public:
    using Answer = std::function<std::optional<Message>(const Message& query, bool over_tcp)>;

    explicit NameServer(Answer answer)
        : udp_(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)),
          tcp_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)),
          answer_(std::move(answer)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        auto* raw = reinterpret_cast<sockaddr*>(&address);
        socklen_t bytes = sizeof address;
        EXPECT_EQ(::bind(udp_.get(), raw, bytes), 0);
        EXPECT_EQ(::getsockname(udp_.get(), raw, &bytes), 0);
        const int on = 1;  // a connection of another test may linger at this port
        EXPECT_EQ(::setsockopt(tcp_.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on), 0);
        EXPECT_EQ(::bind(tcp_.get(), raw, bytes), 0);
        EXPECT_EQ(::listen(tcp_.get(), 8), 0);
        port_ = ntohs(address.sin_port);
        thread_ = std::thread([this] { serve(); });
    }
    ~NameServer() {
        stop_ = true;
        thread_.join();
    }
    [[nodiscard]] std::string line() const {
        return "nameserver [127.0.0.1]:" + std::to_string(port_) + "\n";
    }
    [[nodiscard]] unsigned questions() const { return questions_; }

private:
    void serve() {
        while (!stop_) {
            pollfd ready[2] = {{udp_.get(), POLLIN, 0}, {tcp_.get(), POLLIN, 0}};
            if (::poll(ready, 2, 10) <= 0) {
                continue;
            }
            if (ready[0].revents != 0) {
                answer_datagram();
            }
            if (ready[1].revents != 0) {
                answer_stream();
            }
        }
    }
    void answer_datagram() {
        Message query(512);
        sockaddr_in from{};
        socklen_t from_bytes = sizeof from;
        auto* raw = reinterpret_cast<sockaddr*>(&from);
        const ssize_t got = ::recvfrom(udp_.get(), query.data(), query.size(), 0, raw, &from_bytes);
        query.resize(static_cast<std::size_t>(got));
        ++questions_;
        if (const auto answer = answer_(query, false)) {
            ::sendto(udp_.get(), answer->data(), answer->size(), 0, raw, from_bytes);
        }
    }
    void answer_stream() {
        const UniqueFd client(::accept4(tcp_.get(), nullptr, nullptr, SOCK_CLOEXEC));
        std::array<std::uint8_t, 2> length{};
        ::recv(client.get(), length.data(), length.size(), MSG_WAITALL);
        Message query(static_cast<std::size_t>(length[0] << 8 | length[1]));
        ::recv(client.get(), query.data(), query.size(), MSG_WAITALL);
        if (const auto answer = answer_(query, true)) {
            Message framed{static_cast<std::uint8_t>(answer->size() >> 8),
                           static_cast<std::uint8_t>(answer->size() & 0xff)};
            framed.insert(framed.end(), answer->begin(), answer->end());
            for (const std::uint8_t byte : framed) {  // in the smallest pieces
                ::send(client.get(), &byte, 1, MSG_NOSIGNAL);
            }
        }
    }

    UniqueFd udp_;
    UniqueFd tcp_;
    Answer answer_;
    std::uint16_t port_ = 0;
    std::atomic<bool> stop_ = false;
    std::atomic<unsigned> questions_ = 0;
    std::thread thread_;
};

class Resolver : public OnEachBackend {
protected:
    Resolver() {
        std::string pattern = (std::filesystem::temp_directory_path() / "resolver-XXXXXX").string();
        directory_ = ::mkdtemp(pattern.data());
        configure("");
        write("hosts", "");
    }
    ~Resolver() override { std::filesystem::remove_all(directory_); }

    void write(const std::string& name, const std::string& text) const {
        std::ofstream(directory_ / name) << text;
    }
    void configure(const std::string& text) const { write("resolv.conf", text); }
    [[nodiscard]] ResolverFiles files() const {
        return {(directory_ / "hosts").string(), (directory_ / "resolv.conf").string()};
    }
    Result<std::vector<IpAddress>, Errno> resolve(std::string_view name) {
        return resolve_name(io(), files(), name);
    }
    void expect_error(std::string_view name, Errno error) {
        const auto result = resolve(name);
        ASSERT_FALSE(result.has_value());
        EXPECT_EQ(result.error(), error);
    }
    void expect_addresses(std::string_view name, const std::vector<std::string>& expected) {
        const auto result = resolve(name);
        ASSERT_TRUE(result.has_value()) << to_string(result.error());
        ASSERT_EQ(result->size(), expected.size());
        for (std::size_t i = 0; i < expected.size(); ++i) {
            EXPECT_EQ((*result)[i], ip(expected[i])) << i;
        }
    }

    std::filesystem::path directory_;
};
INSTANTIATE_TEST_SUITE_P(, Resolver, testing::Bool(), backend_name);

TEST_P(Resolver, LiteralsAreTheirOwnAddresses) {
    expect_addresses("127.0.0.1", {"127.0.0.1"});
    expect_addresses("::1", {"::1"});
    expect_error("", Errno::inval);
}

TEST_P(Resolver, HostsComeFirst) {
    write("hosts",
          "# comment\n10.0.0.1 other\n1.2.3.4\tname alias # name2\n1.2.3.5 Name\nbad name\n");
    expect_addresses("name", {"1.2.3.4", "1.2.3.5"});
    expect_addresses("ALIAS.", {"1.2.3.4"});
}

TEST_P(Resolver, LocalhostNeedsNoFile) { expect_addresses("localhost", {"127.0.0.1", "::1"}); }

TEST_P(Resolver, AsksForBothKindsOfAddresses) {
    const NameServer server([](const Message& query, bool) { return both_kinds(query); });
    configure(server.line());
    const auto found = resolve("www.example.org");
    ASSERT_TRUE(found.has_value());
    EXPECT_EQ(found->size(), 2U);
    EXPECT_NE(std::ranges::find(*found, ip("1.2.3.4")), found->end());
    EXPECT_NE(std::ranges::find(*found, ip("2001:db8::1")), found->end());
}

TEST_P(Resolver, ANameThatDoesNotExistIsNoent) {
    const NameServer server([](const Message& query, bool) { return respond(query, 3); });
    configure(server.line());
    expect_error("nowhere.example.org", Errno::noent);
    expect_error(std::string(64, 'a') + ".org", Errno::noent);
    expect_error("a..b", Errno::noent);
}

TEST_P(Resolver, ANameWithoutAddressesIsNoent) {
    const NameServer server([](const Message& query, bool) { return respond(query); });
    configure(server.line());
    expect_error("example.org", Errno::noent);
}

TEST_P(Resolver, TheNextServerHelpsOut) {
    const NameServer silent([](const Message&, bool) { return std::nullopt; });
    const NameServer failing([](const Message& query, bool) { return respond(query, 2); });
    const NameServer server([](const Message& query, bool) { return both_kinds(query); });
    configure("options timeout:1\n" + failing.line() + silent.line() + server.line());
    EXPECT_EQ(resolve("example.org").value().size(), 2U);
    EXPECT_GE(failing.questions(), 1U);
    EXPECT_GE(silent.questions(), 1U);
}

TEST_P(Resolver, SilenceTimesOut) {
    const NameServer silent([](const Message&, bool) { return std::nullopt; });
    configure(silent.line() + "options timeout:1 attempts:1\n");
    expect_error("example.org", Errno::timedout);
}

TEST_P(Resolver, ServersThatFailAreAnError) {
    const NameServer failing([](const Message& query, bool) { return respond(query, 2); });
    configure(failing.line());
    expect_error("example.org", Errno::io);
}

TEST_P(Resolver, LongAnswersComeOverTcp) {
    const NameServer server([](const Message& query, bool over_tcp) {
        if (!over_tcp) {
            Message cut = respond(query);
            cut[2] |= 0x02;
            return cut;
        }
        Message records;
        for (std::uint8_t i = 0; i < 100; ++i) {
            const Message one = record(1, {10, 0, 0, i});
            records.insert(records.end(), one.begin(), one.end());
        }
        return asks_for_inet4(query) ? respond(query, 0, 100, records) : respond(query);
    });
    configure(server.line());
    const auto found = resolve("example.org");
    ASSERT_TRUE(found.has_value());
    ASSERT_EQ(found->size(), 100U);
    EXPECT_EQ(found->back(), ip("10.0.0.99"));
}

TEST_P(Resolver, FollowsAliases) {
    const NameServer server([](const Message& query, bool) {
        if (!asks_for_inet4(query)) {
            return respond(query);
        }
        Message records = record(5, {1, 'b', 0});  // the name is an alias of `b`
        const Message stray{1, 'x', 0, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 6, 6, 6, 6};
        const Message address{1, 'b', 0, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 1, 2, 3, 4};
        records.insert(records.end(), stray.begin(), stray.end());
        records.insert(records.end(), address.begin(), address.end());
        return respond(query, 0, 3, records);
    });
    configure(server.line());
    expect_addresses("a.example.org", {"1.2.3.4"});
}

TEST_P(Resolver, SearchesDomains) {
    std::atomic<bool> as_is = false;
    const NameServer server([&](const Message& query, bool) {
        const std::string text(query.begin(), query.end());
        as_is = as_is || text.find(std::string("\4name\0", 6)) != std::string::npos;
        return text.find("\6second\7example") != std::string::npos ? both_kinds(query)
                                                                   : respond(query, 3);
    });
    configure(server.line() + "search first.example second.example\n");
    EXPECT_EQ(resolve("name").value().size(), 2U);
    EXPECT_FALSE(as_is);
    expect_error("name.", Errno::noent);
    EXPECT_TRUE(as_is);
}

TEST_P(Resolver, AnswersToOtherQuestionsDoNotCount) {
    const NameServer server([](const Message& query, bool) {
        Message wrong = both_kinds(query);
        wrong[0] = static_cast<std::uint8_t>(wrong[0] + 1);
        return wrong;
    });
    configure(server.line() + "options timeout:1 attempts:1\n");
    expect_error("example.org", Errno::timedout);
}

TEST_P(Resolver, ServesGuests) {
    const NameServer server([](const Message& query, bool) { return both_kinds(query); });
    configure(server.line());
    ProcessOptions options;
    options.stdio = {-1, -1, -1};
    options.network = Network::all;
    options.resolver = files();
    options.net_policy =
        std::make_shared<NetPolicy>(NetRules::parse("dns:allow=*.example.org:80").value());
    Guest guest = make(std::move(options));
    const auto resolve_in_guest = [&](std::string_view name, std::uint32_t room) {
        guest.store_text(0x100, name);
        return guest.call("resolve", 0x100, static_cast<std::uint32_t>(name.size()), 80, 0x201,
                          room, 0x300);
    };
    guest.fill(0x201, 64, 0xee);
    EXPECT_EQ(resolve_in_guest("www.example.org", 1), Errno::success);
    EXPECT_EQ(guest.load<std::uint32_t>(0x300), 1U);
    EXPECT_EQ(guest.load<std::uint8_t>(0x201 + 18), 0xee);
    EXPECT_EQ(resolve_in_guest("www.example.org", 10), Errno::success);
    EXPECT_EQ(guest.load<std::uint32_t>(0x300), 2U);
    EXPECT_EQ(guest.load<std::uint8_t>(0x201) + guest.load<std::uint8_t>(0x201 + 18), 3);
    EXPECT_EQ(resolve_in_guest("www.example.com", 10), Errno::perm);
    EXPECT_EQ(resolve_in_guest("9.9.9.9", 10), Errno::success);
    EXPECT_EQ(resolve_in_guest("www.example.org", 0x1000'0000), Errno::memviolation);
    EXPECT_EQ(resolve_in_guest("", 1), Errno::inval);
}

TEST(DnsMessage, DamageIsNoAnswer) {
    const auto query = encode_query(0x1234, "www.example.org.", RecordType::a);
    ASSERT_TRUE(query.has_value());
    Message message = respond(*query, 0, 1, record(1, {1, 2, 3, 4}));
    ASSERT_TRUE(decode_answer(message, *query).has_value());
    EXPECT_EQ(decode_answer(message, *query)->addresses.size(), 1U);
    for (std::size_t bytes = 0; bytes < message.size(); ++bytes) {
        EXPECT_FALSE(decode_answer(std::span(message).first(bytes), *query).has_value()) << bytes;
    }
    message[query->size() + 1] = static_cast<std::uint8_t>(query->size());  // a name of itself
    EXPECT_FALSE(decode_answer(message, *query).has_value());
    std::uint64_t state = 1;
    for (int round = 0; round < 20'000; ++round) {
        Message noise = respond(*query, 0, 3, record(5, {0xc0, 12}));
        for (std::size_t i = query->size(); i < noise.size(); ++i) {
            state = state * 6364136223846793005U + 1442695040888963407U;
            noise[i] = static_cast<std::uint8_t>(state >> 56);
        }
        const auto answer = decode_answer(noise, *query);  // whatever it is, without harm
        EXPECT_TRUE(!answer || answer->addresses.size() <= 3);
    }
}

TEST(ResolverConfig, ReadsWhatItKnows) {
    const ResolverConfig config = ResolverConfig::parse(
        "; comment\nnameserver 1.1.1.1 # one\nnameserver fe80::1%eth0\nnameserver bad\n"
        "nameserver 2.2.2.2\nnameserver 3.3.3.3\ndomain a.example\nsearch b.example c.example\n"
        "options ndots:3 timeout:99 attempts:0 rotate\nsortlist 1.2.3.4");
    EXPECT_EQ(config.servers.size(), 3U);
    EXPECT_EQ(config.search, (std::vector<std::string>{"b.example", "c.example"}));
    EXPECT_EQ(config.dots, 3U);
    EXPECT_EQ(config.timeout_s, 30U);
    EXPECT_EQ(config.attempts, 1U);
    EXPECT_EQ(ResolverConfig::parse("").servers.size(), 1U);
}

}  // namespace
}  // namespace wasmax::wasix
