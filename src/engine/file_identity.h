#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace wasmax::engine {

/// What tells one state of a file from another without reading it.
struct FileIdentity {
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::uint64_t bytes = 0;
    std::int64_t modified_ns = 0;  ///< since 1970, of the contents
    std::int64_t changed_ns = 0;   ///< likewise, of contents or inode; programs cannot set it
    bool operator==(const FileIdentity&) const = default;

    /// nullopt for what is no regular file, or cannot be asked.
    [[nodiscard]] static std::optional<FileIdentity> of(const std::string& path);
    [[nodiscard]] static std::optional<FileIdentity> of(int fd);

    /// Whether a change of the contents from now on shows in the identity. Not so right after a
    /// change: time stamps advance in steps, some file systems' by whole seconds.
    [[nodiscard]] bool is_settled() const;
};

}  // namespace wasmax::engine
