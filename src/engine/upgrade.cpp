#include "engine/upgrade.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <string>
#include <string_view>

#include "base/unique_fd.h"
#include "codegen/compiler.h"
#include "engine/cache.h"
#include "engine/compiler.h"
#include "engine/digest.h"
#include "engine/memory_limit.h"
#include "engine/module_file.h"

namespace wasmax::engine {
namespace {

/// Of the compiling process: 12 MB of code need 260 s.
constexpr rlim_t kCpuSeconds = 1200;
/// Whatever else the machine does.
constexpr std::chrono::hours kTimeLimit{4};

void write_file(const char* path, std::string_view text) {
    const UniqueFd file(::open(path, O_WRONLY | O_CLOEXEC));
    if (file) {
        [[maybe_unused]] const auto written = ::write(file.get(), text.data(), text.size());
    }
}

/// Only what nobody else wants of the CPU.
void yield_to_everybody() {
    constexpr int kLowest = 19;
    [[maybe_unused]] const int niceness = ::nice(kLowest);
    const sched_param none{};
    ::sched_setscheduler(0, SCHED_IDLE, &none);
    // A session is a scheduling group of its own, whose weight is apart from its processes'.
    // linux: sched(7)
    write_file("/proc/self/autogroup", "19");
    const rlimit cpu{kCpuSeconds, kCpuSeconds};
    ::setrlimit(RLIMIT_CPU, &cpu);
}

/// Nobody waits for our end of a pipe, and nothing we print appears anywhere.
void leave_descriptors() {
    const int null = ::open("/dev/null", O_RDWR);
    for (const int standard : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
        if (null >= 0) {
            ::dup2(null, standard);
        } else {
            UniqueFd(standard).reset();
        }
    }
    ::close_range(STDERR_FILENO + 1, ~0U, 0);
}

void compile_into(const Cache& cache, const Upgrade& upgrade) {
    const Digest key = artifact_key(upgrade.module, upgrade.options);
    const UniqueFd turn = cache.take_upgrade_turn();
    if (!turn || cache.find(key)) {
        return;
    }
    const auto file = ModuleFile::read(upgrade.path);
    if (!file || digest_of(file->bytes()) != upgrade.module) {
        return;
    }
    codegen::CompileOptions options = upgrade.options;
    options.threads = 1;
    const auto artifact = compile_in_child(
        file->bytes(), upgrade.path, options,
        {.progress = {}, .limits = {.time = kTimeLimit, .memory = default_memory_limit()}});
    if (artifact) {
        (void)cache.insert(key, artifact->get());
    } else {
        cache.give_up(key);
    }
}

[[noreturn]] void work(const std::string& directory, const Upgrade& upgrade) {
    leave_descriptors();
    yield_to_everybody();
    for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
        struct sigaction standard{};
        standard.sa_handler = SIG_DFL;
        ::sigaction(number, &standard, nullptr);
    }
    if (const auto cache = Cache::open(directory)) {
        compile_into(*cache, upgrade);
    }
    ::_exit(0);
}

}  // namespace

void upgrade_in_background(const Cache& cache, const Upgrade& upgrade) {
    if (cache.gave_up(artifact_key(upgrade.module, upgrade.options))) {
        return;
    }
    // The grandchild is nobody's: the guest never hears of it, and it never becomes a zombie.
    const pid_t child = ::fork();
    if (child == 0) {
        ::setsid();
        if (::fork() == 0) {
            work(cache.directory(), upgrade);
        }
        ::_exit(0);
    }
    while (child > 0 && ::waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
    }
}

}  // namespace wasmax::engine
