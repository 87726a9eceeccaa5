#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "wasm/module.h"

namespace wasmax::codegen {

/// What a symbol of a partition's object stands for. Objects use short names for speed; the
/// artifact's symbol table has the names of the wasm module.
struct SymbolName {
    /// The letter in the name: code of a defined function, or the wrapper of an imported one.
    enum class Kind : char { function = 'f', wrapper = 'w' } kind = Kind::function;
    wasm::FunctionIndex function;

    [[nodiscard]] std::string text() const;
    [[nodiscard]] static std::optional<SymbolName> read(std::string_view text);
};

}  // namespace wasmax::codegen
