#include "engine/inspect.h"

#include <elf.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "base/units.h"
#include "engine/artifact_file.h"
#include "engine/digest.h"
#include "engine/module_file.h"
#include "launch/embedded.h"
#include "runtime/mapping.h"
#include "wasm/decoder.h"
#include "wasm/types.h"

namespace wasmax::engine {
namespace {

bool is_valid(ByteView module, wasm::Features features) {
    const auto decoded = wasm::decode_module(module, {.features = features});
    return decoded && wasm::validate_functions(*decoded, features);
}

std::vector<wasm::Feature> used_features(ByteView module) {
    std::vector<wasm::Feature> used;
    for (const wasm::Feature feature : wasm::switchable_features()) {
        wasm::Features others = wasm::Features::supported();
        others.disable(feature);
        if (!is_valid(module, others)) {
            used.push_back(feature);
        }
    }
    return used;
}

/// A T at `offset` of `image`, or nullopt if it is not inside.
template <class T>
std::optional<T> read_at(ByteView image, std::uint64_t offset) {
    if (offset > image.size() || sizeof(T) > image.size() - offset) {
        return std::nullopt;
    }
    T value;
    std::memcpy(&value, image.data() + offset, sizeof value);
    return value;
}

/// What create-exe put into an ELF file, if anything.
std::optional<launch::EmbeddedGuest> find_guest(ByteView image) {
    const auto elf = read_at<Elf64_Ehdr>(image, 0);
    for (std::uint64_t index = 0; elf && index < elf->e_phnum; ++index) {
        const auto segment = read_at<Elf64_Phdr>(image, elf->e_phoff + index * sizeof(Elf64_Phdr));
        if (!segment || segment->p_type != launch::kEmbeddedSegment) {
            continue;
        }
        const auto guest = read_at<launch::EmbeddedGuest>(image, segment->p_offset);
        const auto inside = [&](std::uint64_t offset, std::uint64_t bytes) {
            return offset <= image.size() && bytes <= image.size() - offset;
        };
        if (guest && guest->magic == launch::kEmbeddedMagic &&
            inside(guest->artifact_offset, guest->artifact_bytes) &&
            inside(guest->options_offset, guest->options_bytes)) {
            return guest;
        }
    }
    return std::nullopt;
}

std::vector<std::string> split_options(ByteView bytes) {
    std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    std::vector<std::string> options;
    while (!text.empty()) {
        const auto end = text.find('\0');
        options.emplace_back(text.substr(0, end));
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    }
    return options;
}

/// The artifact in an executable, as a file of its own.
Result<UniqueFd, Error> extract(ByteView artifact, const std::string& path) {
    UniqueFd file(::memfd_create("artifact", MFD_CLOEXEC));
    while (file && !artifact.empty()) {
        const ssize_t put = ::write(file.get(), artifact.data(), artifact.size());
        if (put < 0) {
            return fail(Error::from_errno(errno, path));
        }
        artifact = artifact.subspan(static_cast<std::size_t>(put));
    }
    return file;
}

Result<void, Error> inspect_elf(Inspection& found, ByteView image, int fd,
                                const std::string& path) {
    found.digest = digest_of(image);
    if (const auto guest = find_guest(image)) {
        found.kind = Inspection::Kind::executable;
        found.options = split_options(image.subspan(guest->options_offset, guest->options_bytes));
        const UniqueFd own =
            TRY(extract(image.subspan(guest->artifact_offset, guest->artifact_bytes), path));
        found.artifact = TRY(map_artifact(own.get(), path, nullptr));
    } else {
        found.kind = Inspection::Kind::artifact;
        found.artifact = TRY(map_artifact(fd, path, nullptr));
    }
    found.module = found.artifact->module();
    for (const wasm::Feature feature : wasm::switchable_features()) {
        if ((found.artifact->header().features >> static_cast<unsigned>(feature) & 1U) != 0) {
            found.features.push_back(feature);
        }
    }
    return {};
}

Result<void, Error> inspect_module(Inspection& found, const std::string& path) {
    found.source.emplace(TRY(ModuleFile::read(path)));
    const ByteView bytes = found.source->bytes();
    found.digest = digest_of(bytes);
    auto module = wasm::decode_module(bytes);
    if (!module) {
        return fail(Error::invalid(path + ": " + wasm::to_string(module.error())));
    }
    found.module = std::move(module).value();
    found.features = used_features(bytes);
    return {};
}

}  // namespace

Result<Inspection, Error> inspect(const std::string& path) {
    Inspection found;
    const std::optional<UniqueFd> elf = TRY(open_if_artifact(path));
    if (!elf) {
        TRY(inspect_module(found, path));
        found.file_bytes = found.source->bytes().size();
        return found;
    }
    struct stat status{};
    // NOLINTNEXTLINE(bugprone-unchecked-optional-access): it is checked above
    if (::fstat(elf->get(), &status) != 0) {
        return fail(Error::from_errno(errno, path));
    }
    found.file_bytes = static_cast<std::uint64_t>(status.st_size);
    const auto image = TRY(runtime::Mapping::file(elf->get(), found.file_bytes, path));
    TRY(inspect_elf(found, image.view(), elf->get(), path));
    return found;
}

}  // namespace wasmax::engine
