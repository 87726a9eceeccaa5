#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "base/units.h"
#include "trace/file_format.h"
#include "trace/shared.h"
#include "trace/tracer.h"

namespace wasmax::trace {

/// Writes a trace file, chunk by chunk, so that it is readable whenever writing ends. When the file
/// reaches half of the limit it becomes PATH.1, which replaces an older one, and a new file begins:
/// the latest records stay. Threads: one.
class FileWriter final : public Sink {
public:
    /// Makes `path` empty. `limit` 0: none. Errors: host.
    [[nodiscard]] static Result<std::unique_ptr<FileWriter>, Error> create(
        std::string path, const Recording& recording, Bytes limit);

    Result<void, Error> schema(std::string_view text) override;
    Result<void, Error> thread(const ThreadInfo& thread) override;
    Result<void, Error> records(std::uint32_t thread, Ticks base, ByteView records) override;
    Result<void, Error> totals(std::uint32_t thread, std::uint16_t call,
                               const CallTotals& totals) override;
    Result<void, Error> sample(const Moment& moment,
                               const std::vector<ThreadSample>& threads) override;
    /// Says why the recording ended.
    [[nodiscard]] Result<void, Error> end(std::string_view reason);

private:
    FileWriter(std::string path, const Recording& recording, Bytes limit)
        : path_(std::move(path)), recording_(recording), limit_(limit) {}
    Result<void, Error> open();
    Result<void, Error> write(ChunkKind kind, ByteView first, ByteView second);
    /// Rotates if so many more bytes are too many.
    Result<void, Error> make_room(std::size_t bytes);
    Result<void, Error> rotate();

    std::string path_;
    Recording recording_;
    Bytes limit_;
    UniqueFd file_;
    std::uint64_t bytes_ = 0;  // all of whole chunks
    std::string schema_;
    std::vector<ThreadInfo> threads_;
};

}  // namespace wasmax::trace
