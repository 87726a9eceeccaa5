#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "abi/artifact.h"
#include "abi/context_layout.h"
#include "abi/exception.h"
#include "base/error.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "base/units.h"
#include "runtime/mapping.h"
#include "runtime/memory.h"
#include "runtime/trap_handler.h"
#include "wasm/decoder.h"
#include "wasm/module.h"

namespace wasmax::runtime {

/// A compiled module, mapped: its code can be called as soon as it is instantiated. Immutable.
/// Threads: any.
class Artifact {
public:
    /// Maps the artifact in `fd` (borrowed, not needed afterwards; a regular file or memfd that
    /// nobody shortens while it is mapped). `name` is for messages and backtraces. The whole
    /// structure is checked: a file that is not an artifact gives an error, never a crash. The
    /// machine code itself is trusted, so the file must come from our compiler.
    /// Errors: host; invalid (not an artifact, or a damaged one); unsupported (of another version,
    /// or for another CPU).
    [[nodiscard]] static Result<std::shared_ptr<const Artifact>, Error> map(int fd,
                                                                            std::string name);

    /// The same for an image that is part of this executable: its segments are mapped already, with
    /// the protection that they ask for, and stay. Errors: invalid, unsupported.
    /// `file` is the executable, in which the image starts at `file_offset`; -1 if it can't be had.
    [[nodiscard]] static Result<std::shared_ptr<const Artifact>, Error> adopt(
        ByteView image, std::string name, UniqueFd file, std::uint64_t file_offset);

    /// Whether the bytes that matter are those that the compiler wrote. Reads them all: a few
    /// milliseconds for 30 MB.
    [[nodiscard]] bool is_intact() const;

    [[nodiscard]] const std::string& name() const { return name_; }
    [[nodiscard]] const abi::ArtifactHeader& header() const { return header_; }
    /// Without function bodies.
    [[nodiscard]] const wasm::Module& module() const { return module_; }
    [[nodiscard]] const abi::ContextLayout& layout() const { return layout_; }

    /// Of a defined function.
    [[nodiscard]] const void* code(wasm::FunctionIndex function) const;
    [[nodiscard]] std::uint64_t code_bytes(wasm::FunctionIndex function) const;
    /// Of the wrapper with the wasm convention around an imported host function; null without one.
    [[nodiscard]] const void* wrapper(wasm::FunctionIndex function) const;
    /// The machine code, wrappers included.
    [[nodiscard]] ByteView text() const { return text_; }

    /// What memories begin with, instead of active data segments; usually nothing.
    struct InitialMemory {
        wasm::MemoryIndex memory;
        std::uint64_t address = 0;
        Memory::Image image;
    };
    [[nodiscard]] std::vector<InitialMemory> initial_memory() const;

    struct Location {
        wasm::FunctionIndex function;
        std::uint64_t wasm_offset =
            0;  ///< of the instruction from the module's start; 0 is unknown
    };
    /// The instruction whose machine code contains `pc`, an address of a defined function.
    [[nodiscard]] std::optional<Location> find(std::uintptr_t pc) const;
    /// What an unwinder needs to know about a call: where it goes when an exception leaves it (0:
    /// to the caller), and where its function saved registers (abi/exception.h).
    struct CallSite {
        std::uintptr_t landing_pad = 0;
        std::uint32_t saved = 0;
    };
    /// Of the call that contains `pc`. nullopt outside of functions, and where no exception can
    /// pass through the module.
    [[nodiscard]] std::optional<CallSite> call_site(std::uintptr_t pc) const;
    /// From the name section or exports, else `func[N]`.
    [[nodiscard]] std::string function_name(wasm::FunctionIndex function) const;

private:
    /// A file from `offset` on.
    struct File {
        UniqueFd fd;
        std::uint64_t offset = 0;
    };
    Artifact(std::string name, ByteView image, Mapping mapping, File file)
        : name_(std::move(name)),
          mapping_(std::move(mapping)),
          image_(image),
          file_(std::move(file)) {}
    [[nodiscard]] static Result<std::shared_ptr<const Artifact>, Error> create(std::string name,
                                                                               ByteView image,
                                                                               Mapping mapping,
                                                                               File file);
    [[nodiscard]] Result<void, Error> load();
    [[nodiscard]] Result<void, Error> load_tables(const abi::ArtifactHeader& header);
    [[nodiscard]] Result<void, Error> load_module(const abi::ArtifactHeader& header);
    [[nodiscard]] Result<void, Error> load_text(const abi::ArtifactHeader& header);

    const std::string name_;
    Mapping mapping_;  // of image_; empty if adopted
    const ByteView image_;
    const File file_;  // of image_
    abi::ArtifactHeader header_;
    GuardRegion code_region_;  // after mapping_: unregistered before it is unmapped
    wasm::Module module_;
    mutable std::once_flag names_decoded_;  // most runs need no name
    mutable wasm::FunctionNames names_;
    abi::ContextLayout layout_;
    ByteView text_;
    std::span<const std::uint32_t> functions_;
    std::span<const std::uint32_t> wrappers_;
    std::span<const std::uint32_t> pcmap_index_;
    ByteView pcmap_entries_;
    std::vector<abi::MemoryExtent> extents_;
    std::span<const std::uint32_t> unwind_;  // empty, or one per function
    std::span<const abi::LandingRange> landing_;
};

}  // namespace wasmax::runtime
