#include "launch/invocation.h"

#include <array>
#include <cctype>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <vector>

#include "base/error.h"
#include "base/result.h"
#include "runtime/value.h"
#include "wasm/types.h"

namespace wasmax::launch {
namespace {

using runtime::Value;
using wasm::ValueType;

/// An integer of `Unsigned`'s width, signed or unsigned.
template <class Unsigned>
std::optional<Unsigned> read_integer(std::string_view text) {
    const bool negative = text.starts_with('-');
    if (negative || text.starts_with('+')) {
        text.remove_prefix(1);
    }
    int base = 10;
    if (text.starts_with("0x") || text.starts_with("0X")) {
        text.remove_prefix(2);
        base = 16;
    }
    Unsigned magnitude = 0;
    const char* const end = text.data() + text.size();
    // NOLINTNEXTLINE(bugprone-suspicious-stringview-data-usage): `end` is its size.
    const auto [stop, error] = std::from_chars(text.data(), end, magnitude, base);
    constexpr auto kLowest = Unsigned{1} << (std::numeric_limits<Unsigned>::digits - 1);
    if (text.empty() || stop != end || error != std::errc() || (negative && magnitude > kLowest)) {
        return std::nullopt;
    }
    return negative ? static_cast<Unsigned>(0 - magnitude) : magnitude;
}

template <class Float>
std::optional<Float> read_float(const std::string& text) {
    if (text.empty() || std::isspace(static_cast<unsigned char>(text.front())) != 0) {
        return std::nullopt;
    }
    char* end = nullptr;
    Float value = 0;
    if constexpr (std::is_same_v<Float, float>) {
        value = std::strtof(text.c_str(), &end);
    } else {
        value = std::strtod(text.c_str(), &end);
    }
    return *end == '\0' ? std::optional(value) : std::nullopt;
}

std::optional<Value> read_value(const std::string& text, ValueType type) {
    std::optional<Value> value;
    if (type == ValueType::i32) {
        if (const auto number = read_integer<std::uint32_t>(text)) {
            value = Value::i32(*number);
        }
    } else if (type == ValueType::i64) {
        if (const auto number = read_integer<std::uint64_t>(text)) {
            value = Value::i64(*number);
        }
    } else if (type == ValueType::f32) {
        if (const auto number = read_float<float>(text)) {
            value = Value::f32(*number);
        }
    } else if (type == ValueType::f64) {
        if (const auto number = read_float<double>(text)) {
            value = Value::f64(*number);
        }
    }
    return value;
}

template <class Number>
std::string shortest(Number number) {
    std::array<char, 64> text{};
    const auto end = std::to_chars(text.data(), text.data() + text.size(), number).ptr;
    return {text.data(), end};
}

std::string hexadecimal(std::uint64_t number) {
    std::array<char, 16> text{};
    const auto end = std::to_chars(text.data(), text.data() + text.size(), number, 16).ptr;
    const std::string digits(text.data(), end);
    return std::string(text.size() - digits.size(), '0') + digits;
}

std::string to_text(const Value& value, ValueType type) {
    switch (type.kind()) {
        case ValueType::Kind::i32:
            return shortest(static_cast<std::int32_t>(value.as_i32()));
        case ValueType::Kind::i64:
            return shortest(static_cast<std::int64_t>(value.as_i64()));
        case ValueType::Kind::f32:
            return shortest(value.as_f32());
        case ValueType::Kind::f64:
            return shortest(value.as_f64());
        case ValueType::Kind::v128:
            return "0x" + hexadecimal(value.high) + hexadecimal(value.low);
        case ValueType::Kind::ref:
        case ValueType::Kind::bottom:
            return value.as_reference() == nullptr ? "null" : "reference";
    }
    __builtin_unreachable();
}

}  // namespace

Result<std::vector<Value>, Error> read_arguments(const Invocation& invocation,
                                                 const wasm::FunctionType& type) {
    const std::string whose = "`" + invocation.function + "`, of type " + to_string(type);
    if (invocation.arguments.size() != type.parameters.size()) {
        return fail(Error::invalid(whose + ", takes " + std::to_string(type.parameters.size()) +
                                   " arguments, not " +
                                   std::to_string(invocation.arguments.size())));
    }
    std::vector<Value> values;
    values.reserve(type.parameters.size());
    for (std::size_t index = 0; index < type.parameters.size(); ++index) {
        const auto value = read_value(invocation.arguments[index], type.parameters[index]);
        if (!value) {
            return fail(Error::invalid("argument " + std::to_string(index + 1) + " of " + whose +
                                       ": `" + invocation.arguments[index] + "` is no " +
                                       to_string(type.parameters[index]) +
                                       " that can be written here"));
        }
        values.push_back(*value);
    }
    return values;
}

std::string to_lines(std::span<const Value> results, const wasm::FunctionType& type) {
    std::string lines;
    for (std::size_t index = 0; index < results.size(); ++index) {
        lines += to_text(results[index], type.results[index]) + '\n';
    }
    return lines;
}

}  // namespace wasmax::launch
