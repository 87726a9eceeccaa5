#include "trace/file_reader.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "base/units.h"
#include "trace/file_chunks.h"
#include "trace/file_format.h"
#include "trace/record.h"
#include "trace/schema.h"
#include "trace/shared.h"
#include "trace/tracer.h"

namespace wasmax::trace {
namespace {

/// A T at the start of `bytes`, which then begin behind it; false if there are too few.
template <class T>
bool take(ByteView& bytes, T& value) {
    if (bytes.size() < sizeof value) {
        return false;
    }
    std::memcpy(&value, bytes.data(), sizeof value);
    bytes = bytes.subspan(sizeof value);
    return true;
}

template <class Word>
bool take_times(ByteView& bytes, RecordTimes<Ticks>& times) {
    RecordTimes<Word> stored{};
    if (!take(bytes, stored)) {
        return false;
    }
    times = {stored.begin, stored.guest, stored.total, stored.kernel, stored.blocked};
    return true;
}

std::string_view text_of(ByteView bytes) {
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-reinterpret-cast): bytes as characters.
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::uint64_t checksum_of(ChunkKind kind, ByteView bytes);

/// The writer takes the sum over two pieces; where they meet depends on the kind.
std::size_t first_piece(ChunkKind kind, std::size_t bytes) {
    switch (kind) {
        case ChunkKind::recording:
            return std::min(bytes, sizeof(FileRecording));
        case ChunkKind::records:
            return std::min(bytes, sizeof(FileRecords));
        case ChunkKind::totals:
            return std::min(bytes, sizeof(FileTotals));
        case ChunkKind::sample:
            return std::min(bytes, sizeof(Moment));
        case ChunkKind::schema:
        case ChunkKind::thread:
        case ChunkKind::end:
            return bytes;
    }
    return bytes;
}

std::uint64_t checksum_of(ChunkKind kind, ByteView bytes) {
    const std::size_t first = first_piece(kind, bytes.size());
    return checksum(bytes.subspan(first),
                    checksum(bytes.first(first), static_cast<std::uint64_t>(kind)));
}

}  // namespace

bool read_records(std::uint32_t thread, Ticks base, ByteView records,
                  const std::function<void(const Record&)>& visit) {
    while (!records.empty()) {
        RecordHead head{};
        ByteView rest = records;
        if (!take(rest, head)) {
            return false;
        }
        const std::size_t bytes = std::size_t{2} * head.half_words;
        if (bytes < sizeof head || bytes > records.size()) {
            return false;
        }
        rest = rest.first(bytes - sizeof head);
        RecordTimes<Ticks> times{};
        if (!((head.flags & kWide) != 0 ? take_times<std::uint64_t>(rest, times)
                                        : take_times<std::uint32_t>(rest, times))) {
            return false;
        }
        Ticks preempted = 0;
        if ((head.flags & kPreempted) != 0 && !take(rest, preempted)) {
            return false;
        }
        base += times.begin;
        visit({thread, head.call, head.error, (head.flags & kAfterLoss) != 0, base, times.guest,
               preempted, times.total, times.kernel, times.blocked, rest});
        records = records.subspan(bytes);
    }
    return true;
}

/// A mapped file, and where its records are.
struct FileReader::Part {
    Part(std::string file, void* mapping, std::size_t size)
        : path(std::move(file)), start(mapping), bytes(size) {}
    ~Part() { ::munmap(start, bytes); }
    Part(const Part&) = delete;
    Part& operator=(const Part&) = delete;
    [[nodiscard]] ByteView view() const { return {static_cast<const std::byte*>(start), bytes}; }

    /// Once `at` is far enough behind the offset `done`, unmaps the pages between them until they
    /// are read again: a recording may be larger than the memory.
    void give_back(std::size_t& done, const std::byte* at) const {
        constexpr std::size_t kStride = 32 * kMiB;  // of pages
        auto* const first = static_cast<std::byte*>(start);
        const auto offset = static_cast<std::size_t>(at - first);
        if (offset >= done + kStride + kMaxChunkBytes) {
            ::madvise(first + done, kStride, MADV_DONTNEED);
            done += kStride;
        }
    }

