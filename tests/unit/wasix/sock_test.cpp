// length: one topic, sockets, and one fixture for all of it.
//
// Sockets through their native entries, with real loopback connections.

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "base/unique_fd.h"
#include "unit/wasix/guest.h"
#include "wasix/errnos.h"
#include "wasix/files.h"
#include "wasix/guest_types.h"
#include "wasix/net_rules.h"
#include "wasix/process.h"

namespace wasmax::wasix {
namespace {

constexpr std::uint32_t kIovs = 0x100;
constexpr std::uint32_t kAddress = 0x200;
constexpr std::uint32_t kBuffer = 0x1000;
constexpr std::uint32_t kOut = 0x2001;  // results have no alignment
constexpr std::array<std::uint8_t, 4> kLoopback{127, 0, 0, 1};

constexpr int kInet4 = 1;
constexpr int kInet6 = 2;
constexpr int kStream = 1;
constexpr int kDgram = 2;

ProcessOptions networked() {
    ProcessOptions options;
    options.stdio = {-1, -1, -1};
    options.network = Network::all;
    return options;
}

/// What the tests do with a guest's sockets, again and again.
struct Sockets {
    Guest& guest;

    std::int32_t open(int family = kInet4, int type = kStream) {
        EXPECT_EQ(guest.call("sock_open", family, type, 0, kOut), Errno::success);
        return guest.load<std::int32_t>(kOut);
    }
    /// Bound to the loopback address and a port of the kernel's choice, which is returned.
    std::uint16_t bind(std::int32_t fd) {
        guest.address4(kAddress, kLoopback, 0);
        EXPECT_EQ(guest.call("sock_bind", fd, kAddress), Errno::success);
        EXPECT_EQ(guest.call("sock_addr_local", fd, kOut), Errno::success);
        return guest.load<std::uint16_t>(kOut + 2);
    }
    std::pair<std::int32_t, std::uint16_t> listen() {
        const std::int32_t fd = open();
        const std::uint16_t port = bind(fd);
        EXPECT_EQ(guest.call("sock_listen", fd, 16), Errno::success);
        return {fd, port};
    }
    std::int32_t accept(std::int32_t listener) {
        EXPECT_EQ(guest.call("sock_accept_v2", listener, 0, kOut, kAddress), Errno::success);
        return guest.load<std::int32_t>(kOut);
    }
    std::int32_t connect(std::uint16_t port) {
        const std::int32_t fd = open();
        guest.address4(kAddress, kLoopback, port);
        EXPECT_EQ(guest.call("sock_connect", fd, kAddress), Errno::success);
        return fd;
    }
    Errno send(std::int32_t fd, std::string_view text) {
        guest.store_text(kBuffer, text);
        guest.iovec(kIovs, kBuffer, static_cast<std::uint32_t>(text.size()));
        return guest.call("sock_send", fd, kIovs, 1, 0, kOut);
    }
    std::string receive(std::int32_t fd, std::uint32_t bytes, int flags = 0) {
        guest.iovec(kIovs, kBuffer, bytes);
        EXPECT_EQ(guest.call("sock_recv", fd, kIovs, 1, flags, kOut, kOut + 4), Errno::success);
        return guest.text(kBuffer, guest.load<std::uint32_t>(kOut));
    }
};

/// A host client of a guest's listener.
UniqueFd host_client(std::uint16_t port) {
    UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    return fd;
}

void reset(UniqueFd client) {
    const linger now{1, 0};  // close sends RST
    ASSERT_EQ(::setsockopt(client.get(), SOL_SOCKET, SO_LINGER, &now, sizeof now), 0);
}

class Sock : public OnEachBackend {};
INSTANTIATE_TEST_SUITE_P(, Sock, testing::Bool(), backend_name);

TEST_P(Sock, ServesAClient) {
    Guest guest = make(networked());
    Sockets sockets{guest};
    const auto [listener, port] = sockets.listen();
    EXPECT_NE(port, 0);
    const UniqueFd client = host_client(port);
    guest.fill(kAddress, 32, 0xee);
    const std::int32_t connection = sockets.accept(listener);
    EXPECT_EQ(connection, listener + 1);
    // inet4, padding 0, the client's port little-endian, its address, and not a byte more
    sockaddr_in expected{};
    socklen_t bytes = sizeof expected;
    ASSERT_EQ(::getsockname(client.get(), reinterpret_cast<sockaddr*>(&expected), &bytes), 0);
    EXPECT_EQ(guest.load<std::uint16_t>(kAddress), 0x0001);
    EXPECT_EQ(guest.load<std::uint16_t>(kAddress + 2), ntohs(expected.sin_port));
    EXPECT_EQ((guest.load<std::array<std::uint8_t, 4>>(kAddress + 4)), kLoopback);
    EXPECT_EQ(guest.text(kAddress + 8, 24), std::string(24, '\xee'));

    EXPECT_EQ(sockets.send(connection, "response"), Errno::success);
    EXPECT_EQ(guest.load<std::uint32_t>(kOut), 8U);
    EXPECT_EQ(guest.call("sock_shutdown", connection, 3), Errno::success);
    EXPECT_EQ(guest.call("fd_close", connection), Errno::success);
    std::array<char, 16> received{};
    EXPECT_EQ(::recv(client.get(), received.data(), received.size(), MSG_WAITALL), 8);
    EXPECT_EQ(std::string(received.data()), "response");
}

TEST_P(Sock, ConnectsToItself) {
    Guest guest = make(networked());
    Sockets sockets{guest};
    const auto [listener, port] = sockets.listen();
    const std::int32_t client = sockets.connect(port);
    const std::int32_t server = sockets.accept(listener);
    ASSERT_EQ(guest.call("sock_addr_peer", client, kOut), Errno::success);
    EXPECT_EQ(guest.load<std::uint16_t>(kOut + 2), port);
    EXPECT_EQ(sockets.send(client, "question"), Errno::success);
    EXPECT_EQ(sockets.receive(server, 100, 1), "question") << "peek";
    EXPECT_EQ(sockets.receive(server, 100), "question");
    // scattered, with the peer's address
    EXPECT_EQ(sockets.send(server, "answer"), Errno::success);
    guest.iovec(kIovs, kBuffer, 2);
    guest.iovec(kIovs + 8, kBuffer + 0x100, 100);
    EXPECT_EQ(guest.call("sock_recv_from", client, kIovs, 2, 0, kOut, kOut + 4, kAddress),
              Errno::success);
    EXPECT_EQ(guest.text(kBuffer, 2) + guest.text(kBuffer + 0x100, 4), "answer");
    EXPECT_EQ(guest.load<std::uint16_t>(kAddress + 2), port) << "a stream has its peer's address";
    // the end
    EXPECT_EQ(guest.call("sock_shutdown", client, 2), Errno::success);
    EXPECT_EQ(sockets.receive(server, 100), "");
    guest.iovec(kIovs, kBuffer, 1);
    EXPECT_EQ(guest.call("fd_read", server, kIovs, 1, kOut), Errno::success);
    EXPECT_EQ(guest.load<std::uint32_t>(kOut), 0U);
}

TEST_P(Sock, DoesNotWaitWhenAskedNotTo) {
    Guest guest = make(networked());
    Sockets sockets{guest};
    const auto [listener, port] = sockets.listen();
    const std::int32_t client = sockets.connect(port);
    guest.iovec(kIovs, kBuffer, 10);
    EXPECT_EQ(guest.call("sock_recv", client, kIovs, 1, 8, kOut, kOut + 4), Errno::again);
    EXPECT_EQ(guest.call("fd_fdstat_set_flags", client, 4), Errno::success);
    EXPECT_EQ(guest.call("sock_recv", client, kIovs, 1, 0, kOut, kOut + 4), Errno::again);
    EXPECT_EQ(guest.call("fd_read", client, kIovs, 1, kOut), Errno::again);
    // what a non-blocking listener accepts is non-blocking
    EXPECT_EQ(guest.call("fd_fdstat_set_flags", listener, 4), Errno::success);
    const std::int32_t server = sockets.accept(listener);
    EXPECT_EQ(guest.call("sock_recv", server, kIovs, 1, 0, kOut, kOut + 4), Errno::again);
    EXPECT_EQ(guest.call("sock_accept_v2", listener, 0, kOut, kAddress), Errno::again);
    ASSERT_EQ(guest.call("fd_fdstat_get", server, kOut), Errno::success);
    EXPECT_EQ(guest.load<Fdstat>(kOut).flags, Fdflags(Fdflag::nonblock));
}

TEST_P(Sock, AcceptsInPreview1WithoutAnAddress) {
    Guest guest = make(networked());
    Sockets sockets{guest};
    const auto [listener, port] = sockets.listen();
    const UniqueFd client = host_client(port);
    ASSERT_EQ(guest.call_in("wasi_snapshot_preview1", "sock_accept", listener, 4, kOut),
              Errno::success);
    const auto connection = guest.load<std::int32_t>(kOut);
    guest.iovec(kIovs, kBuffer, 1);
    EXPECT_EQ(guest.call("fd_read", connection, kIovs, 1, kOut), Errno::again) << "nonblock";
}

TEST_P(Sock, ReportsAResetPeer) {
    Guest guest = make(networked());
    Sockets sockets{guest};
    const auto [listener, port] = sockets.listen();
    UniqueFd client = host_client(port);
    const std::int32_t connection = sockets.accept(listener);
    ASSERT_EQ(guest.call("sock_status", connection, kOut), Errno::success);
    EXPECT_EQ(guest.load<std::uint8_t>(kOut), 1U) << "opened";
    reset(std::move(client));
    ASSERT_EQ(guest.call("sock_status", connection, kOut), Errno::success);
    EXPECT_EQ(guest.load<std::uint8_t>(kOut), 2U) << "closed";
    EXPECT_EQ(guest.call("sock_shutdown", connection, 3), Errno::notconn);
    EXPECT_EQ(sockets.send(connection, "x"), Errno::connreset);
    EXPECT_EQ(sockets.send(connection, "x"), Errno::pipe) << "and no SIGPIPE";
    guest.iovec(kIovs, kBuffer, 1);
    EXPECT_EQ(guest.call("fd_write", connection, kIovs, 1, kOut), Errno::pipe);
    EXPECT_EQ(guest.call("sock_addr_peer", connection, kOut), Errno::notconn);
    EXPECT_EQ(guest.call("fd_close", connection), Errno::success);
    ASSERT_EQ(guest.call("sock_status", listener, kOut), Errno::success);
    EXPECT_EQ(guest.load<std::uint8_t>(kOut), 1U);
}

TEST_P(Sock, RefusesWhatTheStateDoesNotAllow) {
    Guest guest = make(networked());
    Sockets sockets{guest};
    const std::int32_t fresh = sockets.open();
    ASSERT_EQ(guest.call("sock_status", fresh, kOut), Errno::success);
    EXPECT_EQ(guest.load<std::uint8_t>(kOut), 0U) << "opening";
    guest.iovec(kIovs, kBuffer, 1);
    EXPECT_EQ(guest.call("sock_recv", fresh, kIovs, 1, 0, kOut, kOut + 4), Errno::notconn);
    EXPECT_EQ(guest.call("sock_shutdown", fresh, 3), Errno::notconn);
    EXPECT_EQ(guest.call("sock_addr_peer", fresh, kOut), Errno::notconn);
    EXPECT_EQ(guest.call("sock_accept_v2", fresh, 0, kOut, kAddress), Errno::notconn);
    EXPECT_EQ(guest.call("sock_listen", fresh, 5), Errno::inval) << "unbound";
    sockets.bind(fresh);
    EXPECT_EQ(guest.call("sock_accept_v2", fresh, 0, kOut, kAddress), Errno::notsup);
    EXPECT_EQ(guest.call("sock_listen", fresh, 5), Errno::success);
    EXPECT_EQ(guest.call("sock_shutdown", fresh, 3), Errno::notsup) << "a listener";
    const std::int32_t udp = sockets.open(kInet4, kDgram);
    sockets.bind(udp);
    EXPECT_EQ(guest.call("sock_listen", udp, 5), Errno::notsup);
    EXPECT_EQ(guest.call("sock_shutdown", udp, 3), Errno::notsup);
    EXPECT_EQ(guest.call("sock_accept_v2", udp, 0, kOut, kAddress), Errno::notsup);
    for (const int how : {0, 4, 255}) {
        EXPECT_EQ(guest.call("sock_shutdown", fresh, how), Errno::inval);
    }
    EXPECT_EQ(guest.call("sock_shutdown", fresh, 256), Errno::inval) << "the low byte counts: 0";
}

TEST_P(Sock, OpensOnlyWhatThereIs) {
    Guest guest = make(networked());
    const auto open = [&](int family, int type, int protocol) {
        return guest.call("sock_open", family, type, protocol, kOut);
    };
    EXPECT_EQ(open(kInet4, kStream, 6), Errno::success);
    EXPECT_EQ(open(kInet6, kDgram, 17), Errno::success);
    EXPECT_EQ(open(kInet4, kStream | 0x4000, 0), Errno::success) << "flag bits are cut off";
    EXPECT_EQ(open(kInet4, kStream, 17), Errno::notsup);
    EXPECT_EQ(open(kInet4, kDgram, 6), Errno::notsup);
    EXPECT_EQ(open(kInet4, 3, 0), Errno::notsup) << "raw";
    EXPECT_EQ(open(kInet4, 4, 0), Errno::notsup) << "seqpacket";
    EXPECT_EQ(open(kInet4, 0, 0), Errno::notsup);
    EXPECT_EQ(open(0, kStream, 0), Errno::afnosupport);
    EXPECT_EQ(open(3, kStream, 0), Errno::success) << "unix";
    EXPECT_EQ(open(77, kStream, 0), Errno::afnosupport);
}

TEST_P(Sock, ChecksAddresses) {
    Guest guest = make(networked());
    Sockets sockets{guest};
    const std::int32_t fd = sockets.open();
    const auto bind = [&](std::uint8_t tag) {
        guest.fill(kAddress, 110, 0);
        guest.store(kAddress, tag);
        return guest.call("sock_bind", fd, kAddress);
    };
    EXPECT_EQ(bind(0), Errno::inval);
    EXPECT_EQ(bind(2), Errno::inval) << "another family";
    EXPECT_EQ(bind(3), Errno::inval);
    EXPECT_EQ(bind(200), Errno::inval);
    constexpr std::uint32_t kEnd = Guest::kMemoryBytes;
    guest.address4(kEnd - 8, kLoopback, 0);
    EXPECT_EQ(guest.call("sock_bind", fd, kEnd - 8), Errno::success) << "8 bytes are enough";
    EXPECT_EQ(guest.call("sock_addr_local", fd, kEnd - 8), Errno::success);
    EXPECT_EQ(guest.call("sock_addr_local", fd, kEnd - 7), Errno::memviolation);
    guest.store(kEnd - 1, std::uint8_t{1});
    EXPECT_EQ(guest.call("sock_bind", fd, kEnd - 1), Errno::memviolation);
    EXPECT_EQ(guest.call("sock_bind", fd, kEnd), Errno::memviolation);
    EXPECT_EQ(guest.call("sock_bind", fd, 0xffff'ffff), Errno::memviolation);
}

TEST_P(Sock, AcceptsNothingWithoutRoomForTheResult) {
    Guest guest = make(networked());
    Sockets sockets{guest};
    const auto [listener, port] = sockets.listen();
    const UniqueFd client = host_client(port);
    constexpr std::uint32_t kEnd = Guest::kMemoryBytes;
    EXPECT_EQ(guest.call("sock_accept_v2", listener, 0, kEnd - 3, kAddress), Errno::memviolation);
    EXPECT_EQ(guest.call("sock_accept_v2", listener, 0, kOut, kEnd - 7), Errno::memviolation);
    EXPECT_EQ(sockets.accept(listener), listener + 1) << "the connection is still waiting";
}

TEST_P(Sock, SpeaksIpv6) {
    Guest guest = make(networked());
    Sockets sockets{guest};
    const std::int32_t fd = sockets.open(kInet6, kDgram);
    guest.fill(kAddress, 110, 0);
    guest.store(kAddress, std::uint8_t{2});
    guest.store(kAddress + 19, std::uint8_t{1});  // ::1
    const Errno bound = guest.call("sock_bind", fd, kAddress);
    if (bound == Errno::addrnotavail || bound == Errno::afnosupport) {
        GTEST_SKIP() << "this host has no IPv6";
    }
    ASSERT_EQ(bound, Errno::success);
    guest.fill(kOut, 40, 0xee);
    ASSERT_EQ(guest.call("sock_addr_local", fd, kOut), Errno::success);
    EXPECT_EQ(guest.load<std::uint16_t>(kOut), 0x0002);
    EXPECT_NE(guest.load<std::uint16_t>(kOut + 2), 0);
    EXPECT_EQ(guest.text(kOut + 4, 16), std::string(15, '\0') + '\1');
    EXPECT_EQ(guest.text(kOut + 20, 8), std::string(8, '\0')) << "flow and scope";
    EXPECT_EQ(guest.text(kOut + 28, 4), std::string(4, '\xee'));
}

TEST_P(Sock, ExchangesDatagrams) {
    Guest guest = make(networked());
    Sockets sockets{guest};
    const std::int32_t receiver = sockets.open(kInet4, kDgram);
    const std::uint16_t port = sockets.bind(receiver);
    const std::int32_t sender = sockets.open(kInet4, kDgram);
    const std::uint16_t sender_port = sockets.bind(sender);
    guest.address4(kAddress, kLoopback, port);
    guest.store_text(kBuffer, "datagram");
    guest.iovec(kIovs, kBuffer, 8);
    ASSERT_EQ(guest.call("sock_send_to", sender, kIovs, 1, 0, kAddress, kOut), Errno::success);
    EXPECT_EQ(guest.load<std::uint32_t>(kOut), 8U);
    guest.iovec(kIovs, kBuffer, 4);
    // peek with the whole length, then take the first part
    ASSERT_EQ(guest.call("sock_recv", receiver, kIovs, 1, 1 | 4, kOut, kOut + 4), Errno::success);
    EXPECT_EQ(guest.load<std::uint32_t>(kOut), 8U);
    ASSERT_EQ(guest.call("sock_recv_from", receiver, kIovs, 1, 0, kOut, kOut + 4, kAddress),
              Errno::success);
    EXPECT_EQ(guest.text(kBuffer, 4), "data");
    EXPECT_EQ(guest.load<std::uint32_t>(kOut), 4U);
    EXPECT_EQ(guest.load<std::uint16_t>(kOut + 4), 1U) << "truncated";
    EXPECT_EQ(guest.load<std::uint16_t>(kAddress + 2), sender_port);
    // connected, then forgotten
    guest.address4(kAddress, kLoopback, port);
    ASSERT_EQ(guest.call("sock_connect", sender, kAddress), Errno::success);
    EXPECT_EQ(sockets.send(sender, "again"), Errno::success);
    EXPECT_EQ(sockets.receive(receiver, 100), "again");
    guest.fill(kAddress, 8, 0);
    EXPECT_EQ(guest.call("sock_connect", sender, kAddress), Errno::success);
    EXPECT_EQ(sockets.send(sender, "nowhere"), Errno::destaddrreq);
}

TEST_P(Sock, FailsToConnectWhereNobodyListens) {
    Guest guest = make(networked());
    Sockets sockets{guest};
    const std::int32_t bound = sockets.open();
    const std::uint16_t port = sockets.bind(bound);
    const std::int32_t fd = sockets.open();
    guest.address4(kAddress, kLoopback, port);
    EXPECT_EQ(guest.call("sock_connect", fd, kAddress), Errno::connrefused);
    const std::int32_t other = sockets.open();
    EXPECT_EQ(guest.call("sock_listen", bound, 1), Errno::success);
    EXPECT_EQ(guest.call("sock_bind", other, kAddress), Errno::addrinuse);
}

TEST_P(Sock, ReusesTheAddressOfAListenerUnlessToldOtherwise) {
    Guest guest = make(networked());
    Sockets sockets{guest};
    const std::int32_t fd = sockets.open();
    sockets.bind(fd);
    ASSERT_EQ(guest.call("sock_get_opt_flag", fd, 2, kOut), Errno::success);
    EXPECT_EQ(guest.load<std::uint8_t>(kOut), 1U);
    const std::int32_t strict = sockets.open();
    ASSERT_EQ(guest.call("sock_set_opt_flag", strict, 2, 0), Errno::success);
    sockets.bind(strict);
    ASSERT_EQ(guest.call("sock_get_opt_flag", strict, 2, kOut), Errno::success);
    EXPECT_EQ(guest.load<std::uint8_t>(kOut), 0U);
}

TEST_P(Sock, KeepsOptions) {
    Guest guest = make(networked());
    Sockets sockets{guest};
    const std::int32_t fd = sockets.open();
    for (const int flag : {1, 2, 3, 6, 12, 14}) {
        ASSERT_EQ(guest.call("sock_set_opt_flag", fd, flag, 1), Errno::success) << flag;
        ASSERT_EQ(guest.call("sock_get_opt_flag", fd, flag, kOut), Errno::success) << flag;
        EXPECT_EQ(guest.load<std::uint8_t>(kOut), 1U) << flag;
    }
    EXPECT_EQ(guest.call("sock_set_opt_flag", fd, 13, 1), Errno::inval) << "linger is a time";
    EXPECT_EQ(guest.call("sock_set_opt_flag", fd, 200, 1), Errno::inval);
    // times: recv_timeout, and linger in whole seconds, rounded up
    OptionTimestamp time;
    time.tag = 1;
    time.value = 1'500'000'001;
    guest.store(kAddress, time);
    for (const int option : {19, 20, 21, 22}) {
        ASSERT_EQ(guest.call("sock_set_opt_time", fd, option, kAddress), Errno::success);
        ASSERT_EQ(guest.call("sock_get_opt_time", fd, option, kOut), Errno::success);
        EXPECT_EQ(guest.load<OptionTimestamp>(kOut).tag, 1);
        EXPECT_GE(guest.load<OptionTimestamp>(kOut).value, time.value);
    }
    ASSERT_EQ(guest.call("sock_set_opt_time", fd, 13, kAddress), Errno::success);
    ASSERT_EQ(guest.call("sock_get_opt_time", fd, 13, kOut), Errno::success);
    EXPECT_EQ(guest.load<OptionTimestamp>(kOut).value, 2'000'000'000U);
    guest.store(kAddress, OptionTimestamp{});
    ASSERT_EQ(guest.call("sock_set_opt_time", fd, 19, kAddress), Errno::success);
    ASSERT_EQ(guest.call("sock_get_opt_time", fd, 19, kOut), Errno::success);
    EXPECT_EQ(guest.load<OptionTimestamp>(kOut).tag, 0);
    EXPECT_EQ(guest.call("sock_set_opt_time", fd, 1, kAddress), Errno::inval);
    // sizes
    ASSERT_EQ(guest.call("sock_set_opt_size", fd, 23, std::uint64_t{9}), Errno::success);
    ASSERT_EQ(guest.call("sock_get_opt_size", fd, 23, kOut), Errno::success);
    EXPECT_EQ(guest.load<std::uint64_t>(kOut), 9U);
    EXPECT_EQ(guest.call("sock_set_opt_size", fd, 23, ~std::uint64_t{0}), Errno::inval);
    EXPECT_EQ(guest.call("sock_set_opt_size", fd, 26, std::uint64_t{0}), Errno::inval);
    ASSERT_EQ(guest.call("sock_get_opt_size", fd, 26, kOut), Errno::success);
    EXPECT_EQ(guest.load<std::uint64_t>(kOut), 6U) << "TCP";
    ASSERT_EQ(guest.call("sock_get_opt_size", fd, 25, kOut), Errno::success);
    EXPECT_EQ(guest.load<std::uint64_t>(kOut), 1U) << "stream";
    ASSERT_EQ(guest.call("sock_get_opt_size", fd, 11, kOut), Errno::success);
    EXPECT_EQ(guest.load<std::uint64_t>(kOut), 0U) << "no error";
}

TEST_P(Sock, TimesOut) {
    Guest guest = make(networked());
    Sockets sockets{guest};
    const std::int32_t fd = sockets.open(kInet4, kDgram);
    sockets.bind(fd);
    OptionTimestamp time;
    time.tag = 1;
    time.value = 1;  // a nanosecond is not nothing
    guest.store(kAddress, time);
    ASSERT_EQ(guest.call("sock_set_opt_time", fd, 19, kAddress), Errno::success);
    guest.iovec(kIovs, kBuffer, 1);
    EXPECT_EQ(guest.call("sock_recv", fd, kIovs, 1, 0, kOut, kOut + 4), Errno::again);
}

TEST_P(Sock, MakesPairs) {
    Guest guest = make(networked());
    Sockets sockets{guest};
    ASSERT_EQ(guest.call("sock_pair", 3, kStream, 0, kOut, kOut + 4), Errno::success);
    const auto first = guest.load<std::int32_t>(kOut);
    const auto second = guest.load<std::int32_t>(kOut + 4);
    EXPECT_EQ(sockets.send(first, "there"), Errno::success);
    EXPECT_EQ(sockets.receive(second, 100), "there");
    guest.fill(kOut, 110, 0xee);
    ASSERT_EQ(guest.call("sock_addr_local", first, kOut), Errno::success);
    EXPECT_EQ(guest.text(kOut, 110), "\3" + std::string(109, '\0')) << "unix, without a name";
}

TEST_P(Sock, JoinsMulticastGroups) {
    Guest guest = make(networked());
    Sockets sockets{guest};
    const std::int32_t fd = sockets.open(kInet4, kDgram);
    guest.store(kAddress, std::array<std::uint8_t, 4>{239, 1, 2, 3});
    guest.store(kAddress + 8, kLoopback);
    EXPECT_EQ(guest.call("sock_leave_multicast_v4", fd, kAddress, kAddress + 8),
              Errno::addrnotavail);
    EXPECT_EQ(guest.call("sock_join_multicast_v4", fd, kAddress, kAddress + 8), Errno::success);
    EXPECT_EQ(guest.call("sock_leave_multicast_v4", fd, kAddress, kAddress + 8), Errno::success);
    guest.store(kAddress, std::array<std::uint8_t, 4>{127, 0, 0, 1});
    EXPECT_EQ(guest.call("sock_join_multicast_v4", fd, kAddress, kAddress + 8), Errno::inval)
        << "no group";
}

TEST_P(Sock, KnowsOtherFilesFromSockets) {
    std::array<int, 2> ends{};
    ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
    const UniqueFd read_end(ends[0]);
    const UniqueFd write_end(ends[1]);
    ProcessOptions options = networked();
    options.stdio = {read_end.get(), write_end.get(), -1};
    Guest guest = make(std::move(options));
    guest.address4(kAddress, kLoopback, 0);
    guest.iovec(kIovs, kBuffer, 1);
    EXPECT_EQ(guest.call("sock_bind", 0, kAddress), Errno::notsock);
    EXPECT_EQ(guest.call("sock_connect", 0, kAddress), Errno::notsock);
    EXPECT_EQ(guest.call("sock_listen", 0, 1), Errno::notsock);
    EXPECT_EQ(guest.call("sock_accept_v2", 0, 0, kOut, kBuffer), Errno::notsock);
    EXPECT_EQ(guest.call("sock_shutdown", 0, 3), Errno::notsock);
    EXPECT_EQ(guest.call("sock_status", 0, kOut), Errno::notsock);
    EXPECT_EQ(guest.call("sock_addr_local", 0, kOut), Errno::notsock);
    EXPECT_EQ(guest.call("sock_addr_peer", 0, kOut), Errno::notsock);
    EXPECT_EQ(guest.call("sock_get_opt_flag", 0, 2, kOut), Errno::notsock);
    // Pipes carry what is sent: libcs took one for a pair of sockets.
    EXPECT_EQ(guest.call("sock_send", 1, kIovs, 1, 0, kOut), Errno::success);
    EXPECT_EQ(guest.call("sock_recv", 0, kIovs, 1, 0, kOut, kOut + 4), Errno::success);
    // An eventfd carries nothing but its count.
    ASSERT_EQ(guest.call("fd_event", std::uint64_t{1}, 0, kOut), Errno::success);
    const auto event = guest.load<std::int32_t>(kOut);
    EXPECT_EQ(guest.call("sock_recv", event, kIovs, 1, 0, kOut, kOut + 4), Errno::notsock);
    EXPECT_EQ(guest.call("sock_send", event, kIovs, 1, 0, kOut), Errno::notsock);
}

TEST_P(Sock, InheritsSocketsOfTheHost) {
    std::array<int, 2> ends{};
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
    const UniqueFd host_end(ends[0]);
    const UniqueFd guest_end(ends[1]);
    ProcessOptions options = networked();
    options.stdio = {guest_end.get(), -1, -1};
    Guest guest = make(std::move(options));
    Sockets sockets{guest};
    ASSERT_EQ(guest.call("fd_fdstat_get", 0, kOut), Errno::success);
    EXPECT_EQ(guest.load<Fdstat>(kOut).filetype, Filetype::socket_stream);
    EXPECT_EQ(sockets.send(0, "out"), Errno::success);
    std::array<char, 8> received{};
    EXPECT_EQ(::recv(host_end.get(), received.data(), received.size(), 0), 3);
}

TEST_P(Sock, SendsAFile) {
    Guest guest = make(networked());
    Sockets sockets{guest};
    const UniqueFd file(::memfd_create("sent", MFD_CLOEXEC));
    ASSERT_EQ(::pwrite(file.get(), "0123456789", 10, 0), 10);
    const auto in = guest.process().add_file(
        OpenFile::adopt(UniqueFd(::fcntl(file.get(), F_DUPFD_CLOEXEC, 0)), io()).value());
    EXPECT_EQ(guest.call("sock_pair", 3, kStream, 0, kOut, kOut + 4), Errno::success);
    const auto first = guest.load<std::int32_t>(kOut);
    const auto second = guest.load<std::int32_t>(kOut + 4);
    const auto send_file = [&](std::int32_t out, std::uint64_t offset, std::uint64_t count) {
        return guest.call("sock_send_file", out, *in, offset, count, kOut);
    };
    EXPECT_EQ(send_file(first, 2, 5), Errno::success);
    EXPECT_EQ(guest.load<std::uint64_t>(kOut), 5U);
    EXPECT_EQ(sockets.receive(second, 100), "23456");
    EXPECT_EQ(::lseek(file.get(), 0, SEEK_CUR), 7);
    EXPECT_EQ(send_file(first, 8, ~std::uint64_t{0}), Errno::success);
    EXPECT_EQ(guest.load<std::uint64_t>(kOut), 2U);
    EXPECT_EQ(send_file(first, 100, 1), Errno::success);
    EXPECT_EQ(guest.load<std::uint64_t>(kOut), 0U);
    EXPECT_EQ(send_file(first, ~std::uint64_t{0}, 1), Errno::inval);
    EXPECT_EQ(send_file(99, 0, 1), Errno::badf);
    EXPECT_EQ(guest.call("sock_send_file", first, second, std::uint64_t{0}, std::uint64_t{1}, kOut),
              Errno::spipe);
}

TEST_P(Sock, ExchangesMessages) {
    Guest guest = make(networked());
    Sockets sockets{guest};
    const std::int32_t a = sockets.open(kInet4, kDgram);
    const std::int32_t b = sockets.open(kInet4, kDgram);
    const std::uint16_t port = sockets.bind(a);
    guest.address4(kAddress, kLoopback, port);
    guest.store_text(kBuffer, "message");
    guest.iovec(kIovs, kBuffer, 7);
    EXPECT_EQ(guest.call("sock_send_msg", b, kIovs, 1, 0, kAddress, 0, 1, kOut), Errno::notsup);
    EXPECT_EQ(guest.call("sock_send_msg", b, kIovs, 1, 0, kAddress, 0, 0, kOut), Errno::success);
    guest.iovec(kIovs, kBuffer, 4);
    EXPECT_EQ(
        guest.call("sock_recv_msg", a, kIovs, 1, 0, kAddress + 8, 0, 0, kOut, kOut + 4, kOut + 8),
        Errno::success);
    EXPECT_EQ(guest.load<std::uint32_t>(kOut), 4U);
    EXPECT_EQ(guest.load<std::uint16_t>(kOut + 4), 1);  // cut short
    EXPECT_EQ(guest.load<std::uint32_t>(kOut + 8), 0U);
    EXPECT_EQ(guest.load<std::uint8_t>(kAddress + 8), kInet4);

    guest.address4(kAddress, kLoopback, port);
    EXPECT_EQ(guest.call("sock_connect", b, kAddress), Errno::success);
    EXPECT_EQ(guest.call("sock_send_msg", b, kIovs, 1, 0, 0, 0, 0, kOut), Errno::success);
    EXPECT_EQ(guest.call("sock_recv_msg", a, kIovs, 1, 0, 0, 0, 0, kOut, kOut + 4, kOut + 8),
              Errno::success);
    EXPECT_EQ(guest.load<std::uint32_t>(kOut), 4U);
}

TEST_P(Sock, ObeysNetworkRules) {
    ProcessOptions options = networked();
    options.net_policy = std::make_shared<NetPolicy>(
        NetRules::parse("ipv4:allow={127.0.0.1,127.0.0.2}:*,ipv4:deny=127.0.0.2:*/out,"
                        "ipv4:deny=127.0.0.3:*/in")
            .value());
    Guest guest = make(std::move(options));
    Sockets sockets{guest};
    const auto [listener, port] = sockets.listen();
    const std::int32_t other = sockets.open();
    guest.address4(kAddress, {127, 0, 0, 4}, 0);
    EXPECT_EQ(guest.call("sock_bind", other, kAddress), Errno::perm);
    guest.address4(kAddress, {127, 0, 0, 2}, port);
    EXPECT_EQ(guest.call("sock_connect", other, kAddress), Errno::perm);
    const std::int32_t datagrams = sockets.open(kInet4, kDgram);
    guest.iovec(kIovs, kBuffer, 1);
    EXPECT_EQ(guest.call("sock_send_to", datagrams, kIovs, 1, 0, kAddress, kOut), Errno::perm);
    EXPECT_EQ(guest.call("sock_send_msg", datagrams, kIovs, 1, 0, kAddress, 0, 0, kOut),
              Errno::perm);

    // The first client comes from where nothing may come from: only the second one is seen.
    const UniqueFd refused(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(0x7f00'0003);
    auto* raw = reinterpret_cast<sockaddr*>(&address);
    ASSERT_EQ(::bind(refused.get(), raw, sizeof address), 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    ASSERT_EQ(::connect(refused.get(), raw, sizeof address), 0);
    const UniqueFd welcome = host_client(port);
    const std::int32_t accepted = sockets.accept(listener);
    EXPECT_EQ(guest.load<std::uint8_t>(kAddress + 7), 1);
    EXPECT_EQ(sockets.send(accepted, "x"), Errno::success);
    char byte = 0;
    EXPECT_EQ(::recv(welcome.get(), &byte, 1, 0), 1);
    EXPECT_EQ(::recv(refused.get(), &byte, 1, 0), 0);
}

TEST_P(Sock, ListsInterfaces) {
    Guest guest = make(networked());
    guest.store(kOut, std::uint32_t{0});
    EXPECT_EQ(guest.call("port_addr_list", kBuffer, kOut), Errno::overflow);
    const auto count = guest.load<std::uint32_t>(kOut);
    ASSERT_GE(count, 1U);
    EXPECT_EQ(guest.call("port_addr_list", kBuffer, kOut), Errno::success);
    bool loopback = false;
    for (std::uint32_t i = 0; i < count; ++i) {
        const std::uint32_t entry = kBuffer + i * 28;
        loopback = loopback || (guest.load<std::uint8_t>(entry) == kInet4 &&
                                guest.load<std::array<std::uint8_t, 4>>(entry + 2) == kLoopback &&
                                guest.load<std::uint8_t>(entry + 6) == 8);
    }
    EXPECT_TRUE(loopback);
    const Errno mac = guest.call("port_mac", kOut);
    EXPECT_TRUE(mac == Errno::success || mac == Errno::notsup);
}

TEST_P(Sock, NeedsTheNetworkAndSaysSoOnce) {
    ProcessOptions options;
    options.stdio = {-1, -1, -1};
    std::vector<Capability> missing;
    options.on_missing_capability = [&](Capability capability) { missing.push_back(capability); };
    Guest guest = make(std::move(options));
    Sockets sockets{guest};
    const std::int32_t fd = sockets.open();
    EXPECT_TRUE(missing.empty());
    guest.address4(kAddress, kLoopback, 0);
    guest.iovec(kIovs, kBuffer, 1);
    EXPECT_EQ(guest.call("sock_bind", fd, kAddress), Errno::notsup);
    EXPECT_EQ(guest.call("sock_connect", fd, kAddress), Errno::notsup);
    EXPECT_EQ(guest.call("sock_listen", fd, 1), Errno::notsup);
    EXPECT_EQ(guest.call("sock_send_to", fd, kIovs, 1, 0, kAddress, kOut), Errno::notsup);
    EXPECT_EQ(missing, std::vector{Capability::network});
    // what needs no network works
    ASSERT_EQ(guest.call("sock_pair", 1, kStream, 0, kOut, kOut + 4), Errno::success);
    EXPECT_EQ(sockets.send(guest.load<std::int32_t>(kOut), "x"), Errno::success);
}

}  // namespace
}  // namespace wasmax::wasix
