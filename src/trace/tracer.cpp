#include "trace/tracer.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "base/units.h"
#include "trace/clock.h"
#include "trace/off_cpu.h"
#include "trace/record.h"
#include "trace/recorder.h"
#include "trace/shared.h"
#include "trace/target.h"

namespace wasmax::trace {
namespace {

namespace fs = std::filesystem;

std::string process(pid_t pid) { return "process " + std::to_string(pid); }

Result<UniqueFd, Error> open_process(pid_t pid) {
    UniqueFd fd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
    if (!fd) {
        const int error = errno;
        if (error == ESRCH || error == EINVAL) {
            return fail(Error::invalid("there is no " + process(pid)));
        }
        return fail(Error::from_errno(error, process(pid)));
    }
    return fd;
}

/// The memfd of the control block among the descriptors of a process.
Result<UniqueFd, Error> find_memory(pid_t pid) {
    const fs::path directory = "/proc/" + std::to_string(pid) + "/fd";
    std::error_code error;
    fs::directory_iterator entries(directory, error);
    if (error) {
        return fail(Error::from_errno(
            error.value(), error.value() == EACCES
                               ? process(pid) + " belongs to another user, or is protected"
                               : process(pid)));
    }
    const std::string wanted = std::string("/memfd:") + kControlName + " ";
    for (; !error && entries != fs::directory_iterator(); entries.increment(error)) {
        std::error_code ignored;  // a descriptor that was closed meanwhile is not the one
        if (fs::read_symlink(entries->path(), ignored).string().starts_with(wanted)) {
            UniqueFd fd(::open(entries->path().c_str(), O_RDWR | O_CLOEXEC));
            if (!fd) {
                return fail(
                    Error::from_errno(errno, "opening the tracer's memory of " + process(pid)));
            }
            return fd;
        }
    }
    return fail(Error::invalid(process(pid) +
                               " is no running wasmax program: only guests that `wasmax run` or "
                               "an executable of create-exe runs can be traced"));
}

Moment moment(ClockKind clock, pid_t pid) {
    Moment now_{};
    clockid_t cpu{};
    if (::clock_getcpuclockid(pid, &cpu) == 0) {
        timespec used{};
        if (::clock_gettime(cpu, &used) == 0) {
            now_.process_cpu_ns = static_cast<std::uint64_t>(used.tv_sec) * 1'000'000'000 +
                                  static_cast<std::uint64_t>(used.tv_nsec);
        }
    }
    now_.realtime_ns = clock_ns(CLOCK_REALTIME);
    now_.monotonic_ns = clock_ns(CLOCK_MONOTONIC);
    now_.ticks = now(clock);
    return now_;
}

double measure_ticks_per_ns(ClockKind clock) {
    if (clock == ClockKind::monotonic) {
        return 1;
    }
    const Ticks ticks = now(clock);
    const std::uint64_t start_ns = clock_ns(CLOCK_MONOTONIC);
    const timespec pause{0, 20'000'000};
    ::nanosleep(&pause, nullptr);
    const Ticks passed = now(clock) - ticks;
    return static_cast<double>(passed) / static_cast<double>(clock_ns(CLOCK_MONOTONIC) - start_ns);
}

/// The command line, its words separated by spaces.
std::string command_of(pid_t pid) {
    std::ifstream stream("/proc/" + std::to_string(pid) + "/cmdline", std::ios::binary);
    std::string text((std::istreambuf_iterator<char>(stream)), {});
    std::replace(text.begin(), text.end(), '\0', ' ');
    while (text.ends_with(' ')) {
        text.pop_back();
    }
    return text.substr(0, 1000);
}

std::string read_file(const std::string& path) {
    const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    char buffer[256];
    const ssize_t count = fd ? ::read(fd.get(), buffer, sizeof buffer) : -1;
    return {buffer, count > 0 ? static_cast<std::size_t>(count) : 0};
}

void read_schedstat(pid_t pid, ThreadSample& sample, std::int32_t tid) {
    const std::string text =
        read_file("/proc/" + std::to_string(pid) + "/task/" + std::to_string(tid) + "/schedstat");
    unsigned long long run = 0;
    unsigned long long wait = 0;
    unsigned long long slices = 0;
    if (std::sscanf(text.c_str(), "%llu %llu %llu", &run, &wait, &slices) == 3) {
        sample.has_schedstat = 1;
        sample.run_ns = run;
        sample.wait_ns = wait;
        sample.slices = slices;
    }
}

/// The sum of the begins of whole records, or nothing if they are damaged.
bool walk(ByteView records, Ticks& base) {
    while (!records.empty()) {
        RecordHead head{};
        if (records.size() < sizeof head) {
            return false;
        }
        std::memcpy(&head, records.data(), sizeof head);
        const std::size_t bytes = std::size_t{2} * head.half_words;
        const bool wide = (head.flags & kWide) != 0;
        if (bytes < sizeof head + (wide ? 40 : 20) || bytes > records.size()) {
            return false;
        }
        Ticks begin = 0;
        std::memcpy(&begin, records.data() + sizeof head, wide ? 8 : 4);
        base += begin;
        records = records.subspan(bytes);
    }
    return true;
}

}  // namespace

Result<Cost, Error> measure_cost(Mode mode, double ticks_per_ns, bool detects_switches) {
    const UniqueFd memory(::memfd_create("wasmax-trace-cost", MFD_CLOEXEC));
    if (!memory || ::ftruncate(memory.get(), static_cast<off_t>(slot_offset(1))) != 0) {
        return fail(Error::from_errno(errno, "measuring what tracing costs"));
    }
    std::byte* const start = map_slot(memory.get(), 0);
    if (start == nullptr) {
        return fail(Error::from_errno(errno, "measuring what tracing costs"));
    }
    constexpr int kWarmUp = 2'000;
    constexpr int kCalls = 20'000;
    constexpr std::array<std::byte, 18> kPayload{};  // of sock_send
    auto& header = *std::bit_cast<SlotHeader*>(start);
    Recorder recorder(
        start, {static_cast<std::uint32_t>(mode), clock_kind(), ticks_per_ns, detects_switches},
        true);
    const auto record = [&](int count) {
        for (int i = 0; i < count; ++i) {
            const Recorder::Call call = recorder.begin(0);
            if (call.split) {
                recorder.enter_kernel();
                recorder.leave_kernel();
            }
            recorder.end(call, 0, kPayload);
            header.tail.store(header.head.load(std::memory_order_relaxed),
                              std::memory_order_relaxed);
        }
    };
    record(kWarmUp);
    const Ledger before{header.guest, header.glue, header.kernel, header.blocked};
    const auto& totals = *std::bit_cast<const CallTotals*>(start + kSlotHeaderBytes);
    const CallTotals before_totals = totals;
    record(kCalls);
    const auto per_call = [](std::uint64_t after, std::uint64_t earlier) {
        return static_cast<double>(after - earlier) / kCalls;
    };
    const Cost cost{per_call(header.guest, before.guest), per_call(header.glue, before.glue),
                    per_call(header.kernel, before.kernel), 0};
    if (mode != Mode::aggregate) {
        return cost;
    }
    const auto splits = static_cast<double>(totals.splits - before_totals.splits);
    return Cost{cost.guest, cost.glue + cost.kernel,
                static_cast<double>(totals.split_kernel - before_totals.split_kernel) / splits,
                static_cast<double>(totals.split_busy - before_totals.split_busy) / splits};
}

Tracer::Tracer(UniqueFd memory, UniqueFd process, pid_t pid, Control* control)
    : memory_(std::move(memory)), process_(std::move(process)), pid_(pid), control_(control) {}

Tracer::Tracer(Tracer&& other) noexcept
    : memory_(std::move(other.memory_)),
      process_(std::move(other.process_)),
      pid_(other.pid_),
      control_(std::exchange(other.control_, nullptr)),
      recording_(std::move(other.recording_)),
      slots_(std::exchange(other.slots_, {})),
      threads_(other.threads_),
      has_schema_(other.has_schema_),
      watching_(std::exchange(other.watching_, false)),
      ended_(other.ended_) {}

Tracer::~Tracer() {
    if (control_ != nullptr) {
        stop();
        ::munmap(control_, kControlBytes);
    }
}

Result<Tracer, Error> Tracer::attach(pid_t pid) {
    UniqueFd process = TRY(open_process(pid));  // before: a reused pid would not be noticed after
    return adopt(TRY(find_memory(pid)), pid);
}

Result<Tracer, Error> Tracer::adopt(UniqueFd memory, pid_t pid) {
    UniqueFd process = TRY(open_process(pid));
    struct stat status{};
    void* page = MAP_FAILED;
    if (::fstat(memory.get(), &status) == 0 &&
        static_cast<std::size_t>(status.st_size) >= kControlBytes) {
        page = ::mmap(nullptr, kControlBytes, PROT_READ | PROT_WRITE, MAP_SHARED, memory.get(), 0);
    }
    if (page == MAP_FAILED) {
        return fail(
            Error::invalid("the tracer's memory of " + trace::process(pid) + " cannot be mapped"));
    }
    auto* const control = static_cast<Control*>(page);
    Tracer tracer(std::move(memory), std::move(process), pid, control);
    if (control->magic != kControlMagic || control->version != kControlVersion) {
        return fail(
            Error::invalid(trace::process(pid) + " was started by another version of wasmax"));
    }
    return tracer;
}

Result<void, Error> Tracer::start(Mode mode) {
    std::uint32_t other = 0;
    const auto self = static_cast<std::uint32_t>(::getpid());
    if (!control_->tracer.compare_exchange_strong(other, self)) {
        // One that was killed left its number.
        if (::kill(static_cast<pid_t>(other), 0) == 0 || errno != ESRCH) {
            return fail(Error::invalid(process(pid_) + " is already traced, by process " +
                                       std::to_string(other)));
        }
        if (!control_->tracer.compare_exchange_strong(other, self)) {
            return fail(Error::invalid(process(pid_) + " is already traced"));
        }
    }
    watching_ = true;
    control_->watch.store(0);
    if (::ftruncate(memory_.get(), static_cast<off_t>(kSharedBytes)) != 0) {
        return fail(Error::from_errno(errno, "growing the tracer's memory"));
    }
    for (std::size_t slot = 0; slot < kSlots; ++slot) {
        reset_slot(slot);
    }
    recording_.pid = static_cast<std::uint32_t>(pid_);
    recording_.mode = mode;
    recording_.clock = clock_kind();
    recording_.ticks_per_ns = measure_ticks_per_ns(recording_.clock);
    recording_.detects_switches = OffCpu::works() ? 1 : 0;
    recording_.cost =
        TRY(measure_cost(mode, recording_.ticks_per_ns, recording_.detects_switches != 0));
    recording_.command = command_of(pid_);
    recording_.start = moment(recording_.clock, pid_);
    control_->ticks_per_ns = recording_.ticks_per_ns;
    control_->detects_switches = recording_.detects_switches;
    control_->unrecorded.store(0);
    constexpr std::uint64_t kGenerations = (std::uint64_t{1} << (32 - kGenerationShift)) - 1;
    const std::uint64_t generation = recording_.start.monotonic_ns / 1'000 % kGenerations + 1;
    control_->watch.store(static_cast<std::uint32_t>(mode) |
                              static_cast<std::uint32_t>(generation << kGenerationShift),
                          std::memory_order_release);
    return {};
}

void Tracer::stop() {
    if (!std::exchange(watching_, false)) {
        return;
    }
    control_->watch.store(0, std::memory_order_release);
    for (std::size_t slot = 0; slot < kSlots; ++slot) {
        if (slots_[slot].start != nullptr) {
            unmap_slot(std::exchange(slots_[slot].start, nullptr));
        }
    }
    control_->tracer.store(0);
}

/// Gives the slot's memory back, which also clears it.
void Tracer::reset_slot(std::size_t slot) {
    if (slots_[slot].start != nullptr) {
        unmap_slot(std::exchange(slots_[slot].start, nullptr));
    }
    // If it fails, what a thread finds there is old numbers, not a danger.
    (void)::fallocate(memory_.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                      static_cast<off_t>(slot_offset(slot)), static_cast<off_t>(kSlotBytes));
    control_->slots[slot].store(SlotState::free);
}

Result<void, Error> Tracer::give_schema(Sink& sink) {
    const std::size_t bytes = control_->schema_bytes.load(std::memory_order_acquire);
    if (has_schema_ || bytes == 0 || bytes > kSchemaBytes) {
        return {};
    }
    std::string text(bytes, '\0');
    const ssize_t got =
        ::pread(memory_.get(), text.data(), text.size(), static_cast<off_t>(kControlBytes));
    if (got != static_cast<ssize_t>(bytes)) {
        return {};
    }
    has_schema_ = true;
    return sink.schema(text);
}

/// Returns the bytes that were taken.
Result<std::size_t, Error> Tracer::drain_slot(Slot& slot, Sink& sink) {
    auto& header = *std::bit_cast<SlotHeader*>(slot.start);
    const std::uint64_t head = header.head.load(std::memory_order_acquire);
    const std::uint64_t tail = header.tail.load(std::memory_order_relaxed);
    const std::uint64_t bytes = head - tail;
    if (bytes == 0) {
        return std::size_t{0};
    }
    const Ticks base = slot.base;
    const ByteView records(slot.start + kSlotHeaderBytes + kTotalsBytes + (tail & (kRingBytes - 1)),
                           std::min<std::uint64_t>(bytes, kRingBytes));
    if (bytes <= kRingBytes && walk(records, slot.base)) {
        TRY(sink.records(slot.info.id, base, records));
    }  // else somebody else wrote to the memory: what is there means nothing
    header.tail.store(head, std::memory_order_release);
    return static_cast<std::size_t>(bytes);
}

/// Returns whether to look again soon: a ring was filling up, or a thread has ended.
Result<bool, Error> Tracer::drain(Sink& sink) {
    TRY(give_schema(sink));
    bool busy = false;
    for (std::size_t index = 0; index < kSlots; ++index) {
        if (control_->slots[index].load(std::memory_order_acquire) != SlotState::used) {
            continue;
        }
        Slot& slot = slots_[index];
        if (slot.start == nullptr) {
            slot.start = map_slot(memory_.get(), index);
            if (slot.start == nullptr) {
                return fail(Error::from_errno(errno, "mapping a thread's records"));
            }
            slot.info = {};
        }
        auto& header = *std::bit_cast<SlotHeader*>(slot.start);
        const SlotState state = header.state.load(std::memory_order_acquire);
        if (state == SlotState::free) {
            continue;  // about to be used
        }
        if (slot.info.since == 0) {
            slot.base = header.since.load();
            if (slot.base == 0) {
                continue;
            }
            slot.info = {threads_++, header.host_tid.load(), header.guest_tid.load(), 0, slot.base};
            TRY(sink.thread(slot.info));
            TRY(sample(sink, &slot));
        }
        header.seen.store(now(recording_.clock), std::memory_order_relaxed);
        constexpr std::size_t kBusy = kRingBytes / 8;
        busy = TRY(drain_slot(slot, sink)) > kBusy || busy;
        if (state == SlotState::ended) {
            TRY(sample(sink, &slot));
            reset_slot(index);
            busy = true;  // others may wait for the slot
        }
    }
    return busy;
}

Result<void, Error> Tracer::give_totals(Sink& sink, const Slot& slot) {
    if (recording_.mode != Mode::aggregate) {
        return {};
    }
    const auto* totals = std::bit_cast<const CallTotals*>(slot.start + kSlotHeaderBytes);
    for (std::size_t call = 0; call < kMaxCalls; ++call) {
        if (totals[call].count != 0) {
            TRY(sink.totals(slot.info.id, static_cast<std::uint16_t>(call), totals[call]));
        }
    }
    return {};
}

/// Of one slot, or of all that are in use if `only` is null.
Result<void, Error> Tracer::sample(Sink& sink, const Slot* only) {
    std::vector<ThreadSample> samples;
    for (const Slot& slot : slots_) {
        if (slot.start == nullptr || slot.info.since == 0 || (only != nullptr && only != &slot)) {
            continue;
        }
        const auto& header = *std::bit_cast<const SlotHeader*>(slot.start);
        ThreadSample sample{};
        sample.id = slot.info.id;
        sample.until = header.until.load(std::memory_order_acquire);
        sample.ledger = {header.guest, header.glue, header.kernel, header.blocked};
        sample.self = header.self;
        sample.since = header.since;
        sample.calls = header.calls;
        sample.dropped = header.dropped;
        read_schedstat(pid_, sample, slot.info.host_tid);
        samples.push_back(sample);
        TRY(give_totals(sink, slot));
    }
    return sink.sample(moment(recording_.clock, pid_), samples);
}

Result<void, Error> Tracer::loop(Sink& sink, const std::function<bool()>& should_stop) {
    constexpr int kShortest_ms = 2;
    // Rings fill, totals do not: each look takes the CPU from somebody.
    const int longest_ms = recording_.mode == Mode::aggregate ? 60 : 20;
    constexpr std::uint64_t kSampling_ns = 1'000'000'000;
    int pause_ms = kShortest_ms;
    std::uint64_t sampled_ns = 0;
    while (!should_stop() && !ended_) {
        pollfd entry{process_.get(), POLLIN, 0};
        ended_ = ::poll(&entry, 1, pause_ms) == 1 || control_->has_ended.load() != 0;
        const bool busy = TRY(drain(sink));
        pause_ms = busy ? kShortest_ms : std::min(pause_ms * 2, longest_ms);
        const std::uint64_t now_ns = clock_ns(CLOCK_MONOTONIC);
        if (now_ns - sampled_ns >= kSampling_ns) {
            TRY(sample(sink, nullptr));
            sampled_ns = now_ns;
        }
    }
    control_->watch.store(0, std::memory_order_release);
    TRY(drain(sink));
    return sample(sink, nullptr);
}

Result<void, Error> Tracer::run(Sink& sink, const std::function<bool()>& should_stop) {
    auto result = loop(sink, should_stop);
    stop();
    return result;
}

}  // namespace wasmax::trace
