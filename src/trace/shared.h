#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "base/units.h"
#include "trace/clock.h"

namespace wasmax::trace {

// The memory that a watched process and its tracer share: a memfd of the watched one, which the
// tracer finds in /proc/PID/fd. At first it is one page, the Control. A tracer makes it larger:
// then come the schema and kSlots slots, one per thread that is recorded. Both sides treat what
// they read as input: nothing in it can lead out of the mapping.

inline constexpr char kControlName[] = "wasmax-trace";
inline constexpr std::uint64_t kControlMagic = 0x3143525458415357;  // "WSAXTRC1"
inline constexpr std::uint32_t kControlVersion = 2;

inline constexpr std::size_t kControlBytes = kHostPageBytes;
inline constexpr std::size_t kSchemaBytes = 256 * kKiB;
inline constexpr std::size_t kSlots = 128;           ///< threads recorded at the same time
inline constexpr std::size_t kMaxCalls = 240;        ///< rows of a schema
inline constexpr std::size_t kRingBytes = 2 * kMiB;  ///< a power of two

/// What a tracer asks for: bits of Control::watch, below kGenerationShift.
enum class Mode : std::uint32_t { off = 0, aggregate = 1, full = 2 };
inline constexpr std::uint32_t kModeMask = 3;
inline constexpr unsigned kGenerationShift = 8;

enum class SlotState : std::uint32_t { free, used, ended };

struct Control {
    std::uint64_t magic;
    std::uint32_t version;
    std::uint32_t pid;
    /// 0: nobody watches. Else a Mode, and above it a number that each start of recording changes.
    std::atomic<std::uint32_t> watch;
    std::atomic<std::uint32_t> tracer;        ///< pid of the tracer, or 0
    std::atomic<std::uint32_t> schema_bytes;  ///< 0 until the first recorded call wrote it
    std::atomic<std::uint32_t> has_ended;   ///< the guest has: only what is there is to be drained
    std::atomic<std::uint64_t> unrecorded;  ///< threads that found no slot
    double ticks_per_ns;                    ///< set by the tracer before `watch`
    std::uint32_t detects_switches;         ///< likewise: off_cpu.h works on this kernel
    /// By slot: free, or used by a thread or by what it left for the tracer.
    std::array<std::atomic<SlotState>, kSlots> slots;
};
static_assert(sizeof(Control) <= kControlBytes);

/// How a thread spent its time so far, in ticks. On the CPU but for `blocked`.
struct Ledger {
    std::uint64_t guest = 0;
    std::uint64_t glue = 0;
    std::uint64_t kernel = 0;
    std::uint64_t blocked = 0;  ///< not on a CPU, whatever for
};

/// The thread's side and the tracer's side lie in different cache lines, and what a call writes in
/// one: after a call into the kernel few lines are left in the cache.
struct SlotHeader {
    std::atomic<SlotState> state;  ///< used, or ended: the thread will not write again
    std::atomic<std::int32_t> host_tid;
    std::atomic<std::int32_t> guest_tid;
    std::atomic<std::uint64_t> since;  ///< ticks: when this thread's recording began

    std::atomic<std::uint64_t> dropped;  ///< records for which the ring had no room

    alignas(64) std::atomic<std::uint64_t> head;  ///< bytes ever written to the ring
    std::atomic<std::uint64_t> guest;
    std::atomic<std::uint64_t> glue;    ///< with kernel time of calls that were not split
    std::atomic<std::uint64_t> kernel;  ///< of calls that were split: in full mode all
    std::atomic<std::uint64_t> blocked;
    std::atomic<std::uint64_t> self;   ///< spent by the recorder on CPU clocks; in none of the four
    std::atomic<std::uint64_t> until;  ///< ticks: what the ledger covers ends here
    std::atomic<std::uint64_t> calls;

    alignas(64) std::atomic<std::uint64_t> tail;  ///< bytes the tracer has taken
    std::atomic<std::uint64_t> seen;              ///< ticks: when it last looked here
};
inline constexpr std::size_t kSlotHeaderBytes = kHostPageBytes;
static_assert(sizeof(SlotHeader) <= kSlotHeaderBytes);

// Latencies in steps of an eighth of a power of two.
inline constexpr unsigned kStepBits = 3;
inline constexpr unsigned kSteps = 1U << kStepBits;
inline constexpr std::size_t kBuckets = std::size_t{44} * kSteps;
inline constexpr std::size_t kMaxErrors = 96;

/// The bucket of a latency: exact below 16 ticks, an eighth wide above.
[[nodiscard]] constexpr std::size_t bucket_of(std::uint64_t ticks) {
    if (ticks < std::uint64_t{2} * kSteps) {
        return static_cast<std::size_t>(ticks);
    }
    const auto exponent = static_cast<unsigned>(63 - __builtin_clzll(ticks)) - kStepBits;
    const std::size_t bucket =
        (std::size_t{exponent} << kStepBits) + static_cast<std::size_t>(ticks >> exponent);
    return bucket < kBuckets ? bucket : kBuckets - 1;
}
/// The least latency of a bucket.
[[nodiscard]] constexpr std::uint64_t bucket_start(std::size_t bucket) {
    if (bucket < std::size_t{2} * kSteps) {
        return bucket;
    }
    const std::size_t exponent = (bucket >> kStepBits) - 1;
    return static_cast<std::uint64_t>(kSteps + (bucket & (kSteps - 1))) << exponent;
}

/// What aggregate mode keeps of a call, per thread. Written by the thread, read by the tracer:
/// each number is whole, but they may be a call apart.
struct alignas(64) CallTotals {
    std::uint64_t count;
    std::uint64_t total;    ///< ticks
    std::uint64_t blocked;  ///< of which not on a CPU
    std::uint64_t longest;
    // Two more looks at the clock tell the kernel's time from wasmax's; only some calls have them.
    std::uint64_t splits;        ///< calls that did
    std::uint64_t split_busy;    ///< ticks of theirs on the CPU
    std::uint64_t split_kernel;  ///< of which in the kernel
    std::uint64_t padding;
    std::array<std::uint32_t, kMaxErrors> errors;  ///< by number; the last one for all above
    std::array<std::uint32_t, kBuckets> latencies;
};

inline constexpr std::size_t kTotalsBytes =
    align_up(kMaxCalls * sizeof(CallTotals), kHostPageBytes);
inline constexpr std::size_t kSlotBytes = kSlotHeaderBytes + kTotalsBytes + kRingBytes;
inline constexpr std::size_t kSharedBytes = kControlBytes + kSchemaBytes + kSlots * kSlotBytes;

[[nodiscard]] constexpr std::size_t slot_offset(std::size_t slot) {
    return kControlBytes + kSchemaBytes + slot * kSlotBytes;
}

}  // namespace wasmax::trace
