#include "trace/file_writer.h"

#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <span>
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
#include "trace/shared.h"
#include "trace/tracer.h"

namespace wasmax::trace {
namespace {

template <class T>
ByteView bytes_of(const T& value) {
    return std::as_bytes(std::span(&value, 1));
}

ByteView bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

}  // namespace

Result<std::unique_ptr<FileWriter>, Error> FileWriter::create(std::string path,
                                                              const Recording& recording,
                                                              Bytes limit) {
    std::unique_ptr<FileWriter> writer(new FileWriter(std::move(path), recording, limit));
    TRY(writer->open());
    return writer;
}

Result<void, Error> FileWriter::open() {
    file_ = UniqueFd(::open(path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
    if (!file_) {
        return fail(Error::from_errno(errno, "writing the trace " + path_));
    }
    bytes_ = 0;
    FileRecording head{};
    head.file_magic = kFileMagic;
    head.version = kFileVersion;
    head.pid = recording_.pid;
    head.mode = recording_.mode;
    head.clock = recording_.clock;
    head.ticks_per_ns = recording_.ticks_per_ns;
    head.detects_switches = recording_.detects_switches;
    head.cost = recording_.cost;
    head.start = recording_.start;
    return write(ChunkKind::recording, bytes_of(head),
                 bytes_of(std::string_view(recording_.command)));
}

Result<void, Error> FileWriter::write(ChunkKind kind, ByteView first, ByteView second) {
    const auto seed = static_cast<std::uint64_t>(kind);
    ChunkHead head{kChunkMagic, kind, static_cast<std::uint32_t>(first.size() + second.size()), 0,
                   checksum(second, checksum(first, seed))};
    const auto vector = [](ByteView bytes) {
        // NOLINTNEXTLINE(cppcoreguidelines-pro-type-const-cast): the kernel only reads it.
        return iovec{const_cast<std::byte*>(bytes.data()), bytes.size()};
    };
    std::array<iovec, 3> parts{vector(bytes_of(head)), vector(first), vector(second)};
    std::size_t part = 0;
    while (part < parts.size()) {
        const ssize_t written =
            ::writev(file_.get(), parts.data() + part, static_cast<int>(parts.size() - part));
        if (written < 0) {
            const int error = errno;
            if (error == EINTR) {
                continue;
            }
            // A chunk that was begun would look like damage.
            (void)::ftruncate(file_.get(), static_cast<off_t>(bytes_));
            return fail(Error::from_errno(error, "writing the trace " + path_));
        }
        auto count = static_cast<std::size_t>(written);
        while (part < parts.size() && count >= parts[part].iov_len) {
            count -= parts[part++].iov_len;
        }
        if (part < parts.size()) {
            parts[part].iov_base = static_cast<std::byte*>(parts[part].iov_base) + count;
            parts[part].iov_len -= count;
        }
    }
    bytes_ += sizeof head + head.bytes;
    return {};
}

Result<void, Error> FileWriter::rotate() {
    if (::rename(path_.c_str(), (path_ + ".1").c_str()) != 0) {
        return fail(Error::from_errno(errno, "renaming the trace " + path_));
    }
    TRY(open());
    if (!schema_.empty()) {
        TRY(write(ChunkKind::schema, bytes_of(std::string_view(schema_)), {}));
    }
    for (const ThreadInfo& thread : threads_) {
        TRY(write(ChunkKind::thread, bytes_of(thread), {}));
    }
    return {};
}

Result<void, Error> FileWriter::make_room(std::size_t bytes) {
    if (limit_.count == 0 || bytes_ + bytes <= limit_.count / 2) {
        return {};
    }
    return rotate();
}

Result<void, Error> FileWriter::schema(std::string_view text) {
    schema_ = text;
    return write(ChunkKind::schema, bytes_of(text), {});
}

Result<void, Error> FileWriter::thread(const ThreadInfo& thread) {
    threads_.push_back(thread);
    return write(ChunkKind::thread, bytes_of(thread), {});
}

Result<void, Error> FileWriter::records(std::uint32_t thread, Ticks base, ByteView records) {
    TRY(make_room(records.size()));
    const FileRecords head{thread, 0, base};
    return write(ChunkKind::records, bytes_of(head), records);
}

Result<void, Error> FileWriter::totals(std::uint32_t thread, std::uint16_t call,
                                       const CallTotals& totals) {
    TRY(make_room(sizeof totals));  // those of other calls come again with the next sample
    const FileTotals head{thread, call};
    return write(ChunkKind::totals, bytes_of(head), bytes_of(totals));
}

Result<void, Error> FileWriter::sample(const Moment& moment,
                                       const std::vector<ThreadSample>& threads) {
    const ByteView samples = std::as_bytes(std::span(threads));
    TRY(make_room(samples.size()));
    return write(ChunkKind::sample, bytes_of(moment), samples);
}

Result<void, Error> FileWriter::end(std::string_view reason) {
    return write(ChunkKind::end, bytes_of(reason), {});
}

}  // namespace wasmax::trace
