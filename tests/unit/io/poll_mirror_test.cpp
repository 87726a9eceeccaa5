// Sets that stay in the kernel answer as ppoll does: seeded histories of descriptors that come, go
// and change, each step polled in both ways.

#include "io/poll_mirror.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "base/unique_fd.h"
#include "io/batch.h"
#include "io/operation.h"

namespace wasmax::io {
namespace {

std::int64_t monotonic_ns() {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1'000'000'000 + now.tv_nsec;
}

/// Polls with a mirror, and says whether ppoll says the same.
class Poller {
public:
    explicit Poller(unsigned patience = 0) : mirror_(patience) {}

    std::size_t poll(std::vector<pollfd>& entries, std::int64_t deadline_ns = kImmediately) {
        for (pollfd& entry : entries) {
            entry.revents = 0;
        }
        const auto ready = io_.run(Poll{entries, deadline_ns, &mirror_});
        EXPECT_TRUE(ready.has_value());
        mirrored_ += mirror_.is_active() ? 1 : 0;
        return ready.has_value() ? *ready : 0;
    }
    /// The same with both; `what` is for the reader of a failure. False: they differ. What TCP
    /// sends arrives when the kernel comes to it, so ppoll is asked before and after: what it says
    /// both times, the mirror says in between.
    bool agree(std::vector<pollfd>& entries, const std::string& what) {
        const auto ask = [&] {
            std::vector<pollfd> plain = entries;
            EXPECT_GE(::poll(plain.data(), plain.size(), 0), 0);
            return plain;
        };
        const std::vector<pollfd> before = ask();
        const std::size_t mirrored = poll(entries);
        const std::vector<pollfd> after = ask();
        std::size_t ready = 0;
        for (std::size_t i = 0; i < entries.size(); ++i) {
            const short answer = entries[i].revents;
            ready += answer != 0 ? 1 : 0;
            if (answer != before[i].revents && answer != after[i].revents) {
                ADD_FAILURE() << what << ": entry " << i << ", descriptor " << entries[i].fd
                              << ", asked " << entries[i].events << ", mirrored " << answer
                              << ", polled " << before[i].revents << " and " << after[i].revents;
                return false;
            }
        }
        EXPECT_EQ(mirrored, ready) << what;
        return mirrored == ready;
    }
    void close(UniqueFd& fd) { (void)io_.run(Close{fd.release()}); }
    [[nodiscard]] bool is_active() const { return mirror_.is_active(); }
    [[nodiscard]] unsigned mirrored() const { return mirrored_; }

private:
    BatchBackend io_;
    PollMirror mirror_;
    unsigned mirrored_ = 0;
};

struct Pair {
    UniqueFd first;
    UniqueFd second;
};

Pair make_pipe() {
    std::array<int, 2> ends{};
    EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK), 0);
    return {UniqueFd(ends[0]), UniqueFd(ends[1])};
}

Pair make_sockets(int type) {
    std::array<int, 2> ends{};
    EXPECT_EQ(::socketpair(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()), 0);
    return {UniqueFd(ends[0]), UniqueFd(ends[1])};
}

