#include <array>
#include <cstddef>
#include <cstdint>

#include <llvm/IR/Constants.h>
#include <llvm/IR/Instructions.h>

#include "abi/builtin.h"
#include "abi/trap.h"
#include "codegen/impl/function_emitter.h"
#include "codegen/impl/rows.h"
#include "wasm/opcode.h"
#include "wasm/sink.h"
#include "wasm/types.h"

// Atomic memory instructions: all sequentially consistent. wasm: threads proposal
namespace wasmax::codegen {
namespace {

using llvm::AtomicRMWInst;
using wasm::Opcode;

constexpr auto kOrdering = llvm::AtomicOrdering::SequentiallyConsistent;

struct LoadRow {
    Opcode opcode;
    std::uint8_t result_bits;
    std::uint8_t bits;  ///< in memory
};

constexpr LoadRow kLoads[] = {
    {Opcode::i32_atomic_load, 32, 32},     {Opcode::i64_atomic_load, 64, 64},
    {Opcode::i32_atomic_load8_u, 32, 8},   {Opcode::i32_atomic_load16_u, 32, 16},
    {Opcode::i64_atomic_load8_u, 64, 8},   {Opcode::i64_atomic_load16_u, 64, 16},
    {Opcode::i64_atomic_load32_u, 64, 32},
};
constexpr auto kLoadIndex = index_by_opcode(kLoads);
static_assert(covers_handler(kLoadIndex, "atomic_load"));

/// A store or compare-exchange.
struct WidthRow {
    Opcode opcode;
    std::uint8_t bits;  ///< in memory
};

constexpr WidthRow kStores[] = {
    {Opcode::i32_atomic_store, 32},   {Opcode::i64_atomic_store, 64},
    {Opcode::i32_atomic_store8, 8},   {Opcode::i32_atomic_store16, 16},
    {Opcode::i64_atomic_store8, 8},   {Opcode::i64_atomic_store16, 16},
    {Opcode::i64_atomic_store32, 32},
};
constexpr auto kStoreIndex = index_by_opcode(kStores);
static_assert(covers_handler(kStoreIndex, "atomic_store"));

constexpr WidthRow kCompareExchanges[] = {
    {Opcode::i32_atomic_rmw_cmpxchg, 32},     {Opcode::i64_atomic_rmw_cmpxchg, 64},
    {Opcode::i32_atomic_rmw8_cmpxchg_u, 8},   {Opcode::i32_atomic_rmw16_cmpxchg_u, 16},
    {Opcode::i64_atomic_rmw8_cmpxchg_u, 8},   {Opcode::i64_atomic_rmw16_cmpxchg_u, 16},
    {Opcode::i64_atomic_rmw32_cmpxchg_u, 32},
};
constexpr auto kCompareExchangeIndex = index_by_opcode(kCompareExchanges);
static_assert(covers_handler(kCompareExchangeIndex, "atomic_cmpxchg"));

struct RmwRow {
    Opcode opcode;
    std::uint8_t bits;  ///< in memory
    AtomicRMWInst::BinOp operation;
};

// clang-format off
constexpr RmwRow kRmws[] = {
    {Opcode::i32_atomic_rmw_add, 32, AtomicRMWInst::Add},
    {Opcode::i64_atomic_rmw_add, 64, AtomicRMWInst::Add},
    {Opcode::i32_atomic_rmw8_add_u, 8, AtomicRMWInst::Add},
    {Opcode::i32_atomic_rmw16_add_u, 16, AtomicRMWInst::Add},
    {Opcode::i64_atomic_rmw8_add_u, 8, AtomicRMWInst::Add},
    {Opcode::i64_atomic_rmw16_add_u, 16, AtomicRMWInst::Add},
    {Opcode::i64_atomic_rmw32_add_u, 32, AtomicRMWInst::Add},
    {Opcode::i32_atomic_rmw_sub, 32, AtomicRMWInst::Sub},
    {Opcode::i64_atomic_rmw_sub, 64, AtomicRMWInst::Sub},
    {Opcode::i32_atomic_rmw8_sub_u, 8, AtomicRMWInst::Sub},
    {Opcode::i32_atomic_rmw16_sub_u, 16, AtomicRMWInst::Sub},
    {Opcode::i64_atomic_rmw8_sub_u, 8, AtomicRMWInst::Sub},
    {Opcode::i64_atomic_rmw16_sub_u, 16, AtomicRMWInst::Sub},
    {Opcode::i64_atomic_rmw32_sub_u, 32, AtomicRMWInst::Sub},
    {Opcode::i32_atomic_rmw_and, 32, AtomicRMWInst::And},
    {Opcode::i64_atomic_rmw_and, 64, AtomicRMWInst::And},
    {Opcode::i32_atomic_rmw8_and_u, 8, AtomicRMWInst::And},
    {Opcode::i32_atomic_rmw16_and_u, 16, AtomicRMWInst::And},
    {Opcode::i64_atomic_rmw8_and_u, 8, AtomicRMWInst::And},
    {Opcode::i64_atomic_rmw16_and_u, 16, AtomicRMWInst::And},
    {Opcode::i64_atomic_rmw32_and_u, 32, AtomicRMWInst::And},
    {Opcode::i32_atomic_rmw_or, 32, AtomicRMWInst::Or},
    {Opcode::i64_atomic_rmw_or, 64, AtomicRMWInst::Or},
    {Opcode::i32_atomic_rmw8_or_u, 8, AtomicRMWInst::Or},
    {Opcode::i32_atomic_rmw16_or_u, 16, AtomicRMWInst::Or},
    {Opcode::i64_atomic_rmw8_or_u, 8, AtomicRMWInst::Or},
    {Opcode::i64_atomic_rmw16_or_u, 16, AtomicRMWInst::Or},
    {Opcode::i64_atomic_rmw32_or_u, 32, AtomicRMWInst::Or},
    {Opcode::i32_atomic_rmw_xor, 32, AtomicRMWInst::Xor},
    {Opcode::i64_atomic_rmw_xor, 64, AtomicRMWInst::Xor},
    {Opcode::i32_atomic_rmw8_xor_u, 8, AtomicRMWInst::Xor},
    {Opcode::i32_atomic_rmw16_xor_u, 16, AtomicRMWInst::Xor},
    {Opcode::i64_atomic_rmw8_xor_u, 8, AtomicRMWInst::Xor},
    {Opcode::i64_atomic_rmw16_xor_u, 16, AtomicRMWInst::Xor},
    {Opcode::i64_atomic_rmw32_xor_u, 32, AtomicRMWInst::Xor},
    {Opcode::i32_atomic_rmw_xchg, 32, AtomicRMWInst::Xchg},
    {Opcode::i64_atomic_rmw_xchg, 64, AtomicRMWInst::Xchg},
    {Opcode::i32_atomic_rmw8_xchg_u, 8, AtomicRMWInst::Xchg},
    {Opcode::i32_atomic_rmw16_xchg_u, 16, AtomicRMWInst::Xchg},
    {Opcode::i64_atomic_rmw8_xchg_u, 8, AtomicRMWInst::Xchg},
    {Opcode::i64_atomic_rmw16_xchg_u, 16, AtomicRMWInst::Xchg},
    {Opcode::i64_atomic_rmw32_xchg_u, 32, AtomicRMWInst::Xchg},
};
// clang-format on
constexpr auto kRmwIndex = index_by_opcode(kRmws);
static_assert(covers_handler(kRmwIndex, "atomic_rmw"));

template <class Row, std::size_t kRows>
constexpr const Row& row_of(const Row (&rows)[kRows],
                            const std::array<std::uint16_t, kOpcodeCount>& index, Opcode opcode) {
    return rows[index[static_cast<std::size_t>(opcode)]];
}

}  // namespace

FunctionEmitter::Value FunctionEmitter::atomic_address(const wasm::MemoryArgument& argument,
                                                       Value index, std::uint64_t bytes) {
    if (bytes > 1) {
        Value low = builder_.CreateAnd(effective_address(argument, index), bytes - 1);
        trap_if(builder_.CreateIsNotNull(low), abi::TrapCode::unaligned_atomic);
    }
    return address(argument, index);
}

FunctionEmitter::Value FunctionEmitter::atomic_load(Opcode opcode,
                                                    const wasm::MemoryArgument& argument,
                                                    Value address) {
    const LoadRow& row = row_of(kLoads, kLoadIndex, opcode);
    const std::uint64_t bytes = row.bits / 8U;
    llvm::LoadInst* load = builder_.CreateAlignedLoad(
        builder_.getIntNTy(row.bits), atomic_address(argument, address, bytes), llvm::Align(bytes));
    load->setAtomic(kOrdering);
    mark_access(load, argument.memory);
    return builder_.CreateZExt(load, builder_.getIntNTy(row.result_bits));
}

void FunctionEmitter::atomic_store(Opcode opcode, const wasm::MemoryArgument& argument,
                                   Value address, Value value) {
    const WidthRow& row = row_of(kStores, kStoreIndex, opcode);
    const std::uint64_t bytes = row.bits / 8U;
    llvm::StoreInst* store =
        builder_.CreateAlignedStore(builder_.CreateTrunc(value, builder_.getIntNTy(row.bits)),
                                    atomic_address(argument, address, bytes), llvm::Align(bytes));
    store->setAtomic(kOrdering);
    mark_access(store, argument.memory);
}

FunctionEmitter::Value FunctionEmitter::atomic_rmw(Opcode opcode,
                                                   const wasm::MemoryArgument& argument,
                                                   Value address, Value operand) {
    const RmwRow& row = row_of(kRmws, kRmwIndex, opcode);
    const std::uint64_t bytes = row.bits / 8U;
    AtomicRMWInst* rmw = builder_.CreateAtomicRMW(
        row.operation, atomic_address(argument, address, bytes),
        builder_.CreateTrunc(operand, builder_.getIntNTy(row.bits)), llvm::Align(bytes), kOrdering);
    mark_access(rmw, argument.memory);
    return builder_.CreateZExt(rmw, operand->getType());
}

FunctionEmitter::Value FunctionEmitter::atomic_cmpxchg(Opcode opcode,
                                                       const wasm::MemoryArgument& argument,
                                                       Value address, Value expected,
                                                       Value replacement) {
    const WidthRow& row = row_of(kCompareExchanges, kCompareExchangeIndex, opcode);
    const std::uint64_t bytes = row.bits / 8U;
    llvm::Type* type = builder_.getIntNTy(row.bits);
    llvm::AtomicCmpXchgInst* exchange = builder_.CreateAtomicCmpXchg(
        atomic_address(argument, address, bytes), builder_.CreateTrunc(expected, type),
        builder_.CreateTrunc(replacement, type), llvm::Align(bytes), kOrdering, kOrdering);
    mark_access(exchange, argument.memory);
    return builder_.CreateZExt(builder_.CreateExtractValue(exchange, 0), expected->getType());
}

FunctionEmitter::Value FunctionEmitter::atomic_wait(Opcode opcode,
                                                    const wasm::MemoryArgument& argument,
                                                    Value address, Value expected, Value timeout) {
    return call_builtin(
        opcode == Opcode::memory_atomic_wait32 ? abi::Builtin::memory_wait32
                                               : abi::Builtin::memory_wait64,
        {u32(argument.memory.value), effective_address(argument, address), expected, timeout});
}

FunctionEmitter::Value FunctionEmitter::atomic_notify(const wasm::MemoryArgument& argument,
                                                      Value address, Value count) {
    return call_builtin(abi::Builtin::memory_notify,
                        {u32(argument.memory.value), effective_address(argument, address), count});
}

void FunctionEmitter::atomic_fence() { builder_.CreateFence(kOrdering); }

}  // namespace wasmax::codegen
