// Recording processes that are not guests of this one: running programs and native ones.

#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/result.h"
#include "cli/commands.h"
#include "cli/trace_record.h"
#include "engine/installation.h"
#include "trace/tracer.h"

namespace wasmax::cli {
namespace {

constexpr const char* kLibrary = "libwasmax_twin.so";
constexpr int kExitCannotRun = 127;  // as shells have it

std::atomic<bool> interrupted = false;
void interrupt(int /*number*/) { interrupted = true; }

void stop_on_interrupt() {
    for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
        struct sigaction action{};
        action.sa_handler = interrupt;
        ::sigaction(number, &action, nullptr);
    }
    struct sigaction ignore{};
    ignore.sa_handler = SIG_IGN;
    ::sigaction(SIGXFSZ, &ignore, nullptr);  // write() then says that the file is too large
}

/// In the child: becomes the program, with the library in it. Returns only if it cannot.
void become(const std::vector<std::string>& command, const std::string& library) {
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);
    // One thread, before exec: nobody else reads the environment.
    const char* const others = ::getenv("LD_PRELOAD");  // NOLINT(concurrency-mt-unsafe)
    const std::string preload =
        others == nullptr || *others == '\0' ? library : library + ":" + others;
    ::setenv("LD_PRELOAD", preload.c_str(), 1);  // NOLINT(concurrency-mt-unsafe)
    ::setenv("WASMAX_TWIN", "1", 1);             // NOLINT(concurrency-mt-unsafe)
    std::vector<char*> arguments;
    arguments.reserve(command.size() + 1);
    for (const std::string& word : command) {
        arguments.push_back(const_cast<char*>(word.c_str()));
    }
    arguments.push_back(nullptr);
    ::execvp(arguments.front(), arguments.data());
    report(Error::from_errno(errno, command.front()).message);
}

/// The control block that the library makes before main(); nothing if the program ends or five
/// seconds pass without one.
std::optional<trace::Tracer> wait_for_library(pid_t child) {
    constexpr int kTries = 2'500;
    for (int i = 0; i < kTries; ++i) {
        siginfo_t ended{};
        if (::waitid(P_PID, static_cast<id_t>(child), &ended, WEXITED | WNOHANG | WNOWAIT) == 0 &&
            ended.si_pid == child) {
            return std::nullopt;
        }
        auto tracer = trace::Tracer::attach(child);
        if (tracer) {
            return std::move(*tracer);
        }
        const timespec pause{0, 2'000'000};
        ::nanosleep(&pause, nullptr);
    }
    return std::nullopt;
}

int exit_code_of(pid_t child) {
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

}  // namespace

int record_process(pid_t pid, const RecordOptions& options, double seconds,
                   const std::string& message) {
    auto tracer = trace::Tracer::attach(pid);
    if (!tracer) {
        report(tracer.error().message);
        return kExitFailure;
    }
    stop_on_interrupt();
    const auto start = std::chrono::steady_clock::now();
    bool told = false;
    const auto ended = record(*tracer, options, [&] {
        if (!std::exchange(told, true)) {
            std::fputs(message.c_str(), stdout);
            std::fflush(stdout);
        }
        const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - start;
        return interrupted || (seconds > 0 && passed.count() >= seconds);
    });
    if (!ended) {
        report(ended.error().message);
        return kExitFailure;
    }
    if (tracer->has_ended()) {
        report("the process has ended");
    }
    return 0;
}

int record_native(const std::vector<std::string>& command, const RecordOptions& options) {
    const auto library = engine::library_path(kLibrary);
    if (!library || ::access(library->c_str(), R_OK) != 0) {
        report("the library for native programs is not installed: " +
               (library ? *library : library.error().message));
        return kExitFailure;
    }
    const pid_t child = ::fork();
    if (child < 0) {
        report(Error::from_errno(errno, "starting " + command.front()).message);
        return kExitFailure;
    }
    if (child == 0) {
        become(command, *library);
        ::_exit(kExitCannotRun);
    }
    stop_on_interrupt();
    auto tracer = wait_for_library(child);
    if (!tracer) {
        ::kill(child, SIGTERM);
        const int code = exit_code_of(child);
        if (code != kExitCannotRun) {
            report(command.front() +
                   " cannot be recorded: it is linked statically, or changes its "
                   "user, so that no library can be loaded into it");
        }
        return kExitFailure;
    }
    const auto ended = record(*tracer, options, [] { return interrupted.load(); });
    if (!ended) {
        report("recording stopped: " + ended.error().message);
    }
    if (interrupted) {
        ::kill(child, SIGTERM);
    }
    return exit_code_of(child);
}

}  // namespace wasmax::cli
