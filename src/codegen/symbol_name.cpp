#include "codegen/impl/symbol_name.h"

#include <charconv>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

namespace wasmax::codegen {

std::string SymbolName::text() const {
    return static_cast<char>(kind) + std::to_string(function.value);
}

std::optional<SymbolName> SymbolName::read(std::string_view text) {
    if (text.empty() || (text[0] != static_cast<char>(Kind::function) &&
                         text[0] != static_cast<char>(Kind::wrapper))) {
        return std::nullopt;
    }
    SymbolName name{.kind = static_cast<Kind>(text[0]), .function = {}};
    const char* end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data() + 1, end, name.function.value);
    if (error != std::errc{} || rest != end) {
        return std::nullopt;
    }
    return name;
}

}  // namespace wasmax::codegen
