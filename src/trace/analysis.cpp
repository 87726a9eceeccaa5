#include "trace/analysis.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/result.h"
#include "trace/fields.h"
#include "trace/file_reader.h"
#include "trace/peers.h"
#include "trace/shared.h"
#include "trace/tracer.h"

namespace wasmax::trace {
namespace {

constexpr Ticks kNever = std::numeric_limits<Ticks>::max();

std::string thread_name(const FileReader& file, std::uint32_t id) {
    for (const ThreadInfo& thread : file.threads()) {
        if (thread.id == id) {
            return "thread " + std::to_string(thread.guest_tid) + " (host " +
                   std::to_string(thread.host_tid) + ")";
        }
    }
    return "thread #" + std::to_string(id);
}

/// From the recording's longest pair of moments.
double ns_per_tick(const FileReader& file) {
    const Recording& recording = file.recording();
    if (!file.samples().empty()) {
        const Moment& last = file.samples().back().moment;
        constexpr std::uint64_t kLongEnough_ns = 50'000'000;
        if (last.ticks > recording.start.ticks &&
            last.monotonic_ns > recording.start.monotonic_ns + kLongEnough_ns) {
            return static_cast<double>(last.monotonic_ns - recording.start.monotonic_ns) /
                   static_cast<double>(last.ticks - recording.start.ticks);
        }
    }
    return 1 / recording.ticks_per_ns;
}

double difference(std::uint64_t after, std::uint64_t before) {
    return static_cast<double>(static_cast<std::int64_t>(after - before));
}

/// When the first connection was accepted.
Ticks first_request(const FileReader& file) {
    Ticks first = kNever;
    file.visit([&](const Record& record) {
        const auto& calls = file.schema().calls;
        if (record.error == 0 && record.call < calls.size() && calls[record.call].accepts) {
            first = std::min(first, record.end());
        }
    });
    return first;
}

std::string seconds_text(double ns) {
    char buffer[40];
    (void)std::snprintf(buffer, sizeof buffer, "%.3f s", ns / 1e9);
    return buffer;
}

class Analyser {
public:
    Analyser(const FileReader& file, const AnalysisOptions& options)
        : file_(file), options_(options), scale_(ns_per_tick(file)) {
        const Cost& ticks = file.recording().cost;
        result_.ns_per_tick = scale_;
        const bool in_glue = file.recording().mode == Mode::aggregate;
        result_.cost_ns = {ticks.guest * scale_, ticks.glue * scale_,
                           in_glue ? 0 : ticks.kernel * scale_, 0};
    }

    Result<Analysis, Error> run() {
        if (file_.recording().mode == Mode::aggregate) {
            TRY(aggregate());
        } else {
            choose_window();
            file_.visit([this](const Record& record) { add(record); });
            finish_ledgers();
        }
        compare();
        for (auto& [key, row] : rows_) {
            row.key = key;
            result_.rows.push_back(std::move(row));
        }
        std::sort(result_.rows.begin(), result_.rows.end(), [](const Row& a, const Row& b) {
            return std::tie(b.total_ns, a.key) < std::tie(a.total_ns, b.key);
        });
        if (result_.calls == 0) {
            result_.notes.emplace_back("no call falls into this window");
        }
        if (result_.dropped != 0) {
            result_.notes.push_back(std::to_string(result_.dropped) +
                                    " records were dropped because a ring was full: times of "
                                    "calls are a sample, and the guest's time has gaps");
        }
        for (const std::string& warning : file_.warnings()) {
            result_.notes.push_back(warning);
        }
        return std::move(result_);
    }

private:
    /// Per thread, in ticks.
    struct Sums {
        double guest = 0;
        double glue = 0;
        double kernel = 0;
        double blocked = 0;
        std::uint64_t calls = 0;
        Ticks first = kNever;
        Ticks last = 0;
        double lost = 0;
        Ticks previous_end = 0;
    };

    void choose_window() {
        const Ticks start = file_.recording().start.ticks;
        result_.begin = start;
        switch (options_.since.kind) {
            case Since::Kind::start:
                result_.window = "from the start of the recording";
                return;
            case Since::Kind::seconds:
                result_.begin = start + static_cast<Ticks>(options_.since.seconds * 1e9 / scale_);
                result_.window = "from " + seconds_text(options_.since.seconds * 1e9) +
                                 " after the start of the recording";
                return;
            case Since::Kind::first_request:
                break;
        }
        const Ticks first = first_request(file_);
        if (first == kNever) {
            result_.window = "from the start of the recording: no connection was accepted";
            return;
        }
        result_.begin = first;
        result_.window = "from the first accepted connection; the " +
                         seconds_text(difference(first, start) * scale_) +
                         " before it (start-up and the first wait) are left out (--since start "
                         "has them)";
    }

