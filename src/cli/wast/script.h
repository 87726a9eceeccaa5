#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/result.h"

namespace wasmax::cli::wast {

/// A command list and the modules it names. The layout of the list is that of wabt's wast2json,
/// with the newer commands and values named as wasm-tools does.
struct Script {
    std::string path;
    nlohmann::json commands;

    /// The bytes of a module that a command's `filename` names. Errors: host.
    [[nodiscard]] Result<std::vector<std::byte>, Error> module(std::string_view filename) const;

    /// Reads a .json list, whose modules are files beside it, or converts a .wast script.
    /// Errors: host, invalid (not such a list, or syntax newer than libwabt knows).
    [[nodiscard]] static Result<Script, Error> read(const std::string& path);

    /// Modules of a converted script.
    std::map<std::string, std::vector<std::byte>, std::less<>> converted;
};

/// The scripts at `path`: itself, or all .json lists and .wast files below a directory, sorted.
/// Errors: host.
[[nodiscard]] Result<std::vector<std::string>, Error> find_scripts(
    const std::filesystem::path& path);

}  // namespace wasmax::cli::wast
