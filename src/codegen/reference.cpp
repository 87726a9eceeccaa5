#include <llvm/IR/Constants.h>

#include "abi/builtin.h"
#include "abi/trap.h"
#include "codegen/impl/function_emitter.h"
#include "wasm/types.h"

// Reference instructions. wasm: syntax-instr-ref
namespace wasmax::codegen {

FunctionEmitter::Value FunctionEmitter::ref_null(wasm::ValueType /*type*/) {
    return llvm::ConstantPointerNull::get(builder_.getPtrTy());
}

FunctionEmitter::Value FunctionEmitter::ref_is_null(Value reference) {
    return builder_.CreateZExt(builder_.CreateIsNull(reference), builder_.getInt32Ty());
}

FunctionEmitter::Value FunctionEmitter::ref_func(wasm::FunctionIndex function) {
    return call_builtin(abi::Builtin::ref_func, {u32(function.value)});
}

FunctionEmitter::Value FunctionEmitter::ref_as_non_null(Value reference) {
    trap_if(builder_.CreateIsNull(reference), abi::TrapCode::null_reference);
    return reference;
}

}  // namespace wasmax::codegen
