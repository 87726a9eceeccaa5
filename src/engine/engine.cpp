#include "engine/engine.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "base/error.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "base/units.h"
#include "engine/artifact_file.h"
#include "engine/compiler.h"
#include "engine/module_file.h"
#include "launch/imports.h"
#include "launch/run_guest.h"
#include "runtime/artifact.h"
#include "wasix/process.h"
#include "wasm/decoder.h"

namespace wasmax::engine {

Result<UniqueFd, Error> compile_module(ByteView binary, const std::string& name,
                                       const LoadOptions& options) {
    const auto module = wasm::decode_module(binary, {.features = options.compile.features});
    if (!module) {
        return fail(Error::invalid(name + ": " + wasm::to_string(module.error())));
    }
    TRY(launch::check_imports(*module, name));
    return compile_in_child(binary, name, options.compile, options.progress);
}

Result<Program, Error> Program::load(const std::string& path, const LoadOptions& options) {
    if (const std::optional<UniqueFd> artifact = TRY(open_if_artifact(path))) {
        return Program(TRY(map_artifact(artifact->get(), path)));
    }
    const ModuleFile file = TRY(ModuleFile::read(path, options.progress));
    return compile(file.bytes(), path, options);
}

Result<Program, Error> Program::compile(ByteView binary, const std::string& name,
                                        const LoadOptions& options) {
    const UniqueFd artifact = TRY(compile_module(binary, name, options));
    return Program(TRY(runtime::Artifact::map(artifact.get(), name)));
}

Result<wasix::Outcome, Error> Program::run(wasix::ProcessOptions options) const {
    return launch::run_guest(artifact_, std::move(options));
}

}  // namespace wasmax::engine
