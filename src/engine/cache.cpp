#include "engine/cache.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <bit>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "abi/cpu_features.h"
#include "abi/vm_context.h"
#include "base/error.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "base/units.h"
#include "codegen/compiler.h"
#include "codegen/plugin.h"
#include "engine/compiler.h"
#include "engine/digest.h"
#include "engine/environment.h"
#include "engine/file_identity.h"
#include "engine/new_file.h"

namespace wasmax::engine {
namespace {

constexpr mode_t kOwnDirectory = 0700;
constexpr mode_t kOwnFile = 0600;

/// Artifacts and records of each ABI version stand in directories of their own.
std::string version_directory() { return std::to_string(abi::kAbiVersion); }

std::string artifact_name(const Digest& key) {
    const std::string hex = to_string(key);
    return version_directory() + "/" + hex.substr(0, 2) + "/" + hex + ".wmx";
}

std::string given_up_name(const Digest& key) { return artifact_name(key) + ".given-up"; }

std::string record_name(const FileIdentity& file) {
    return version_directory() + "/files/" + std::to_string(file.device) + "-" +
           std::to_string(file.inode);
}

/// What a record holds. One that is damaged is no record, or names an artifact that is not there.
struct Record {
    FileIdentity file;
    Digest digest;
};

/// Makes the directories of the relative path `name`, but not its last part.
void make_parents(int root, const std::string& name) {
    for (auto slash = name.find('/'); slash != std::string::npos;
         slash = name.find('/', slash + 1)) {
        ::mkdirat(root, name.substr(0, slash).c_str(), kOwnDirectory);
    }
}

/// As `mkdir -p`. Those that exist are left as they are.
void make_directories(const std::string& path) {
    for (auto slash = path.find('/', 1); slash != std::string::npos;
         slash = path.find('/', slash + 1)) {
        ::mkdir(path.substr(0, slash).c_str(), kOwnDirectory);
    }
    ::mkdir(path.c_str(), kOwnDirectory);
}

void append(std::string& bytes, std::string_view part) {
    bytes += part;
    bytes += '\0';
}

}  // namespace

Digest artifact_key(const Digest& module, const codegen::CompileOptions& options) {
    std::string bytes;
    append(bytes, "wasmax artifact");
    append(bytes, to_string(module));
    append(bytes, std::to_string(abi::kAbiVersion));
    append(bytes, WASMAX_VERSION);
    append(bytes, compiler_build());
    append(bytes, std::to_string(codegen::feature_bits(options.features)));
    append(bytes, std::to_string(static_cast<unsigned>(options.tier)));
    append(bytes, options.strict ? "strict" : "");
    append(bytes, options.cpu);
    if (options.cpu.empty()) {
        for (const std::uint32_t word : abi::host_cpu_features()) {
            append(bytes, std::to_string(word));
        }
    }
    return digest_of(bytes);
}

Digest starter_key(const Digest& module, codegen::CompileOptions options) {
    // Not the key of the same code compiled on request, which says nothing about the module's size.
    options.tier = codegen::Tier::t0;
    return digest_of("starter " + to_string(artifact_key(module, options)));
}

std::string Cache::default_directory() {
    const std::string xdg = variable("XDG_CACHE_HOME");
    if (xdg.starts_with('/')) {
        return xdg + "/wasmax";
    }
    const std::string home = variable("HOME");
    return home.starts_with('/') ? home + "/.cache/wasmax" : std::string();
}

Result<Cache, Error> Cache::open(std::string directory) {
    make_directories(directory);
    UniqueFd root(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    struct stat status{};
    if (!root || ::fstat(root.get(), &status) != 0) {
        return fail(Error::from_errno(errno, "the cache directory " + directory));
    }
    if (status.st_uid != ::geteuid()) {
        return fail(Error::invalid("the cache directory " + directory + " is another user's"));
    }
    if ((status.st_mode & 0077U) != 0) {
        return fail(Error::invalid("the cache directory " + directory +
                                   " is open to other users: chmod 700 makes it usable"));
    }
    return Cache(std::move(directory), std::move(root));
}

std::optional<Cache> Cache::open_default() {
    std::string directory = default_directory();
    if (directory.empty()) {
        return std::nullopt;
    }
    auto cache = open(std::move(directory));
    return cache ? std::optional(std::move(cache).value()) : std::nullopt;
}

/// A regular file that only this user can have written; empty otherwise.
UniqueFd Cache::open_own(const std::string& name) const {
    UniqueFd file(::openat(root_.get(), name.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
    struct stat status{};
    if (!file || ::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode) ||
        status.st_uid != ::geteuid() || (status.st_mode & 0022U) != 0) {
        return {};
    }
    return file;
}

UniqueFd Cache::find(const Digest& key) const { return open_own(artifact_name(key)); }

UniqueFd Cache::insert(const Digest& key, int artifact) const {
    const std::string name = artifact_name(key);
    make_parents(root_.get(), name);
    auto file = NewFile::create(directory_ + "/" + name, kOwnFile);
    if (!file || !file->copy(0, artifact) || !std::move(*file).publish()) {
        return {};
    }
    UniqueFd kept = open_own(name);
    (void)prune(cache_limit());
    return kept;
}

std::optional<Digest> Cache::recall(const FileIdentity& file) const {
    const UniqueFd opened = open_own(record_name(file));
    std::array<std::byte, sizeof(Record)> bytes{};
    if (!opened || ::read(opened.get(), bytes.data(), bytes.size()) != ssize_t{sizeof(Record)}) {
        return std::nullopt;
    }
    const auto record = std::bit_cast<Record>(bytes);
    return record.file == file ? std::optional(record.digest) : std::nullopt;
}

void Cache::remember(const FileIdentity& file, const Digest& digest) const {
    if (!file.is_settled()) {
        return;
    }
    const std::string name = record_name(file);
    make_parents(root_.get(), name);
    const Record record{file, digest};
    auto opened = NewFile::create(directory_ + "/" + name, kOwnFile);
    if (opened && opened->write(0, std::as_bytes(std::span(&record, 1)))) {
        [[maybe_unused]] const auto kept = std::move(*opened).publish();  // or hashed again
    }
}

UniqueFd Cache::take_upgrade_turn() const {
    // The lock is the directory's: a file for it could be pruned while it is held.
    UniqueFd directory(
        ::openat(root_.get(), version_directory().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!directory || ::flock(directory.get(), LOCK_EX | LOCK_NB) != 0) {
        return {};
    }
    return directory;
}

void Cache::give_up(const Digest& key) const {
    const std::string name = given_up_name(key);
    make_parents(root_.get(), name);
    auto file = NewFile::create(directory_ + "/" + name, kOwnFile);
    if (file) {
        [[maybe_unused]] const auto kept = std::move(*file).publish();  // or tried again
    }
}

bool Cache::gave_up(const Digest& key) const {
    return static_cast<bool>(open_own(given_up_name(key)));
}

Bytes cache_limit() {
    return size_variable("WASMAX_CACHE_MIB", Bytes{kMiB}).value_or(kDefaultCacheLimit);
}

}  // namespace wasmax::engine
