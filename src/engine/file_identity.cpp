#include "engine/file_identity.h"

#include <sys/stat.h>
#include <time.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>

namespace wasmax::engine {
namespace {

constexpr std::int64_t kNsPerSecond = 1'000'000'000;

std::int64_t nanoseconds(const timespec& time) {
    return std::int64_t{time.tv_sec} * kNsPerSecond + time.tv_nsec;
}

std::optional<FileIdentity> identity(const struct stat& status) {
    if (!S_ISREG(status.st_mode)) {
        return std::nullopt;
    }
    return FileIdentity{.device = status.st_dev,
                        .inode = status.st_ino,
                        .bytes = static_cast<std::uint64_t>(status.st_size),
                        .modified_ns = nanoseconds(status.st_mtim),
                        .changed_ns = nanoseconds(status.st_ctim)};
}

}  // namespace

std::optional<FileIdentity> FileIdentity::of(const std::string& path) {
    struct stat status{};
    return ::stat(path.c_str(), &status) == 0 ? identity(status) : std::nullopt;
}

std::optional<FileIdentity> FileIdentity::of(int fd) {
    struct stat status{};
    return ::fstat(fd, &status) == 0 ? identity(status) : std::nullopt;
}

bool FileIdentity::is_settled() const {
    constexpr std::int64_t kSettledNs = 2 * kNsPerSecond;
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    return nanoseconds(now) - std::max(modified_ns, changed_ns) > kSettledNs;
}

}  // namespace wasmax::engine
