#include "codegen/impl/body_facts.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <variant>
#include <vector>

#include "codegen/impl/body_size.h"
#include "wasm/function_decoder.h"
#include "wasm/module.h"
#include "wasm/opcode.h"
#include "wasm/sink.h"
#include "wasm/types.h"

namespace wasmax::codegen {
namespace {

// A sink is a template parameter: hiding what does nothing is how it does something.
// NOLINTBEGIN(bugprone-derived-method-shadowing-base-method)
struct Finder : BodyMeter {
    explicit Finder(std::vector<bool>& closed_tables) : closed(closed_tables) {}
    std::vector<bool>& closed;
    bool tail_calls = false;

    void return_call(wasm::FunctionIndex, const wasm::FunctionType&, std::span<const Value>) {
        tail_calls = true;
    }
    void return_call_ref(const wasm::FunctionType&, Value, std::span<const Value>) {
        tail_calls = true;
    }
    void return_call_indirect(wasm::TableIndex, wasm::TypeIndex, const wasm::FunctionType&, Value,
                              std::span<const Value>) {
        tail_calls = true;
    }
    void table_set(wasm::TableIndex table, Value, Value) { closed[table.value] = false; }
    Value table_grow(wasm::TableIndex table, Value, Value) {
        closed[table.value] = false;
        return {};
    }
    void table_fill(wasm::TableIndex table, Value, Value, Value) { closed[table.value] = false; }
    void table_copy(wasm::TableIndex to, wasm::TableIndex, Value, Value, Value) {
        closed[to.value] = false;
    }
    void table_init(wasm::TableIndex table, wasm::ElementIndex, Value, Value, Value) {
        closed[table.value] = false;
    }
};
// NOLINTEND(bugprone-derived-method-shadowing-base-method)

/// Whether the constant is null or a defined function.
bool is_own(const wasm::Module& module, const wasm::ConstantExpression& expression) {
    if (expression.size() != 1) {
        return false;
    }
    const wasm::ConstantInstruction& constant = expression.front();
    return constant.opcode == wasm::Opcode::ref_null ||
           (constant.opcode == wasm::Opcode::ref_func &&
            !module.is_imported({static_cast<std::uint32_t>(constant.bits)}));
}

bool holds_own_functions(const wasm::Module& module, const wasm::ElementSegment& segment) {
    if (const auto* functions = std::get_if<std::vector<wasm::FunctionIndex>>(&segment.items)) {
        return std::ranges::none_of(
            *functions, [&](wasm::FunctionIndex index) { return module.is_imported(index); });
    }
    return std::ranges::all_of(
        std::get<std::vector<wasm::ConstantExpression>>(segment.items),
        [&](const wasm::ConstantExpression& item) { return is_own(module, item); });
}

/// As far as can be told without the bodies.
std::vector<bool> find_closed_tables(const wasm::Module& module) {
    std::vector<bool> closed(module.table_types.size(), false);
    for (std::size_t index = 0; index < module.tables.size(); ++index) {
        const auto& initializer = module.tables[index].initializer;
        closed[module.imported_tables + index] =
            !initializer.has_value() || is_own(module, *initializer);
    }
    for (const wasm::Export& item : module.exports) {
        if (item.kind == wasm::ExternKind::table) {
            closed[item.index] = false;
        }
    }
    for (const wasm::ElementSegment& segment : module.elements) {
        if (segment.mode == wasm::SegmentMode::active && !holds_own_functions(module, segment)) {
            closed[segment.table.value] = false;
        }
    }
    return closed;
}

}  // namespace

BodyFacts find_body_facts(const wasm::Module& module, wasm::Features features) {
    BodyFacts facts{.tail_callers = std::vector<bool>(module.bodies.size(), false),
                    .closed_tables = find_closed_tables(module),
                    .sizes = std::vector<BodySize>(module.bodies.size())};
    for (std::uint32_t index = 0; index < module.bodies.size(); ++index) {
        Finder finder(facts.closed_tables);
        const bool valid =
            wasm::decode_function(module, features, {module.imported_functions + index}, finder)
                .has_value();
        facts.tail_callers[index] = valid && finder.tail_calls;
        facts.sizes[index] = finder.size;
        facts.sizes[index].code_bytes = module.bodies[index].bytes.size();
    }
    return facts;
}

}  // namespace wasmax::codegen
