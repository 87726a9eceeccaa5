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
    int iteration = 0;  ///< the how-manieth measurement of this contender, from 0
    Metric metric = Metric::requests_per_second;
    double value = 0;  ///< finite
    bool operator==(const Sample&) const = default;
};

/// The samples of one experiment, possibly of one that was interrupted.
struct SampleSet {
    Conditions conditions;
    std::vector<Sample> samples;
};

/// One line of JSON, without its newline: the sample and all conditions, so that any line can be
/// moved to another file and still says what it is.
[[nodiscard]] std::string to_json_line(const Conditions& conditions, const Sample& sample);

/// Reads lines of to_json_line; empty ones are skipped. All must share their conditions.
/// Errors: invalid, with the line number.
[[nodiscard]] Result<SampleSet, Error> parse_samples(std::string_view text);
[[nodiscard]] Result<SampleSet, Error> read_samples(const std::filesystem::path& path);

/// Appends to a new samples.jsonl, so that what was measured survives whatever comes later.
class SampleWriter {
public:
    /// Errors: invalid when the file exists already; host.
    [[nodiscard]] static Result<SampleWriter, Error> create(const std::filesystem::path& path);
    /// Writes all lines with one call. Errors: host.
    [[nodiscard]] Result<void, Error> append(const Conditions& conditions,
                                             const std::vector<Sample>& samples);

private:
    explicit SampleWriter(UniqueFd fd) : fd_(std::move(fd)) {}

    UniqueFd fd_;
};

}  // namespace wasmax::lab
