#include "engine/child_task.h"

#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <new>
#include <sstream>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "base/units.h"
#include "engine/shared_page.h"
#include "launch/duration.h"

namespace wasmax::engine {
namespace {

/// What the child says, in a page that both processes see.
struct Reply {
    enum class Status : std::uint8_t { none, done, failed };
    Status status = Status::none;
    Error::Kind kind = Error::Kind::internal;
    int host_errno = 0;
    std::array<char, 3800> message{};
};

void answer(Reply& reply, Error::Kind kind, int host_errno, std::string_view message) {
    reply.kind = kind;
    reply.host_errno = host_errno;
    const std::size_t length = std::min(message.size(), reply.message.size() - 1);
    std::memcpy(reply.message.data(), message.data(), length);
    reply.status = Reply::Status::failed;
}

/// Of a child with a memory limit; set before it can be needed, and only there.
constinit Reply* g_out_of_memory = nullptr;

/// In place of std::bad_alloc, which nothing could handle. On any of the child's threads.
[[noreturn]] void out_of_memory() {
    // The message is there already, because this allocates nothing.
    g_out_of_memory->status = Reply::Status::failed;
    ::_exit(0);
}

void limit_memory(const ChildTask& task, Reply& reply) {
    std::ifstream status("/proc/self/status");
    std::uint64_t used = 0;
    for (std::string line; std::getline(status, line);) {
        constexpr std::string_view kName = "VmData:";
        std::uint64_t kibibytes = 0;
        if (line.starts_with(kName) && std::istringstream(line.substr(kName.size())) >> kibibytes) {
            used = kibibytes * kKiB;
        }
    }
    const rlimit data{used + task.limits.memory.count, used + task.limits.memory.count};
    ::setrlimit(RLIMIT_DATA, &data);
    answer(reply, Error::Kind::limit, 0,
           task.what + ": needs more than " + std::to_string(task.limits.memory.count / kMiB) +
               " MiB of memory");
    reply.status = Reply::Status::none;
    g_out_of_memory = &reply;
    std::set_new_handler(out_of_memory);
}

[[noreturn]] void child_main(const ChildTask& task, int output_fd, Reply& reply, pid_t parent) {
    // Die with the parent; it may already be gone.
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) {
        ::_exit(1);
    }
    const rlimit no_core{0, 0};
    ::setrlimit(RLIMIT_CORE, &no_core);
    if (task.limits.memory.count != 0) {
        limit_memory(task, reply);
    }
    const auto result = task.run(output_fd);
    if (result.has_value()) {
        reply.status = Reply::Status::done;
        ::_exit(0);
    }
    reply.message = {};
    answer(reply, result.error().kind, result.error().host_errno, result.error().message);
    ::_exit(0);
}

/// Waits until the child ends, for the next tick or to the limit; says whether it ended.
bool wait_a_while(const UniqueFd& child_fd, std::chrono::milliseconds elapsed,
                  std::chrono::milliseconds limit) {
    constexpr std::chrono::milliseconds kTick{1000};
    std::chrono::milliseconds wait = kTick - elapsed % kTick;
    if (limit.count() != 0) {
        wait = std::min(wait, limit - elapsed);
    }
    pollfd ready{child_fd.get(), POLLIN, 0};
    const int count = ::poll(&ready, 1, static_cast<int>(wait.count()));
    return count > 0 || (count < 0 && errno != EINTR);
}

/// Waits for the child to end, or for its time limit, and returns its wait status.
Result<int, Error> wait_for(pid_t child, const ChildTask& task) {
    const auto begin = std::chrono::steady_clock::now();
    const UniqueFd child_fd(static_cast<int>(::syscall(SYS_pidfd_open, child, 0)));
    const std::chrono::milliseconds limit = task.limits.time;
    std::chrono::milliseconds elapsed{0};
    std::chrono::seconds told{0};
    bool expired = false;
    while (child_fd && !expired && !wait_a_while(child_fd, elapsed, limit)) {
        elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(
            std::chrono::steady_clock::now() - begin);
        const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(elapsed);
        if (task.tick && seconds > told) {
            task.tick(seconds);
            told = seconds;
        }
        expired = limit.count() != 0 && elapsed >= limit;
    }
    if (expired) {
        ::kill(child, SIGKILL);
    }
    int status = 0;
    while (::waitpid(child, &status, 0) < 0) {
        if (errno != EINTR) {
            return fail(Error::from_errno(errno, task.what + ": waiting for the child"));
        }
    }
    if (expired) {
        return fail(Error::limit(task.what + ": took longer than " + launch::to_string(limit)));
    }
    return status;
}

}  // namespace

Result<UniqueFd, Error> run_in_child(const ChildTask& task) {
    UniqueFd output(::memfd_create("wasmax", MFD_CLOEXEC));
    if (!output) {
        return fail(Error::from_errno(errno, task.what + ": creating an anonymous file"));
    }
    const SharedPage<Reply> shared = TRY(SharedPage<Reply>::create());
    const pid_t parent = ::getpid();
    const pid_t child = ::fork();
    if (child < 0) {
        return fail(Error::from_errno(errno, task.what + ": fork"));
    }
    if (child == 0) {
        child_main(task, output.get(), *shared, parent);
    }
    const int status = TRY(wait_for(child, task));
    const Reply& reply = *shared;
    if (reply.status == Reply::Status::done) {
        ::lseek(output.get(), 0, SEEK_SET);
        return output;
    }
    if (reply.status == Reply::Status::failed) {
        return fail(Error{reply.kind, reply.host_errno, std::string(reply.message.data())});
    }
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) {
        return fail(Error::limit(task.what + ": the child process was killed, perhaps because " +
                                 "memory ran out"));
    }
    if (WIFSIGNALED(status)) {
        return fail(Error::internal(task.what + ": the child process was ended by signal " +
                                    std::to_string(WTERMSIG(status)) + " (" +
                                    ::sigdescr_np(WTERMSIG(status)) + ")"));
    }
    return fail(Error::internal(task.what + ": the child process ended with status " +
                                std::to_string(WEXITSTATUS(status)) + " and no result"));
}

}  // namespace wasmax::engine
