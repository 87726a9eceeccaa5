#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "lab/cpus.h"
#include "lab/experiment.h"
#include "lab/machine.h"
#include "lab/metrics.h"

namespace wasmax::lab {

/// The circumstances that all samples of one experiment share.
struct Conditions {
    std::string experiment;
    std::string workload;
    std::string baseline;
    Load load;
    std::vector<std::string>
        planned_contenders;  ///< also those that an interruption kept from running
    int planned_runs = 0;    ///< of each
    Placement placement;
    int quota_percent = 0;  ///< of one CPU, that the server may use; 0: no limit
    Machine machine;
    bool operator==(const Conditions&) const = default;
};

/// One number that was measured.
struct Sample {
    std::string contender;
    std::string engine;
    std::string flags;
    std::string program;
    std::string backend;
    std::string handles;
    int iteration = 0;  ///< the how-manieth measurement of this contender, from 0
    Metric metric = Metric::requests_per_second;
    double value = 0;         ///< finite
    std::string void_reason;  ///< why its run does not count; empty: it does
    bool operator==(const Sample&) const = default;
};

/// The samples of one experiment, possibly of one that was interrupted, and what it lacks.
struct SampleSet {
    Conditions conditions;
    std::vector<Sample> samples;
    std::vector<Absence> absences;
    std::vector<Estimate> estimates;
};

/// One line of JSON, without its newline: the sample (or what else the experiment has to say) and
/// all conditions, so that any line can be moved to another file and still says what it is.
[[nodiscard]] std::string to_json_line(const Conditions& conditions, const Sample& sample);
[[nodiscard]] std::string to_json_line(const Conditions& conditions, const Absence& absence);
[[nodiscard]] std::string to_json_line(const Conditions& conditions, const Estimate& estimate);

/// Reads lines of to_json_line; empty ones are skipped. Lines that share their conditions make a
/// set; sets are in the order of their first lines. A last line that is cut off, as by a crash, is
/// left out. Errors: invalid, with the line number; also when there is no sample at all.
[[nodiscard]] Result<std::vector<SampleSet>, Error> parse_samples(std::string_view text);
[[nodiscard]] Result<std::vector<SampleSet>, Error> read_samples(const std::filesystem::path& path);

/// Appends to a new samples.jsonl, so that what was measured survives whatever comes later.
class SampleWriter {
public:
    /// Errors: invalid when the file exists already; host.
    [[nodiscard]] static Result<SampleWriter, Error> create(const std::filesystem::path& path);
    /// Writes all lines of `set` with one call. Errors: host.
    [[nodiscard]] Result<void, Error> append(const SampleSet& set);

private:
    explicit SampleWriter(UniqueFd fd) : fd_(std::move(fd)) {}

    UniqueFd fd_;
};

}  // namespace wasmax::lab
