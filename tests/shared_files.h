#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace wasmax::test {

/// The path of `name` (such as "abi/wasix.json") in the directory of files this repository does not
/// contain (CMake's WASMAX_SHARED), or nothing when it is absent. Then the test says
/// `GTEST_SKIP() << missing_shared_file(name);`.
inline std::optional<std::filesystem::path> shared_file(std::string_view name) {
    std::filesystem::path path = std::filesystem::path(WASMAX_SHARED) / name;
    if (!std::filesystem::exists(path)) {
        return std::nullopt;
    }
    return path;
}

/// The reason to print for a skipped test.
inline std::string missing_shared_file(std::string_view name) {
    return (std::filesystem::path(WASMAX_SHARED) / name).string() +
           " is absent; -DWASMAX_SHARED=DIRECTORY says where it is";
}

}  // namespace wasmax::test
