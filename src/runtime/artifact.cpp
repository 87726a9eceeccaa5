#include "runtime/artifact.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "abi/artifact.h"
#include "abi/context_layout.h"
#include "base/assert.h"
#include "base/error.h"
#include "base/result.h"
#include "base/units.h"
#include "runtime/impl/artifact_image.h"
#include "runtime/mapping.h"
#include "runtime/trap_handler.h"
#include "wasm/decoder.h"
#include "wasm/module.h"

namespace wasmax::runtime {
namespace {

Error damaged(const char* what) {
    return Error::invalid(std::string("damaged artifact (compile the module again): ") + what);
}

/// Whether the numbers ascend to at most `limit`.
bool ascend(std::span<const std::uint32_t> numbers, std::uint64_t limit) {
    return std::ranges::is_sorted(numbers) && (numbers.empty() || numbers.back() <= limit);
}

/// Reads the pcmap entries of a function until they end: a damaged one ends early.
class PcmapReader {
public:
    explicit PcmapReader(ByteView bytes) : bytes_(bytes) {}

    /// The wasm offset of the last entry whose pc is at most `pc` bytes into the function; 0
    /// without one.
    std::uint64_t find(std::uint64_t pc) {
        std::uint64_t entry_pc = 0;
        std::uint64_t offset = 0;
        for (;;) {
            const auto pc_delta = leb(/*is_signed=*/false);
            const auto offset_delta = leb(/*is_signed=*/true);
            if (!pc_delta.has_value() || !offset_delta.has_value() || *pc_delta > pc - entry_pc) {
                return offset;
            }
            entry_pc += *pc_delta;
            offset += *offset_delta;
        }
    }

private:
    std::optional<std::uint64_t> leb(bool is_signed) {
        std::uint64_t value = 0;
        for (unsigned shift = 0; shift < 64 && !bytes_.empty(); shift += 7) {
            const auto byte = std::to_integer<std::uint64_t>(bytes_.front());
            bytes_ = bytes_.subspan(1);
            value |= (byte & 0x7f) << shift;
            if ((byte & 0x80) == 0) {
                const bool negative = is_signed && (byte & 0x40) != 0 && shift + 7 < 64;
                return negative ? value | ~std::uint64_t{0} << (shift + 7) : value;
            }
        }
        return std::nullopt;
    }

