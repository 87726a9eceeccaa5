#pragma once

#include <filesystem>
#include <string>

#include "base/error.h"
#include "base/result.h"
#include "base/unique_fd.h"

namespace wasmax::lab {

/// A control group whose processes together may use a part of one CPU, so that the server and not
/// the generator is the bottleneck. Removed at the end of its life. linux: cgroups(7)
class Quota {
public:
    /// `percent` of one CPU, 1..100000. Errors: unsupported, saying what is missing (no cpu
    /// controller that we may use: needs root or a delegated group).
    [[nodiscard]] static Result<Quota, Error> create(int percent);
    /// The same below `root` in place of /sys/fs/cgroup, for tests.
    [[nodiscard]] static Result<Quota, Error> create_below(const std::filesystem::path& root,
                                                           int percent);
    Quota(Quota&& other) noexcept;
    Quota& operator=(Quota&&) = delete;
    ~Quota();

    /// Write `0` into it to join the group: Launch::cgroup_fd.
    [[nodiscard]] int procs_fd() const { return procs_.get(); }

private:
    Quota(std::filesystem::path directory, UniqueFd procs)
        : directory_(std::move(directory)), procs_(std::move(procs)) {}

    std::filesystem::path directory_;  // empty: moved from
    UniqueFd procs_;
};

}  // namespace wasmax::lab
