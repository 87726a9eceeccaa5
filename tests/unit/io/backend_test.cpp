// Every operation on each back end: the direct one, and one that is interrupted all the time.

#include "io/backend.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "base/unique_fd.h"
#include "io/direct.h"
#include "io/faulty.h"
#include "io/operation.h"

namespace wasmax::io {
namespace {

iovec buffer(std::string& text) { return {text.data(), text.size()}; }

UniqueFd temporary_file() {
    UniqueFd fd(::open(std::filesystem::temp_directory_path().c_str(), O_TMPFILE | O_RDWR, 0600));
    EXPECT_TRUE(fd);
    return fd;
}

std::int64_t monotonic_ns() {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1'000'000'000 + now.tv_nsec;
}

struct Pipe {
    UniqueFd read_end;
    UniqueFd write_end;
};

Pipe make_pipe() {
    std::array<int, 2> ends{};
    EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
    return {UniqueFd(ends[0]), UniqueFd(ends[1])};
}

sockaddr* raw(sockaddr_in& address) { return reinterpret_cast<sockaddr*>(&address); }

/// A socket bound to the loopback address, and that address.
struct Bound {
    UniqueFd fd;
    sockaddr_in address{};
};

Bound bind_loopback(int type) {
    Bound bound{UniqueFd(::socket(AF_INET, type | SOCK_CLOEXEC, 0)), {}};
    bound.address.sin_family = AF_INET;
    bound.address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::bind(bound.fd.get(), raw(bound.address), sizeof bound.address), 0);
    socklen_t bytes = sizeof bound.address;
    EXPECT_EQ(::getsockname(bound.fd.get(), raw(bound.address), &bytes), 0);
    return bound;
}

class EachBackend : public testing::TestWithParam<bool> {
protected:
    Backend& io() {
        if (GetParam()) {
            return interrupted_;
        }
        return direct_;
    }
    std::size_t done(const Operation& operation) {
        const auto result = io().run(operation);
        EXPECT_TRUE(result.has_value())
            << std::strerror(result.has_value() ? 0 : static_cast<int>(result.error()));
        return result.has_value() ? *result : 0;
    }
    int error(const Operation& operation) {
        const auto result = io().run(operation);
        return result.has_value() ? 0 : static_cast<int>(result.error());
    }

private:
    DirectBackend direct_;
    FaultyBackend interrupted_{direct_, 42, {.interrupted = 600}};
};
INSTANTIATE_TEST_SUITE_P(, EachBackend, testing::Bool(),
                         [](const auto& info) { return info.param ? "Interrupted" : "Direct"; });

TEST_P(EachBackend, ReadsAndWritesFiles) {
    const UniqueFd file = temporary_file();
    std::string first = "hello, ";
    std::string second = "world";
    const std::array out{buffer(first), buffer(second)};
    EXPECT_EQ(done(Write{file.get(), out}), 12U);
    EXPECT_EQ(done(Write{file.get(), {out.data(), 1}, 20}), 7U);
    std::string text(5, '\0');
    const iovec in = buffer(text);
    EXPECT_EQ(done(Read{file.get(), {&in, 1}, 7}), 5U);
    EXPECT_EQ(text, "world");
    EXPECT_EQ(done(Read{file.get(), {&in, 1}}), 5U) << "the position is after the first write";
    EXPECT_EQ(text, std::string(5, '\0')) << "in the hole";
    EXPECT_EQ(done(Sync{file.get(), SyncScope::data}), 0U);
    EXPECT_EQ(done(Sync{file.get(), SyncScope::data_and_metadata}), 0U);
    EXPECT_EQ(error(Read{-1, {&in, 1}}), EBADF);
}

TEST_P(EachBackend, GivesDescriptorsUpWhateverHappens) {
    Pipe pipe = make_pipe();
    const int fd = pipe.write_end.release();
    EXPECT_EQ(done(Close{fd}), 0U);
    EXPECT_EQ(::fcntl(fd, F_GETFD), -1);
    std::string text(1, '\0');
    const iovec in = buffer(text);
    EXPECT_EQ(done(Read{pipe.read_end.get(), {&in, 1}}), 0U) << "end of input";
}

TEST_P(EachBackend, NeverRaisesSigpipe) {
    Pipe pipe = make_pipe();
    pipe.read_end.reset();
    std::string text = "lost";
    const iovec out = buffer(text);
    EXPECT_EQ(error(Write{pipe.write_end.get(), {&out, 1}}), EPIPE);
    std::array<int, 2> ends{};
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
    const UniqueFd socket(ends[0]);
    UniqueFd(ends[1]).reset();
    EXPECT_EQ(error(Send{socket.get(), {&out, 1}}), EPIPE);
    const std::array two{out, out};
    EXPECT_EQ(error(Send{socket.get(), two}), EPIPE);
}

TEST_P(EachBackend, ConnectsAcceptsAndTransfers) {
    Bound listener = bind_loopback(SOCK_STREAM);
    ASSERT_EQ(::listen(listener.fd.get(), 4), 0);
    const UniqueFd client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    EXPECT_EQ(done(Connect{client.get(), raw(listener.address), sizeof listener.address}), 0U);
    AddressBuffer peer;
    const UniqueFd server(
        static_cast<int>(done(Accept{listener.fd.get(), SOCK_CLOEXEC | SOCK_NONBLOCK, &peer})));
    EXPECT_EQ(peer.bytes, sizeof(sockaddr_in));
    EXPECT_NE(::fcntl(server.get(), F_GETFL) & O_NONBLOCK, 0);

    std::string text = "abcdef";
    const std::array halves{iovec{text.data(), 3}, iovec{text.data() + 3, 3}};
    EXPECT_EQ(done(Send{client.get(), halves}), 6U);
    std::string received(8, '\0');
    const iovec in = buffer(received);
    EXPECT_EQ(done(Receive{server.get(), {&in, 1}, MSG_PEEK}), 6U);
    const std::array parts{iovec{received.data(), 2}, iovec{received.data() + 2, 6}};
    EXPECT_EQ(done(Receive{server.get(), parts}), 6U);
    EXPECT_EQ(received.substr(0, 6), text);
    EXPECT_EQ(error(Receive{server.get(), {&in, 1}}), EAGAIN);
    EXPECT_EQ(done(Shutdown{client.get(), SHUT_WR}), 0U);
    EXPECT_EQ(done(Receive{server.get(), {&in, 1}}), 0U);
    EXPECT_EQ(error(Shutdown{listener.fd.get() + 1000, SHUT_WR}), EBADF);
}

TEST_P(EachBackend, ReportsARefusedConnection) {
    Bound silent = bind_loopback(SOCK_STREAM);
    const UniqueFd client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    EXPECT_EQ(error(Connect{client.get(), raw(silent.address), sizeof silent.address}),
              ECONNREFUSED);
}

TEST_P(EachBackend, ExchangesDatagrams) {
    Bound receiver = bind_loopback(SOCK_DGRAM);
    Bound sender = bind_loopback(SOCK_DGRAM);
    std::string text = "datagram";
    const iovec out = buffer(text);
    EXPECT_EQ(
        done(Send{sender.fd.get(), {&out, 1}, 0, raw(receiver.address), sizeof receiver.address}),
        8U);
    std::string received(4, '\0');
    const iovec in = buffer(received);
    AddressBuffer from;
    int flags = 0;
    EXPECT_EQ(done(Receive{receiver.fd.get(), {&in, 1}, 0, &from, &flags}), 4U);
    EXPECT_NE(flags & MSG_TRUNC, 0);
    EXPECT_EQ(from.bytes, sizeof(sockaddr_in));
    EXPECT_EQ(std::memcmp(&from.storage, &sender.address, sizeof sender.address), 0);
}

TEST_P(EachBackend, WaitsForReadinessAndTime) {
    Pipe pipe = make_pipe();
    pollfd entry{pipe.read_end.get(), POLLIN, 0};
    EXPECT_EQ(done(Poll{{&entry, 1}, kImmediately}), 0U);
    const std::int64_t deadline_ns = monotonic_ns() + 1'000'000;
    EXPECT_EQ(done(Poll{{&entry, 1}, deadline_ns}), 0U);
    EXPECT_GE(monotonic_ns(), deadline_ns);
    ASSERT_EQ(::write(pipe.write_end.get(), "x", 1), 1);
    EXPECT_EQ(done(Poll{{&entry, 1}, kNever}), 1U);
    EXPECT_EQ(entry.revents, POLLIN);
    EXPECT_EQ(done(Poll{{}, monotonic_ns() - 1}), 0U) << "a deadline that has passed";
}

TEST(FaultyBackend, RepeatsWithTheSameSeed) {
    DirectBackend direct;
    const auto history = [&](std::uint64_t seed) {
        FaultyBackend faulty(direct, seed,
                             {.would_block = 200, .connection_reset = 200, .short_transfer = 500});
        std::array<int, 2> ends{};
        EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
        const UniqueFd first(ends[0]);
        const UniqueFd second(ends[1]);
        std::string results;
        std::string text(100, 'x');
        const iovec out = buffer(text);
        for (int i = 0; i < 50; ++i) {
            const auto result = faulty.run(Send{first.get(), {&out, 1}});
            results += result.has_value() ? std::to_string(*result)
                                          : "e" + std::to_string(static_cast<int>(result.error()));
            results += ' ';
        }
        return results;
    };
    const std::string once = history(9);
    EXPECT_EQ(once, history(9));
    EXPECT_NE(once, history(10));
    EXPECT_NE(once.find("e" + std::to_string(EAGAIN)), std::string::npos);
    EXPECT_NE(once.find("e" + std::to_string(ECONNRESET)), std::string::npos);
    EXPECT_NE(once.find("100 "), std::string::npos);
    EXPECT_EQ(once.find(" 0 "), std::string::npos) << "a short transfer moves something";
}

TEST(FaultyBackend, LeavesDatagramsWhole) {
    DirectBackend direct;
    FaultyBackend faulty(direct, 3, {.short_transfer = 1000});
    Bound receiver = bind_loopback(SOCK_DGRAM);
    std::string text = "datagram";
    const iovec out = buffer(text);
    const auto sent = faulty.run(
        Send{receiver.fd.get(), {&out, 1}, 0, raw(receiver.address), sizeof receiver.address});
    ASSERT_TRUE(sent.has_value());
    EXPECT_EQ(*sent, 8U);
}

}  // namespace
}  // namespace wasmax::io
