#include "engine/compile_file.h"

#include <string>
#include <utility>

#include "base/error.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "engine/artifact_file.h"
#include "engine/engine.h"
#include "engine/module_file.h"
#include "engine/new_file.h"

namespace wasmax::engine {

Result<void, Error> compile_file(const std::string& input, const std::string& output,
                                 const LoadOptions& options) {
    if (TRY(open_if_artifact(input))) {
        return fail(Error::invalid(input + ": is compiled already; compile takes a module"));
    }
    const ModuleFile module = TRY(ModuleFile::read(input, options.progress));
    // Before the minutes that compiling may take.
    constexpr mode_t kMode = 0666;
    NewFile file = TRY(NewFile::create(output, kMode));
    const UniqueFd artifact = TRY(compile_module(module.bytes(), input, options));
    TRY(file.copy(0, artifact.get()));
    return std::move(file).publish();
}

}  // namespace wasmax::engine
