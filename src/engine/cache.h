#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "base/units.h"
#include "codegen/compiler.h"
#include "engine/digest.h"
#include "engine/file_identity.h"

namespace wasmax::engine {

/// What a cache grows to unless WASMAX_CACHE_MIB says another number.
inline constexpr Bytes kDefaultCacheLimit{kGiB};

/// Names the artifact that `options` make of a module: equal only for equal artifacts.
/// Reads the compiler's file status; changes with every build of it.
[[nodiscard]] Digest artifact_key(const Digest& module, const codegen::CompileOptions& options);

/// Names the artifact of a large module that runs until the one of `options` is there.
[[nodiscard]] Digest starter_key(const Digest& module, codegen::CompileOptions options);

/// A user's directory of compiled modules. Entries are code, so it is used only if it belongs to
/// this user and nobody else can enter it. Any number of processes may use it at the same time.
/// Nothing here fails: what does not work is a miss, or is not kept. docs/artifact.md
class Cache {
public:
    /// $XDG_CACHE_HOME/wasmax, else ~/.cache/wasmax; empty when neither variable is set.
    [[nodiscard]] static std::string default_directory();
    /// The cache in `directory`, which is made if missing. Errors: host; invalid (the directory is
    /// another user's, or open to others).
    [[nodiscard]] static Result<Cache, Error> open(std::string directory);
    /// That in the default directory, or nullopt if there can be none.
    [[nodiscard]] static std::optional<Cache> open_default();

    [[nodiscard]] const std::string& directory() const { return directory_; }

    /// The artifact of that key, open for reading; empty on a miss.
    [[nodiscard]] UniqueFd find(const Digest& key) const;
    /// Keeps the artifact in `artifact`, replaces what stood there, then removes what was not used
    /// for longest if the cache exceeds its limit. The kept file, or empty.
    [[nodiscard]] UniqueFd insert(const Digest& key, int artifact) const;

    /// What remember() was told about a file in exactly this state: any digest that its contents
    /// determine.
    [[nodiscard]] std::optional<Digest> recall(const FileIdentity& file) const;
    /// Does nothing about a file that has just changed (FileIdentity::is_settled).
    void remember(const FileIdentity& file, const Digest& digest) const;

    /// The right to compile for later runs, which one process at a time has, as long as it keeps
    /// the descriptor or a copy; empty while another has it.
    [[nodiscard]] UniqueFd take_upgrade_turn() const;
    /// Remembers that compiling that artifact for later runs failed.
    void give_up(const Digest& key) const;
    [[nodiscard]] bool gave_up(const Digest& key) const;

    struct Usage {
        std::uint64_t artifacts = 0;  ///< of any version
        Bytes bytes;                  ///< on the disk, records of files included
    };
    [[nodiscard]] Usage usage() const;
    /// Removes what was not used for longest until at most `limit` is left, and what interrupted
    /// writes left behind. Returns what is left.
    [[nodiscard]] Usage prune(Bytes limit) const;

private:
    Cache(std::string directory, UniqueFd root)
        : directory_(std::move(directory)), root_(std::move(root)) {}
    [[nodiscard]] UniqueFd open_own(const std::string& name) const;

    std::string directory_;
    UniqueFd root_;
};

/// The limit of the environment: WASMAX_CACHE_MIB, else kDefaultCacheLimit.
[[nodiscard]] Bytes cache_limit();

}  // namespace wasmax::engine
