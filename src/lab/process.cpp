#include "lab/process.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <fmt/core.h>

#include "base/assert.h"
#include "base/error.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "lab/cpus.h"
#include "lab/interrupt.h"
#include "lab/process_tree.h"
#include "lab/stop.h"

// glibc 2.36 declares it without C linkage in C++.
extern "C" {
#include <sys/pidfd.h>
}

namespace wasmax::lab {

namespace {

constexpr std::chrono::milliseconds kPollInterval{5};

double seconds(const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

// All that the forked child needs, made before the fork: after it only system calls are safe.
struct Prepared {
    std::vector<char*> arguments;
    std::vector<char*> environment;
    std::optional<cpu_set_t> cpus;
    int null_fd = -1;
    int cgroup_fd = -1;
    int output_fd = -1;
    int error_fd = -1;  // closed by a successful exec
    pid_t parent = 0;
};

// Runs in the child and returns only on failure, with errno set.
void become(const Prepared& prepared) {
    if (setpgid(0, 0) != 0 || prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) {
        return;
    }
    if (getppid() != prepared.parent) {  // it died before the line above
        _exit(1);
    }
    sigset_t none;
    sigemptyset(&none);
    pthread_sigmask(SIG_SETMASK, &none, nullptr);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGCHLD}) {
        ::signal(signal, SIG_DFL);
    }
    if (prepared.cpus && sched_setaffinity(0, sizeof *prepared.cpus, &*prepared.cpus) != 0) {
        return;
    }
    if (prepared.cgroup_fd >= 0 && write(prepared.cgroup_fd, "0", 1) != 1) {
        return;
    }
    const int output_fd = prepared.output_fd < 0 ? prepared.null_fd : prepared.output_fd;
    if (dup2(prepared.null_fd, STDIN_FILENO) < 0 || dup2(output_fd, STDOUT_FILENO) < 0 ||
        dup2(output_fd, STDERR_FILENO) < 0) {
        return;
    }
    execvpe(prepared.arguments[0], prepared.arguments.data(), prepared.environment.data());
}

std::vector<char*> pointers_to(std::vector<std::string>& strings) {
    std::vector<char*> pointers;
    pointers.reserve(strings.size() + 1);
    for (std::string& string : strings) {
        pointers.push_back(string.data());
    }
    pointers.push_back(nullptr);
    return pointers;
}

std::optional<cpu_set_t> cpu_set_of(const CpuList& cpus) {
    if (cpus.empty()) {
        return std::nullopt;
    }
    cpu_set_t set;
    CPU_ZERO(&set);
    for (const int cpu : cpus) {
        CPU_SET(static_cast<unsigned>(cpu), &set);
    }
    return set;
}

// Unique among the processes of this machine, for as long as they live.
std::string next_mark() {
    return fmt::format("WASMAX_LAB_CHILD={}.{}", getpid(), Clock::now().time_since_epoch().count());
}

}  // namespace

std::string ExitStatus::describe() const {
    if (WIFSIGNALED(wait_status)) {
        const int signal = WTERMSIG(wait_status);
        return fmt::format("signal {} ({})", signal, sigdescr_np(signal));
    }
    return fmt::format("exit code {}", WEXITSTATUS(wait_status));
}

Result<Child, Error> Child::start(const Launch& launch) {
    WASMAX_ASSERT(!launch.command.empty());
    const auto failed = [&](int code) {
        return fail(Error::from_errno(code, fmt::format("starting {}", launch.command[0])));
    };
    const UniqueFd null(open("/dev/null", O_RDWR | O_CLOEXEC));
    int pipe_fds[2];
    if (!null || pipe2(pipe_fds, O_CLOEXEC) != 0) {
        return failed(errno);
    }
    const UniqueFd error_reader(pipe_fds[0]);
    UniqueFd error_writer(pipe_fds[1]);

    const std::string mark = next_mark();
    std::vector<std::string> arguments = launch.command;
    std::vector<std::string> environment;
    for (const char* const* entry = environ; *entry != nullptr; ++entry) {
        environment.emplace_back(*entry);
    }
    environment.push_back(mark);
    const Prepared prepared{.arguments = pointers_to(arguments),
                            .environment = pointers_to(environment),
                            .cpus = cpu_set_of(launch.cpus),
                            .null_fd = null.get(),
                            .cgroup_fd = launch.cgroup_fd,
                            .output_fd = launch.output_fd,
                            .error_fd = error_writer.get(),
                            .parent = getpid()};
    const pid_t pid = fork();
    if (pid < 0) {
        return failed(errno);
    }
    if (pid == 0) {
        become(prepared);
        const int code = errno;
        _exit(write(prepared.error_fd, &code, sizeof code) == sizeof code ? 127 : 126);
    }
    // Also here, so that the group exists whichever of the two runs first.
    setpgid(pid, pid);
    UniqueFd pidfd(pidfd_open(pid, 0));
    const int pidfd_code = pidfd ? 0 : errno;
    Child child(pid, std::move(pidfd), mark);
    if (pidfd_code != 0) {
        return failed(pidfd_code);
    }
    error_writer.reset();
    int code = 0;
    if (read(error_reader.get(), &code, sizeof code) == sizeof code) {
        return failed(code);
    }
    return child;
}

