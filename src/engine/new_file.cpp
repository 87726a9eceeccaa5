#include "engine/new_file.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "base/error.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "base/units.h"

namespace wasmax::engine {
namespace {

std::string directory_of(const std::string& path) {
    const auto slash = path.rfind('/');
    return slash == std::string::npos ? "." : path.substr(0, slash + 1);
}

/// A name that no other process and no other file of this one uses.
std::string temporary_name(const std::string& directory) {
    static std::atomic<unsigned> serial{0};
    return directory + "/" + NewFile::kTemporaryPrefix + std::to_string(::getpid()) + "-" +
           std::to_string(serial.fetch_add(1, std::memory_order_relaxed)) + ".tmp";
}

}  // namespace

Error NewFile::error(int host_errno) const {
    return Error::from_errno(host_errno, "writing " + path_);
}

Result<NewFile, Error> NewFile::create(const std::string& path, mode_t mode) {
    const std::string directory = directory_of(path);
    NewFile created(path, temporary_name(directory));
    struct stat status{};
    if (::stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode)) {
        // Renaming would replace a device; nobody means that.
        return fail(S_ISDIR(status.st_mode)
                        ? created.error(EISDIR)
                        : Error::invalid("writing " + path + ": it is not a regular file"));
    }
    created.file_.reset(::open(directory.c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, mode));
    if (!created.file_ && (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL)) {
        created.file_.reset(
            ::open(created.temporary_.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, mode));
        created.visible_ = static_cast<bool>(created.file_);
    }
    if (!created.file_) {
        return fail(created.error(errno));
    }
    return created;
}

NewFile::NewFile(NewFile&& other) noexcept
    : path_(std::move(other.path_)),
      temporary_(std::move(other.temporary_)),
      file_(std::move(other.file_)),
      visible_(std::exchange(other.visible_, false)) {}

NewFile::~NewFile() {
    if (visible_) {
        ::unlink(temporary_.c_str());
    }
}

Result<void, Error> NewFile::write(std::uint64_t offset, ByteView bytes) {
    while (!bytes.empty()) {
        const ssize_t put =
            ::pwrite(file_.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
        if (put < 0) {
            const int host_errno = errno;
            if (host_errno == EINTR) {
                continue;
            }
            return fail(error(host_errno));
        }
        bytes = bytes.subspan(static_cast<std::size_t>(put));
        offset += static_cast<std::uint64_t>(put);
    }
    return {};
}

Result<std::uint64_t, Error> NewFile::copy(std::uint64_t offset, int fd) {
    struct stat status{};
    if (::fstat(fd, &status) != 0 ||
        ::lseek(file_.get(), static_cast<off_t>(offset), SEEK_SET) < 0) {
        return fail(error(errno));
    }
    off_t position = 0;
    while (position < status.st_size) {
        const ssize_t sent = ::sendfile(file_.get(), fd, &position,
                                        static_cast<std::size_t>(status.st_size - position));
        if (sent < 0 && errno != EINTR) {
            return fail(error(errno));
        }
        if (sent == 0) {
            return fail(Error::invalid("writing " + path_ + ": its source was cut off meanwhile"));
        }
    }
    return static_cast<std::uint64_t>(position);
}

Result<std::string, Error> NewFile::finish() {
    if (::fsync(file_.get()) != 0) {
        return fail(error(errno));
    }
    if (!visible_) {
        const std::string self = "/proc/self/fd/" + std::to_string(file_.get());
        if (::linkat(AT_FDCWD, self.c_str(), AT_FDCWD, temporary_.c_str(), AT_SYMLINK_FOLLOW) !=
            0) {
            return fail(error(errno));
        }
        visible_ = true;
    }
    file_.reset();
    return temporary_;
}

Result<void, Error> NewFile::publish() && {
    if (file_) {
        TRY(finish());
    }
    if (::rename(temporary_.c_str(), path_.c_str()) != 0) {
        return fail(error(errno));
    }
    visible_ = false;
    return {};
}

}  // namespace wasmax::engine