    ByteView bytes_;
};

}  // namespace

Result<std::shared_ptr<const Artifact>, Error> Artifact::map(int fd, std::string name) {
    struct stat status{};
    if (fstat(fd, &status) != 0) {
        return fail(Error::from_errno(errno, "reading an artifact").in(name));
    }
    if (!S_ISREG(status.st_mode) || status.st_size <= 0) {
        return fail(Error::invalid("not an artifact").in(name));
    }
    auto image = Mapping::file(fd, static_cast<std::uint64_t>(status.st_size), "mapping");
    if (!image.has_value()) {
        return fail(std::move(image).error().in(name));
    }
    const ByteView view = image->view();
    // Without a descriptor of its own it works too: memories are copied.
    return create(std::move(name), view, std::move(image).value(),
                  {.fd = UniqueFd(fcntl(fd, F_DUPFD_CLOEXEC, 0)), .offset = 0});
}

Result<std::shared_ptr<const Artifact>, Error> Artifact::adopt(ByteView image, std::string name,
                                                               UniqueFd file,
                                                               std::uint64_t file_offset) {
    return create(std::move(name), image, Mapping(),
                  {.fd = std::move(file), .offset = file_offset});
}

Result<std::shared_ptr<const Artifact>, Error> Artifact::create(std::string name, ByteView image,
                                                                Mapping mapping, File file) {
    const std::shared_ptr<Artifact> artifact(
        // NOLINTNEXTLINE(cppcoreguidelines-owning-memory): the constructor is private.
        new Artifact(std::move(name), image, std::move(mapping), std::move(file)));
    auto loaded = artifact->load();
    if (!loaded.has_value()) {
        return fail(std::move(loaded).error().in(artifact->name_));
    }
    return std::shared_ptr<const Artifact>(artifact);
}

bool Artifact::is_intact() const {
    const auto covered = static_cast<std::size_t>(text_.data() + text_.size() - image_.data());
    return abi::artifact_checksum(image_.first(covered)) == header_.checksum;
}

Result<void, Error> Artifact::load() {
    header_ = TRY(checked_header(image_));
    TRY(load_tables(header_));
    TRY(load_module(header_));
    return load_text(header_);
}

Result<void, Error> Artifact::load_tables(const abi::ArtifactHeader& header) {
    const std::uint64_t ends = std::uint64_t{header.defined_functions} + 1;
    functions_ = TRY(part_numbers(image_, header.functions, ends));
    wrappers_ = TRY(part_numbers(image_, header.wrappers, header.imported_functions));
    pcmap_index_ = TRY(part_numbers(image_, header.pcmap_index, ends));
    pcmap_entries_ = part_bytes(image_, header.pcmap_entries);
    if (header.unwind.bytes != 0) {
        unwind_ = TRY(part_numbers(image_, header.unwind, header.defined_functions));
    }
    landing_ = TRY(part_ranges(image_, header.landing));
    const bool pads_inside = std::ranges::is_sorted(landing_, {}, &abi::LandingRange::begin) &&
                             std::ranges::all_of(landing_, [&](const abi::LandingRange& range) {
                                 return range.begin <= range.end &&
                                        range.end <= header.text.bytes &&
                                        range.pad < header.text.bytes;
                             });
    const bool wrappers_inside = std::ranges::all_of(wrappers_, [&](std::uint32_t offset) {
        return offset == abi::kNoWrapper || offset < header.text.bytes;
    });
    if (!ascend(functions_, header.text.bytes) || !wrappers_inside || !pads_inside ||
        !ascend(pcmap_index_, pcmap_entries_.size())) {
        return fail(damaged("a table of functions points outside"));
    }
    return {};
}

Result<void, Error> Artifact::load_module(const abi::ArtifactHeader& header) {
    auto module = wasm::decode_module(part_bytes(image_, header.module),
                                      {.code = wasm::DecodeOptions::Code::absent});
    if (!module.has_value()) {
        return fail(Error::invalid("damaged artifact (compile the module again): " +
                                   wasm::to_string(module.error())));
    }
    module_ = std::move(module).value();
    if (module_.imported_functions != header.imported_functions ||
        module_.defined_functions() != header.defined_functions) {
        return fail(damaged("the module has other functions"));
    }
    layout_ = abi::ContextLayout::of(module_);
    extents_ = TRY(memory_extents(image_, header));
    for (const abi::MemoryExtent& extent : extents_) {
        if (extent.memory < module_.imported_memories ||
            extent.memory >= module_.memory_types.size()) {
            return fail(damaged("a memory extent of no memory"));
        }
    }
    return {};
}

Result<void, Error> Artifact::load_text(const abi::ArtifactHeader& header) {
    text_ = part_bytes(image_, header.text);
    if (!text_.empty()) {
        if (mapping_.base() != nullptr) {
            TRY(mapping_.access(header.text.offset, align_up(text_.size(), kHostPageBytes),
                                Mapping::Access::read_execute, "mapping code"));
        }
        code_region_ = GuardRegion(RegionKind::code, text_.data(), text_.size(), this);
    }
    return {};
}

const void* Artifact::code(wasm::FunctionIndex function) const {
    WASMAX_ASSERT(!module_.is_imported(function));
    return text_.data() + functions_[function.value - module_.imported_functions];
}

std::uint64_t Artifact::code_bytes(wasm::FunctionIndex function) const {
    WASMAX_ASSERT(!module_.is_imported(function));
    const std::uint32_t index = function.value - module_.imported_functions;
    return functions_[index + 1] - functions_[index];
}

const void* Artifact::wrapper(wasm::FunctionIndex function) const {
    WASMAX_ASSERT(module_.is_imported(function));
    const std::uint32_t offset = wrappers_[function.value];
    return offset == abi::kNoWrapper ? nullptr : text_.data() + offset;
}

std::vector<Artifact::InitialMemory> Artifact::initial_memory() const {
    std::vector<InitialMemory> all;
    all.reserve(extents_.size());
    for (const abi::MemoryExtent& extent : extents_) {
        all.push_back({.memory = {extent.memory},
                       .address = extent.address,
                       .image = {.bytes = image_.subspan(extent.offset, extent.bytes),
                                 .fd = file_.fd ? file_.fd.get() : -1,
                                 .file_offset = file_.offset + extent.offset}});
    }
    return all;
}

std::optional<Artifact::Location> Artifact::find(std::uintptr_t pc) const {
    const std::uint64_t offset = pc - reinterpret_cast<std::uintptr_t>(text_.data());
    const auto after = std::ranges::upper_bound(functions_, offset);
    if (after == functions_.begin() || after == functions_.end()) {
        return std::nullopt;
    }
    const auto index = static_cast<std::uint32_t>(after - functions_.begin()) - 1;
    const ByteView entries =
        pcmap_entries_.subspan(pcmap_index_[index], pcmap_index_[index + 1] - pcmap_index_[index]);
    return Location{.function = {module_.imported_functions + index},
                    .wasm_offset = PcmapReader(entries).find(offset - functions_[index])};
}

std::optional<Artifact::CallSite> Artifact::call_site(std::uintptr_t pc) const {
    const auto base = reinterpret_cast<std::uintptr_t>(text_.data());
    const auto after = std::ranges::upper_bound(functions_, pc - base);
    if (unwind_.empty() || after == functions_.begin() || after == functions_.end()) {
        return std::nullopt;
    }
    const auto index = static_cast<std::size_t>(after - functions_.begin()) - 1;
    CallSite site{.landing_pad = 0, .saved = unwind_[index]};
    const auto next = std::ranges::upper_bound(landing_, pc - base, {}, &abi::LandingRange::begin);
    if (next != landing_.begin() && pc - base < (next - 1)->end) {
        site.landing_pad = base + (next - 1)->pad;
    }
    return site;
}

std::string Artifact::function_name(wasm::FunctionIndex function) const {
    std::call_once(names_decoded_, [this] { names_ = wasm::FunctionNames::decode(module_); });
    return names_.name(function);
}

}  // namespace wasmax::runtime