Child::Child(Child&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      pidfd_(std::move(other.pidfd_)),
      mark_(std::move(other.mark_)),
      exit_(other.exit_) {}

Child::~Child() {
    if (pid_ > 0) {
        stop(std::chrono::milliseconds(0));
    }
}

bool Child::has_ended() const {
    if (exit_) {
        return true;
    }
    // Left unwaited, so that the kernel does not give its number to another process before stop().
    siginfo_t info{};
    return waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           info.si_pid == pid_;
}

ExitStatus Child::stop(std::chrono::milliseconds grace) {
    if (exit_) {
        return *exit_;
    }
    if (!has_ended() && grace.count() > 0) {
        kill(pid_, SIGINT);
        for (const auto deadline = Clock::now() + grace; !has_ended() && Clock::now() < deadline;) {
            std::this_thread::sleep_for(kPollInterval);
        }
    }
    ExitStatus exit;
    exit.killed = grace.count() > 0 && !has_ended();
    // Until nothing is left: a process may fork while we look at the others.
    std::set<pid_t> others;
    for (bool gone = false; !gone;) {
        const std::vector<pid_t> members = process_tree(pid_, mark_);
        others.insert(members.begin(), members.end());
        for (const pid_t member : members) {
            kill(member, SIGKILL);
        }
        gone = members.empty() && has_ended();
        if (!gone) {
            std::this_thread::sleep_for(kPollInterval);
        }
    }
    others.erase(pid_);
    exit.leaked = static_cast<int>(others.size());
    rusage usage{};
    WASMAX_ASSERT(wait4(pid_, &exit.wait_status, 0, &usage) == pid_);
    exit.cpu_seconds = seconds(usage.ru_utime) + seconds(usage.ru_stime);
    exit_ = exit;
    return exit;
}

std::optional<std::filesystem::path> find_program(const std::string& name) {
    if (name.find('/') != std::string::npos) {
        return access(name.c_str(), X_OK) == 0 ? std::optional(std::filesystem::path(name))
                                               : std::nullopt;
    }
    // NOLINTNEXTLINE(concurrency-mt-unsafe): nothing of the lab changes the environment.
    const char* const path = getenv("PATH");
    std::string_view rest = path == nullptr ? "/usr/local/bin:/usr/bin:/bin" : path;
    while (!rest.empty()) {
        const std::string_view directory = rest.substr(0, rest.find(':'));
        rest.remove_prefix(std::min(rest.size(), directory.size() + 1));
        auto candidate = std::filesystem::path(directory) / name;
        if (access(candidate.c_str(), X_OK) == 0) {
            return candidate;
        }
    }
    return std::nullopt;
}

namespace {

// Appends what can be read now. False at the end of the output.
bool read_some(int fd, std::string& text) {
    char buffer[4096];
    const ssize_t got = read(fd, buffer, sizeof buffer);
    if (got > 0 && text.size() < kMaxCapturedBytes) {
        text.append(buffer, static_cast<std::size_t>(got));
    }
    return got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR));
}

}  // namespace

Attempt<Output> capture(const Task& task, Interrupt& interrupt) {
    int pipe_fds[2];
    if (pipe2(pipe_fds, O_CLOEXEC | O_NONBLOCK) != 0) {
        return fail(Error::from_errno(errno, "opening a pipe"));
    }
    const UniqueFd reader(pipe_fds[0]);
    UniqueFd writer(pipe_fds[1]);
    // Only our end must not block: for the program, a pipe that answers EAGAIN would be a surprise.
    fcntl(writer.get(), F_SETFL, O_WRONLY);
    Launch launch = task.launch;
    launch.output_fd = writer.get();
    Child child = TRY(Child::start(launch));
    writer.reset();

    const auto started = Clock::now();
    std::string text;
    bool open = true;
    for (auto tick = started + std::chrono::seconds(1);;) {
        pollfd fds[] = {{.fd = child.pidfd(), .events = POLLIN, .revents = 0},
                        {.fd = open ? reader.get() : -1, .events = POLLIN, .revents = 0},
                        {.fd = task.stop_fd, .events = POLLIN, .revents = 0}};
        const auto deadline = std::min(tick, started + task.limit);
        TRY(interrupt.wait(fds, deadline));
        if (fds[1].revents != 0) {
            open = read_some(reader.get(), text);
            continue;
        }
        if (fds[0].revents != 0 || fds[2].revents != 0) {
            break;
        }
        if (Clock::now() >= started + task.limit) {
            return fail(Error::limit(fmt::format(
                "{} did not end within {} s", task.launch.command[0], task.limit.count() / 1000)));
        }
        if (Clock::now() >= tick) {
            tick += std::chrono::seconds(1);
            if (task.on_second) {
                task.on_second(
                    std::chrono::duration_cast<std::chrono::seconds>(Clock::now() - started));
            }
        }
    }
    return Output{.exit = child.stop(std::chrono::milliseconds(0)), .text = std::move(text)};
}

}  // namespace wasmax::lab
