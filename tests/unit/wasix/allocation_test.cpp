// Transfers, accepting and polling allocate nothing: operator new counts.

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <new>
#include <span>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/unique_fd.h"
#include "io/direct.h"
#include "unit/wasix/guest.h"
#include "wasix/errnos.h"
#include "wasix/files.h"
#include "wasix/guest_types.h"
#include "wasix/import_table.h"
#include "wasix/process.h"

namespace {
thread_local std::size_t g_allocations = 0;
}  // namespace

#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
constexpr bool kCounts = false;  // these have operators of their own
#else
constexpr bool kCounts = true;
void* operator new(std::size_t bytes) {
    ++g_allocations;
    if (void* const block = std::malloc(bytes)) {
        return block;
    }
    throw std::bad_alloc();
}
void operator delete(void* block) noexcept { std::free(block); }
void operator delete(void* block, std::size_t /*bytes*/) noexcept { std::free(block); }
#endif

namespace wasmax::wasix {
namespace {

constexpr std::uint32_t kIovs = 0x100;
constexpr std::uint32_t kOut = 0x200;
constexpr std::uint32_t kBuffer = 0x1000;

class Allocation : public testing::Test {
protected:
    Allocation() : guest_(io_, options()) { guest_.iovec(kIovs, kBuffer, 64); }
    void SetUp() override {
        if (!kCounts) {
            GTEST_SKIP() << "a sanitizer replaces what counts here";
        }
    }
    static ProcessOptions options() {
        ProcessOptions options;
        options.stdio = {-1, -1, -1};
        options.network = Network::all;
        return options;
    }
    std::int32_t adopt(UniqueFd fd) {
        auto file = OpenFile::adopt(std::move(fd), io_);
        return static_cast<std::int32_t>(*guest_.process().add_file(std::move(*file)));
    }
    /// Guest::call without its checks, which allocate.
    template <class... Arguments>
    Errno call(const char* name, Arguments... arguments) {
        const std::array<std::uint64_t, sizeof...(Arguments)> values{
            static_cast<std::uint64_t>(arguments)...};
        return static_cast<Errno>(
            guest_.call_row(*find_syscall("wasix_32v1", name), std::span(values)));
    }
    /// The first call may set something up; those after it may not.
    void expect_none(const char* what, const std::function<Errno()>& call) {
        ASSERT_EQ(call(), Errno::success) << what;
        const std::size_t before = g_allocations;
        for (int i = 0; i < 10; ++i) {
            ASSERT_EQ(call(), Errno::success) << what;
        }
        EXPECT_EQ(g_allocations - before, 0U) << what;
    }

    io::DirectBackend io_;
    Guest guest_;
};

TEST_F(Allocation, NoneInTransfersOfFiles) {
    UniqueFd file(::memfd_create("file", MFD_CLOEXEC));
    ASSERT_EQ(::ftruncate(file.get(), 1 << 20), 0);
    const std::int32_t fd = adopt(std::move(file));
    expect_none("fd_read", [&] { return call("fd_read", fd, kIovs, 1, kOut); });
    expect_none("fd_write", [&] { return call("fd_write", fd, kIovs, 1, kOut); });
    expect_none("fd_pread", [&] { return call("fd_pread", fd, kIovs, 1, std::uint64_t{0}, kOut); });
}

TEST_F(Allocation, NoneInTransfersOfSockets) {
    int pair[2];
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    const std::int32_t a = adopt(UniqueFd(pair[0]));
    const std::int32_t b = adopt(UniqueFd(pair[1]));
    expect_none("sock_send and sock_recv", [&] {
        const Errno sent = call("sock_send", a, kIovs, 1, 0, kOut);
        return sent == Errno::success ? call("sock_recv", b, kIovs, 1, 0, kOut, kOut + 4) : sent;
    });
}

TEST_F(Allocation, NoneInAcceptingAndClosing) {
    EXPECT_EQ(call("sock_open", 1, 1, 0, kOut), Errno::success);
    const auto listener = guest_.load<std::int32_t>(kOut);
    guest_.address4(kBuffer, {127, 0, 0, 1}, 0);
    EXPECT_EQ(call("sock_bind", listener, kBuffer), Errno::success);
    EXPECT_EQ(call("sock_listen", listener, 16), Errno::success);
    EXPECT_EQ(call("sock_addr_local", listener, kBuffer), Errno::success);
    expect_none("open, connect, accept and close", [&] {
        EXPECT_EQ(call("sock_open", 1, 1, 0, kOut), Errno::success);
        const auto client = guest_.load<std::int32_t>(kOut);
        EXPECT_EQ(call("sock_connect", client, kBuffer), Errno::success);
        EXPECT_EQ(call("sock_accept_v2", listener, 0, kOut, kBuffer + 64), Errno::success);
        const auto accepted = guest_.load<std::int32_t>(kOut);
        EXPECT_EQ(call("fd_close", client), Errno::success);
        return call("fd_close", accepted);
    });
}

TEST_F(Allocation, NoneInPollingSixtyFourDescriptors) {
    constexpr std::uint32_t kCount = 64;
    constexpr std::uint32_t kEvents = kBuffer + kCount * sizeof(Subscription);
    for (std::uint32_t i = 0; i < kCount; ++i) {
        int ends[2];
        ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
        const UniqueFd reads(ends[0]);
        Subscription subscription{};
        subscription.userdata = i;
        subscription.type = Eventtype::fd_write;
        subscription.clock = static_cast<Clockid>(adopt(UniqueFd(ends[1])));
        guest_.store(kBuffer + i * static_cast<std::uint32_t>(sizeof subscription), subscription);
    }
    expect_none("poll_oneoff", [&] { return call("poll_oneoff", kBuffer, kEvents, kCount, kOut); });
    EXPECT_EQ(guest_.load<std::uint32_t>(kOut), kCount);
}

}  // namespace
}  // namespace wasmax::wasix
