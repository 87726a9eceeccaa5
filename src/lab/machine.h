#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "lab/interrupt.h"
#include "lab/stop.h"

namespace wasmax::lab {

/// What a result depends on besides the contenders: facts by name (`cpu`, `kernel`, `mitigations`,
/// ...), as the kernel and the tools state them; `unknown` where they do not.
using Machine = std::map<std::string, std::string>;

/// A fact to ask a program for: the first line that `command` prints.
struct ToolFact {
    /// Whether an exit code other than 0 makes the fact unknown.
    enum class Success : std::uint8_t { required, any };

    std::string name;
    std::vector<std::string> command;
    Success success = Success::required;
};

/// The machine as it is now, with the facts of `tools`. Errors: Stop only; a tool that is missing
/// or fails is `unknown`.
[[nodiscard]] Attempt<Machine> fingerprint(const std::vector<ToolFact>& tools,
                                           Interrupt& interrupt);

/// The same, with the files of the kernel below `root` instead of `/`.
[[nodiscard]] Machine kernel_facts(const std::filesystem::path& root);

}  // namespace wasmax::lab