    std::string key_of(const Record& record) {
        switch (options_.by) {
            case GroupBy::call:
                return std::string(file_.schema().call_name(record.call));
            case GroupBy::fd: {
                const auto fd = first_fd(file_.schema(), record);
                return fd ? "fd " + std::to_string(static_cast<std::int32_t>(*fd))
                          : std::string("no fd");
            }
            case GroupBy::thread:
                return thread_name(file_, record.thread);
            case GroupBy::peer:
                return peers_.of(file_, record);
        }
        return {};
    }

    void add(const Record& record) {
        if (record.call >= file_.schema().calls.size()) {
            return;
        }
        const std::string key = key_of(record);  // also outside the window: it follows descriptors
        if (record.begin < result_.begin) {
            return;
        }
        Sums& sums = sums_[record.thread];
        if (record.after_loss) {
            sums.lost += difference(record.begin, sums.previous_end) -
                         static_cast<double>(record.guest + record.preempted);
        }
        sums.previous_end = record.end();
        if (sums.first == kNever) {
            // What the thread did in the window before its first call.
            sums.first =
                std::max(result_.begin,
                         record.begin - std::min(record.begin, record.guest + record.preempted));
        }
        sums.last = std::max(sums.last, record.end());
        sums.guest += static_cast<double>(record.guest);
        sums.blocked += static_cast<double>(record.preempted + record.blocked);
        sums.glue += static_cast<double>(record.glue());
        sums.kernel += static_cast<double>(record.kernel);
        ++sums.calls;
        result_.end = std::max(result_.end, record.end());
        ++result_.calls;
        add_to(rows_[key], record);
        add_request(record);
    }

    /// Of all calls, accepts that succeeded; without any, sends and receives tell.
    void add_request(const Record& record) {
        if (record.error == 0) {
            ++successes_[record.call];
        }
    }

    void add_to(Row& row, const Record& record) {
        const Cost& cost = file_.recording().cost;
        const double kernel = record.kernel == 0
                                  ? 0
                                  : std::max(0.0, static_cast<double>(record.kernel) - cost.kernel);
        const double glue = std::max(0.0, static_cast<double>(record.glue()) - cost.glue);
        const auto idle = static_cast<double>(record.blocked);
        const double total = kernel + glue + idle;
        ++row.calls;
        if (record.error != 0) {
            ++row.errors[record.error];
        }
        row.kernel_ns += kernel * scale_;
        row.glue_ns += glue * scale_;
        row.idle_ns += idle * scale_;
        row.busy_ns += (kernel + glue) * scale_;
        row.total_ns += total * scale_;
        row.longest_ns = std::max(row.longest_ns, total * scale_);
        row.latencies.add(static_cast<std::uint64_t>(total));
    }

    /// The share of a thread's time that went to reading CPU clocks.
    double self_share(std::uint32_t thread) const {
        for (auto sample = file_.samples().rbegin(); sample != file_.samples().rend(); ++sample) {
            for (const ThreadSample& entry : sample->threads) {
                if (entry.id == thread && entry.until > entry.since) {
                    return static_cast<double>(entry.self) / difference(entry.until, entry.since);
                }
            }
        }
        return 0;
    }

    void finish_ledgers() {
        TimeLedger all{.name = "process"};
        std::vector<TimeLedger> threads;
        const Cost& cost = file_.recording().cost;
        for (const auto& [thread, sums] : sums_) {
            TimeLedger ledger{.name = thread_name(file_, thread)};
            const auto calls = static_cast<double>(sums.calls);
            ledger.wall = (difference(sums.last, sums.first) - sums.lost) * scale_;
            const auto less = [&](double ticks, double per_call) {
                return std::max(0.0, ticks - calls * per_call) * scale_;
            };
            ledger.guest = less(sums.guest, cost.guest);
            ledger.glue = less(sums.glue, cost.glue);
            ledger.kernel = less(sums.kernel, cost.kernel);
            ledger.blocked = sums.blocked * scale_;
            ledger.tracer = (sums.guest + sums.glue + sums.kernel + sums.blocked) * scale_ -
                            ledger.sum() + self_share(thread) * ledger.wall;
            ledger.calls = sums.calls;
            threads.push_back(ledger);
        }
        finish(std::move(threads), std::move(all));
        result_.seconds =
            result_.end > result_.begin ? difference(result_.end, result_.begin) * scale_ / 1e9 : 0;
        count_requests();
        std::map<std::uint32_t, std::uint64_t> dropped;
        for (const Sample& sample : file_.samples()) {
            for (const ThreadSample& entry : sample.threads) {
                dropped[entry.id] = entry.dropped;
            }
        }
        for (const auto& [thread, count] : dropped) {
            result_.dropped += count;
        }
        std::uint64_t records = 0;
        file_.visit([&](const Record& /*record*/) { ++records; });
        result_.bytes_per_record =
            records == 0 ? 0
                         : static_cast<double>(file_.record_bytes()) / static_cast<double>(records);
    }

