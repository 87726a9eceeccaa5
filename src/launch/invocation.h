#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/result.h"
#include "runtime/value.h"
#include "wasm/types.h"

namespace wasmax::launch {

/// A call of an exported function instead of `_start` (`run --invoke`).
struct Invocation {
    std::string function;
    std::vector<std::string> arguments;  ///< as on a command line
};

/// The arguments as values of the function's parameters: integers in decimal or, with 0x, in
/// hexadecimal, signed or unsigned; floats as strtod(3) reads them. Errors: invalid (another number
/// of arguments, one that is no such value or out of range, a type that has no text).
[[nodiscard]] Result<std::vector<runtime::Value>, Error> read_arguments(
    const Invocation& invocation, const wasm::FunctionType& type);

/// The results, a line each, as wasmtime and wasmer print them: integers signed, floats in the
/// shortest form that reads back as the same value.
[[nodiscard]] std::string to_lines(std::span<const runtime::Value> results,
                                   const wasm::FunctionType& type);

}  // namespace wasmax::launch
