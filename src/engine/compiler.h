#pragma once

#include <memory>
#include <string>

#include "base/error.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "base/units.h"
#include "codegen/compiler.h"
#include "codegen/plugin.h"
#include "engine/child_task.h"

namespace wasmax::engine {

/// Of the process that compiles.
struct ChildOptions {
    Progress progress;  ///< may be empty
    ChildLimits limits;
};

/// The compiler in this process: libwasmax_codegen.so, loaded and never unloaded (LLVM keeps
/// state). For tools that compile many modules; `run` compiles in a child instead
/// (compile_in_child).
class Compiler {
public:
    /// Errors: internal (the library is missing, damaged or of another version).
    [[nodiscard]] static Result<Compiler, Error> load();

    /// Validates and compiles a module. Returns an anonymous file (memfd) with the artifact. `name`
    /// begins error messages. Errors: invalid (the module is), or as codegen::compile().
    [[nodiscard]] Result<UniqueFd, Error> compile(ByteView module, const std::string& name,
                                                  const codegen::CompileOptions& options) const;

private:
    explicit Compiler(codegen::PluginCompile entry) : entry_(entry) {}
    friend Result<UniqueFd, Error> compile_in_child(ByteView, const std::string&,
                                                    const codegen::CompileOptions&,
                                                    const ChildOptions&);

    [[nodiscard]] Result<void, Error> compile_to(int output_fd, ByteView module,
                                                 const std::string& name,
                                                 const codegen::CompileOptions& options) const;

    codegen::PluginCompile entry_;
};

/// The same in a child process, which alone maps LLVM.
/// Errors: also those of run_in_child(). docs/decisions/0003-compile-in-a-child-process.md
[[nodiscard]] Result<UniqueFd, Error> compile_in_child(ByteView module, const std::string& name,
                                                       const codegen::CompileOptions& options,
                                                       const ChildOptions& child = {});

/// Differs between builds of the compiler; empty if it is missing. Does not load it.
[[nodiscard]] std::string compiler_build();

}  // namespace wasmax::engine