    void finish(std::vector<TimeLedger> threads, TimeLedger all) {
        for (const TimeLedger& ledger : threads) {
            all.wall += ledger.wall;
            all.guest += ledger.guest;
            all.glue += ledger.glue;
            all.kernel += ledger.kernel;
            all.blocked += ledger.blocked;
            all.tracer += ledger.tracer;
            all.calls += ledger.calls;
        }
        result_.ledgers.push_back(all);
        if (threads.size() > 1) {
            result_.ledgers.insert(result_.ledgers.end(), threads.begin(), threads.end());
        }
    }

    /// One accept may carry many requests, so what is counted is the call that sends answers, or
    /// that accepts if there is nothing like it.
    void count_requests() {
        for (const char* const name : {"sock_send", "fd_write", "sock_send_to"}) {
            std::uint64_t accepted = 0;
            for (const auto& [call, count] : successes_) {
                const bool accepts = file_.schema().calls[call].accepts;
                accepted += accepts ? count : 0;
            }
            for (const auto& [call, count] : successes_) {
                if (accepted != 0 && file_.schema().call_name(call) == name && count > 0) {
                    result_.requests = count;
                    result_.request_call = name;
                    return;
                }
            }
        }
    }

    Result<void, Error> aggregate() {
        if (options_.by == GroupBy::fd || options_.by == GroupBy::peer) {
            return fail(
                Error::invalid("aggregates have no descriptors and no peers: record with "
                               "--trace instead of --trace=aggregate"));
        }
        result_.window = "from the start of the recording: aggregates have no times";
        result_.begin = file_.recording().start.ticks;
        result_.end = result_.begin;
        const Cost& cost = file_.recording().cost;
        std::uint64_t splits = 0;
        for (const auto& [where, totals] : file_.totals()) {
            const auto& [thread, call] = where;
            Row& row =
                rows_[options_.by == GroupBy::thread ? thread_name(file_, thread)
                                                     : std::string(file_.schema().call_name(
                                                           static_cast<std::uint16_t>(call)))];
            const auto calls = static_cast<double>(totals.count);
            const double busy =
                std::max(0.0, difference(totals.total, totals.blocked) - calls * cost.glue);
            const double kernel = busy * kernel_share(totals);
            const double glue = busy - kernel;
            busy_[thread] += busy;
            kernel_[thread] += kernel;
            splits += totals.splits;
            row.calls += totals.count;
            row.kernel_ns += kernel * scale_;
            row.glue_ns += glue * scale_;
            row.idle_ns += static_cast<double>(totals.blocked) * scale_;
            row.busy_ns += (kernel + glue) * scale_;
            row.total_ns += (kernel + glue + static_cast<double>(totals.blocked)) * scale_;
            row.longest_ns = std::max(row.longest_ns, static_cast<double>(totals.longest) * scale_);
            for (std::size_t error = 0; error < kMaxErrors; ++error) {
                if (totals.errors[error] != 0) {
                    row.errors[static_cast<std::uint16_t>(error)] += totals.errors[error];
                }
            }
            for (std::size_t bucket = 0; bucket < kBuckets; ++bucket) {
                if (totals.latencies[bucket] != 0) {
                    row.latencies.add(bucket_start(bucket), totals.latencies[bucket]);
                }
            }
            result_.calls += totals.count;
            std::uint64_t failed = 0;
            for (const std::uint32_t count : totals.errors) {
                failed += count;
            }
            successes_[static_cast<std::uint16_t>(call)] += totals.count - failed;
        }
        aggregate_ledgers();
        count_requests();
        result_.notes.push_back("what of the time on the CPU the kernel took was looked at in " +
                                std::to_string(splits) + " of " + std::to_string(result_.calls) +
                                " calls");
        return {};
    }

    /// Which part of a call's time on the CPU was the kernel's, as far as it was looked at.
    double kernel_share(const CallTotals& totals) const {
        const Cost& cost = file_.recording().cost;
        const auto splits = static_cast<double>(totals.splits);
        const double busy = static_cast<double>(totals.split_busy) - splits * cost.split;
        const double kernel = static_cast<double>(totals.split_kernel) - splits * cost.kernel;
        return busy > 0 ? std::clamp(kernel / busy, 0.0, 1.0) : 0;
    }

