#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/result.h"
#include "trace/file_reader.h"

namespace wasmax::trace {

enum class GroupBy : std::uint8_t { call, fd, thread, peer };

/// Where the report begins.
struct Since {
    enum class Kind : std::uint8_t { first_request, start, seconds } kind = Kind::first_request;
    double seconds = 0;  ///< after the start of the recording
};

struct AnalysisOptions {
    GroupBy by = GroupBy::call;
    Since since{};
};

/// Latencies, in steps of a 32nd of a power of two: quantiles within 3 %.
class Latencies {
public:
    static constexpr unsigned kStepBits = 5;

    void add(std::uint64_t ticks, std::uint64_t count = 1);
    /// The value below which `share` (0 to 1) of all lie; 0 if there are none.
    [[nodiscard]] double quantile(double share) const;
    /// Start of each bucket that is not empty, in ticks, with its count.
    [[nodiscard]] const std::map<std::uint64_t, std::uint64_t>& buckets() const { return counts_; }

private:
    std::map<std::uint64_t, std::uint64_t> counts_;
    std::uint64_t total_ = 0;
};

/// Calls with the same key. Times in nanoseconds.
struct Row {
    std::string key;
    std::uint64_t calls = 0;
    std::map<std::uint16_t, std::uint64_t> errors;
    double total_ns = 0;
    double busy_ns = 0;    ///< on the CPU
    double idle_ns = 0;    ///< blocked
    double glue_ns = 0;    ///< of busy: in wasmax
    double kernel_ns = 0;  ///< of busy: in the kernel
    double longest_ns = 0;
    Latencies latencies;  ///< in ticks

    [[nodiscard]] double mean_ns() const {
        return calls == 0 ? 0 : total_ns / static_cast<double>(calls);
    }
};

/// Where a thread's or the process's time went. In nanoseconds.
struct TimeLedger {
    std::string name;
    double wall = 0;
    double guest = 0;
    double glue = 0;
    double kernel = 0;
    double blocked = 0;
    double tracer = 0;  ///< what recording cost; in none of the four
    std::uint64_t calls = 0;

    [[nodiscard]] double sum() const { return guest + glue + kernel + blocked; }
    /// How far the parts miss the whole, as a share of it.
    [[nodiscard]] double error() const { return wall > 0 ? (sum() + tracer - wall) / wall : 0; }
};

/// The recorder's figure for time on the CPU beside the kernel's, over the same span. Nanoseconds.
struct Comparison {
    double span = 0;
    double ledger_busy = 0;
    double schedstat_busy = 0;
    double process_cpu = 0;  ///< user and system time of the process; 0: unknown
    double waited = 0;       ///< runnable, waiting for a CPU: a part of what was blocked
    std::uint64_t slices = 0;
};

struct Analysis {
    std::string window;  ///< a sentence: what was left out
    double seconds = 0;  ///< the window's length
    std::uint64_t calls = 0;
    std::uint64_t dropped = 0;
    std::uint64_t requests = 0;  ///< see request_call
    std::string request_call;    ///< the call that was counted as one request each, or empty
    double bytes_per_record = 0;
    std::vector<Row> rows;            ///< most time first
    std::vector<TimeLedger> ledgers;  ///< the process, then its threads if there are several
    std::optional<Comparison> comparison;
    Cost cost_ns{};  ///< per call, subtracted already
    double ns_per_tick = 1;
    Ticks begin = 0;  ///< of the window
    Ticks end = 0;
    std::vector<std::string> notes;
};

/// Errors: invalid (nothing was recorded; a question that aggregates cannot answer).
[[nodiscard]] Result<Analysis, Error> analyse(const FileReader& file,
                                              const AnalysisOptions& options);

}  // namespace wasmax::trace
