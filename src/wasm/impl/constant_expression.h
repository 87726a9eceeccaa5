#pragma once

#include <vector>

#include "base/result.h"
#include "wasm/decoder.h"
#include "wasm/impl/byte_reader.h"
#include "wasm/module.h"
#include "wasm/types.h"

namespace wasmax::wasm {

/// Decodes and validates constant expressions against what is known of the module so far.
/// Functions they name become declared functions. wasm: valid-constant
class ConstantExpressionDecoder {
public:
    /// `module` outlives this.
    ConstantExpressionDecoder(Module& module, Features features)
        : module_(module), features_(features) {}

    /// Reads an expression with its `end`; it must leave one value of type `expected`.
    [[nodiscard]] Result<ConstantExpression, ModuleError> decode(ByteReader& reader,
                                                                 ValueType expected);

private:
    using Status = Result<void, ModuleError>;
    struct Row;
    static const Row kRows[];

    [[nodiscard]] Result<const Row*, ModuleError> read_row(ByteReader& reader) const;
    [[nodiscard]] static ModuleError invalid(std::uint64_t offset, std::string message);
    [[nodiscard]] Status check_result(std::uint64_t offset, ValueType expected) const;

    // Each reads the immediates and changes the operand types. `instruction` has its opcode.
    Status decode_i32_const(ByteReader& reader, ConstantInstruction& instruction);
    Status decode_i64_const(ByteReader& reader, ConstantInstruction& instruction);
    Status decode_f32_const(ByteReader& reader, ConstantInstruction& instruction);
    Status decode_f64_const(ByteReader& reader, ConstantInstruction& instruction);
    Status decode_v128_const(ByteReader& reader, ConstantInstruction& instruction);
    Status decode_ref_null(ByteReader& reader, ConstantInstruction& instruction);
    Status decode_ref_func(ByteReader& reader, ConstantInstruction& instruction);
    Status decode_global_get(ByteReader& reader, ConstantInstruction& instruction);
    Status decode_numeric(ByteReader& reader, ConstantInstruction& instruction);

    Module& module_;
    const Features features_;
    std::vector<ValueType> operands_;  ///< kept between expressions to spare the allocation
};

}  // namespace wasmax::wasm
