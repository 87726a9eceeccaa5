#include "engine/engine.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "base/error.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "base/units.h"
#include "engine/compiler.h"
#include "engine/imports.h"
#include "engine/module_file.h"
#include "io/direct.h"
#include "runtime/artifact.h"
#include "runtime/instance.h"
#include "runtime/outcome.h"
#include "runtime/store.h"
#include "runtime/thread.h"
#include "wasix/process.h"
#include "wasm/decoder.h"

namespace wasmax::engine {
namespace {

/// A start function that ends the guest or traps does so before `_start` is called.
Result<wasix::Outcome, Error> outcome_of(runtime::InstantiateError&& error,
                                         const std::string& name) {
    if (auto* trap = std::get_if<runtime::Trap>(&error)) {
        return wasix::Outcome(runtime::Trapped{std::move(*trap)});
    }
    if (const auto* left = std::get_if<runtime::Left>(&error)) {
        return wasix::Outcome(wasix::Process::exited(*left));
    }
    if (auto* host = std::get_if<Error>(&error)) {
        return fail(std::move(*host).in(name));
    }
    return fail(Error::invalid(name + ": " + runtime::to_string(error)));
}

}  // namespace

Result<Program, Error> Program::load(const std::string& path, const LoadOptions& options) {
    const ModuleFile file = TRY(ModuleFile::read(path, options.progress));
    return compile(file.bytes(), path, options);
}

Result<Program, Error> Program::compile(ByteView binary, const std::string& name,
                                        const LoadOptions& options) {
    const auto module = wasm::decode_module(binary, {.features = options.compile.features});
    if (!module) {
        return fail(Error::invalid(name + ": " + wasm::to_string(module.error())));
    }
    TRY(check_imports(*module, name));
    const UniqueFd artifact =
        TRY(compile_in_child(binary, name, options.compile, options.progress));
    return Program(TRY(runtime::Artifact::map(artifact.get(), name)));
}

Result<wasix::Outcome, Error> Program::run(wasix::ProcessOptions options) const {
    io::DirectBackend io;
    const auto process = TRY(wasix::Process::create(std::move(options), io));
    runtime::Store store;
    const auto thread = TRY(runtime::ThreadState::create(store));
    process->attach(*thread);
    const auto imports = TRY(bind_imports(artifact_->module(), store));
    auto instance = runtime::Instance::create(store, *thread, artifact_, imports);
    if (!instance) {
        return outcome_of(std::move(instance).error(), artifact_->name());
    }
    return process->run(**instance, *thread);
}

}  // namespace wasmax::engine
