// Who keeps a file's position, and that a guest cannot tell: against the kernel's, in random order.

#include <fcntl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <utility>

#include <gtest/gtest.h>

#include "base/unique_fd.h"
#include "io/backend.h"
#include "io/operation.h"
#include "unit/wasix/guest.h"
#include "wasix/errnos.h"
#include "wasix/files.h"
#include "wasix/guest_types.h"
#include "wasix/process.h"

namespace wasmax::wasix {
namespace {

namespace fs = std::filesystem;

constexpr std::uint32_t kIovs = 0x100;
constexpr std::uint32_t kOut = 0x200;
constexpr std::uint32_t kPath = 0x300;
constexpr std::uint32_t kBuffer = 0x1000;
constexpr std::uint32_t kMost = 256;  // bytes of a transfer
constexpr std::uint64_t kReadWriteSeek = (1 << 29) - 1;

class Position : public OnEachBackend {
protected:
    Position() {
        std::string pattern = (fs::temp_directory_path() / "wasmax-XXXXXX").string();
        EXPECT_NE(::mkdtemp(pattern.data()), nullptr);
        directory_ = pattern;
        ProcessOptions options;
        options.stdio = {-1, -1, -1};
        options.preopens = {{directory_.string(), "/d"}};
        guest_ = std::make_unique<Guest>(io(), std::move(options));
    }
    ~Position() override {
        std::error_code ignored;
        fs::remove_all(directory_, ignored);
    }

    std::int32_t open(std::string_view name, Fdflags flags = {}) {
        guest_->store_text(kPath, name);
        EXPECT_EQ(guest_->call("path_open", 3, 0, kPath, static_cast<std::uint32_t>(name.size()),
                               static_cast<std::uint32_t>(Oflag::creat), kReadWriteSeek,
                               kReadWriteSeek, static_cast<std::uint32_t>(flags.bits()), kOut),
                  Errno::success);
        return guest_->load<std::int32_t>(kOut);
    }
    OpenFile& file(std::int32_t fd) { return *guest_->process().files().get(Fd{fd})->file; }
    /// Where the kernel says that the file is.
    off_t kernel_position(std::int32_t fd) { return ::lseek(file(fd).host_fd(), 0, SEEK_CUR); }
    void write(std::int32_t fd, std::string_view text) {
        guest_->store_text(kBuffer, text);
        guest_->iovec(kIovs, kBuffer, static_cast<std::uint32_t>(text.size()));
        EXPECT_EQ(guest_->call("fd_write", fd, kIovs, 1, kOut), Errno::success);
        EXPECT_EQ(guest_->load<std::uint32_t>(kOut), text.size());
    }
    std::string read(std::int32_t fd, std::uint32_t bytes) {
        guest_->iovec(kIovs, kBuffer, bytes);
        EXPECT_EQ(guest_->call("fd_read", fd, kIovs, 1, kOut), Errno::success);
        return guest_->text(kBuffer, guest_->load<std::uint32_t>(kOut));
    }
    Errno seek(std::int32_t fd, std::int64_t offset, Whence whence) {
        return guest_->call("fd_seek", fd, offset, whence, kOut);
    }
    std::uint64_t tell(std::int32_t fd) {
        EXPECT_EQ(guest_->call("fd_tell", fd, kOut), Errno::success);
        return guest_->load<std::uint64_t>(kOut);
    }
    void start_second_thread() { guest_->process().files().share_between_threads(); }

