#include "trace/off_cpu.h"

#include <sys/rseq.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "trace/clock.h"

namespace wasmax::trace {
namespace {

/// The word before an abort address must be the signature; the address is never jumped to.
constexpr std::array<std::uint32_t, 2> kSignature{RSEQ_SIG, 0};

/// A sequence of one byte at address 1, where no code is: the kernel only forgets it.
const rseq_cs& sequence() {
    alignas(32) static const rseq_cs instance{0, 0, 1, 1,
                                              std::bit_cast<std::uint64_t>(kSignature.data() + 1)};
    return instance;
}

/// The pointer to the sequence in this thread's area, or null if glibc registered none.
volatile std::uint64_t* sequence_pointer() {
    if (__rseq_size == 0) {
        return nullptr;
    }
    auto* area = static_cast<std::byte*>(__builtin_thread_pointer()) + __rseq_offset +
                 offsetof(rseq, rseq_cs);
    return std::bit_cast<volatile std::uint64_t*>(area);
}

/// Exit code 0: a sleep cleared the pointer and a call that does not sleep left it alone.
[[noreturn]] void try_it(volatile std::uint64_t* pointer) {
    const auto value = std::bit_cast<std::uint64_t>(&sequence());
    constexpr int kTries = 20;  // another process may take the CPU during a few
    int kept = 0;
    int cleared = 0;
    for (int i = 0; i < kTries; ++i) {
        *pointer = value;
        ::getppid();
        kept += *pointer == value ? 1 : 0;
        *pointer = value;
        const timespec moment{0, 1000};
        ::nanosleep(&moment, nullptr);
        cleared += *pointer == value ? 0 : 1;
    }
    ::_exit(cleared == kTries && kept > 0 ? 0 : 1);
}

}  // namespace

bool OffCpu::works() {
    volatile std::uint64_t* pointer = sequence_pointer();
    if (pointer == nullptr) {
        return false;
    }
    const pid_t child = ::fork();
    if (child == 0) {
        try_it(pointer);
    }
    int status = 0;
    return child > 0 && ::waitpid(child, &status, 0) == child && WIFEXITED(status) &&
           WEXITSTATUS(status) == 0;
}

void OffCpu::start(ClockKind clock, double ticks_per_ns, bool detects_switches) {
    clock_ = clock;
    ticks_per_ns_ = ticks_per_ns > 0 ? ticks_per_ns : 1;
    suspicious_ = static_cast<Ticks>(static_cast<double>(kSuspicious_ns) * ticks_per_ns_);
    pointer_ = detects_switches ? sequence_pointer() : nullptr;
    sequence_ = std::bit_cast<std::uint64_t>(&sequence());
    ahead_ = 0;
    anchor();
    arm();
}

void OffCpu::anchor() {
    const Ticks before = now(clock_);
    anchor_cpu_ns_ = clock_ns(CLOCK_THREAD_CPUTIME_ID);
    anchor_ = before + (now(clock_) - before) / 2;
}

Ticks OffCpu::take(Ticks passed) {
    arm();  // before the clocks: a switch between them shows next time
    const Ticks last = anchor_;
    const std::uint64_t last_cpu_ns = anchor_cpu_ns_;
    anchor();
    const double on_cpu = static_cast<double>(anchor_cpu_ns_ - last_cpu_ns) * ticks_per_ns_;
    // The two clocks are read some nanoseconds apart: what is left is settled next time.
    const double off = static_cast<double>(anchor_ - last) - on_cpu + ahead_;
    const double taken = std::clamp(off, 0.0, static_cast<double>(passed));
    ahead_ = off - taken;
    return static_cast<Ticks>(taken);
}

}  // namespace wasmax::trace
