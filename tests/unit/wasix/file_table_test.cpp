// Descriptors that several threads look up, replace and close at the same time: a file that was
// found stays open, and is closed once. Run this with ThreadSanitizer.

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <random>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "base/unique_fd.h"
#include "io/direct.h"
#include "wasix/errnos.h"
#include "wasix/files.h"
#include "wasix/guest_types.h"

namespace wasmax::wasix {
namespace {

class FileTableTest : public testing::Test {
protected:
    Descriptor new_file() {
        auto file = OpenFile::adopt(UniqueFd(::open("/dev/null", O_RDWR | O_CLOEXEC)), io_);
        EXPECT_TRUE(file.has_value());
        return Descriptor::of(std::move(*file));
    }

    io::DirectBackend io_;
    FileTable table_;
};

TEST_F(FileTableTest, FilesStayOpenWhileTheyAreUsed) {
    constexpr int kNumbers = 4;
    constexpr int kRounds = 20'000;
    table_.share_between_threads();
    // Nobody stops before both sides have met, whatever else the machine does.
    std::atomic<std::uint64_t> found = 0;
    std::atomic<int> users = 2;
    std::vector<std::thread> threads;
    for (unsigned changer = 0; changer < 2; ++changer) {
        threads.emplace_back([&, changer] {
            std::minstd_rand random(changer + 1);
            for (int i = 0; i < kRounds || users != 0; ++i) {
                const Fd fd{static_cast<std::int32_t>(random() % kNumbers)};
                switch (random() % 4) {
                    case 0:
                        (void)table_.close(fd);  // badf as likely as not
                        break;
                    case 1:
                        EXPECT_TRUE(table_.replace(fd, new_file()).has_value());
                        break;
                    case 2:
                        (void)table_.set_flags(fd, FdflagExt::cloexec);
                        break;
                    default:
                        if (auto original = table_.get(fd)) {
                            EXPECT_TRUE(table_.replace(Fd{0}, std::move(*original)).has_value());
                        }
                }
            }
        });
    }
    for (unsigned user = 0; user < 2; ++user) {
        threads.emplace_back([&, user] {
            std::minstd_rand random(user + 100);
            for (int i = 0; i < kRounds || found == 0; ++i) {
                const Fd fd{static_cast<std::int32_t>(random() % kNumbers)};
                const auto file = table_.lookup(fd, Right::fd_write);
                if (!file.has_value()) {
                    EXPECT_EQ(file.error(), Errno::badf);
                    continue;
                }
                EXPECT_EQ((*file)->filetype(), Filetype::character_device);
                EXPECT_EQ(::write((*file)->host_fd(), "x", 1), 1);
                (void)table_.stands_for(fd, **file);  // true unless it was closed just now
                ++found;
            }
            --users;
        });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    EXPECT_GT(found, 0U);
}

/// More than a slot can count.
TEST_F(FileTableTest, OneFileIsUsedManyThousandTimes) {
    constexpr std::size_t kUses = 100'000;
    table_.share_between_threads();
    const auto fd = table_.insert(new_file());
    ASSERT_TRUE(fd.has_value());
    std::weak_ptr<OpenFile> file = table_.get(*fd)->file;
    std::vector<FileRef> uses;
    for (std::size_t i = 0; i < kUses; ++i) {
        auto use = table_.lookup(*fd, Right::fd_read);
        ASSERT_TRUE(use.has_value());
        uses.push_back(*std::move(use));
    }
    EXPECT_TRUE(table_.close(*fd).has_value());
    EXPECT_EQ(table_.lookup(*fd, Right::fd_read).error(), Errno::badf);
    uses.resize(1);
    EXPECT_FALSE(file.expired());
    EXPECT_GE(::fcntl(uses.front()->host_fd(), F_GETFD), 0);
    uses.clear();
    EXPECT_TRUE(file.expired());
}

TEST_F(FileTableTest, ReservedNumbersAreTakenAndEmpty) {
    table_.limit(3);
    ASSERT_EQ(*table_.insert(new_file()), Fd{0});
    {
        auto reserved = table_.reserve();
        ASSERT_TRUE(reserved.has_value());
        EXPECT_EQ(*table_.insert(new_file()), Fd{2});
        EXPECT_EQ(table_.insert(new_file()).error(), Errno::mfile);
        EXPECT_EQ(table_.reserve().error(), Errno::mfile);
        EXPECT_EQ(table_.get(Fd{1}).error(), Errno::badf);
        EXPECT_EQ(table_.close(Fd{1}).error(), Errno::badf);
        EXPECT_EQ(table_.replace(Fd{1}, new_file()).error(), Errno::busy);
        EXPECT_EQ(std::move(*reserved).fill(new_file()), Fd{1});
    }
    EXPECT_TRUE(table_.get(Fd{1}).has_value());
    ASSERT_TRUE(table_.close(Fd{1}).has_value());
    EXPECT_TRUE(table_.reserve().has_value());  // and given up again
    EXPECT_EQ(*table_.insert(new_file()), Fd{1});
}

}  // namespace
}  // namespace wasmax::wasix