    fs::path directory_;
    std::unique_ptr<Guest> guest_;
};

TEST_P(Position, IsOursUntilASecondThreadStarts) {
    const std::int32_t fd = open("file");
    write(fd, "0123456789");
    EXPECT_EQ(tell(fd), 10U);
    EXPECT_EQ(seek(fd, 2, Whence::set), Errno::success);
    EXPECT_EQ(read(fd, 3), "234");
    EXPECT_EQ(kernel_position(fd), 0);
    start_second_thread();
    EXPECT_EQ(kernel_position(fd), 5);
    EXPECT_EQ(read(fd, 3), "567");
    EXPECT_EQ(kernel_position(fd), 8);
    EXPECT_EQ(tell(fd), 8U);
    const std::int32_t later = open("file");
    EXPECT_EQ(read(later, 4), "0123");
    EXPECT_EQ(kernel_position(later), 4);
}

TEST_P(Position, IsTheKernelsOfOtherFiles) {
    const std::int32_t appending = open("file", Fdflag::append);
    write(appending, "abc");
    EXPECT_EQ(kernel_position(appending), 3);
    UniqueFd inherited(::open((directory_ / "file").c_str(), O_RDWR | O_CLOEXEC));
    auto adopted = OpenFile::adopt(std::move(inherited), io());
    const auto fd = static_cast<std::int32_t>(*guest_->process().add_file(std::move(*adopted)));
    EXPECT_EQ(read(fd, 2), "ab");
    EXPECT_EQ(kernel_position(fd), 2);
    ASSERT_EQ(::mkfifo((directory_ / "fifo").c_str(), 0600), 0);
    const std::int32_t fifo = open("fifo", Fdflag::nonblock);
    write(fifo, "through");
    EXPECT_EQ(read(fifo, 20), "through");
    EXPECT_EQ(seek(fifo, 0, Whence::cur), Errno::spipe);
}

TEST_P(Position, IsSharedByDuplicates) {
    const std::int32_t fd = open("file");
    write(fd, "0123456789");
    ASSERT_EQ(guest_->call("fd_dup", fd, kOut), Errno::success);
    const auto copy = guest_->load<std::int32_t>(kOut);
    EXPECT_EQ(seek(copy, -4, Whence::end), Errno::success);
    EXPECT_EQ(read(fd, 2), "67");
    ASSERT_EQ(guest_->call("fd_renumber", fd, 20), Errno::success);
    EXPECT_EQ(read(20, 1), "8");
    EXPECT_EQ(tell(copy), 9U);
    EXPECT_EQ(tell(open("file")), 0U);  // another description
}

TEST_P(Position, GoesToTheEndWhenAppending) {
    const std::int32_t fd = open("file");
    write(fd, "0123456789");
    EXPECT_EQ(seek(fd, 2, Whence::set), Errno::success);
    ASSERT_EQ(guest_->call("fd_fdstat_set_flags", fd, 1), Errno::success);
    EXPECT_EQ(tell(fd), 2U);
    EXPECT_EQ(read(fd, 1), "2");
    write(fd, "ab");
    EXPECT_EQ(tell(fd), 12U);
    ASSERT_EQ(guest_->call("fd_fdstat_set_flags", fd, 0), Errno::success);
    EXPECT_EQ(seek(fd, -3, Whence::cur), Errno::success);
    EXPECT_EQ(read(fd, 5), "9ab");
}

TEST_P(Position, OfBothFilesOfASendfile) {
    const std::int32_t from = open("from");
    const std::int32_t to = open("to");
    write(from, "0123456789");
    write(to, "abcdef");
    EXPECT_EQ(seek(to, 1, Whence::set), Errno::success);
    ASSERT_EQ(guest_->call("sock_send_file", to, from, std::uint64_t{3}, std::uint64_t{4}, kOut),
              Errno::success);
    EXPECT_EQ(guest_->load<std::uint64_t>(kOut), 4U);
    EXPECT_EQ(tell(from), 7U);
    EXPECT_EQ(tell(to), 5U);
    EXPECT_EQ(seek(to, 0, Whence::set), Errno::success);
    EXPECT_EQ(read(to, 20), "a3456f");
}

/// What one step gave, on either side.
struct Answer {
    Errno error = Errno::success;
    std::uint64_t value = 0;
    std::string bytes{};

