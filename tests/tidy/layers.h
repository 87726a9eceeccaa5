#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace wasmax::tidy {

/// One `wasmax_library(NAME ... DEPENDS ... LOADS ...)` or `wasmax_program(...)`.
struct Layer {
    std::size_t line = 0;           ///< in cmake/layers.cmake, from 1
    std::set<std::string> depends;  ///< what it links and what it loads at run time
};

/// The dependency graph of src/: what each library may include.
using Layers = std::map<std::string, Layer, std::less<>>;

/// Reads the calls of `wasmax_*(NAME ...)` in CMake text.
[[nodiscard]] Layers read_layers(std::string_view cmake);

/// Each cycle once, as the names along it with the first repeated at the end.
[[nodiscard]] std::vector<std::vector<std::string>> cycles(const Layers& layers);

/// `name` and everything it depends on, directly or not.
[[nodiscard]] std::set<std::string> closure(const Layers& layers, std::string_view name);

}  // namespace wasmax::tidy
