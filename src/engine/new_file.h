#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "base/error.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "base/units.h"

namespace wasmax::engine {

/// A file that appears under its name complete or not at all, whatever happens to this process in
/// between; what stood there before is replaced then. Move-only.
class NewFile {
public:
    /// Nothing is visible yet where the file system can do so, else a hidden file whose name begins
    /// with kTemporaryPrefix. `mode` is subject to the umask.
    /// Errors: host (the directory is missing, read-only, full or forbidden; `path` is something
    /// else than a regular file).
    [[nodiscard]] static Result<NewFile, Error> create(const std::string& path, mode_t mode);
    NewFile(NewFile&& other) noexcept;
    NewFile(const NewFile&) = delete;
    NewFile& operator=(const NewFile&) = delete;
    NewFile& operator=(NewFile&&) = delete;
    /// Removes what was not published.
    ~NewFile();

    static constexpr const char* kTemporaryPrefix = ".wasmax-";

    /// Writes at `offset`; what lies between what was written is zero. Errors: host.
    [[nodiscard]] Result<void, Error> write(std::uint64_t offset, ByteView bytes);
    /// The same with all that the regular file or memfd `fd` holds; returns how much.
    [[nodiscard]] Result<std::uint64_t, Error> copy(std::uint64_t offset, int fd);

    /// Ends writing: waits until the contents are on the disk and gives the file its temporary
    /// name, which is returned. Now it can be executed. Errors: host.
    [[nodiscard]] Result<std::string, Error> finish();
    /// finish(), unless done before, then puts the file in its place. Errors: host.
    [[nodiscard]] Result<void, Error> publish() &&;

private:
    NewFile(std::string path, std::string temporary)
        : path_(std::move(path)), temporary_(std::move(temporary)) {}
    [[nodiscard]] Error error(int host_errno) const;

    std::string path_;
    std::string temporary_;
    UniqueFd file_;
    bool visible_ = false;  // there is a file named temporary_
};

}  // namespace wasmax::engine
