#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "abi/artifact.h"
#include "base/error.h"
#include "base/result.h"
#include "runtime/artifact.h"

namespace wasmax::runtime {

using ByteVector = std::vector<std::byte>;

/// The machine code of one function, in bytes: for what compiled wasm does not do by itself.
using MachineCode = std::vector<int>;

/// A wasm binary without its code section, from text.
[[nodiscard]] ByteVector module_part(std::string_view text);

/// An artifact whose defined functions are `functions` instead of their bodies in `text`. Each byte
/// of code has a pcmap entry: the wasm offset of byte n of a function is 100 + n.
[[nodiscard]] ByteVector build_artifact(std::string_view text,
                                        std::span<const MachineCode> functions);

/// Where build_artifact() puts the header.
[[nodiscard]] abi::ArtifactHeader& header_of(ByteVector& image);

/// Maps `image` from a memfd.
[[nodiscard]] Result<std::shared_ptr<const Artifact>, Error> map_image(
    std::span<const std::byte> image, std::string name = "test");

}  // namespace wasmax::runtime
