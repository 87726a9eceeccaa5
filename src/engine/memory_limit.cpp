#include "engine/memory_limit.h"

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <limits>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>

#include "base/units.h"

namespace wasmax::engine {
namespace {

constexpr std::uint64_t kUnknown = std::numeric_limits<std::uint64_t>::max();

/// The number in a file that holds nothing else; nullopt for `max`.
std::optional<std::uint64_t> number_in(const std::string& path) {
    std::ifstream file(path);
    std::uint64_t number = 0;
    return file >> number ? std::optional(number) : std::nullopt;
}

std::uint64_t available_on_machine() {
    std::ifstream file("/proc/meminfo");
    for (std::string line; std::getline(file, line);) {
        constexpr std::string_view kName = "MemAvailable:";
        std::uint64_t kibibytes = 0;
        if (line.starts_with(kName) && std::istringstream(line.substr(kName.size())) >> kibibytes) {
            return kibibytes * kKiB;
        }
    }
    return kUnknown;
}

std::uint64_t left_of(const std::string& limit_file, const std::string& used_file) {
    const auto limit = number_in(limit_file);
    const auto used = number_in(used_file);
    return limit && used ? *limit - std::min(*limit, *used) : kUnknown;
}

/// Of the cgroup that a container's processes see as the root, in either version's files.
std::uint64_t left_in_cgroup() {
    const std::string root = "/sys/fs/cgroup/";
    return std::min(
        left_of(root + "memory.max", root + "memory.current"),
        left_of(root + "memory/memory.limit_in_bytes", root + "memory/memory.usage_in_bytes"));
}

}  // namespace

Bytes default_memory_limit() {
    constexpr std::uint64_t kLeast = 128 * kMiB;
    const std::uint64_t left = std::min(available_on_machine(), left_in_cgroup());
    return {std::max(kLeast, left / 4 * 3)};
}

}  // namespace wasmax::engine
