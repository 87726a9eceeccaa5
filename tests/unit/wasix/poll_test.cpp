// poll_oneoff and epoll as a guest sees them, with host descriptors that guests cannot make.

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "base/unique_fd.h"
#include "io/batch.h"
#include "unit/wasix/guest.h"
#include "wasix/errnos.h"
#include "wasix/files.h"
#include "wasix/guest_types.h"
#include "wasix/thread.h"

namespace wasmax::wasix {
namespace {

constexpr std::uint32_t kOut = 0x200;
constexpr std::uint32_t kSubscriptions = 0x1000;
constexpr std::uint32_t kEvents = 0x8000;

Subscription file(std::uint64_t userdata, Eventtype type, std::int32_t fd) {
    Subscription subscription{};
    subscription.userdata = userdata;
    subscription.type = type;
    subscription.clock = static_cast<Clockid>(fd);
    return subscription;
}

Subscription clock(std::uint64_t userdata, Timestamp timeout) {
    Subscription subscription{};
    subscription.userdata = userdata;
    subscription.type = Eventtype::clock;
    subscription.clock = Clockid::monotonic;
    subscription.timeout = timeout;
    return subscription;
}

std::array<UniqueFd, 2> pair_of_tcp_sockets() {
    const UniqueFd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t bytes = sizeof address;
    auto* const raw = reinterpret_cast<sockaddr*>(&address);
    EXPECT_EQ(::bind(listener.get(), raw, bytes), 0);
    EXPECT_EQ(::listen(listener.get(), 1), 0);
    EXPECT_EQ(::getsockname(listener.get(), raw, &bytes), 0);
    UniqueFd client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    EXPECT_EQ(::connect(client.get(), raw, bytes), 0);
    return {std::move(client), UniqueFd(::accept(listener.get(), nullptr, nullptr))};
}

/// With one thread, and as if it had several; each with a back end that mirrors.
class PollOneoff : public testing::TestWithParam<bool> {
protected:
    PollOneoff() : guest_(io_, options()) {
        if (GetParam()) {
            guest_.process().files().share_between_threads();
        }
    }
    static ProcessOptions options() {
        ProcessOptions options;
        options.stdio = {-1, -1, -1};
        return options;
    }
    std::int32_t adopt(UniqueFd fd) {
        auto file = OpenFile::adopt(std::move(fd), io_);
        return static_cast<std::int32_t>(*guest_.process().add_file(std::move(*file)));
    }
    std::array<std::int32_t, 2> make_pipe() {
        EXPECT_EQ(guest_.call("fd_pipe", kOut, kOut + 4), Errno::success);
        return {guest_.load<std::int32_t>(kOut), guest_.load<std::int32_t>(kOut + 4)};
    }
    void write(std::int32_t fd, std::uint32_t bytes) {
        guest_.iovec(kOut, kEvents, bytes);
        EXPECT_EQ(guest_.call("fd_write", fd, kOut, 1, kOut + 16), Errno::success);
        EXPECT_EQ(guest_.load<std::uint32_t>(kOut + 16), bytes);
    }
    std::vector<Event> poll(const std::vector<Subscription>& subscriptions) {
        const auto count = static_cast<std::uint32_t>(subscriptions.size());
        for (std::uint32_t i = 0; i < count; ++i) {
            guest_.store(kSubscriptions + i * std::uint32_t{sizeof(Subscription)},
                         subscriptions[i]);
        }
        EXPECT_EQ(guest_.call("poll_oneoff", kSubscriptions, kEvents, count, kOut), Errno::success);
        std::vector<Event> events;
        for (std::uint32_t i = 0; i < guest_.load<std::uint32_t>(kOut); ++i) {
            events.push_back(guest_.load<Event>(kEvents + i * std::uint32_t{sizeof(Event)}));
        }
        return events;
    }
    [[nodiscard]] bool is_mirrored() {
        return static_cast<Thread*>(guest_.thread().host)->poll_mirror.is_active();
    }

