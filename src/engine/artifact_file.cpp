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

#include "base/error.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "runtime/artifact.h"

namespace wasmax::engine {

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
                                                                     const std::string& path) {
    auto artifact = TRY(runtime::Artifact::map(fd, path));
    if (!artifact->is_intact()) {
        return fail(Error::invalid(
            path + ": damaged artifact (compile the module again): its checksum is wrong"));
    }
    return artifact;
}

}  // namespace wasmax::engine
