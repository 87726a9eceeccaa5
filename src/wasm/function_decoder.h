#pragma once

#include "base/result.h"
#include "wasm/decoder.h"
#include "wasm/module.h"
#include "wasm/sink.h"

namespace wasmax::wasm {

// The declaration below is the contract; its template is in impl/ and is included at the end.

/// Validates one function body in a single pass and tells `sink` about it (sink.h).
/// Time and memory are linear in the size of the body; nesting does not recurse.
/// wasm: valid-func, binary-code
template <class Sink>
[[nodiscard]] Result<void, ModuleError> decode_function(const Module& module, Features features,
                                                        FunctionIndex function, Sink& sink);

}  // namespace wasmax::wasm

#include "wasm/impl/function_decoder_impl.h"
