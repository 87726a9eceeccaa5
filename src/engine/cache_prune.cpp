#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

#include "base/units.h"
#include "engine/cache.h"
#include "engine/new_file.h"

namespace wasmax::engine {
namespace {

namespace fs = std::filesystem;

/// Bounds the work of one insertion; a cache of that many entries is pruned over several.
constexpr std::size_t kMaxEntries = 100'000;
/// Then nobody is still writing it.
constexpr std::int64_t kAbandonedSeconds = 3600;

struct Entry {
    std::string path;
    std::uint64_t bytes = 0;  // on the disk
    timespec used{};
    bool is_artifact = false;
    bool is_abandoned = false;
};

bool is_abandoned(const fs::path& path, const struct stat& status) {
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    return path.filename().string().starts_with(NewFile::kTemporaryPrefix) &&
           now.tv_sec - status.st_mtim.tv_sec > kAbandonedSeconds;
}

/// The files of a cache. What other processes remove meanwhile is left out.
std::vector<Entry> list(const std::string& directory) {
    constexpr std::uint64_t kBlockBytes = 512;
    std::vector<Entry> entries;
    std::error_code error;
    fs::recursive_directory_iterator walk(directory, error);
    while (!error && walk != fs::recursive_directory_iterator() && entries.size() < kMaxEntries) {
        const fs::path& path = walk->path();
        struct stat status{};
        if (::lstat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode)) {
            entries.push_back({.path = path.string(),
                               .bytes = static_cast<std::uint64_t>(status.st_blocks) * kBlockBytes,
                               .used = status.st_atim,
                               .is_artifact = path.extension() == ".wmx",
                               .is_abandoned = is_abandoned(path, status)});
        }
        walk.increment(error);
    }
    return entries;
}

void add(Cache::Usage& usage, const Entry& entry) {
    usage.bytes.count += entry.bytes;
    usage.artifacts += entry.is_artifact ? 1 : 0;
}

bool used_before(const Entry& left, const Entry& right) {
    return left.used.tv_sec != right.used.tv_sec ? left.used.tv_sec < right.used.tv_sec
                                                 : left.used.tv_nsec < right.used.tv_nsec;
}

}  // namespace

Cache::Usage Cache::usage() const {
    Usage usage;
    for (const Entry& entry : list(directory_)) {
        add(usage, entry);
    }
    return usage;
}

Cache::Usage Cache::prune(Bytes limit) const {
    std::vector<Entry> entries = list(directory_);
    std::uint64_t total = 0;
    for (const Entry& entry : entries) {
        total += entry.bytes;
    }
    // File systems update the access time at least once a day (relatime), so this order is exact to
    // a day.
    std::sort(entries.begin(), entries.end(), used_before);
    Usage left;
    for (const Entry& entry : entries) {
        if ((entry.is_abandoned || total > limit.count) && ::unlink(entry.path.c_str()) == 0) {
            total -= entry.bytes;
        } else {
            add(left, entry);
        }
    }
    return left;
}

}  // namespace wasmax::engine
