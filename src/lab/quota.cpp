#include "lab/quota.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>
#include <utility>

#include <fmt/core.h>

#include "base/error.h"
#include "base/result.h"
#include "base/unique_fd.h"

namespace wasmax::lab {

namespace {

namespace fs = std::filesystem;

constexpr int kPeriod_us = 100'000;

bool write_file(const fs::path& path, const std::string& text) {
    std::ofstream file(path);
    file << text;
    file.close();
    return !file.fail();
}

}  // namespace

Result<Quota, Error> Quota::create(int percent) { return create_below("/sys/fs/cgroup", percent); }

Result<Quota, Error> Quota::create_below(const fs::path& root, int percent) {
    const auto unusable = [&](const std::string& what) {
        return fail(Error::unsupported(
            fmt::format("--quota needs a cpu control group that we may create, and {}; run as "
                        "root, or in a delegated group",
                        what)));
    };
    std::error_code error;
    const bool unified = fs::exists(root / "cgroup.controllers", error);
    const fs::path parent = unified ? root : root / "cpu";
    if (!fs::is_directory(parent, error)) {
        return unusable(fmt::format("{} is not there", parent.string()));
    }
    if (unified) {
        // It may be on already, and then this may be refused: the next step decides.
        static_cast<void>(write_file(root / "cgroup.subtree_control", "+cpu"));
    }
    const fs::path directory = parent / fmt::format("wasmax-lab-{}", getpid());
    if (!fs::create_directory(directory, error) || error) {
        return unusable(fmt::format("{} cannot be created ({})", directory.string(),
                                    error ? error.message() : "it exists"));
    }
    const int quota_us = kPeriod_us / 100 * percent;
    const bool limited =
        unified ? write_file(directory / "cpu.max", fmt::format("{} {}", quota_us, kPeriod_us))
                : write_file(directory / "cpu.cfs_period_us", fmt::format("{}", kPeriod_us)) &&
                      write_file(directory / "cpu.cfs_quota_us", fmt::format("{}", quota_us));
    UniqueFd procs(open((directory / "cgroup.procs").c_str(), O_WRONLY | O_CLOEXEC));
    if (!limited || !procs) {
        fs::remove(directory, error);
        return unusable(fmt::format("{} takes no limit", directory.string()));
    }
    return Quota(directory, std::move(procs));
}

Quota::Quota(Quota&& other) noexcept
    : directory_(std::exchange(other.directory_, {})), procs_(std::move(other.procs_)) {}

Quota::~Quota() {
    if (!directory_.empty()) {
        std::error_code ignored;  // a group that stays is empty and does no harm
        fs::remove(directory_, ignored);
    }
}

}  // namespace wasmax::lab
