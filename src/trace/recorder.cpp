#include "trace/recorder.h"

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>

#include "base/units.h"
#include "trace/clock.h"
#include "trace/record.h"
#include "trace/shared.h"
#include "trace/target.h"

namespace wasmax::trace {
namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;

std::byte* put(std::byte* to, const void* from, std::size_t count) {
    std::memcpy(to, from, count);
    return to + count;
}

template <class Word>
RecordTimes<Word> narrow(const RecordTimes<Ticks>& times) {
    return {static_cast<Word>(times.begin), static_cast<Word>(times.guest),
            static_cast<Word>(times.total), static_cast<Word>(times.kernel),
            static_cast<Word>(times.blocked)};
}

}  // namespace

Recorder::Recorder(std::byte* slot, const Options& options, bool owns)
    : start_(slot),
      header_(*std::bit_cast<SlotHeader*>(slot)),
      options_(options),
      owns_(owns),
      ring_(slot + kSlotHeaderBytes + kTotalsBytes) {
    head_ = header_.head.load(kRelaxed);
    tail_ = header_.tail.load(kRelaxed);
    split_below_ = is_full() ? std::numeric_limits<std::uint64_t>::max() : kSplitBelow;
    off_cpu_.start(options.clock, options.ticks_per_ns, options.detects_switches);
    mark_ = now(options_.clock);
    previous_begin_ = mark_;
    header_.since.store(mark_, kRelaxed);
    publish();
}

Recorder::~Recorder() {
    publish();
    header_.state.store(SlotState::ended, std::memory_order_release);
    if (owns_) {
        unmap_slot(start_);
    }
}

/// Asking takes time itself, which is nobody's.
Ticks Recorder::account_off_cpu(Ticks passed) {
    const Ticks off = off_cpu_.take(passed);
    ledger_.blocked += off;
    const Ticks time = now(options_.clock);
    self_ += time - mark_;
    mark_ = time;
    return passed - off;
}

void Recorder::end(const Call& call, std::uint16_t error, ByteView payload) {
    ledger_.glue += pass();
    in_call_ = call.nested;
    ++calls_;
    if (is_full()) {
        add_record(call, error, payload);
    } else {
        add_totals(call, error);
    }
    previous_guest_ = ledger_.guest;
    previous_blocked_ = ledger_.blocked;
    publish();
    if (calls_ % kLookEvery == 0) [[unlikely]] {
        look_for_tracer();
    }
}

void Recorder::look_for_tracer() {
    const Ticks seen = std::max(header_.seen.load(kRelaxed), header_.since.load(kRelaxed));
    abandoned_ =
        mark_ > seen && static_cast<double>(mark_ - seen) > kPatience_ns * options_.ticks_per_ns;
}

void Recorder::publish() {
    header_.guest.store(ledger_.guest, kRelaxed);
    header_.glue.store(ledger_.glue, kRelaxed);
    header_.kernel.store(ledger_.kernel, kRelaxed);
    header_.blocked.store(ledger_.blocked, kRelaxed);
    header_.self.store(self_, kRelaxed);
    header_.calls.store(calls_, kRelaxed);
    header_.until.store(mark_, std::memory_order_release);
}

void Recorder::add_record(const Call& call, std::uint16_t error, ByteView payload) {
    const auto [total, kernel, blocked] = times_of(call);
    const RecordTimes<Ticks> times{call.begin - previous_begin_, call.guest, total, kernel,
                                   blocked};
    constexpr Ticks kNarrow = std::numeric_limits<std::uint32_t>::max();
    const bool wide = (times.begin | times.guest | times.total) > kNarrow;
    const std::size_t bytes = sizeof(RecordHead) +
                              (wide ? sizeof times : sizeof(RecordTimes<std::uint32_t>)) +
                              (call.preempted != 0 ? sizeof call.preempted : 0) + payload.size();
    if (head_ - tail_ + bytes > kRingBytes) [[unlikely]] {
        tail_ = header_.tail.load(std::memory_order_acquire);
        if (head_ - tail_ + bytes > kRingBytes) {
            header_.dropped.store(header_.dropped.load(kRelaxed) + 1, kRelaxed);
            lost_ = true;
            return;
        }
    }
    const RecordHead head{
        call.number, error, static_cast<std::uint8_t>(bytes / 2),
        static_cast<std::uint8_t>((wide ? kWide : 0) | (call.preempted != 0 ? kPreempted : 0) |
                                  (lost_ ? kAfterLoss : 0))};
    std::byte* at = ring_ + (head_ & (kRingBytes - 1));
    at = put(at, &head, sizeof head);
    if (wide) [[unlikely]] {
        at = put(at, &times, sizeof times);
    } else {
        const auto short_times = narrow<std::uint32_t>(times);
        at = put(at, &short_times, sizeof short_times);
    }
    if (call.preempted != 0) {
        at = put(at, &call.preempted, sizeof call.preempted);
    }
    if (!payload.empty()) {
        put(at, payload.data(), payload.size());
    }
    head_ += bytes;
    previous_begin_ = call.begin;
    lost_ = false;
    header_.head.store(head_, std::memory_order_release);
}

void Recorder::add_totals(const Call& call, std::uint16_t error) {
    const auto [total, kernel, blocked] = times_of(call);
    CallTotals& row = totals(call.number);
    ++row.count;
    row.total += total;
    row.blocked += blocked;
    row.longest = std::max(row.longest, total);
    if (call.split) {
        ++row.splits;
        row.split_busy += total - blocked;
        row.split_kernel += kernel;
    }
    if (error != 0) {
        ++row.errors[std::min<std::size_t>(error, kMaxErrors - 1)];
    }
    ++row.latencies[bucket_of(total)];
}

}  // namespace wasmax::trace
