#include "cli/wast/value.h"

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "runtime/value.h"
#include "wasm/types.h"

namespace wasmax::cli::wast {
namespace {

using nlohmann::json;
using runtime::Value;

/// Numbers are unsigned bit patterns in decimal; some older lists write negative ones.
std::optional<std::uint64_t> parse_bits(std::string_view text) {
    std::uint64_t bits = 0;
    const bool negative = text.starts_with('-');
    const std::string_view digits = text.substr(negative ? 1 : 0);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
    if (error != std::errc() || end != digits.data() + digits.size()) {
        return std::nullopt;
    }
    return negative ? ~bits + 1 : bits;
}

/// A floating-point format by its fraction bits.
struct FloatFormat {
    unsigned bits;
    unsigned fraction_bits;
    [[nodiscard]] std::uint64_t quiet_bit() const {
        return std::uint64_t{1} << (fraction_bits - 1);
    }
    [[nodiscard]] std::uint64_t exponent_mask() const {
        return ((std::uint64_t{1} << (bits - 1 - fraction_bits)) - 1) << fraction_bits;
    }
    [[nodiscard]] std::uint64_t magnitude_mask() const {
        return (std::uint64_t{1} << (bits - 1)) - 1;
    }
};
constexpr FloatFormat kF32{32, 23};
constexpr FloatFormat kF64{64, 52};

/// wasm: syntax-nan (canonical and arithmetic)
bool matches_number(const std::string& expected, unsigned bits, std::uint64_t actual) {
    const FloatFormat& format = bits == 32 ? kF32 : kF64;
    if (expected == "nan:canonical") {
        return (actual & format.magnitude_mask()) == (format.exponent_mask() | format.quiet_bit());
    }
    if (expected == "nan:arithmetic") {
        const std::uint64_t quiet = format.exponent_mask() | format.quiet_bit();
        return (actual & quiet) == quiet;
    }
    const std::uint64_t mask = bits == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << bits) - 1;
    const auto wanted = parse_bits(expected);
    return wanted && (*wanted & mask) == (actual & mask);
}

unsigned lane_bits(const std::string& lane_type) {
    static const std::map<std::string, unsigned, std::less<>> bits{
        {"i8", 8}, {"i16", 16}, {"i32", 32}, {"f32", 32}, {"i64", 64}, {"f64", 64}};
    const auto found = bits.find(lane_type);
    return found == bits.end() ? 64 : found->second;
}

std::uint64_t lane(Value value, unsigned bits, std::size_t index) {
    const std::size_t first = index * bits;
    const std::uint64_t half = first < 64 ? value.low : value.high;
    const std::uint64_t shifted = half >> (first % 64);
    return bits == 64 ? shifted : shifted & ((std::uint64_t{1} << bits) - 1);
}

bool matches_vector(const json& expected, Value actual) {
    const unsigned bits = lane_bits(expected.at("lane_type"));
    const json& lanes = expected.at("value");
    for (std::size_t i = 0; i < lanes.size(); ++i) {
        if (!matches_number(lanes[i], bits, lane(actual, bits, i))) {
            return false;
        }
    }
    return true;
}

std::optional<Value> parse_vector(const json& value) {
    const unsigned bits = lane_bits(value.at("lane_type"));
    Value vector;
    std::size_t index = 0;
    for (const json& text : value.at("value")) {
        const auto parsed = parse_bits(text.get<std::string>());
        if (!parsed) {
            return std::nullopt;
        }
        const std::uint64_t mask = bits == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << bits) - 1;
        const std::size_t first = index++ * bits;
        (first < 64 ? vector.low : vector.high) |= (*parsed & mask) << (first % 64);
    }
    return vector;
}

/// A host reference that stands for a number of the script: never null, never a real address.
Value host_reference(std::uint64_t number) { return Value::i64((number << 1) | 1); }

bool matches_reference(const json& expected, Value actual) {
    if (expected.at("type") == "refnull") {
        return actual.low == 0;
    }
    if (!expected.contains("value")) {
        return actual.low != 0;  // any reference of this kind
    }
    const std::string text = expected.at("value");
    if (text == "null") {
        return actual.low == 0;
    }
    const auto number = parse_bits(text);
    return number && actual == host_reference(*number);
}

}  // namespace

std::optional<Value> parse_value(const json& value) {
    const std::string type = value.at("type");
    if (type == "v128") {
        return parse_vector(value);
    }
    if (type == "refnull") {
        return Value();
    }
    const std::string text = value.at("value");
    if (text == "null") {
        return Value();
    }
    const auto bits = parse_bits(text);
    if (!bits) {
        return std::nullopt;
    }
    if (type == "i32" || type == "f32") {
        return Value::i32(static_cast<std::uint32_t>(*bits));
    }
    if (type == "i64" || type == "f64") {
        return Value::i64(*bits);
    }
    return type == "externref" ? std::optional(host_reference(*bits)) : std::nullopt;
}

bool matches(const json& expected, wasm::ValueType type, Value actual) {
    const std::string wanted = expected.at("type");
    if (wanted == "either") {
        for (const json& alternative : expected.at("values")) {
            if (matches(alternative, type, actual)) {
                return true;
            }
        }
        return false;
    }
    switch (type.kind()) {
        case wasm::ValueType::Kind::i32:
            return wanted == "i32" && matches_number(expected.at("value"), 32, actual.low);
        case wasm::ValueType::Kind::f32:
            return wanted == "f32" && matches_number(expected.at("value"), 32, actual.low);
        case wasm::ValueType::Kind::i64:
            return wanted == "i64" && matches_number(expected.at("value"), 64, actual.low);
        case wasm::ValueType::Kind::f64:
            return wanted == "f64" && matches_number(expected.at("value"), 64, actual.low);
        case wasm::ValueType::Kind::v128:
            return wanted == "v128" && matches_vector(expected, actual);
        case wasm::ValueType::Kind::ref:
            return wanted.find("ref") != std::string::npos && matches_reference(expected, actual);
        case wasm::ValueType::Kind::bottom:
            break;
    }
    return false;
}

std::string describe(wasm::ValueType type, Value value) {
    const std::string name = to_string(type);
    switch (type.kind()) {
        case wasm::ValueType::Kind::i32:
            return fmt::format("{} {}", name, value.as_i32());
        case wasm::ValueType::Kind::i64:
            return fmt::format("{} {}", name, value.as_i64());
        case wasm::ValueType::Kind::f32:
            return fmt::format("{} {} ({:#010x})", name, value.as_f32(), value.as_i32());
        case wasm::ValueType::Kind::f64:
            return fmt::format("{} {} ({:#018x})", name, value.as_f64(), value.as_i64());
        case wasm::ValueType::Kind::v128:
            return fmt::format("{} {:#018x} {:016x}", name, value.high, value.low);
        case wasm::ValueType::Kind::ref:
        case wasm::ValueType::Kind::bottom:
            break;
    }
    return fmt::format("{} {}", name, value.low == 0 ? "null" : "not null");
}

std::string describe(const json& expected) { return expected.dump(); }

}  // namespace wasmax::cli::wast
