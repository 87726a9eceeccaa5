#include "engine/artifact_file.h"

#include <elf.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "abi/checksum.h"
#include "base/error.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "engine/cache.h"
#include "engine/digest.h"
#include "engine/file_identity.h"
#include "runtime/artifact.h"

namespace wasmax::engine {
namespace {

/// Padded with zeros, so that a cache can remember it.
Digest as_digest(const abi::Checksum& checksum) {
    Digest digest{};
    static_assert(sizeof checksum <= sizeof digest);
    std::memcpy(digest.data(), checksum.data(), sizeof checksum);
    return digest;
}

}  // namespace

Result<std::optional<UniqueFd>, Error> open_if_artifact(const std::string& path) {
    struct stat status{};
    if (::stat(path.c_str(), &status) != 0) {
        return fail(Error::from_errno(errno, path));
    }
    if (!S_ISREG(status.st_mode)) {
        return std::optional<UniqueFd>();
    }
    UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file) {
        return fail(Error::from_errno(errno, path));
    }
    std::array<char, SELFMAG> magic{};
    const ssize_t got = ::pread(file.get(), magic.data(), magic.size(), 0);
    if (got != SELFMAG || std::memcmp(magic.data(), ELFMAG, SELFMAG) != 0) {
        return std::optional<UniqueFd>();
    }
    return std::optional<UniqueFd>(std::move(file));
}

Result<std::shared_ptr<const runtime::Artifact>, Error> map_artifact(int fd,
                                                                     const std::string& path,
                                                                     const Cache* cache) {
    const auto file = FileIdentity::of(fd);
    auto artifact = TRY(runtime::Artifact::map(fd, path));
    const Digest checked = as_digest(artifact->header().checksum);
    if (cache != nullptr && file && cache->recall(*file) == checked) {
        return artifact;
    }
    if (!artifact->is_intact()) {
        return fail(Error::invalid(
            path + ": damaged artifact (compile the module again): its checksum is wrong"));
    }
    if (cache != nullptr && file && FileIdentity::of(fd) == file) {
        cache->remember(*file, checked);
    }
    return artifact;
}

}  // namespace wasmax::engine