/// TCP over the loopback, whose readiness comes from elsewhere in the kernel.
Pair make_connection() {
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
    UniqueFd server(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    EXPECT_EQ(::fcntl(client.get(), F_SETFL, O_NONBLOCK), 0);
    return {std::move(client), std::move(server)};
}

/// Descriptors that come, go and change, as `seed` says.
class History {
public:
    History(Poller& poller, std::uint64_t seed) : poller_(poller), random_(seed) {
        while (files_.size() < kFewest) {
            open();
        }
    }

    /// What was done.
    std::string step() {
        const unsigned what = draw(100);
        const std::size_t which = draw(static_cast<unsigned>(files_.size()));
        const int fd = files_[which].get();
        if (what < 6) {
            open();
            return "open";
        }
        if (what < 14 && files_.size() > kFewest) {
            poller_.close(files_[which]);
            files_.erase(files_.begin() + static_cast<std::ptrdiff_t>(which));
            return "close " + std::to_string(fd);
        }
        if (what < 17) {
            files_.emplace_back(::fcntl(fd, F_DUPFD_CLOEXEC, 0));
            return "dup " + std::to_string(fd);
        }
        if (what < 19) {
            // Somebody else's: the description lives on when ours is closed.
            elsewhere_.emplace_back(::fcntl(fd, F_DUPFD_CLOEXEC, kElsewhere));
            if (elsewhere_.size() > 10) {
                elsewhere_.erase(elsewhere_.begin());
            }
            return "keep " + std::to_string(fd);
        }
        if (what < 21 && files_.size() > kFewest) {
            // Replaced at once, by a file of the same number and of another or the same
            // description.
            UniqueFd kept(draw(2) == 0 ? ::fcntl(fd, F_DUPFD_CLOEXEC, kElsewhere) : -1);
            poller_.close(files_[which]);
            if (kept) {
                files_[which] = UniqueFd(::fcntl(kept.get(), F_DUPFD_CLOEXEC, 0));
            } else {
                files_[which] = UniqueFd(::eventfd(draw(2), EFD_CLOEXEC | EFD_NONBLOCK));
            }
            return "replace " + std::to_string(fd);
        }
        if (what < 23) {
            const std::array ways{SHUT_RD, SHUT_WR, SHUT_RDWR};
            (void)::shutdown(fd, ways[draw(3)]);  // most are no sockets
            return "shutdown " + std::to_string(fd);
        }
        std::array<char, 16384> bytes{};
        if (what < 60) {
            const std::size_t count = draw(4) == 0 ? bytes.size() : 8;
            const ssize_t done = ::write(fd, bytes.data(), count);
            return "write " + std::to_string(fd) + ": " + std::to_string(done);
        }
        const ssize_t done = ::read(fd, bytes.data(), draw(2) == 0 ? bytes.size() : 8);
        return "read " + std::to_string(fd) + ": " + std::to_string(done);
    }

    /// All of them, with what is asked changing now and then; some twice, as libc does.
    std::vector<pollfd> entries() {
        std::vector<pollfd> entries;
        for (const UniqueFd& file : files_) {
            const std::uint64_t kind = (static_cast<std::uint64_t>(file.get()) + phase_) % 16;
            if (kind % 4 != 0) {
                entries.push_back({file.get(), POLLIN, 0});
            }
            if (kind % 4 == 0 || kind == 7) {
                entries.push_back({file.get(), POLLOUT, 0});
            }
            if (kind == 9) {
                entries.push_back({file.get(), POLLPRI, 0});
                entries.push_back({-1, 1, 0});
            }
        }
        phase_ += draw(50) == 0 ? 1 : 0;
        if (draw(40) == 0) {
            std::reverse(entries.begin(), entries.end());
        }
        return entries;
    }
    unsigned draw(unsigned below) {
        return std::uniform_int_distribution<unsigned>(0, below - 1)(random_);
    }

private:
    static constexpr std::size_t kFewest = 80;
    static constexpr int kElsewhere = 700;

    void open() {
        switch (draw(5)) {
            case 0:
                add(make_pipe());
                break;
            case 1:
                add(make_sockets(SOCK_STREAM));
                break;
            case 2:
                add(make_sockets(SOCK_DGRAM));
                break;
            case 3:
                add(make_connection());
                break;
            default:
                files_.emplace_back(::eventfd(
                    draw(2), EFD_CLOEXEC | EFD_NONBLOCK | (draw(2) == 1 ? EFD_SEMAPHORE : 0)));
        }
    }
    void add(Pair pair) {
        files_.push_back(std::move(pair.first));
        files_.push_back(std::move(pair.second));
    }

    Poller& poller_;
    std::mt19937_64 random_;
    std::vector<UniqueFd> files_;
    std::vector<UniqueFd> elsewhere_;
    std::uint64_t phase_ = 0;
};

class PollMirrorHistory : public testing::TestWithParam<unsigned> {};
INSTANTIATE_TEST_SUITE_P(, PollMirrorHistory, testing::Range(0U, 8U));

TEST_P(PollMirrorHistory, AnswersAsPpollDoes) {
    constexpr unsigned kSteps = 3000;
    Poller poller;
    History history(poller, GetParam());
    std::string latest;
    for (unsigned step = 0; step < kSteps; ++step) {
        latest += history.step() + "; ";
        if (history.draw(3) == 0) {
            continue;  // several changes between two polls
        }
        std::vector<pollfd> entries = history.entries();
        ASSERT_TRUE(poller.agree(entries, "step " + std::to_string(step) + ": " + latest));
        latest.clear();
    }
    EXPECT_GT(poller.mirrored(), kSteps / 4) << "or nothing was tested";
}

class PollMirrorTest : public testing::Test {
protected:
    static constexpr std::size_t kPipes = 100;

    PollMirrorTest() {
        for (std::size_t i = 0; i < kPipes; ++i) {
            pipes_.push_back(make_pipe());
        }
    }
    std::vector<pollfd> readers() {
        std::vector<pollfd> entries;
        for (const Pair& pipe : pipes_) {
            entries.push_back({pipe.first.get(), POLLIN, 0});
        }
        return entries;
    }
    void write(std::size_t which) { EXPECT_EQ(::write(pipes_[which].second.get(), "x", 1), 1); }

    std::vector<Pair> pipes_;
};

TEST_F(PollMirrorTest, BeginsWhenASetHasComeAgainAndAgain) {
    Poller poller(PollMirror::kPatience);
    std::vector<pollfd> entries = readers();
    for (unsigned i = 0; i < PollMirror::kPatience; ++i) {
        EXPECT_TRUE(poller.agree(entries, "early"));
        EXPECT_FALSE(poller.is_active());
    }
    EXPECT_TRUE(poller.agree(entries, "then"));
    EXPECT_TRUE(poller.is_active());
    std::vector<pollfd> few(entries.begin(), entries.begin() + PollMirror::kLeastEntries - 1);
    EXPECT_EQ(poller.poll(few), 0U);
    EXPECT_TRUE(poller.is_active()) << "a small set is none of its business";
}

TEST_F(PollMirrorTest, DoesNotBeginWithSetsThatAlternate) {
    Poller poller(PollMirror::kPatience);
    std::vector<pollfd> some = readers();
    std::vector<pollfd> others = readers();
    for (pollfd& entry : others) {
        entry.events = POLLOUT;
    }
    for (int i = 0; i < 50; ++i) {
        EXPECT_TRUE(poller.agree(i % 2 == 0 ? some : others, "alternating"));
        EXPECT_FALSE(poller.is_active());
    }
}

TEST_F(PollMirrorTest, KeepsItsSetWhileAnotherComesBetween) {
    Poller poller(PollMirror::kPatience);
    std::vector<pollfd> entries = readers();
    std::vector<pollfd> half(entries.begin() + 30, entries.end());
    for (int i = 0; i < 8; ++i) {
        EXPECT_TRUE(poller.agree(entries, "at first"));
    }
    ASSERT_TRUE(poller.is_active());
    write(17);
    write(90);
    for (int i = 0; i < 20; ++i) {
        EXPECT_TRUE(poller.agree(half, "between"));
        EXPECT_TRUE(poller.agree(entries, "again"));
        EXPECT_TRUE(poller.is_active());
    }
    for (int i = 0; i < 20; ++i) {
        EXPECT_TRUE(poller.agree(half, "for good"));
    }
}

TEST_F(PollMirrorTest, GivesUpWhenMuchIsReady) {
    Poller poller(PollMirror::kPatience);
    std::vector<pollfd> entries = readers();
    for (int i = 0; i < 8; ++i) {
        EXPECT_TRUE(poller.agree(entries, "quiet"));
    }
    ASSERT_TRUE(poller.is_active());
    for (std::size_t i = 0; i < kPipes; ++i) {
        write(i);
    }
    for (int i = 0; i < 20; ++i) {
        EXPECT_TRUE(poller.agree(entries, "busy"));
    }
    EXPECT_FALSE(poller.is_active());
}

TEST_F(PollMirrorTest, ReportsTheSameDescriptorInEachEntry) {
    Poller poller;
    const Pair sockets = make_sockets(SOCK_STREAM);
    std::vector<pollfd> entries = readers();
    entries.push_back({sockets.first.get(), POLLIN, 0});
    entries.push_back({sockets.first.get(), POLLOUT, 0});
    entries.push_back({sockets.first.get(), 0, 0});
    EXPECT_EQ(poller.poll(entries), 1U);
    EXPECT_EQ(entries[kPipes].revents, 0);
    EXPECT_EQ(entries[kPipes + 1].revents, POLLOUT);
    ASSERT_EQ(::write(sockets.second.get(), "x", 1), 1);
    EXPECT_TRUE(poller.agree(entries, "readable"));
    EXPECT_EQ(entries[kPipes].revents, POLLIN);
    ASSERT_EQ(::shutdown(sockets.second.get(), SHUT_RDWR), 0);
    EXPECT_TRUE(poller.agree(entries, "hung up, which nobody need ask for"));
    EXPECT_EQ(entries[kPipes + 2].revents, POLLHUP);
    EXPECT_TRUE(poller.is_active());
}

TEST_F(PollMirrorTest, WaitsForTimeAndForWhatAnotherThreadDoes) {
    Poller poller;
    std::vector<pollfd> entries = readers();
    EXPECT_EQ(poller.poll(entries), 0U);
    const std::int64_t deadline_ns = monotonic_ns() + 2'000'000;
    EXPECT_EQ(poller.poll(entries, deadline_ns), 0U);
    EXPECT_GE(monotonic_ns(), deadline_ns);
    write(3);
    EXPECT_EQ(poller.poll(entries, kNever), 1U);
    EXPECT_EQ(entries[3].revents, POLLIN);
    EXPECT_TRUE(poller.is_active());
}

TEST_F(PollMirrorTest, ForgetsWhatLivesOnElsewhere) {
    Poller poller;
    std::vector<pollfd> entries = readers();
    EXPECT_EQ(poller.poll(entries), 0U);
    const UniqueFd elsewhere(::fcntl(pipes_[5].first.get(), F_DUPFD_CLOEXEC, 500));
    write(5);
    poller.close(pipes_[5].first);
    entries.erase(entries.begin() + 5);
    // The kernel's set would report the pipe for ever, and nobody could remove it.
    EXPECT_EQ(poller.poll(entries, monotonic_ns() + 1'000'000), 0U);
    EXPECT_EQ(poller.poll(entries), 0U);
    EXPECT_TRUE(poller.is_active()) << "in a new set";
}

TEST_F(PollMirrorTest, PollsWhatCannotBeMirrored) {
    Poller poller;
    const UniqueFd file(::open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
    ASSERT_TRUE(file);
    std::vector<pollfd> entries = readers();
    entries.push_back({file.get(), POLLIN, 0});
    entries.push_back({9999, POLLIN, 0});
    for (int i = 0; i < 5; ++i) {
        EXPECT_TRUE(poller.agree(entries, "a regular file, and no file"));
        EXPECT_EQ(entries[kPipes].revents, POLLIN);
        EXPECT_EQ(entries[kPipes + 1].revents, POLLNVAL);
        EXPECT_FALSE(poller.is_active());
    }
    std::vector<pollfd> nothing(100, {-1, 0, 0});
    EXPECT_EQ(poller.poll(nothing, monotonic_ns() + 1000), 0U);
    EXPECT_FALSE(poller.is_active());
}

TEST_F(PollMirrorTest, PollsWithoutADescriptorToSpare) {
    Poller poller;
    std::vector<pollfd> entries = readers();
    write(0);
    rlimit before{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
    const rlimit none{3, before.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
    // ppoll takes no more entries than there may be descriptors.
    const auto refused = [&] {
        BatchBackend io;
        PollMirror mirror(0);
        const auto result = io.run(Poll{entries, kImmediately, &mirror});
        return !result.has_value() && result.error() == HostErrno{EINVAL} && !mirror.is_active();
    }();
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
    EXPECT_TRUE(refused) << "as ppoll does";
    EXPECT_EQ(poller.poll(entries), 1U);
}

TEST_F(PollMirrorTest, ClosesItsDescriptor) {
    const auto lowest_free = [] { return UniqueFd(::dup(0)).get(); };
    const int before = lowest_free();
    {
        Poller poller;
        std::vector<pollfd> entries = readers();
        EXPECT_EQ(poller.poll(entries), 0U);
        ASSERT_TRUE(poller.is_active());
        EXPECT_NE(lowest_free(), before);
    }
    EXPECT_EQ(lowest_free(), before);
}

}  // namespace
}  // namespace wasmax::io
