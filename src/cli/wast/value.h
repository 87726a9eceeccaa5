#pragma once

#include <optional>
#include <string>

#include <nlohmann/json_fwd.hpp>

#include "runtime/value.h"
#include "wasm/types.h"

namespace wasmax::cli::wast {

/// The value of an argument in a command list, such as `{"type": "i32", "value": "7"}`; nullopt for
/// a kind of value that wasmax does not have.
[[nodiscard]] std::optional<runtime::Value> parse_value(const nlohmann::json& value);

/// Whether a result is what a command list expects. Numbers compare bit by bit, NaN patterns as the
/// specification's test suite defines them. `type` is the result's.
[[nodiscard]] bool matches(const nlohmann::json& expected, wasm::ValueType type,
                           runtime::Value actual);

/// Such as `i32 97` or `f64 0x7ff8000000000000`.
[[nodiscard]] std::string describe(wasm::ValueType type, runtime::Value value);

/// The expectation as it stands in the list.
[[nodiscard]] std::string describe(const nlohmann::json& expected);

}  // namespace wasmax::cli::wast