    io::BatchBackend io_;
    Guest guest_;
};
INSTANTIATE_TEST_SUITE_P(, PollOneoff, testing::Bool(), [](const auto& info) {
    return info.param ? "SeveralThreads" : "OneThread";
});

TEST_P(PollOneoff, UrgentDataIsExceptional) {
    auto [client, server] = pair_of_tcp_sockets();
    ASSERT_TRUE(server);
    const std::int32_t fd = adopt(std::move(server));
    const std::vector<Subscription> both{file(1, Eventtype::fd_except, fd), clock(2, 0)};
    std::vector<Event> events = poll(both);
    ASSERT_EQ(events.size(), 1U);
    EXPECT_EQ(events[0].userdata, 2U);
    ASSERT_EQ(::send(client.get(), "x", 1, MSG_OOB), 1);
    events = poll({file(1, Eventtype::fd_except, fd)});
    ASSERT_EQ(events.size(), 1U);
    EXPECT_EQ(events[0].userdata, 1U);
    EXPECT_EQ(events[0].type, Eventtype::fd_except);
    EXPECT_EQ(events[0].error, 0);
}

TEST_P(PollOneoff, WhoOnlyWaitsForUrgentDataLearnsOfTheEnd) {
    std::array<int, 2> ends{};
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
    const std::int32_t fd = adopt(UniqueFd(ends[0]));
    UniqueFd(ends[1]).reset();
    std::vector<Event> events = poll({file(1, Eventtype::fd_except, fd)});
    ASSERT_EQ(events.size(), 1U);
    EXPECT_EQ(events[0].type, Eventtype::fd_except);
    EXPECT_EQ(events[0].error, static_cast<std::uint16_t>(Errno::pipe)) << "POLLHUP, in libc";
    // Who reads as well learns it there, and does not take it for urgent data.
    events = poll({file(1, Eventtype::fd_except, fd), file(2, Eventtype::fd_read, fd)});
    ASSERT_EQ(events.size(), 1U);
    EXPECT_EQ(events[0].userdata, 2U);
    EXPECT_TRUE(events[0].flags.has(Eventrwflag::hangup));
}

TEST_P(PollOneoff, SaysHowMuchCanBeRead) {
    const auto [reader, writer] = make_pipe();
    write(writer, 321);
    ASSERT_EQ(guest_.call("fd_event", std::uint64_t{5}, 0, kOut), Errno::success);
    const auto counter = guest_.load<std::int32_t>(kOut);
    UniqueFd text(::open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
    ASSERT_EQ(::ftruncate(text.get(), 1000), 0);
    ASSERT_EQ(::lseek(text.get(), 300, SEEK_SET), 300);
    const std::int32_t regular = adopt(std::move(text));
    const std::vector<Event> events =
        poll({file(1, Eventtype::fd_read, reader), file(2, Eventtype::fd_read, counter),
              file(3, Eventtype::fd_write, counter), file(4, Eventtype::fd_read, regular)});
    ASSERT_EQ(events.size(), 4U);
    EXPECT_EQ(events[0].nbytes, 321U);
    EXPECT_EQ(events[1].nbytes, 8U);
    EXPECT_EQ(events[2].nbytes, 0U);
    EXPECT_EQ(events[2].type, Eventtype::fd_write);
    EXPECT_EQ(events[3].nbytes, 700U);
}

/// The kernel does not know the position of a file that the guest opened itself (decisions 0016).
TEST_P(PollOneoff, SaysHowMuchOfAFileOfTheGuestsCanBeRead) {
    constexpr std::uint32_t kPosition = kOut + 8;
    UniqueFd text(::open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
    ASSERT_EQ(::ftruncate(text.get(), 1000), 0);
    auto& process = guest_.process();
    auto opened =
        OpenFile::opened(std::move(text), O_RDWR, process.io(), process.files().threads());
    ASSERT_TRUE(opened.has_value());
    const auto added = process.add_file(*std::move(opened));
    ASSERT_TRUE(added.has_value());
    const auto fd = static_cast<std::int32_t>(*added);
    const auto readable_at = [&](std::int64_t position) {
        EXPECT_EQ(guest_.call("fd_seek", fd, position, 0, kPosition), Errno::success);
        const std::vector<Event> events = poll({file(1, Eventtype::fd_read, fd)});
        EXPECT_EQ(events.size(), 1U);
        return events.empty() ? ~std::uint64_t{0} : events[0].nbytes;
    };
    EXPECT_EQ(readable_at(0), 1000U);
    EXPECT_EQ(readable_at(300), 700U);
    EXPECT_EQ(readable_at(1000), 0U);
    EXPECT_EQ(readable_at(5000), 0U);
}

TEST_P(PollOneoff, AnErrorIsItsOwnSubscriptionsOnly) {
    const auto [reader, writer] = make_pipe();
    const Rights few = Rights(Right::fd_read);
    ASSERT_EQ(guest_.call("fd_fdstat_set_rights", reader, few.bits(), few.bits()), Errno::success);
    const std::vector<Event> events =
        poll({file(1, Eventtype::fd_read, reader), file(2, Eventtype::fd_write, writer),
              file(3, Eventtype::fd_read, writer), file(4, Eventtype::fd_write, -1),
              clock(5, 3'600'000'000'000)});
    ASSERT_EQ(events.size(), 4U);
    EXPECT_EQ(events[0].error, static_cast<std::uint16_t>(Errno::notcapable));
    EXPECT_EQ(events[0].type, Eventtype::fd_read);
    EXPECT_EQ(events[1].error, 0);
    EXPECT_EQ(events[2].error, static_cast<std::uint16_t>(Errno::badf)) << "not open for reading";
    EXPECT_EQ(events[3].error, static_cast<std::uint16_t>(Errno::badf));
    EXPECT_EQ(events[3].type, Eventtype::fd_write);
    EXPECT_EQ(events[3].userdata, 4U);
}

TEST_P(PollOneoff, LargeSetsAreFollowed) {
    constexpr std::size_t kPipes = 100;
    std::vector<std::array<std::int32_t, 2>> pipes;
    std::vector<Subscription> subscriptions;
    for (std::size_t i = 0; i < kPipes; ++i) {
        pipes.push_back(make_pipe());
        subscriptions.push_back(file(i, Eventtype::fd_read, pipes[i][0]));
    }
    subscriptions.push_back(clock(kPipes, 0));
    for (int i = 0; i < 6; ++i) {
        EXPECT_EQ(poll(subscriptions).size(), 1U);
    }
    ASSERT_TRUE(is_mirrored());
    write(pipes[40][1], 3);
    write(pipes[7][1], 2);
    for (int i = 0; i < 2; ++i) {
        const std::vector<Event> events = poll(subscriptions);
        ASSERT_EQ(events.size(), 3U);
        EXPECT_EQ(events[0].userdata, 7U) << "in the order of the subscriptions";
        EXPECT_EQ(events[0].nbytes, 2U);
        EXPECT_EQ(events[1].userdata, 40U);
        EXPECT_EQ(events[1].nbytes, 3U);
        EXPECT_EQ(events[2].type, Eventtype::clock);
    }
    // The number stands for another pipe now, whose end was duplicated and is not read.
    ASSERT_EQ(guest_.call("fd_dup", pipes[7][0], kOut), Errno::success);
    ASSERT_EQ(guest_.call("fd_renumber", pipes[8][0], pipes[7][0]), Errno::success);
    std::vector<Event> events = poll(subscriptions);
    ASSERT_EQ(events.size(), 2U);
    EXPECT_EQ(events[0].userdata, 40U);
    write(pipes[8][1], 1);
    events = poll(subscriptions);
    ASSERT_EQ(events.size(), 4U);
    EXPECT_EQ(events[0].userdata, 7U);
    EXPECT_EQ(events[1].userdata, 8U);
    // A closed one is an error, and the rest still answers.
    ASSERT_EQ(guest_.call("fd_close", pipes[40][0]), Errno::success);
    events = poll(subscriptions);
    ASSERT_EQ(events.size(), 4U);
    EXPECT_EQ(events[2].userdata, 40U);
    EXPECT_EQ(events[2].error, static_cast<std::uint16_t>(Errno::badf));
    // A new file takes its number, and the host's.
    const auto [reader, writer] = make_pipe();
    EXPECT_EQ(reader, pipes[40][0]);
    EXPECT_EQ(poll(subscriptions).size(), 3U);
    write(writer, 1);
    events = poll(subscriptions);
    ASSERT_EQ(events.size(), 4U);
    EXPECT_EQ(events[2].userdata, 40U);
    EXPECT_EQ(events[2].error, 0);
    EXPECT_TRUE(is_mirrored());
}

TEST_P(PollOneoff, WhatEpollWouldRefuseIsPolled) {
    std::vector<Subscription> subscriptions;
    for (std::size_t i = 0; i < 100; ++i) {
        subscriptions.push_back(file(i, Eventtype::fd_read, make_pipe()[0]));
    }
    ASSERT_EQ(guest_.call("epoll_create", kOut), Errno::success);
    const auto epoll = guest_.load<std::int32_t>(kOut);
    subscriptions.push_back(file(100, Eventtype::fd_read, epoll));
    subscriptions.push_back(clock(101, 0));
    const auto [reader, writer] = make_pipe();
    EpollEvent interest;
    interest.events = 1;
    guest_.store(kOut, interest);
    ASSERT_EQ(guest_.call("epoll_ctl", epoll, 0, reader, kOut), Errno::success);
    for (int i = 0; i < 6; ++i) {
        EXPECT_EQ(poll(subscriptions).size(), 1U);
        EXPECT_FALSE(is_mirrored()) << "a set of sets could be one too many of them";
    }
    write(writer, 1);
    const std::vector<Event> events = poll(subscriptions);
    ASSERT_EQ(events.size(), 2U);
    EXPECT_EQ(events[0].userdata, 100U);
    EXPECT_EQ(events[0].error, 0);
}

TEST(Epoll, AnInheritedFileIsSilentOnceItIsClosed) {
    std::array<int, 2> ends{};
    ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
    const UniqueFd input(ends[0]);  // has the description open, as a host's own descriptor 0
    UniqueFd(ends[1]).reset();
    io::BatchBackend io;
    ProcessOptions options;
    options.stdio = {input.get(), -1, -1};
    Guest guest(io, options);
    ASSERT_EQ(guest.call("epoll_create", kOut), Errno::success);
    const auto epoll = guest.load<std::int32_t>(kOut);
    EpollEvent interest;
    interest.events = 1;
    guest.store(kOut, interest);
    ASSERT_EQ(guest.call("epoll_ctl", epoll, 0, 0, kOut), Errno::success);
    const auto wait = [&](Timestamp timeout) {
        EXPECT_EQ(guest.call("epoll_wait", epoll, kEvents, 8, timeout, kOut), Errno::success);
        return guest.load<std::uint32_t>(kOut);
    };
    EXPECT_EQ(wait(0), 1U) << "the end of the input";
    ASSERT_EQ(guest.call("fd_close", 0), Errno::success);
    EXPECT_EQ(wait(1'000'000), 0U) << "and it comes back";
    EXPECT_EQ(wait(0), 0U);
}

TEST(Epoll, RefusesRegularFiles) {
    io::BatchBackend io;
    ProcessOptions options;
    options.stdio = {-1, -1, -1};
    Guest guest(io, options);
    UniqueFd text(::open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
    auto file = OpenFile::adopt(std::move(text), io);
    ASSERT_TRUE(file.has_value());
    const auto fd = static_cast<std::int32_t>(*guest.process().add_file(std::move(*file)));
    ASSERT_EQ(guest.call("epoll_create", kOut), Errno::success);
    const auto epoll = guest.load<std::int32_t>(kOut);
    guest.store(kOut, EpollEvent{.events = 1});
    EXPECT_EQ(guest.call("epoll_ctl", epoll, 0, fd, kOut), Errno::perm) << "as Linux does";
}

}  // namespace
}  // namespace wasmax::wasix
