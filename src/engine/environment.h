#pragma once

#include <optional>
#include <string>

#include "base/units.h"

namespace wasmax::engine {

/// The environment variable `name`, or empty. Threads: nobody may set variables meanwhile.
[[nodiscard]] std::string variable(const char* name);

/// The size that the variable `name` gives as a number of `unit`s; nullopt if it is unset, no
/// decimal number or too large for Bytes. Threads: as variable().
[[nodiscard]] std::optional<Bytes> size_variable(const char* name, Bytes unit);

}  // namespace wasmax::engine
