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

/// An instruction with two operands. `mask` are the bits of its type.
struct NumericRow {
    Opcode opcode;
    std::uint64_t (*value)(std::uint64_t, std::uint64_t);
    std::uint64_t mask;
};
constexpr std::uint64_t add(std::uint64_t a, std::uint64_t b) { return a + b; }
constexpr std::uint64_t subtract(std::uint64_t a, std::uint64_t b) { return a - b; }
constexpr std::uint64_t multiply(std::uint64_t a, std::uint64_t b) { return a * b; }
constexpr std::uint64_t k32Bits = 0xffff'ffff;
constexpr std::uint64_t k64Bits = ~std::uint64_t{0};
constexpr std::array kNumericRows{
    NumericRow{Opcode::i32_add, add, k32Bits},      NumericRow{Opcode::i64_add, add, k64Bits},
    NumericRow{Opcode::i32_sub, subtract, k32Bits}, NumericRow{Opcode::i64_sub, subtract, k64Bits},
    NumericRow{Opcode::i32_mul, multiply, k32Bits}, NumericRow{Opcode::i64_mul, multiply, k64Bits},
};

/// An instruction without operands.
struct Row {
    Opcode opcode;
    Value (*value)(const Instance&, const wasm::ConstantInstruction&);
};
constexpr std::array kRows{
    Row{Opcode::i32_const, literal},  Row{Opcode::i64_const, literal},
    Row{Opcode::v128_const, literal}, Row{Opcode::f32_const, literal},
    Row{Opcode::f64_const, literal},  Row{Opcode::global_get, global},
    Row{Opcode::ref_null, null},      Row{Opcode::ref_func, function},
};

}  // namespace

Value evaluate(const Instance& instance, const wasm::ConstantExpression& expression) {
    std::vector<Value> operands;
    for (const wasm::ConstantInstruction& instruction : expression) {
        const auto row = std::ranges::find(kRows, instruction.opcode, &Row::opcode);
        if (row != kRows.end()) {
            operands.push_back(row->value(instance, instruction));
            continue;
        }
        const auto numeric =
            std::ranges::find(kNumericRows, instruction.opcode, &NumericRow::opcode);
        WASMAX_ASSERT(numeric != kNumericRows.end() && operands.size() >= 2);
        const Value right = operands.back();
        operands.pop_back();
        operands.back() =
            Value::i64(numeric->value(operands.back().low, right.low) & numeric->mask);
    }
    WASMAX_ASSERT(operands.size() == 1);
    return operands.front();
}

}  // namespace wasmax::runtime
