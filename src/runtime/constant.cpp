#include "runtime/impl/constant.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "base/assert.h"
#include "runtime/global.h"
#include "runtime/instance.h"
#include "runtime/value.h"
#include "wasm/module.h"
#include "wasm/opcode.h"

namespace wasmax::runtime {
namespace {

using wasm::Opcode;

Value literal(const Instance& /*instance*/, const wasm::ConstantInstruction& instruction) {
    return {instruction.bits, instruction.high_bits};
}

Value null(const Instance& /*instance*/, const wasm::ConstantInstruction& /*instruction*/) {
    return Value::reference(nullptr);
}

Value global(const Instance& instance, const wasm::ConstantInstruction& instruction) {
    return instance.global({static_cast<std::uint32_t>(instruction.bits)}).get();
}

Value function(const Instance& instance, const wasm::ConstantInstruction& instruction) {
    return Value::reference(instance.function({static_cast<std::uint32_t>(instruction.bits)}).ref);
}

/// An instruction without operands.
struct Row {
    Opcode opcode;
    Value (*value)(const Instance&, const wasm::ConstantInstruction&);
};
constexpr std::array kRows{
    Row{Opcode::i32_const, literal}, Row{Opcode::i64_const, literal},
    Row{Opcode::f32_const, literal}, Row{Opcode::f64_const, literal},
    Row{Opcode::global_get, global}, Row{Opcode::ref_null, null},
    Row{Opcode::ref_func, function},
};

}  // namespace

Value evaluate(const Instance& instance, const wasm::ConstantExpression& expression) {
    WASMAX_ASSERT(expression.size() == 1);
    const auto row = std::ranges::find(kRows, expression.front().opcode, &Row::opcode);
    WASMAX_ASSERT(row != kRows.end());
    return row->value(instance, expression.front());
}

}  // namespace wasmax::runtime
