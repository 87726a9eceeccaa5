#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/result.h"
#include "launch/grants.h"

namespace wasmax::standalone {

struct Options {
    launch::Grants grants;
    std::vector<std::string> guest_arguments;  ///< without the program's name
    bool help = false;
    bool self_check = false;
};

/// Reads options in this order, later ones adding to earlier ones: `built_in` (options, each ended
/// by NUL), variables such as WASMAX_NET of the environment, then `arguments`. Arguments that do
/// not begin with `--wasmax-`, and all after `--`, are the guest's, `--` included. Errors: invalid,
/// a sentence about the option or the variable.
[[nodiscard]] Result<Options, Error> read_options(std::string_view built_in,
                                                  std::span<char* const> arguments);

/// What `--wasmax-help` prints.
[[nodiscard]] std::string help_text(std::string_view program);

}  // namespace wasmax::standalone
