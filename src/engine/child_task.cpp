#include "engine/child_task.h"

#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "base/result.h"
#include "base/unique_fd.h"

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

/// Owns the shared page.
class SharedReply {
public:
    static Result<SharedReply, Error> create() {
        void* page = ::mmap(nullptr, sizeof(Reply), PROT_READ | PROT_WRITE,
                            MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (page == MAP_FAILED) {
            return fail(Error::from_errno(errno, "mapping a page to share with a child"));
        }
        return SharedReply(new (page) Reply);
    }
    SharedReply(SharedReply&& other) noexcept : reply_(std::exchange(other.reply_, nullptr)) {}
    SharedReply(const SharedReply&) = delete;
    SharedReply& operator=(const SharedReply&) = delete;
    SharedReply& operator=(SharedReply&&) = delete;
    ~SharedReply() {
        if (reply_ != nullptr) {
            ::munmap(reply_, sizeof(Reply));
        }
    }
    Reply& operator*() const { return *reply_; }

private:
    explicit SharedReply(Reply* reply) : reply_(reply) {}
    Reply* reply_;
};

[[noreturn]] void child_main(const ChildTask& task, int output_fd, Reply& reply, pid_t parent) {
    // Die with the parent; it may already be gone.
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) {
        ::_exit(1);
    }
    const rlimit no_core{0, 0};
    ::setrlimit(RLIMIT_CORE, &no_core);
    const auto result = task.run(output_fd);
    if (result.has_value()) {
        reply.status = Reply::Status::done;
        ::_exit(0);
    }
    const Error& error = result.error();
    reply.kind = error.kind;
    reply.host_errno = error.host_errno;
    const std::size_t length = std::min(error.message.size(), reply.message.size() - 1);
    std::memcpy(reply.message.data(), error.message.data(), length);
    reply.status = Reply::Status::failed;
    ::_exit(0);
}

/// Waits for the child to end and returns its wait status; nullopt when the time limit killed it.
Result<int, Error> wait_for(pid_t child, const ChildTask& task) {
    const auto begin = std::chrono::steady_clock::now();
    const UniqueFd child_fd(static_cast<int>(::syscall(SYS_pidfd_open, child, 0)));
    bool expired = false;
    while (child_fd && !expired) {
        pollfd ready{child_fd.get(), POLLIN, 0};
        constexpr int kTickMs = 1000;
        if (::poll(&ready, 1, kTickMs) != 0) {
            break;  // ended; or EINTR, where waitpid below waits without progress
        }
        const auto elapsed = std::chrono::duration_cast<std::chrono::seconds>(
            std::chrono::steady_clock::now() - begin);
        if (task.progress) {
            task.progress(elapsed);
        }
        expired = task.time_limit.count() != 0 && elapsed >= task.time_limit;
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
        return fail(Error::limit(task.what + ": took longer than " +
                                 std::to_string(task.time_limit.count()) + " s"));
    }
    return status;
}

}  // namespace

Result<UniqueFd, Error> run_in_child(const ChildTask& task) {
    UniqueFd output(::memfd_create("wasmax", MFD_CLOEXEC));
    if (!output) {
        return fail(Error::from_errno(errno, task.what + ": creating an anonymous file"));
    }
    const SharedReply shared = TRY(SharedReply::create());
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
    if (WIFSIGNALED(status)) {
        return fail(Error::internal(task.what + ": the child process was ended by signal " +
                                    std::to_string(WTERMSIG(status)) + " (" +
                                    ::sigdescr_np(WTERMSIG(status)) + ")"));
    }
    return fail(Error::internal(task.what + ": the child process ended with status " +
                                std::to_string(WEXITSTATUS(status)) + " and no result"));
}

}  // namespace wasmax::engine
