#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/result.h"
#include "lab/experiment.h"
#include "lab/interrupt.h"
#include "lab/progress.h"

namespace wasmax::lab {

/// Where the contenders of the founding experiment come from.
struct FoundingFiles {
    std::filesystem::path wasmax;            ///< the runtime to measure
    std::filesystem::path guests;            ///< holds server_close.wat, and the twin or its source
    std::filesystem::path output_directory;  ///< exists; a twin compiled here goes there
};

/// The experiment of which all contenders answer alike on port 8080, a connection per request, with
/// its default load and no contender yet.
[[nodiscard]] Experiment founding_experiment();

/// The contenders of that name: `wasm` (server_close.wat in wasmax) and `native` (its C twin,
/// compiled with `cc -O3` into the output directory when it does not lie beside the guest). A
/// repeated name is the same contender once more, as `NAME-2`. Errors: invalid (unknown name, guest
/// not found, no compiler); internal (the compiler fails); host; Stop.
[[nodiscard]] Attempt<std::vector<Contender>> founding_contenders(
    const std::vector<std::string>& names, const FoundingFiles& files, Interrupt& interrupt,
    Progress& progress);

}  // namespace wasmax::lab
