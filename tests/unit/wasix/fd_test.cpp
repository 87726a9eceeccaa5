// Descriptors through their native entries.

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "base/unique_fd.h"
#include "unit/wasix/guest.h"
#include "wasix/errnos.h"
#include "wasix/guest_types.h"

namespace wasmax::wasix {
namespace {

constexpr std::uint32_t kIovs = 0x100;
constexpr std::uint32_t kBuffer = 0x1000;
constexpr std::uint32_t kOut = 0x2001;  // results have no alignment

/// An unnamed file, with `contents`, as a host descriptor.
UniqueFd host_file(std::string_view contents) {
    UniqueFd fd(::open(std::filesystem::temp_directory_path().c_str(), O_TMPFILE | O_RDWR, 0600));
    EXPECT_TRUE(fd);
    EXPECT_EQ(::pwrite(fd.get(), contents.data(), contents.size(), 0),
              static_cast<ssize_t>(contents.size()));
    return fd;
}

ProcessOptions with_stdio(int in, int out = -1, int err = -1) {
    ProcessOptions options;
    options.stdio = {in, out, err};
    return options;
}

class Fd : public OnEachBackend {};
INSTANTIATE_TEST_SUITE_P(, Fd, testing::Bool(), backend_name);

TEST_P(Fd, ReadsAndWritesThroughIovecs) {
    const UniqueFd file = host_file("hello, world");
    Guest guest = make(with_stdio(file.get()));
    guest.iovec(kIovs, kBuffer, 5);
    guest.iovec(kIovs + 8, 0, 0);
    guest.iovec(kIovs + 16, kBuffer + 100, 2);
    EXPECT_EQ(guest.call("fd_read", 0, kIovs, 3, kOut), Errno::success);
    EXPECT_EQ(guest.load<std::uint32_t>(kOut), 7U);
    EXPECT_EQ(guest.text(kBuffer, 5), "hello");
    EXPECT_EQ(guest.text(kBuffer + 100, 2), ", ");
    guest.store_text(kBuffer, "there");
    guest.iovec(kIovs, kBuffer, 5);
    EXPECT_EQ(guest.call("fd_write", 0, kIovs, 1, kOut), Errno::success);
    EXPECT_EQ(guest.load<std::uint32_t>(kOut), 5U);
    std::array<char, 12> contents{};
    EXPECT_EQ(::pread(file.get(), contents.data(), contents.size(), 0), 12);
    EXPECT_EQ(std::string(contents.data(), contents.size()), "hello, there");
    EXPECT_EQ(guest.call("fd_read", 0, kIovs, 1, kOut), Errno::success);
    EXPECT_EQ(guest.load<std::uint32_t>(kOut), 0U) << "the end";
}

TEST_P(Fd, ChecksTheResultPointerBeforeTheTransfer) {
    const UniqueFd file = host_file("abc");
    Guest guest = make(with_stdio(file.get()));
    guest.iovec(kIovs, kBuffer, 3);
    EXPECT_EQ(guest.call("fd_read", 0, kIovs, 1, Guest::kMemoryBytes - 3), Errno::memviolation);
    EXPECT_EQ(::lseek(file.get(), 0, SEEK_CUR), 0);
    EXPECT_EQ(guest.call("fd_read", 0, kIovs, 1, Guest::kMemoryBytes - 4), Errno::success);
    EXPECT_EQ(::lseek(file.get(), 0, SEEK_CUR), 3);
}

TEST_P(Fd, RefusesIovecsOutsideTheMemory) {
    const UniqueFd file = host_file("abc");
    Guest guest = make(with_stdio(file.get()));
    const auto read = [&](std::uint32_t iovs, std::uint32_t count) {
        return guest.call("fd_read", 0, iovs, count, kOut);
    };
    EXPECT_EQ(read(0, 0xffff'ffff), Errno::memviolation);
    EXPECT_EQ(read(0xffff'fff8, 1), Errno::memviolation);
    EXPECT_EQ(read(Guest::kMemoryBytes - 7, 1), Errno::memviolation);
    EXPECT_EQ(read(8, 0x2000'0000), Errno::memviolation) << "the product wraps 2^32";
    guest.iovec(kIovs, Guest::kMemoryBytes - 2, 3);
    EXPECT_EQ(read(kIovs, 1), Errno::memviolation);
    guest.iovec(kIovs, 0xffff'ffff, 0xffff'ffff);
    EXPECT_EQ(read(kIovs, 1), Errno::memviolation);
    guest.iovec(kIovs, 1, 0xffff'ffff);
    EXPECT_EQ(read(kIovs, 1), Errno::memviolation) << "the sum wraps 2^32";
    EXPECT_EQ(::lseek(file.get(), 0, SEEK_CUR), 0);
    EXPECT_EQ(read(Guest::kMemoryBytes, 0), Errno::success) << "nothing, just past the end";
}

TEST_P(Fd, TransfersTheFirstOfManyIovecs) {
    const UniqueFd file = host_file(std::string(8192, 'x'));
    Guest guest = make(with_stdio(file.get()));
    constexpr std::uint32_t kCount = 5000;
    for (std::uint32_t i = 0; i < kCount; ++i) {
        guest.iovec(0x4000 + 8 * i, kBuffer, 1);  // overlapping
    }
    EXPECT_EQ(guest.call("fd_read", 0, 0x4000, kCount, kOut), Errno::success);
    EXPECT_EQ(guest.load<std::uint32_t>(kOut), 1024U);
}

TEST_P(Fd, GivesBadfForNumbersThatAreNotOpen) {
    Guest guest = make(with_stdio(-1));
    guest.iovec(kIovs, kBuffer, 1);
    for (const std::int32_t fd : {0, 5, 63, 64, 70'000, -1, std::numeric_limits<int>::min(),
                                  std::numeric_limits<int>::max()}) {
        EXPECT_EQ(guest.call("fd_read", fd, kIovs, 1, kOut), Errno::badf) << fd;
        EXPECT_EQ(guest.call("fd_write", fd, kIovs, 1, kOut), Errno::badf) << fd;
        EXPECT_EQ(guest.call("fd_close", fd), Errno::badf) << fd;
        EXPECT_EQ(guest.call("fd_dup", fd, kOut), Errno::badf) << fd;
        EXPECT_EQ(guest.call("fd_renumber", fd, 1), Errno::badf) << fd;
        EXPECT_EQ(guest.call("fd_prestat_get", fd, kOut), Errno::badf) << fd;
        EXPECT_EQ(guest.call("sock_shutdown", fd, 3), Errno::badf) << fd;
        EXPECT_EQ(guest.call("sock_accept_v2", fd, 0, kOut, kBuffer), Errno::badf) << fd;
    }
}

TEST_P(Fd, AllocatesTheLowestFreeNumber) {
    const UniqueFd file = host_file("");
    Guest guest = make(with_stdio(file.get()));
    for (std::int32_t expected = 1; expected < 200; ++expected) {
        ASSERT_EQ(guest.call("fd_dup", 0, kOut), Errno::success);
        EXPECT_EQ(guest.load<std::int32_t>(kOut), expected);
    }
    for (const std::int32_t freed : {130, 64, 63, 1}) {
        EXPECT_EQ(guest.call("fd_close", freed), Errno::success);
        EXPECT_EQ(guest.call("fd_close", freed), Errno::badf);
    }
    for (const std::int32_t expected : {1, 63, 64, 130, 200}) {
        ASSERT_EQ(guest.call("fd_dup", 0, kOut), Errno::success);
        EXPECT_EQ(guest.load<std::int32_t>(kOut), expected);
    }
    EXPECT_EQ(guest.call("fd_dup2", 0, 100, 1, kOut), Errno::success);
    EXPECT_EQ(guest.load<std::int32_t>(kOut), 201);
    EXPECT_EQ(guest.call("fd_dup2", 0, 5'000, 0, kOut), Errno::success);
    EXPECT_EQ(guest.load<std::int32_t>(kOut), 5'000);
    EXPECT_EQ(guest.call("fd_dup2", 0, -1, 0, kOut), Errno::inval);
    EXPECT_EQ(guest.call("fd_dup2", 0, 1 << 16, 0, kOut), Errno::inval);
}

TEST_P(Fd, DuplicatesShareTheOffset) {
    const UniqueFd file = host_file("abcdef");
    Guest guest = make(with_stdio(file.get()));
    ASSERT_EQ(guest.call("fd_dup", 0, kOut), Errno::success);
    guest.iovec(kIovs, kBuffer, 3);
    ASSERT_EQ(guest.call("fd_read", 0, kIovs, 1, kOut), Errno::success);
    ASSERT_EQ(guest.call("fd_close", 0), Errno::success);
    ASSERT_EQ(guest.call("fd_read", 1, kIovs, 1, kOut), Errno::success);
    EXPECT_EQ(guest.text(kBuffer, 3), "def");
}

TEST_P(Fd, RenumbersLikeDup2) {
    const UniqueFd first = host_file("first");
    const UniqueFd second = host_file("second");
    Guest guest = make(with_stdio(first.get(), second.get()));
    ASSERT_EQ(guest.call("fd_fdflags_set", 0, 1), Errno::success);
    EXPECT_EQ(guest.call("fd_renumber", 0, 1), Errno::success);
    guest.iovec(kIovs, kBuffer, 5);
    ASSERT_EQ(guest.call("fd_read", 1, kIovs, 1, kOut), Errno::success);
    EXPECT_EQ(guest.text(kBuffer, 5), "first");
    EXPECT_EQ(guest.call("fd_tell", 0, kOut), Errno::success) << "the source stays open";
    EXPECT_EQ(guest.load<std::uint64_t>(kOut), 5U);
    ASSERT_EQ(guest.call("fd_fdflags_get", 1, kOut), Errno::success);
    EXPECT_EQ(guest.load<std::uint16_t>(kOut), 0U);
    ASSERT_EQ(guest.call("fd_fdflags_get", 0, kOut), Errno::success);
    EXPECT_EQ(guest.load<std::uint16_t>(kOut), 1U);
    EXPECT_EQ(guest.call("fd_renumber", 0, 0), Errno::success);
    EXPECT_EQ(guest.call("fd_renumber", 0, 77), Errno::success) << "to a free number";
    EXPECT_EQ(guest.call("fd_tell", 77, kOut), Errno::success);
    EXPECT_EQ(guest.call("fd_renumber", 0, -1), Errno::badf);
    EXPECT_EQ(guest.call("fd_renumber", 0, 1 << 16), Errno::badf);
}

TEST_P(Fd, ClosesTheHostDescriptorWithTheLastDuplicate) {
    std::array<int, 2> ends{};
    ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK), 0);
    const UniqueFd read_end(ends[0]);
    UniqueFd write_end(ends[1]);
    Guest guest = make(with_stdio(write_end.get()));
    write_end.reset();
    ASSERT_EQ(guest.call("fd_dup", 0, kOut), Errno::success);
    ASSERT_EQ(guest.call("fd_close", 0), Errno::success);
    char byte = 0;
    EXPECT_EQ(::read(read_end.get(), &byte, 1), -1) << "still open";
    ASSERT_EQ(guest.call("fd_close", 1), Errno::success);
    EXPECT_EQ(::read(read_end.get(), &byte, 1), 0) << "end of input";
}

TEST_P(Fd, SeeksAndTells) {
    const UniqueFd file = host_file("0123456789");
    Guest guest = make(with_stdio(file.get()));
    const auto seek = [&](std::int64_t offset, int whence) {
        return guest.call("fd_seek", 0, offset, whence, kOut);
    };
    EXPECT_EQ(seek(4, 0), Errno::success);
    EXPECT_EQ(guest.load<std::uint64_t>(kOut), 4U);
    EXPECT_EQ(seek(-1, 1), Errno::success);
    EXPECT_EQ(guest.load<std::uint64_t>(kOut), 3U);
    EXPECT_EQ(seek(-2, 2), Errno::success);
    EXPECT_EQ(guest.load<std::uint64_t>(kOut), 8U);
    EXPECT_EQ(seek(-100, 1), Errno::inval);
    EXPECT_EQ(seek(0, 3), Errno::inval);
    EXPECT_EQ(guest.call("fd_tell", 0, kOut), Errno::success);
    EXPECT_EQ(guest.load<std::uint64_t>(kOut), 8U);
    // wasi_unstable: cur 0, end 1, set 2
    EXPECT_EQ(guest.call_in("wasi_unstable", "fd_seek", 0, std::int64_t{-1}, 0, kOut),
              Errno::success);
    EXPECT_EQ(guest.load<std::uint64_t>(kOut), 7U);
    EXPECT_EQ(guest.call_in("wasi_unstable", "fd_seek", 0, std::int64_t{2}, 2, kOut),
              Errno::success);
    EXPECT_EQ(guest.load<std::uint64_t>(kOut), 2U);
}

TEST_P(Fd, ReadsAndWritesAtOffsets) {
    const UniqueFd file = host_file("0123456789");
    Guest guest = make(with_stdio(file.get()));
    guest.iovec(kIovs, kBuffer, 3);
    EXPECT_EQ(guest.call("fd_pread", 0, kIovs, 1, std::uint64_t{6}, kOut), Errno::success);
    EXPECT_EQ(guest.text(kBuffer, 3), "678");
    EXPECT_EQ(guest.call("fd_pwrite", 0, kIovs, 1, std::uint64_t{0}, kOut), Errno::success);
    EXPECT_EQ(guest.call("fd_pread", 0, kIovs, 1, ~std::uint64_t{0}, kOut), Errno::inval);
    EXPECT_EQ(guest.call("fd_tell", 0, kOut), Errno::success);
    EXPECT_EQ(guest.load<std::uint64_t>(kOut), 0U) << "the position did not move";
    std::array<char, 4> contents{};
    EXPECT_EQ(::pread(file.get(), contents.data(), contents.size(), 0), 4);
    EXPECT_EQ(std::string(contents.data(), contents.size()), "6783");
}

TEST_P(Fd, PipesAreSimplexAndCannotSeek) {
    Guest guest = make(with_stdio(-1));
    ASSERT_EQ(guest.call("fd_pipe", kOut, kOut + 4), Errno::success);
    EXPECT_EQ(guest.load<std::int32_t>(kOut), 0);
    EXPECT_EQ(guest.load<std::int32_t>(kOut + 4), 1);
    guest.store_text(kBuffer, "through");
    guest.iovec(kIovs, kBuffer, 7);
    guest.iovec(kIovs + 8, kBuffer + 0x100, 7);
    EXPECT_EQ(guest.call("fd_write", 0, kIovs, 1, kOut), Errno::badf);
    EXPECT_EQ(guest.call("fd_read", 1, kIovs, 1, kOut), Errno::badf);
    ASSERT_EQ(guest.call("fd_write", 1, kIovs, 1, kOut), Errno::success);
    ASSERT_EQ(guest.call("fd_read", 0, kIovs + 8, 1, kOut), Errno::success);
    EXPECT_EQ(guest.text(kBuffer + 0x100, 7), "through");
    EXPECT_EQ(guest.call("fd_seek", 0, std::int64_t{0}, 0, kOut), Errno::spipe);
    EXPECT_EQ(guest.call("fd_tell", 0, kOut), Errno::spipe);
    EXPECT_EQ(guest.call("fd_pread", 0, kIovs, 1, std::uint64_t{0}, kOut), Errno::spipe);
    ASSERT_EQ(guest.call("fd_close", 0), Errno::success);
    guest.call("callback_signal", kOut, 0);  // no such export: signals stay pending
    EXPECT_EQ(guest.call("fd_write", 1, kIovs, 1, kOut), Errno::pipe);
    EXPECT_EQ(guest.process().threads().main().pending_signals, std::uint64_t{1} << 13U);
}

TEST_P(Fd, EventsCount) {
    Guest guest = make(with_stdio(-1));
    ASSERT_EQ(guest.call("fd_event", std::uint64_t{3}, 4, kOut), Errno::success);  // nonblock
    guest.iovec(kIovs, kBuffer, 8);
    ASSERT_EQ(guest.call("fd_read", 0, kIovs, 1, kOut), Errno::success);
    EXPECT_EQ(guest.load<std::uint64_t>(kBuffer), 3U);
    EXPECT_EQ(guest.call("fd_read", 0, kIovs, 1, kOut), Errno::again);
    EXPECT_EQ(guest.call("fd_event", ~std::uint64_t{0}, 0, kOut), Errno::inval);
}

TEST_P(Fd, DescribesFiles) {
    const UniqueFd file = host_file("12345");
    const UniqueFd null_device(::open("/dev/null", O_WRONLY | O_CLOEXEC));
    Guest guest = make(with_stdio(file.get(), null_device.get()));
    ASSERT_EQ(guest.call("fd_fdstat_set_flags", 0, 1 | 4), Errno::success);
    guest.fill(kOut, 24, 0xff);
    ASSERT_EQ(guest.call("fd_fdstat_get", 0, kOut), Errno::success);
    const auto status = guest.load<Fdstat>(kOut);
    EXPECT_EQ(status.filetype, Filetype::regular_file);
    EXPECT_EQ(status.flags, Fdflags(Fdflag::append) | Fdflag::nonblock);
    EXPECT_TRUE(status.rights_base.has_all(Rights(Right::fd_read) | Right::fd_write));
    EXPECT_EQ(status.padding1, (std::array<std::uint8_t, 4>{}));
    ASSERT_EQ(guest.call("fd_fdstat_set_flags", 0, 0), Errno::success);
    EXPECT_EQ(::fcntl(file.get(), F_GETFL) & (O_APPEND | O_NONBLOCK), 0);

    ASSERT_EQ(guest.call("fd_fdstat_get", 1, kOut), Errno::success);
    const auto device = guest.load<Fdstat>(kOut);
    EXPECT_EQ(device.filetype, Filetype::character_device);
    EXPECT_TRUE(device.rights_base.has_all(Rights(Right::fd_seek) | Right::fd_tell))
        << "so isatty() is false";
    EXPECT_FALSE(device.rights_base.has(Right::fd_read)) << "it was opened for writing";

    ASSERT_EQ(guest.call("fd_filestat_get", 0, kOut), Errno::success);
    const auto filestat = guest.load<Filestat>(kOut);
    struct stat expected{};
    ASSERT_EQ(::fstat(file.get(), &expected), 0);
    EXPECT_EQ(filestat.ino, expected.st_ino);
    EXPECT_EQ(filestat.size, 5U);
    EXPECT_EQ(filestat.filetype, Filetype::regular_file);
    EXPECT_EQ(filestat.mtim, static_cast<Timestamp>(expected.st_mtim.tv_sec) * 1'000'000'000 +
                                 static_cast<Timestamp>(expected.st_mtim.tv_nsec));
    ASSERT_EQ(guest.call_in("wasi_unstable", "fd_filestat_get", 0, kOut), Errno::success);
    EXPECT_EQ(guest.load<Snapshot0Filestat>(kOut).size, 5U);
}

TEST_P(Fd, TakesRightsAway) {
    const UniqueFd file = host_file("12345");
    Guest guest = make(with_stdio(file.get()));
    const auto rights = (Rights(Right::fd_read) | Right::fd_fdstat_set_flags).bits();
    ASSERT_EQ(guest.call("fd_fdstat_set_rights", 0, rights, std::uint64_t{0}), Errno::success);
    guest.iovec(kIovs, kBuffer, 1);
    EXPECT_EQ(guest.call("fd_read", 0, kIovs, 1, kOut), Errno::success);
    EXPECT_EQ(guest.call("fd_write", 0, kIovs, 1, kOut), Errno::badf);
    EXPECT_EQ(guest.call("fd_filestat_get", 0, kOut), Errno::notcapable);
    EXPECT_EQ(guest.call("fd_fdstat_set_rights", 0, kAllRights.bits(), std::uint64_t{0}),
              Errno::notcapable);
    ASSERT_EQ(guest.call("fd_dup", 0, kOut), Errno::success);
    EXPECT_EQ(guest.call("fd_write", guest.load<std::int32_t>(kOut), kIovs, 1, kOut), Errno::badf);
}

TEST_P(Fd, ChangesFiles) {
    const UniqueFd file = host_file("12345");
    Guest guest = make(with_stdio(file.get()));
    EXPECT_EQ(guest.call("fd_filestat_set_size", 0, std::uint64_t{2}), Errno::success);
    EXPECT_EQ(guest.call("fd_filestat_set_size", 0, ~std::uint64_t{0}), Errno::inval);
    EXPECT_EQ(guest.call("fd_allocate", 0, std::uint64_t{0}, std::uint64_t{9}), Errno::success);
    EXPECT_EQ(guest.call("fd_allocate", 0, ~std::uint64_t{0}, std::uint64_t{9}), Errno::inval);
    EXPECT_EQ(guest.call("fd_advise", 0, std::uint64_t{0}, std::uint64_t{9}, 3), Errno::success);
    EXPECT_EQ(guest.call("fd_advise", 0, std::uint64_t{0}, std::uint64_t{9}, 6), Errno::inval);
    EXPECT_EQ(guest.call("fd_filestat_set_times", 0, std::uint64_t{1'000'000'001},
                         std::uint64_t{2'000'000'002}, 1 | 4),
              Errno::success);
    EXPECT_EQ(guest.call("fd_filestat_set_times", 0, std::uint64_t{0}, std::uint64_t{0}, 3),
              Errno::inval);
    EXPECT_EQ(guest.call("fd_sync", 0), Errno::success);
    EXPECT_EQ(guest.call("fd_datasync", 0), Errno::success);
    struct stat status{};
    ASSERT_EQ(::fstat(file.get(), &status), 0);
    EXPECT_EQ(status.st_size, 9);
    EXPECT_EQ(status.st_atim.tv_sec, 1);
    EXPECT_EQ(status.st_mtim.tv_nsec, 2);
}

TEST_P(Fd, PreopensStartAtThree) {
    ProcessOptions options = with_stdio(-1);
    options.preopens = {{"/", "/host"}, {std::filesystem::temp_directory_path(), "/tmp/x"}};
    Guest guest = make(std::move(options));
    ASSERT_EQ(guest.call("fd_prestat_get", 3, kOut), Errno::success);
    EXPECT_EQ(guest.load<Prestat>(kOut).name_len, 5U);
    guest.fill(kBuffer, 8, '#');
    ASSERT_EQ(guest.call("fd_prestat_dir_name", 3, kBuffer, 6), Errno::success);
    EXPECT_EQ(guest.text(kBuffer, 6), "/host#") << "no NUL";
    ASSERT_EQ(guest.call("fd_prestat_dir_name", 4, kBuffer, 3), Errno::success);
    EXPECT_EQ(guest.text(kBuffer, 6), "/tmst#") << "cut";
    EXPECT_EQ(guest.call("fd_prestat_get", 5, kOut), Errno::badf);
    EXPECT_EQ(guest.call("fd_close", 3), Errno::success);
    EXPECT_EQ(guest.call("fd_prestat_get", 3, kOut), Errno::success) << "closing it does nothing";
    ASSERT_EQ(guest.call("fd_fdstat_get", 3, kOut), Errno::success);
    EXPECT_EQ(guest.load<Fdstat>(kOut).filetype, Filetype::directory);
    EXPECT_EQ(guest.load<Fdstat>(kOut).rights_inheriting, kAllRights);
    ASSERT_EQ(guest.call("fd_dup2", 3, 5, 0, kOut), Errno::success);
    EXPECT_EQ(guest.call("fd_prestat_get", 5, kOut), Errno::badf) << "a duplicate is no preopen";
    guest.iovec(kIovs, kBuffer, 1);
    EXPECT_EQ(guest.call("fd_read", 3, kIovs, 1, kOut), Errno::isdir);
    EXPECT_EQ(guest.call("fd_write", 3, kIovs, 1, kOut), Errno::isdir);
    EXPECT_EQ(guest.call("fd_seek", 3, std::int64_t{0}, 0, kOut), Errno::notcapable);
}

TEST(Preopens, ReportWhatCannotBeOpened) {
    io::DirectBackend io;
    ProcessOptions options;
    options.preopens = {{"/no/such/directory", "/x"}};
    const auto process = Process::create(options, io);
    ASSERT_FALSE(process.has_value());
    EXPECT_EQ(process.error().message, "directory /no/such/directory: No such file or directory");
}

/// Programs loop until all is transferred; on a back end that cuts transfers short they must get
/// every byte.
TEST(ShortTransfers, LoseNothing) {
    io::DirectBackend direct;
    io::FaultyBackend faulty(direct, 7,
                             {.interrupted = 300, .would_block = 200, .short_transfer = 700});
    const UniqueFd file = host_file("");
    Guest guest(faulty, with_stdio(file.get()));
    constexpr std::uint32_t kBytes = 4096;
    for (std::uint32_t i = 0; i < kBytes; ++i) {
        guest.store(kBuffer + i, static_cast<std::uint8_t>(i * 7 + i / 256));
    }
    int short_ones = 0;
    const auto all = [&](const char* call, std::uint32_t buffer) {
        for (std::uint32_t done = 0; done < kBytes;) {
            guest.iovec(kIovs, buffer + done, kBytes - done);
            const Errno error = guest.call(call, 0, kIovs, 1, 0x10);
            if (error == Errno::again) {
                continue;
            }
            ASSERT_EQ(error, Errno::success);
            const auto count = guest.load<std::uint32_t>(0x10);
            ASSERT_GT(count, 0U);
            short_ones += count < kBytes - done ? 1 : 0;
            done += count;
        }
    };
    all("fd_write", kBuffer);
    ASSERT_EQ(guest.call("fd_seek", 0, std::int64_t{0}, 0, 0x10), Errno::success);
    all("fd_read", kBuffer + kBytes);
    EXPECT_GT(short_ones, 2);
    EXPECT_EQ(guest.text(kBuffer, kBytes), guest.text(kBuffer + kBytes, kBytes));
}

}  // namespace
}  // namespace wasmax::wasix
