#pragma once

#include <cstdint>
#include <variant>

#include "runtime/outcome.h"

namespace wasmax::wasix {

/// proc_exit and its like, also from the start function; or a signal n that ended it: 128 + n.
struct Exited {
    std::uint8_t code = 0;
};

/// How a guest process ended.
using Outcome = std::variant<runtime::Returned, Exited, runtime::Trapped>;

}  // namespace wasmax::wasix
