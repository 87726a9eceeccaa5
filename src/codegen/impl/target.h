#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <llvm/Support/CodeGen.h>
#include <llvm/Target/TargetMachine.h>

#include "base/error.h"
#include "base/result.h"

namespace wasmax::codegen {

/// The CPU that code is generated for. Immutable; any number of threads may use one.
class Target {
public:
    /// `cpu` as CompileOptions::cpu. Errors: unsupported, when LLVM does not know it or it lacks
    /// x86-64-v2 (rounding instructions, popcnt).
    [[nodiscard]] static Result<Target, Error> create(std::string_view cpu);

    /// As LLVM names it, such as `znver4`.
    [[nodiscard]] const std::string& cpu() const { return cpu_; }
    /// `+a,-b,...` in alphabetic order; empty when the CPU's name says it all.
    [[nodiscard]] const std::string& features() const { return features_; }

    /// A code generator, for one thread at a time.
    [[nodiscard]] std::unique_ptr<llvm::TargetMachine> create_machine() const;

private:
    Target() = default;
    std::string cpu_;
    std::string features_;
};

}  // namespace wasmax::codegen
