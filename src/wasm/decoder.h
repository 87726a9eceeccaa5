#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "base/units.h"
#include "wasm/module.h"
#include "wasm/types.h"

namespace wasmax::wasm {

/// Why a module was refused.
struct ModuleError {
    /// `malformed`: not the binary format. `invalid`: decodes, but breaks a validation rule.
    /// `unsupported`: uses a feature that is off, or that wasmax does not have. `limit`: larger
    /// than limits.h allows.
    enum class Kind : std::uint8_t { malformed, invalid, unsupported, limit };

    Kind kind = Kind::malformed;
    std::uint64_t offset = 0;  ///< from the start of the module
    std::string message;       ///< the specification's words where it has some
    std::string section;       ///< such as `type section` or `function 12`; may be empty
};

/// `invalid module at offset 0x2a (function 12): type mismatch: expected i32, found i64`
[[nodiscard]] std::string to_string(const ModuleError& error);

struct DecodeOptions {
    Features features = Features::supported();
    /// `absent`: the bytes hold no code section although there are defined functions (an artifact's
    /// module section, docs/decisions/0005-artifact-module-section-is-wasm.md).
    enum class Code : std::uint8_t { present, absent } code = Code::present;
};

/// Decodes and validates everything but the function bodies. `bytes` must outlive the module.
/// Never reads outside `bytes`, never allocates more than a small multiple of their size.
/// wasm: binary-module, valid-module
[[nodiscard]] Result<Module, ModuleError> decode_module(ByteView bytes,
                                                        const DecodeOptions& options = {});

/// Validates every function body, on `threads` threads (0: as many as there are CPUs).
/// The error is the one with the lowest function index, whatever the number of threads.
/// wasm: valid-func
[[nodiscard]] Result<void, ModuleError> validate_functions(const Module& module, Features features,
                                                           unsigned threads = 0);

/// Names of functions from the `name` custom section; malformed sections give no names.
/// wasm: appendix names (binary-namesec)
class FunctionNames {
public:
    [[nodiscard]] static FunctionNames decode(const Module& module);
    /// The name, the export's name, or `func[N]`.
    [[nodiscard]] std::string name(FunctionIndex function) const;

private:
    std::vector<std::string> names_;  ///< by function index; empty where unknown
};

}  // namespace wasmax::wasm