    bool operator==(const Answer&) const = default;
};

void PrintTo(const Answer& answer, std::ostream* out) {
    *out << to_string(answer.error) << ' ' << answer.value << " \"" << answer.bytes << '"';
}

Answer answer_of(std::int64_t result) {
    if (result < 0) {
        return {.error = from_host(io::HostErrno{errno})};
    }
    return {.value = static_cast<std::uint64_t>(result)};
}

enum class Step : std::uint8_t {
    read,
    write,
    set,
    cur,
    end,
    tell,
    pread,
    pwrite,
    resize,
    append,
    send,
    far
};
constexpr unsigned kSteps = 12;

struct Order {
    Step step{};
    std::int64_t offset = 0;
    std::uint32_t bytes = 0;
    bool flag = false;
};

/// Does `order` with Linux's calls.
Answer do_natively(const Order& order, int fd, int pipe) {
    char buffer[kMost];
    std::memset(buffer, static_cast<int>('a' + order.bytes % 26), sizeof buffer);
    Answer answer;
    switch (order.step) {
        case Step::read:
        case Step::pread:
            answer = answer_of(order.step == Step::read
                                   ? ::read(fd, buffer, order.bytes)
                                   : ::pread(fd, buffer, order.bytes, order.offset));
            answer.bytes.assign(buffer, answer.value);
            return answer;
        case Step::write:
            return answer_of(::write(fd, buffer, order.bytes));
        case Step::pwrite:
            return answer_of(::pwrite(fd, buffer, order.bytes, order.offset));
        case Step::set:
        case Step::far:
            return answer_of(::lseek(fd, order.offset, SEEK_SET));
        case Step::cur:
            return answer_of(::lseek(fd, order.offset, SEEK_CUR));
        case Step::end:
            return answer_of(::lseek(fd, order.offset, SEEK_END));
        case Step::tell:
            return answer_of(::lseek(fd, 0, SEEK_CUR));
        case Step::resize:
            return answer_of(::ftruncate(fd, order.offset));
        case Step::append:
            return answer_of(::fcntl(fd, F_SETFL, order.flag ? O_APPEND : 0));
        case Step::send:
            if (::lseek(fd, order.offset, SEEK_SET) < 0) {
                return {.error = Errno::inval};
            }
            answer = answer_of(::sendfile(pipe, fd, nullptr, order.bytes));
            answer.bytes.resize(answer.value);
            return answer;
    }
    return answer;
}

/// Does `order` with the guest's calls.
Answer do_as_guest(const Order& order, Guest& guest, std::int32_t fd, std::int32_t pipe) {
    guest.iovec(kIovs, kBuffer, order.bytes);
    const bool reads = order.step == Step::read || order.step == Step::pread;
    guest.fill(kBuffer, kMost, static_cast<unsigned char>('a' + order.bytes % 26));
    const auto offset = static_cast<std::uint64_t>(order.offset);
    const auto with = [&](Errno error, bool wide) {
        Answer answer{.error = error};
        if (error == Errno::success) {
            answer.value = wide ? guest.load<std::uint64_t>(kOut) : guest.load<std::uint32_t>(kOut);
            answer.bytes = reads ? guest.text(kBuffer, answer.value) : std::string();
        }
        return answer;
    };
    const auto seek = [&](Whence whence) {
        return with(guest.call("fd_seek", fd, order.offset, whence, kOut), true);
    };
    switch (order.step) {
        case Step::read:
            return with(guest.call("fd_read", fd, kIovs, 1, kOut), false);
        case Step::write:
            return with(guest.call("fd_write", fd, kIovs, 1, kOut), false);
        case Step::pread:
            return with(guest.call("fd_pread", fd, kIovs, 1, offset, kOut), false);
        case Step::pwrite:
            return with(guest.call("fd_pwrite", fd, kIovs, 1, offset, kOut), false);
        case Step::set:
        case Step::far:
            return seek(Whence::set);
        case Step::cur:
            return seek(Whence::cur);
        case Step::end:
            return seek(Whence::end);
        case Step::tell:
            return with(guest.call("fd_tell", fd, kOut), true);
        case Step::resize:
            return {.error = guest.call("fd_filestat_set_size", fd, offset)};
        case Step::append:
            return {.error = guest.call("fd_fdstat_set_flags", fd, order.flag ? 1 : 0)};
        case Step::send: {
            Answer answer = with(
                guest.call("sock_send_file", pipe, fd, offset, std::uint64_t{order.bytes}, kOut),
                true);
            answer.bytes.resize(answer.value);
            return answer;
        }
    }
    return {};
}

Order random_order(std::mt19937_64& random) {
    constexpr std::array<std::int64_t, 6> kFar{0x7fff'fffe, 0x8000'0000,           1LL << 40,
                                               1LL << 50,   0x7fff'ffff'ffff'fff0, -(1LL << 40)};
    const auto below = [&](std::uint64_t bound) {
        return static_cast<std::int64_t>(random() % bound);
    };
    Order order;
    order.step = static_cast<Step>(below(kSteps));
    order.bytes = static_cast<std::uint32_t>(below(kMost));
    order.flag = below(2) == 0;
    switch (order.step) {
        case Step::far:
            order.offset = kFar[random() % kFar.size()];
            break;
        case Step::cur:
        case Step::end:
            order.offset = below(10) == 0 ? kFar[random() % kFar.size()] : below(200) - 100;
            break;
        case Step::append:
            order.flag = below(6) == 0;  // rarely: then the kernel has the position for good
            break;
        default:
            order.offset = below(400);
    }
    return order;
}

TEST_P(Position, IsAsTheKernelWouldHaveIt) {
    UniqueFd ends[2];
    int raw[2];
    ASSERT_EQ(::pipe2(raw, O_CLOEXEC | O_NONBLOCK), 0);
    ends[0].reset(raw[0]);
    ends[1].reset(::fcntl(raw[1], F_DUPFD_CLOEXEC, 0));
    auto sink = OpenFile::adopt(UniqueFd(raw[1]), io());
    const auto pipe = static_cast<std::int32_t>(*guest_->process().add_file(std::move(*sink)));
    constexpr unsigned kFiles = 60;
    constexpr unsigned kOrders = 200;
    std::mt19937_64 random(7);
    for (unsigned number = 0; number < kFiles; ++number) {
        const std::string name = "guest" + std::to_string(number);
        const std::string native_path = (directory_ / ("native" + std::to_string(number))).string();
        const std::int32_t fd = open(name);
        ASSERT_EQ(guest_->call("fd_dup", fd, kOut), Errno::success);
        const std::array<std::int32_t, 2> fds{fd, guest_->load<std::int32_t>(kOut)};
        const UniqueFd native(::open(native_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
        const UniqueFd copy(::dup(native.get()));
        for (unsigned i = 0; i < kOrders; ++i) {
            const Order order = random_order(random);
            const unsigned side = random() % 2;
            const Answer expected =
                do_natively(order, side == 0 ? native.get() : copy.get(), ends[1].get());
            const Answer actual = do_as_guest(order, *guest_, fds[side], pipe);
            if (order.step == Step::append || order.step == Step::resize) {
                ASSERT_EQ(actual.error, expected.error) << number << '.' << i;
            } else {
                ASSERT_EQ(actual, expected)
                    << number << '.' << i << " step " << static_cast<int>(order.step);
            }
            char drained[4096];
            while (::read(ends[0].get(), drained, sizeof drained) > 0) {
            }
        }
        ASSERT_EQ(fs::file_size(directory_ / name), fs::file_size(native_path));
        EXPECT_EQ(guest_->call("fd_close", fds[0]), Errno::success);
        EXPECT_EQ(guest_->call("fd_close", fds[1]), Errno::success);
        if (number == kFiles * 3 / 4) {
            start_second_thread();
        }
    }
}

INSTANTIATE_TEST_SUITE_P(Backends, Position, testing::Bool(), backend_name);

}  // namespace
}  // namespace wasmax::wasix
