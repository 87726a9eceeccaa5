#include "engine/create_exe.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "base/error.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "engine/artifact_file.h"
#include "engine/engine.h"
#include "engine/executable.h"
#include "engine/installation.h"
#include "engine/module_file.h"
#include "engine/new_file.h"
#include "launch/embedded.h"
#include "runtime/mapping.h"

namespace wasmax::engine {
namespace {

constexpr mode_t kMode = 0777;

Result<runtime::Mapping, Error> map_whole(int fd, const std::string& name) {
    struct stat status{};
    if (::fstat(fd, &status) != 0) {
        return fail(Error::from_errno(errno, name));
    }
    if (status.st_size <= 0) {
        return fail(Error::internal(name + " is empty"));
    }
    return runtime::Mapping::file(fd, static_cast<std::uint64_t>(status.st_size), name);
}

Result<runtime::Mapping, Error> map_stub() {
    const std::string path = TRY(library_path(kStandaloneFile));
    const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file) {
        return fail(Error::from_errno(errno, "the program that create-exe copies, " + path));
    }
    return map_whole(file.get(), path);
}

/// An artifact as it is, if it is usable, or what a module compiles to.
Result<UniqueFd, Error> artifact_of(const std::string& input, const LoadOptions& options) {
    if (std::optional<UniqueFd> artifact = TRY(open_if_artifact(input))) {
        TRY(map_artifact(artifact->get(), input, nullptr));
        return std::move(*artifact);
    }
    const ModuleFile module = TRY(ModuleFile::read(input, options.progress));
    return compile_module(module.bytes(), input, options);
}

/// Waits for `child` and returns its wait status; kills it after a time that no check takes.
Result<int, Error> wait_for_check(pid_t child) {
    constexpr int kLimitMs = 60'000;
    const UniqueFd child_fd(static_cast<int>(::syscall(SYS_pidfd_open, child, 0)));
    pollfd ended{child_fd.get(), POLLIN, 0};
    if (child_fd && ::poll(&ended, 1, kLimitMs) == 0) {
        ::kill(child, SIGKILL);
    }
    int status = 0;
    while (::waitpid(child, &status, 0) < 0) {
        if (errno != EINTR) {
            return fail(Error::from_errno(errno, "waiting for the self-check"));
        }
    }
    return status;
}

/// Starts `path` as anybody would, in an empty environment.
Result<void, Error> self_check(const std::string& path) {
    const UniqueFd output(::memfd_create("self-check", MFD_CLOEXEC));
    if (!output) {
        return fail(Error::from_errno(errno, "the self-check"));
    }
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, output.get(), STDOUT_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions, output.get(), STDERR_FILENO);
    std::string program = path;
    std::string option = launch::kSelfCheckOption;
    const std::array<char*, 3> arguments{program.data(), option.data(), nullptr};
    const std::array<char*, 1> environment{nullptr};
    pid_t child = 0;
    const int spawned = ::posix_spawn(&child, path.c_str(), &actions, nullptr, arguments.data(),
                                      environment.data());
    ::posix_spawn_file_actions_destroy(&actions);
    constexpr const char* kSkip = " (--no-check makes the executable without running it)";
    if (spawned != 0) {
        return fail(Error::internal(
            Error::from_errno(spawned, "the self-check could not start").message + kSkip));
    }
    const int status = TRY(wait_for_check(child));
    std::array<char, 1024> said{};
    const ssize_t length = ::pread(output.get(), said.data(), said.size(), 0);
    const std::string answer(said.data(), length > 0 ? static_cast<std::size_t>(length) : 0);
    if (status != 0 || answer != launch::kSelfCheckAnswer) {
        return fail(
            Error::internal("the executable failed its self-check (" +
                            (WIFSIGNALED(status) ? "signal " + std::to_string(WTERMSIG(status))
                                                 : "exit " + std::to_string(WEXITSTATUS(status))) +
                            "): " + answer.substr(0, answer.find('\n')) + kSkip));
    }
    return {};
}

}  // namespace

Result<void, Error> create_executable(const std::string& input, const std::string& output,
                                      const ExecutableOptions& options) {
    const runtime::Mapping stub = TRY(map_stub());
    // Before the minutes that compiling may take.
    NewFile file = TRY(NewFile::create(output, kMode));
    const UniqueFd artifact_file = TRY(artifact_of(input, options.load));
    const runtime::Mapping artifact = TRY(map_whole(artifact_file.get(), input));
    TRY(write_executable(file, stub.view(), artifact.view(), options.built_in));
    if (options.check) {
        const std::string temporary = TRY(file.finish());
        auto checked = self_check(temporary);
        if (!checked) {
            return fail(std::move(checked).error().in(output));
        }
    }
    return std::move(file).publish();
}

}  // namespace wasmax::engine
