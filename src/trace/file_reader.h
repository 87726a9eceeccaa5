#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/result.h"
#include "base/units.h"
#include "trace/schema.h"
#include "trace/shared.h"
#include "trace/tracer.h"

namespace wasmax::trace {

/// A record, its times in ticks.
struct Record {
    std::uint32_t thread;  ///< ThreadInfo::id
    std::uint16_t call;
    std::uint16_t error;
    bool after_loss;
    Ticks begin;  ///< absolute
    Ticks guest;
    Ticks preempted;
    Ticks total;
    Ticks kernel;
    Ticks blocked;
    ByteView payload;  ///< lives as long as what it was read from

    [[nodiscard]] Ticks glue() const {
        const Ticks rest = kernel + blocked;
        return total > rest ? total - rest : 0;
    }
    [[nodiscard]] Ticks busy() const { return total > blocked ? total - blocked : 0; }
    [[nodiscard]] Ticks end() const { return begin + total; }
};

/// Calls `visit` for each of whole records; false if they are damaged.
bool read_records(std::uint32_t thread, Ticks base, ByteView records,
                  const std::function<void(const Record&)>& visit);

struct Sample {
    Moment moment;
    std::vector<ThreadSample> threads;
};

/// A trace file, read as far as it makes sense. Immutable.
class FileReader {
public:
    /// Reads PATH.1 too if it is the earlier part of the same recording. Errors, with a sentence:
    /// host; invalid (empty, no trace, another version, nothing recorded). Damage behind the start
    /// is a warning.
    [[nodiscard]] static Result<FileReader, Error> open(const std::string& path);
    FileReader(FileReader&&) noexcept;
    FileReader& operator=(FileReader&&) noexcept;
    ~FileReader();

    [[nodiscard]] const Recording& recording() const { return recording_; }
    [[nodiscard]] const Schema& schema() const { return schema_; }
    [[nodiscard]] const std::vector<ThreadInfo>& threads() const { return threads_; }
    [[nodiscard]] const std::vector<Sample>& samples() const { return samples_; }
    /// The last totals of each thread and call.
    [[nodiscard]] const std::map<std::pair<std::uint32_t, std::uint32_t>, CallTotals>& totals()
        const {
        return totals_;
    }
    /// Sentences about what is missing.
    [[nodiscard]] const std::vector<std::string>& warnings() const { return warnings_; }
    [[nodiscard]] std::uint64_t record_bytes() const { return record_bytes_; }

    /// All records; those of a thread in order, threads in turns.
    void visit(const std::function<void(const Record&)>& visit) const;

private:
    struct Part;
    FileReader();
    [[nodiscard]] Result<void, Error> load(const std::string& path, bool is_earlier);
    void read_chunks(Part& part);
    void read_chunk(Part& part, std::uint32_t kind, ByteView bytes);

    std::vector<std::unique_ptr<Part>> parts_;
    Recording recording_{};
    Schema schema_;
    std::vector<ThreadInfo> threads_;
    std::vector<Sample> samples_;
    std::map<std::pair<std::uint32_t, std::uint32_t>, CallTotals> totals_;
    std::vector<std::string> warnings_;
    std::uint64_t record_bytes_ = 0;
    bool has_end_ = false;
};

}  // namespace wasmax::trace
