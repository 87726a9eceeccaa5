#include "lab/whole_file.h"

#include <fcntl.h>
#include <sys/types.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <filesystem>
#include <string>

#include <fmt/core.h>

#include "base/error.h"
#include "base/result.h"
#include "base/unique_fd.h"

namespace wasmax::lab {

Result<std::string, Error> read_whole_file(const std::filesystem::path& path) {
    constexpr std::size_t kMaxBytes = 1U << 30U;
    const UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd) {
        return fail(Error::from_errno(errno, fmt::format("opening {}", path.string())));
    }
    std::string text;
    char buffer[16384];
    while (true) {
        const ssize_t got = read(fd.get(), buffer, sizeof buffer);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return fail(Error::from_errno(errno, fmt::format("reading {}", path.string())));
        }
        if (got == 0) {
            return text;
        }
        text.append(buffer, static_cast<std::size_t>(got));
        if (text.size() > kMaxBytes) {
            return fail(Error::limit(fmt::format("{} is larger than 1 GiB", path.string())));
        }
    }
}

}  // namespace wasmax::lab
