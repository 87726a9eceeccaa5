#include "engine/module_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "base/units.h"
#include "engine/child_task.h"
#include "engine/text_format.h"

namespace wasmax::engine {
namespace {

constexpr std::array kMagic{std::byte{0}, std::byte{'a'}, std::byte{'s'}, std::byte{'m'}};

bool is_binary(ByteView bytes) {
    return bytes.size() >= kMagic.size() && std::equal(kMagic.begin(), kMagic.end(), bytes.begin());
}

Error too_large(const std::string& name, Bytes limit) {
    return Error::limit(name + ": larger than the limit of " + std::to_string(limit.count / kMiB) +
                        " MiB");
}

/// The size the descriptor claims, 0 when it has none (a pipe). Errors: host (fstat, a directory).
Result<Bytes, Error> claimed_bytes(int fd, const std::string& name) {
    struct stat status{};
    if (::fstat(fd, &status) != 0) {
        return fail(Error::from_errno(errno, name));
    }
    if (S_ISDIR(status.st_mode)) {
        return fail(Error::from_errno(EISDIR, name));
    }
    return Bytes{S_ISREG(status.st_mode) ? static_cast<std::uint64_t>(status.st_size) : 0};
}

/// Reads until `bytes` is full or the end, and returns how much it holds then.
Result<std::size_t, Error> fill(int fd, MutableByteView bytes, const std::string& name) {
    std::size_t used = 0;
    while (used < bytes.size()) {
        const ssize_t got = ::read(fd, bytes.data() + used, bytes.size() - used);
        if (got < 0 && errno != EINTR) {
            return fail(Error::from_errno(errno, name));
        }
        if (got == 0) {
            break;
        }
        used += got > 0 ? static_cast<std::size_t>(got) : 0;
    }
    return used;
}

/// What a descriptor holds. Looks at the first bytes before it commits memory to the rest: what is
/// not a binary may only be as large as a text.
Result<std::vector<std::byte>, Error> read_all(int fd, const std::string& name) {
    constexpr std::size_t kFirstBytes = 64 * kKiB;
    const Bytes claimed = TRY(claimed_bytes(fd, name));
    std::vector<std::byte> bytes(kFirstBytes);
    std::size_t used = TRY(fill(fd, bytes, name));
    const Bytes limit = is_binary(bytes) ? kMaxModuleBytes : kMaxTextBytes;
    while (used == bytes.size()) {
        if (used > limit.count || claimed > limit) {
            return fail(too_large(name, limit));
        }
        // One byte more than the claim, so that the end shows without another round.
        const std::uint64_t wanted = std::max<std::uint64_t>(claimed.count + 1, bytes.size() * 2);
        bytes.resize(std::min(wanted, limit.count + 1));
        used += TRY(fill(fd, MutableByteView(bytes).subspan(used), name));
    }
    bytes.resize(used);
    bytes.shrink_to_fit();
    return bytes;
}

Result<void, Error> write_all(int fd, ByteView bytes) {
    while (!bytes.empty()) {
        const ssize_t put = ::write(fd, bytes.data(), bytes.size());
        if (put < 0 && errno != EINTR) {
            return fail(Error::from_errno(errno, "writing the converted module"));
        }
        bytes = bytes.subspan(put > 0 ? static_cast<std::size_t>(put) : 0);
    }
    return {};
}

Result<std::vector<std::byte>, Error> convert_text(ByteView text, const std::string& path,
                                                   const Progress& progress) {
    const std::string_view view(reinterpret_cast<const char*>(text.data()), text.size());
    const ChildTask task{
        .what = "reading the text of " + path,
        .run = [&](int output) -> Result<void, Error> {
            const std::vector<std::byte> binary = TRY(text_to_binary(view, path));
            return write_all(output, binary);
        },
        .tick =
            [&](std::chrono::seconds elapsed) {
                if (progress) {
                    progress({elapsed, std::nullopt});
                }
            },
    };
    const UniqueFd output = TRY(run_in_child(task));
    return read_all(output.get(), path);
}

}  // namespace

Result<ModuleFile, Error> ModuleFile::read(const std::string& path, const Progress& progress) {
    const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file) {
        return fail(Error::from_errno(errno, path));
    }
    std::vector<std::byte> bytes = TRY(read_all(file.get(), path));
    if (is_binary(bytes)) {
        return ModuleFile(path, std::move(bytes));
    }
    if (bytes.empty()) {
        return fail(Error::invalid(path + ": the file is empty"));
    }
    if (!looks_like_text(bytes)) {
        return fail(Error::invalid(path +
                                   ": not a WebAssembly module (a binary begins with \\0asm, "
                                   "and this is not text either)"));
    }
    return ModuleFile(path, TRY(convert_text(bytes, path, progress)));
}

}  // namespace wasmax::engine
