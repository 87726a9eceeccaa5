#include <algorithm>
#include <cstddef>
#include <cstdint>

#include <llvm/IR/Constants.h>
#include <llvm/IR/Instructions.h>
#include <llvm/IR/Intrinsics.h>
#include <llvm/IR/Metadata.h>

#include "abi/builtin.h"
#include "abi/context_layout.h"
#include "abi/trap.h"
#include "abi/vm_context.h"
#include "base/units.h"
#include "codegen/impl/calls.h"
#include "codegen/impl/function_emitter.h"
#include "codegen/impl/rows.h"
#include "wasm/opcode.h"
#include "wasm/sink.h"
#include "wasm/types.h"

// Memory instructions. wasm: syntax-instr-memory
namespace wasmax::codegen {
namespace {

using wasm::Opcode;
using wasm::ValueType;

enum class Extension : std::uint8_t { none, sign, zero };

struct LoadRow {
    Opcode opcode;
    ValueType::Kind result;
    std::uint8_t bits;  ///< in memory
    Extension extension;
};

constexpr LoadRow kLoads[] = {
    {Opcode::i32_load, ValueType::Kind::i32, 32, Extension::none},
    {Opcode::i64_load, ValueType::Kind::i64, 64, Extension::none},
    {Opcode::f32_load, ValueType::Kind::f32, 32, Extension::none},
    {Opcode::f64_load, ValueType::Kind::f64, 64, Extension::none},
    {Opcode::v128_load, ValueType::Kind::v128, 128, Extension::none},
    {Opcode::i32_load8_s, ValueType::Kind::i32, 8, Extension::sign},
    {Opcode::i32_load8_u, ValueType::Kind::i32, 8, Extension::zero},
    {Opcode::i32_load16_s, ValueType::Kind::i32, 16, Extension::sign},
    {Opcode::i32_load16_u, ValueType::Kind::i32, 16, Extension::zero},
    {Opcode::i64_load8_s, ValueType::Kind::i64, 8, Extension::sign},
    {Opcode::i64_load8_u, ValueType::Kind::i64, 8, Extension::zero},
    {Opcode::i64_load16_s, ValueType::Kind::i64, 16, Extension::sign},
    {Opcode::i64_load16_u, ValueType::Kind::i64, 16, Extension::zero},
    {Opcode::i64_load32_s, ValueType::Kind::i64, 32, Extension::sign},
    {Opcode::i64_load32_u, ValueType::Kind::i64, 32, Extension::zero},
};
constexpr auto kLoadIndex = index_by_opcode(kLoads);
static_assert(covers_handler(kLoadIndex, "load"));

struct StoreRow {
    Opcode opcode;
    std::uint8_t bits;  ///< in memory, when fewer than the operand has; otherwise 0
};

constexpr StoreRow kStores[] = {
    {Opcode::i32_store, 0},    {Opcode::i64_store, 0},  {Opcode::f32_store, 0},
    {Opcode::f64_store, 0},    {Opcode::v128_store, 0}, {Opcode::i32_store8, 8},
    {Opcode::i32_store16, 16}, {Opcode::i64_store8, 8}, {Opcode::i64_store16, 16},
    {Opcode::i64_store32, 32},
};
constexpr auto kStoreIndex = index_by_opcode(kStores);
static_assert(covers_handler(kStoreIndex, "store"));

/// log2 of the wasm page size.
constexpr unsigned kPageShift = 16;
static_assert(kWasmPageBytes == std::uint64_t{1} << kPageShift);

ValueType value_type(ValueType::Kind kind) {
    switch (kind) {
        case ValueType::Kind::i32:
            return ValueType::i32;
        case ValueType::Kind::i64:
            return ValueType::i64;
        case ValueType::Kind::f32:
            return ValueType::f32;
        case ValueType::Kind::f64:
            return ValueType::f64;
        case ValueType::Kind::v128:
            return ValueType::v128;
        case ValueType::Kind::ref:
        case ValueType::Kind::bottom:
            break;
    }
    return ValueType::bottom;
}

}  // namespace

FunctionEmitter::Value FunctionEmitter::memory_base(wasm::MemoryIndex memory) {
    Value& base = memory_bases_[memory.value];
    if (base == nullptr) {
        // In the entry block, so that it dominates every later use.
        llvm::IRBuilder<> entry(entry_);
        const std::uint64_t offset =
            memory.value == 0 ? offsetof(abi::VmContext, memory_base)
                              : layout().memories + memory.value * sizeof(abi::MemorySlot) +
                                    offsetof(abi::MemorySlot, base);
        llvm::LoadInst* load = codegen::context_field(entry, module_, context_, offset,
                                                      entry.getPtrTy(), Access::invariant);
        load->setMetadata(llvm::LLVMContext::MD_nonnull, llvm::MDNode::get(context(), {}));
        base = load;
    }
    return base;
}

FunctionEmitter::Value FunctionEmitter::memory_state(wasm::MemoryIndex memory) {
    const std::uint64_t offset = memory.value == 0
                                     ? offsetof(abi::VmContext, memory0)
                                     : layout().memories + memory.value * sizeof(abi::MemorySlot) +
                                           offsetof(abi::MemorySlot, state);
    return context_field(offset, builder_.getPtrTy(), Access::invariant);
}

FunctionEmitter::Value FunctionEmitter::address(const wasm::MemoryArgument& argument, Value index) {
    // The zero extension is the sandbox: LLVM would sign-extend a 32-bit GEP index. Both steps stay
    // inside the reservation of 8 GiB, hence inbounds and nuw. A 64-bit index is compared with the
    // size of its reservation instead. Two GEPs instead of one, so that
    // accesses to the fields of one struct share the first.
    const auto in_reservation =
        llvm::GEPNoWrapFlags::inBounds() | llvm::GEPNoWrapFlags::noUnsignedWrap();
    std::uint64_t offset = argument.offset;
    if (is_64_bit(argument.memory)) {
        if (offset >= abi::kMaxFoldedOffset) {
            index = effective_address(argument, index);
            offset = 0;
        }
        trap_if(builder_.CreateICmpUGE(index, builder_.getInt64(abi::kMaxMemory64Bytes)),
                abi::TrapCode::memory_out_of_bounds);
    }
    Value pointer =
        builder_.CreatePtrAdd(memory_base(argument.memory), widened(index), "", in_reservation);
    if (offset == 0) {
        return pointer;
    }
    return builder_.CreatePtrAdd(pointer, builder_.getInt64(offset), "", in_reservation);
}

FunctionEmitter::Value FunctionEmitter::effective_address(const wasm::MemoryArgument& argument,
                                                          Value index) {
    Value offset = builder_.getInt64(argument.offset);
    if (!is_64_bit(argument.memory) || argument.offset == 0) {
        return builder_.CreateAdd(widened(index), offset);
    }
    Value sum = builder_.CreateBinaryIntrinsic(llvm::Intrinsic::uadd_with_overflow, index, offset);
    trap_if(builder_.CreateExtractValue(sum, 1), abi::TrapCode::memory_out_of_bounds);
    return builder_.CreateExtractValue(sum, 0);
}

bool FunctionEmitter::accesses_memory(const llvm::LoadInst& load) const {
    const auto& memories = module_.tags().memories;
    return std::find(memories.begin(), memories.end(),
                     load.getMetadata(llvm::LLVMContext::MD_tbaa)) != memories.end();
}

FunctionEmitter::Value FunctionEmitter::load(Opcode opcode, const wasm::MemoryArgument& argument,
                                             Value address) {
    const LoadRow& row = kLoads[kLoadIndex[static_cast<std::size_t>(opcode)]];
    llvm::Type* result = type(value_type(row.result));
    llvm::Type* in_memory =
        row.extension == Extension::none ? result : builder_.getIntNTy(row.bits);
    // The alignment in the instruction is a hint, not a promise.
    llvm::LoadInst* load =
        builder_.CreateAlignedLoad(in_memory, this->address(argument, address), llvm::Align(1));
    mark_access(load, argument.memory);
    switch (row.extension) {
        case Extension::none:
            break;
        case Extension::sign:
            return builder_.CreateSExt(load, result);
        case Extension::zero:
            return builder_.CreateZExt(load, result);
    }
    return load;
}

void FunctionEmitter::store(Opcode opcode, const wasm::MemoryArgument& argument, Value address,
                            Value value) {
    const StoreRow& row = kStores[kStoreIndex[static_cast<std::size_t>(opcode)]];
    if (row.bits != 0) {
        value = builder_.CreateTrunc(value, builder_.getIntNTy(row.bits));
    }
    mark_access(
        builder_.CreateAlignedStore(value, this->address(argument, address), llvm::Align(1)),
        argument.memory);
}

FunctionEmitter::Value FunctionEmitter::memory_size(wasm::MemoryIndex memory) {
    Value bytes = codegen::context_field(builder_, module_, memory_state(memory),
                                         offsetof(abi::MemoryState, bytes), builder_.getInt64Ty(),
                                         Access::mutable_);
    return narrowed(builder_.CreateLShr(bytes, kPageShift),
                    wasm().memory_types[memory.value].address);
}

FunctionEmitter::Value FunctionEmitter::memory_grow(wasm::MemoryIndex memory, Value pages) {
    return narrowed(call_builtin(abi::Builtin::memory_grow, {u32(memory.value), widened(pages)}),
                    wasm().memory_types[memory.value].address);
}

void FunctionEmitter::memory_fill(wasm::MemoryIndex memory, Value address, Value byte,
                                  Value count) {
    call_builtin(abi::Builtin::memory_fill,
                 {u32(memory.value), widened(address), byte, widened(count)});
}

void FunctionEmitter::memory_copy(wasm::MemoryIndex to, wasm::MemoryIndex from, Value to_address,
                                  Value from_address, Value count) {
    call_builtin(abi::Builtin::memory_copy, {u32(to.value), u32(from.value), widened(to_address),
                                             widened(from_address), widened(count)});
}

void FunctionEmitter::memory_init(wasm::MemoryIndex memory, wasm::DataIndex data, Value address,
                                  Value offset, Value count) {
    call_builtin(abi::Builtin::memory_init, {u32(memory.value), u32(data.value), widened(address),
                                             widened(offset), widened(count)});
}

void FunctionEmitter::data_drop(wasm::DataIndex data) {
    call_builtin(abi::Builtin::data_drop, {u32(data.value)});
}

}  // namespace wasmax::codegen
