#pragma once

#include <string>

#include "base/error.h"
#include "base/result.h"
#include "engine/engine.h"

namespace wasmax::engine {

struct ExecutableOptions {
    LoadOptions load;
    /// What the program is granted wherever it runs: options as on its command line, such as
    /// `--wasmax-net`, each ended by NUL (launch/embedded.h).
    std::string built_in;
    /// Run the result with launch::kSelfCheckOption before it is put in its place.
    bool check = true;
};

/// Makes `output` an executable that runs the program at `input`, a module or an artifact of this
/// version, and needs nothing but a kernel. It appears complete and checked, or not at all.
/// Errors: as Program::load; host (the target directory); internal (no wasmax-standalone, the
/// self-check failed: with what it said).
[[nodiscard]] Result<void, Error> create_executable(const std::string& input,
                                                    const std::string& output,
                                                    const ExecutableOptions& options);

}  // namespace wasmax::engine
