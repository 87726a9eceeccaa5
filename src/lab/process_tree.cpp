#include "lab/process_tree.h"

#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <fmt/core.h>

#include "base/result.h"
#include "lab/whole_file.h"

namespace wasmax::lab {

namespace {

namespace fs = std::filesystem;

// The fields of /proc/PID/stat that we need. linux: proc_pid_stat(5)
struct Stat {
    pid_t pid = 0;
    pid_t parent = 0;
    pid_t group = 0;
    bool zombie = false;
    double user_ticks = 0;
    double system_ticks = 0;
    double children_ticks = 0;  // of children that were waited for
};

// Empty when the process is gone: it may be at any moment.
std::string read_proc(pid_t pid, std::string_view name) {
    auto text = read_whole_file(fmt::format("/proc/{}/{}", pid, name));
    return text ? *std::move(text) : std::string();
}

std::optional<Stat> read_stat(pid_t pid) {
    const std::string text = read_proc(pid, "stat");
    const std::size_t name_end = text.rfind(')');  // the name may hold anything, also parentheses
    if (name_end == std::string::npos) {
        return std::nullopt;
    }
    std::istringstream fields(text.substr(name_end + 1));
    Stat stat{.pid = pid};
    std::string state;
    fields >> state >> stat.parent >> stat.group;
    for (int skipped = 6; skipped <= 13; ++skipped) {
        std::string ignored;
        fields >> ignored;
    }
    double children_user = 0;
    double children_system = 0;
    fields >> stat.user_ticks >> stat.system_ticks >> children_user >> children_system;
    if (!fields) {
        return std::nullopt;
    }
    stat.zombie = state == "Z";
    stat.children_ticks = children_user + children_system;
    return stat;
}

// The directory entries of `path` that are numbers.
std::vector<pid_t> numbers_in(const fs::path& path) {
    std::vector<pid_t> numbers;
    std::error_code error;
    for (fs::directory_iterator it(path, error), end; !error && it != end; it.increment(error)) {
        const std::string name = it->path().filename();
        pid_t number = 0;
        const auto parsed = std::from_chars(name.data(), name.data() + name.size(), number);
        if (parsed.ec == std::errc() && parsed.ptr == name.data() + name.size()) {
            numbers.push_back(number);
        }
    }
    return numbers;
}

bool has_mark(pid_t pid, const std::string& mark) {
    return read_proc(pid, "environ").find(mark + '\0') != std::string::npos;
}

// The number after `key` in /proc/PID/status, 0 when it is not there.
std::uint64_t status_value(const std::string& status, std::string_view key) {
    const std::size_t at = status.find(key);
    if (at == std::string::npos) {
        return 0;
    }
    return std::strtoull(status.c_str() + at + key.size(), nullptr, 10);
}

// utime + stime of /proc/PID/stat, in nanoseconds instead of ticks; nullopt when the process is
// gone.
std::optional<double> cpu_clock_seconds(pid_t pid) {
    clockid_t clock = 0;
    timespec time{};
    if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &time) != 0) {
        return std::nullopt;
    }
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

}  // namespace

std::vector<pid_t> process_tree(pid_t root, const std::string& mark) {
    std::vector<Stat> others;
    std::vector<pid_t> members;
    for (const pid_t pid : numbers_in("/proc")) {
        const std::optional<Stat> stat = read_stat(pid);
        if (!stat || stat->zombie) {
            continue;
        }
        if (pid == root || stat->group == root || has_mark(pid, mark)) {
            members.push_back(pid);
        } else {
            others.push_back(*stat);
        }
    }
    // Descendants of members, however deep: repeat until a pass finds none.
    for (bool found = true; found;) {
        found = false;
        std::erase_if(others, [&](const Stat& stat) {
            if (std::ranges::find(members, stat.parent) == members.end()) {
                return false;
            }
            members.push_back(stat.pid);
            return found = true;
        });
    }
    std::ranges::sort(members);
    return members;
}

double machine_cpu_seconds() {
    const auto text = read_whole_file("/proc/stat");
    std::istringstream file(text ? *text : std::string());
    std::string name;
    double user = 0;
    double nice = 0;
    double system = 0;
    double idle = 0;
    double iowait = 0;
    double irq = 0;
    double softirq = 0;
    double steal = 0;
    file >> name >> user >> nice >> system >> idle >> iowait >> irq >> softirq >> steal;
    return file ? (user + nice + system + steal) / static_cast<double>(sysconf(_SC_CLK_TCK)) : 0;
}

Usage usage_of(const std::vector<pid_t>& processes) {
    const auto ticks_per_second = static_cast<double>(sysconf(_SC_CLK_TCK));
    Usage usage;
    for (const pid_t pid : processes) {
        const std::optional<Stat> stat = read_stat(pid);
        const std::optional<double> cpu_seconds = cpu_clock_seconds(pid);
        if (!stat || !cpu_seconds) {
            continue;
        }
        usage.cpu_seconds += *cpu_seconds + stat->children_ticks / ticks_per_second;
        usage.user_seconds += stat->user_ticks / ticks_per_second;
        usage.system_seconds += stat->system_ticks / ticks_per_second;
        usage.peak_resident_bytes += status_value(read_proc(pid, "status"), "VmHWM:") * 1024;
        for (const pid_t thread : numbers_in(fmt::format("/proc/{}/task", pid))) {
            const std::string status = read_proc(pid, fmt::format("task/{}/status", thread));
            usage.context_switches += status_value(status, "\nvoluntary_ctxt_switches:") +
                                      status_value(status, "\nnonvoluntary_ctxt_switches:");
        }
    }
    return usage;
}

}  // namespace wasmax::lab
