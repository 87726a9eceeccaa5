#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

namespace wasmax::tidy {

/// A place where the repository breaks one of its own rules.
struct Finding {
    std::string file;      ///< relative to the repository
    std::size_t line = 1;  ///< from 1
    std::string rule;      ///< one word or two: layer, banned, length, ...
    std::string advice;    ///< what is wrong and what to do

    friend bool operator==(const Finding&, const Finding&) = default;
};

/// `file:line: [rule] advice`
[[nodiscard]] std::string to_string(const Finding& finding);

/// Checks src/, tests/, bench/, guests/ and cmake/layers.cmake under `root`; sorted by file.
[[nodiscard]] std::vector<Finding> check_repository(const std::filesystem::path& root);

}  // namespace wasmax::tidy
