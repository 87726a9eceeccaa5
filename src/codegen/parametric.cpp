#include <llvm/IR/Instructions.h>

#include "codegen/impl/function_emitter.h"
#include "wasm/types.h"

// Parametric instructions. wasm: syntax-instr-parametric
namespace wasmax::codegen {

void FunctionEmitter::drop(Value value, wasm::ValueType /*type*/) {
    // `load; drop` is how programs probe memory: the access must happen although nobody looks.
    if (auto* extension = llvm::dyn_cast<llvm::CastInst>(value)) {
        value = extension->getOperand(0);
    }
    if (auto* load = llvm::dyn_cast<llvm::LoadInst>(value);
        load != nullptr && accesses_memory(*load)) {
        load->setVolatile(true);
    }
}

FunctionEmitter::Value FunctionEmitter::select(wasm::ValueType /*type*/, Value if_true,
                                               Value if_false, Value condition) {
    return builder_.CreateSelect(this->condition(condition), if_true, if_false);
}

}  // namespace wasmax::codegen