    void aggregate_ledgers() {
        std::map<std::uint32_t, ThreadSample> last;
        for (const Sample& sample : file_.samples()) {
            for (const ThreadSample& entry : sample.threads) {
                last[entry.id] = entry;
            }
        }
        const Cost& cost = file_.recording().cost;
        TimeLedger all{.name = "process"};
        std::vector<TimeLedger> threads;
        for (const auto& [thread, entry] : last) {
            TimeLedger ledger{.name = thread_name(file_, thread)};
            const auto calls = static_cast<double>(entry.calls);
            const auto less = [&](std::uint64_t ticks, double per_call) {
                return std::max(0.0, static_cast<double>(ticks) - calls * per_call) * scale_;
            };
            ledger.wall = difference(entry.until, entry.since) * scale_;
            ledger.guest = less(entry.ledger.guest, cost.guest);
            const double busy = less(entry.ledger.glue + entry.ledger.kernel, cost.glue);
            ledger.kernel = busy_[thread] > 0 ? busy * kernel_[thread] / busy_[thread] : 0;
            ledger.glue = busy - ledger.kernel;
            ledger.blocked = static_cast<double>(entry.ledger.blocked) * scale_;
            const Ledger& raw = entry.ledger;
            ledger.tracer =
                static_cast<double>(raw.guest + raw.glue + raw.kernel + raw.blocked + entry.self) *
                    scale_ -
                ledger.sum();
            ledger.calls = entry.calls;
            result_.end = std::max(result_.end, entry.until);
            threads.push_back(ledger);
        }
        finish(std::move(threads), std::move(all));
        result_.seconds = difference(result_.end, result_.begin) * scale_ / 1e9;
    }

    /// Of each thread, between its first and its last sample that has the kernel's figures.
    void compare() {
        std::map<std::uint32_t, std::pair<ThreadSample, ThreadSample>> ends;
        std::optional<std::pair<Moment, Moment>> process;
        for (const Sample& sample : file_.samples()) {
            for (const ThreadSample& entry : sample.threads) {
                if (entry.has_schedstat != 0) {
                    ends.try_emplace(entry.id, entry, entry).first->second.second = entry;
                }
            }
            if (sample.moment.process_cpu_ns != 0) {
                process = process ? std::pair(process->first, sample.moment)
                                  : std::pair(sample.moment, sample.moment);
            }
        }
        Comparison comparison{};
        for (const auto& [thread, pair] : ends) {
            const auto& [first, last] = pair;
            const auto busy = [](const ThreadSample& entry) {
                return entry.ledger.guest + entry.ledger.glue + entry.ledger.kernel + entry.self;
            };
            comparison.ledger_busy += difference(busy(last), busy(first)) * scale_;
            comparison.schedstat_busy += difference(last.run_ns, first.run_ns);
            comparison.waited += difference(last.wait_ns, first.wait_ns);
            comparison.slices += last.slices - first.slices;
        }
        if (comparison.schedstat_busy <= 0) {
            return;
        }
        if (process) {
            comparison.span = difference(process->second.monotonic_ns, process->first.monotonic_ns);
            comparison.process_cpu =
                difference(process->second.process_cpu_ns, process->first.process_cpu_ns);
        }
        result_.comparison = comparison;
    }

    const FileReader& file_;
    AnalysisOptions options_;
    double scale_;  // nanoseconds per tick
    Analysis result_;
    std::map<std::string, Row> rows_;
    std::map<std::uint32_t, Sums> sums_;
    std::map<std::uint32_t, double> busy_;  // aggregates: by thread, of all calls
    std::map<std::uint32_t, double> kernel_;
    std::map<std::uint16_t, std::uint64_t> successes_;
    Peers peers_;
};

}  // namespace

void Latencies::add(std::uint64_t ticks, std::uint64_t count) {
    const int exponent =
        std::max(0, static_cast<int>(std::bit_width(ticks)) - 1 - static_cast<int>(kStepBits));
    counts_[ticks >> exponent << exponent] += count;
    total_ += count;
}

double Latencies::quantile(double share) const {
    const auto wanted = static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(total_)));
    std::uint64_t seen = 0;
    for (const auto& [start, count] : counts_) {
        seen += count;
        if (seen >= std::max<std::uint64_t>(wanted, 1)) {
            return static_cast<double>(start);
        }
    }
    return 0;
}

Result<Analysis, Error> analyse(const FileReader& file, const AnalysisOptions& options) {
    return Analyser(file, options).run();
}

}  // namespace wasmax::trace
