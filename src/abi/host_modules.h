#pragma once

#include <algorithm>
#include <array>
#include <string_view>

#include "wasm/module.h"

namespace wasmax::abi {

/// Import modules whose functions are native entries of the host: compiled code calls them through
/// one slot with the C convention. Functions of any other module are linked and may be wasm.
inline constexpr std::array<std::string_view, 5> kHostModules{
    "wasi_snapshot_preview1", "wasi_unstable", "wasi", "wasix_32v1", "wasix_64v1"};

/// Whether `import` is a function of a host module.
[[nodiscard]] constexpr bool is_host_function(const wasm::Import& import) {
    return import.kind() == wasm::ExternKind::function &&
           std::find(kHostModules.begin(), kHostModules.end(), import.module) != kHostModules.end();
}

}  // namespace wasmax::abi
