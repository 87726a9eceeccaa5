#pragma once

#include <string>

#include "base/error.h"
#include "base/result.h"
#include "engine/engine.h"

namespace wasmax::engine {

/// What artifacts for other machines are compiled for: CPUs since 2013 (AVX2, BMI2).
inline constexpr const char* kPortableCpu = "x86-64-v3";

/// Compiles the module at `input` to an artifact at `output`, which appears complete or not at all.
/// Errors: as Program::load; host (the target directory is missing, read-only or full); invalid
/// (the input is an artifact already).
[[nodiscard]] Result<void, Error> compile_file(const std::string& input, const std::string& output,
                                               const LoadOptions& options);

}  // namespace wasmax::engine
