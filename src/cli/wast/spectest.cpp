#include "cli/wast/spectest.h"

#include <array>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "abi/vm_context.h"
#include "base/error.h"
#include "base/result.h"
#include "runtime/extern.h"
#include "runtime/store.h"
#include "runtime/value.h"
#include "wasm/types.h"

namespace wasmax::cli::wast {
namespace {

using runtime::Value;
using wasm::ValueType;

/// Scripts call the print functions for effect on a terminal only; results do not depend on it.
void ignore(abi::VmContext* /*context*/) noexcept {}

struct Print {
    const char* name;
    std::vector<ValueType> parameters;
};

Result<void, Error> add_functions(runtime::Store& store, ExportMap& exports) {
    const std::array<Print, 7> prints{{
        {"print", {}},
        {"print_i32", {ValueType::i32}},
        {"print_i64", {ValueType::i64}},
        {"print_f32", {ValueType::f32}},
        {"print_f64", {ValueType::f64}},
        {"print_i32_f32", {ValueType::i32, ValueType::f32}},
        {"print_f64_f64", {ValueType::f64, ValueType::f64}},
    }};
    for (const Print& print : prints) {
        // Arguments travel in registers, so a function that reads none serves every type.
        exports.emplace(print.name,
                        TRY(store.native_function({reinterpret_cast<const void*>(&ignore),
                                                   wasm::FunctionType{print.parameters, {}}})));
    }
    return {};
}

}  // namespace

Result<ExportMap, Error> spectest(runtime::Store& store) {
    ExportMap exports;
    TRY(add_functions(store, exports));
    const auto global = [&](const char* name, ValueType type, Value value) {
        exports.emplace(name, store.create_global({type, false}, value));
    };
    global("global_i32", ValueType::i32, Value::i32(666));
    global("global_i64", ValueType::i64, Value::i64(666));
    global("global_f32", ValueType::f32, Value::f32(666.6F));
    global("global_f64", ValueType::f64, Value::f64(666.6));
    const wasm::TableType table{.element = ValueType::funcref, .limits = {10, 20}};
    exports.emplace("table", TRY(store.create_table(table, nullptr)));
    const wasm::TableType table64{
        .element = ValueType::funcref, .limits = {10, 20}, .address = wasm::AddressType::i64};
    exports.emplace("table64", TRY(store.create_table(table64, nullptr)));
    exports.emplace("memory", TRY(store.create_memory({.limits = {1, 2}})));
    exports.emplace("shared_memory", TRY(store.create_memory({.limits = {1, 2}, .shared = true})));
    return exports;
}

}  // namespace wasmax::cli::wast