    std::string path;
    void* start;
    std::size_t bytes;
    std::vector<ByteView> records;
};

FileReader::FileReader() = default;
FileReader::FileReader(FileReader&&) noexcept = default;
FileReader& FileReader::operator=(FileReader&&) noexcept = default;
FileReader::~FileReader() = default;

Result<FileReader, Error> FileReader::open(const std::string& path) {
    FileReader reader;
    TRY(reader.load(path, false));
    // The earlier part, if this recording was rotated.
    FileReader earlier;
    const auto found = earlier.load(path + ".1", true);
    if (found.has_value() &&
        earlier.recording_.start.monotonic_ns == reader.recording_.start.monotonic_ns &&
        earlier.recording_.pid == reader.recording_.pid) {
        reader = {};
        TRY(reader.load(path + ".1", true));
        TRY(reader.load(path, false));
        reader.warnings_.emplace_back(
            "the recording was longer than its size limit: only the latest part is here");
    }
    if (!reader.has_end_) {
        reader.warnings_.emplace_back(
            "the trace has no end: the recorder is still at work, or was killed");
    }
    if (reader.schema_.calls.empty()) {
        return fail(Error::invalid(path + ": no call was recorded"));
    }
    return reader;
}

Result<void, Error> FileReader::load(const std::string& path, bool is_earlier) {
    const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    struct stat status{};
    if (!fd || ::fstat(fd.get(), &status) != 0) {
        return fail(Error::from_errno(errno, path));
    }
    if (!S_ISREG(status.st_mode)) {
        return fail(Error::invalid(path + ": not a file"));
    }
    if (status.st_size == 0) {
        return fail(Error::invalid(path + ": the file is empty: nothing was recorded"));
    }
    const auto bytes = static_cast<std::size_t>(status.st_size);
    void* const start = ::mmap(nullptr, bytes, PROT_READ, MAP_PRIVATE, fd.get(), 0);
    if (start == MAP_FAILED) {
        return fail(Error::from_errno(errno, path));
    }
    auto part = std::make_unique<Part>(path, start, bytes);
    ByteView view = part->view();
    ChunkHead head{};
    FileRecording recording{};
    if (!take(view, head) || head.magic != kChunkMagic || head.kind != ChunkKind::recording ||
        !take(view, recording) || recording.file_magic != kFileMagic) {
        return fail(Error::invalid(path + ": not a trace of wasmax, or cut before its first line"));
    }
    if (recording.version != kFileVersion) {
        return fail(Error::invalid(path + ": a trace of another version of wasmax (" +
                                   std::to_string(recording.version) + ", this one reads " +
                                   std::to_string(kFileVersion) + ")"));
    }
    if (!(recording.ticks_per_ns > 0)) {
        return fail(Error::invalid(path + ": the start of the trace is damaged"));
    }
    recording_ = {recording.pid,
                  recording.mode,
                  recording.clock,
                  recording.ticks_per_ns,
                  recording.detects_switches,
                  recording.cost,
                  recording.start,
                  {}};
    has_end_ = false;
    read_chunks(*part);
    if (is_earlier) {
        has_end_ = true;
    }
    parts_.push_back(std::move(part));
    return {};
}

void FileReader::read_chunks(Part& part) {
    ByteView rest = part.view();
    std::uint64_t skipped = 0;
    std::size_t given_back = 0;
    while (!rest.empty()) {
        part.give_back(given_back, rest.data());
        ChunkHead head{};
        ByteView after = rest;
        const bool is_chunk = take(after, head) && head.magic == kChunkMagic;
        if (is_chunk && head.bytes <= kMaxChunkBytes && head.bytes > after.size() && skipped == 0) {
            warnings_.push_back(part.path + ": ends in the middle of a chunk; " +
                                std::to_string(rest.size()) + " bytes are left out");
            return;
        }
        if (!is_chunk || head.bytes > after.size() ||
            checksum_of(head.kind, after.first(head.bytes)) != head.checksum) {
            ++skipped;  // look for the next chunk
            rest = rest.subspan(1);
            continue;
        }
        read_chunk(part, static_cast<std::uint32_t>(head.kind), after.first(head.bytes));
        rest = after.subspan(head.bytes);
    }
    if (skipped != 0) {
        warnings_.push_back(part.path + ": damaged; " + std::to_string(skipped) +
                            " bytes are left out");
    }
}

void FileReader::read_chunk(Part& part, std::uint32_t kind, ByteView bytes) {
    switch (static_cast<ChunkKind>(kind)) {
        case ChunkKind::recording:
            recording_.command =
                text_of(bytes.subspan(first_piece(ChunkKind::recording, bytes.size())));
            break;
        case ChunkKind::schema: {
            auto schema = Schema::from_text(text_of(bytes));
            if (schema.has_value()) {
                schema_ = std::move(*schema);
            } else {
                warnings_.push_back(schema.error().message);
            }
            break;
        }
        case ChunkKind::thread: {
            ThreadInfo thread{};
            const auto same = [&](const ThreadInfo& other) { return other.id == thread.id; };
            if (take(bytes, thread) && std::none_of(threads_.begin(), threads_.end(), same)) {
                threads_.push_back(thread);
            }
            break;
        }
        case ChunkKind::records:
            part.records.push_back(bytes);
            record_bytes_ += bytes.size();
            break;
        case ChunkKind::totals: {
            FileTotals head{};
            CallTotals totals{};
            if (take(bytes, head) && take(bytes, totals)) {
                totals_[{head.thread, head.call}] = totals;
            }
            break;
        }
        case ChunkKind::sample: {
            Sample sample{};
            ThreadSample thread{};
            if (take(bytes, sample.moment)) {
                while (take(bytes, thread)) {
                    sample.threads.push_back(thread);
                }
                samples_.push_back(std::move(sample));
            }
            break;
        }
        case ChunkKind::end:
            has_end_ = true;
            if (!bytes.empty()) {
                warnings_.emplace_back(text_of(bytes));
            }
            break;
    }
}

void FileReader::visit(const std::function<void(const Record&)>& visit) const {
    for (const auto& part : parts_) {
        std::size_t given_back = 0;
        for (const ByteView chunk : part->records) {
            part->give_back(given_back, chunk.data());
            ByteView rest = chunk;
            FileRecords head{};
            if (take(rest, head)) {
                // The checksum held, so what is damaged here was written so.
                (void)read_records(head.thread, head.base, rest, visit);
            }
        }
    }
}

}  // namespace wasmax::trace
