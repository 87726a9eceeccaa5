#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "lab/cpus.h"
#include "lab/interrupt.h"

namespace wasmax::lab {

/// How a process ended, and what it used together with the children it waited for.
struct ExitStatus {
    int wait_status = 0;     ///< as of waitpid(2)
    double cpu_seconds = 0;  ///< user + system
    /// What it left running, killed with it; and whether it ignored the request to end.
    int leaked = 0;
    bool killed = false;
    [[nodiscard]] bool success() const { return wait_status == 0; }
    /// `exit code 3` or `signal 11 (Segmentation fault)`.
    [[nodiscard]] std::string describe() const;
};

struct Launch {
    std::vector<std::string> command;  ///< found in PATH unless it has a slash; not empty
    CpuList cpus = {};                 ///< may run on these; empty: no restriction
    int cgroup_fd = -1;                ///< cgroup.procs of a group it joins, borrowed; -1: none
    int output_fd = -1;                ///< its stdout and stderr, borrowed for the call
};

/// A program started by the lab, in a process group of its own, with stdin at /dev/null, no blocked
/// signals and SIGKILL as its fate should the lab die. It never outlives this object, and neither
/// does what it started: its process group, its descendants, and whatever inherited its
/// environment. Move-only; one thread at a time.
class Child {
public:
    /// Errors: host, `starting COMMAND: ...` when it cannot be executed.
    [[nodiscard]] static Result<Child, Error> start(const Launch& launch);
    Child(Child&& other) noexcept;
    Child& operator=(Child&&) = delete;
    ~Child();

    [[nodiscard]] pid_t pid() const { return pid_; }
    /// Readable once the process has ended. linux: pidfd_open(2)
    [[nodiscard]] int pidfd() const { return pidfd_.get(); }
    /// The environment entry that marks its processes.
    [[nodiscard]] const std::string& mark() const { return mark_; }

    [[nodiscard]] bool has_ended() const;
    /// Ends it and everything it started, and says how it ended: SIGINT to the process, SIGKILL to
    /// all that is left after `grace`. Not interruptible, returns when they are gone.
    ExitStatus stop(std::chrono::milliseconds grace);

private:
    Child(pid_t pid, UniqueFd pidfd, std::string mark)
        : pid_(pid), pidfd_(std::move(pidfd)), mark_(std::move(mark)) {}

    pid_t pid_;
    UniqueFd pidfd_;
    std::string mark_;
    std::optional<ExitStatus> exit_;  // once waited for
};

/// The full path of a program, searched in PATH unless it has a slash; nullopt: not there.
[[nodiscard]] std::optional<std::filesystem::path> find_program(const std::string& name);

struct Output {
    ExitStatus exit;
    std::string text;  ///< stdout and stderr, at most kMaxCapturedBytes; the rest is dropped
};
inline constexpr std::size_t kMaxCapturedBytes = 1U << 20U;

struct Task {
    Launch launch;  ///< output_fd is ignored
    std::chrono::milliseconds limit{0};
    int stop_fd = -1;  ///< when it becomes readable the program is ended early; -1: none
    /// Called about once a second with the time taken so far; may be empty.
    std::function<void(std::chrono::seconds)> on_second = {};
};
/// Runs a program to its end and returns what it printed. Errors: host (cannot start); limit (still
/// running after `limit`); Stop on an interruption. The program is gone in any case.
[[nodiscard]] Attempt<Output> capture(const Task& task, Interrupt& interrupt);

}  // namespace wasmax::lab
