#include <array>
#include <cstddef>
#include <cstdint>

#include <llvm/IR/Constants.h>
#include <llvm/IR/DerivedTypes.h>
#include <llvm/IR/Instructions.h>

#include "codegen/impl/function_emitter.h"
#include "codegen/impl/rows.h"
#include "codegen/impl/vector.h"
#include "wasm/opcode.h"
#include "wasm/sink.h"
#include "wasm/types.h"

// Vector instructions that access memory or single lanes. wasm: syntax-instr-vec
namespace wasmax::codegen {
namespace {

using wasm::Opcode;

enum class Fill : std::uint8_t { sign, zero_extension, splat, zeros };

struct LoadRow {
    Opcode opcode;
    std::uint8_t bits;   ///< of a lane in memory
    std::uint8_t lanes;  ///< in memory
    Fill fill;
};

constexpr LoadRow kLoads[] = {
    {Opcode::v128_load8x8_s, 8, 8, Fill::sign},
    {Opcode::v128_load8x8_u, 8, 8, Fill::zero_extension},
    {Opcode::v128_load16x4_s, 16, 4, Fill::sign},
    {Opcode::v128_load16x4_u, 16, 4, Fill::zero_extension},
    {Opcode::v128_load32x2_s, 32, 2, Fill::sign},
    {Opcode::v128_load32x2_u, 32, 2, Fill::zero_extension},
    {Opcode::v128_load8_splat, 8, 1, Fill::splat},
    {Opcode::v128_load16_splat, 16, 1, Fill::splat},
    {Opcode::v128_load32_splat, 32, 1, Fill::splat},
    {Opcode::v128_load64_splat, 64, 1, Fill::splat},
    {Opcode::v128_load32_zero, 32, 1, Fill::zeros},
    {Opcode::v128_load64_zero, 64, 1, Fill::zeros},
};
constexpr auto kLoadIndex = index_by_opcode(kLoads);
static_assert(covers_handler(kLoadIndex, "vector_load"));

/// An instruction on one lane.
struct LaneRow {
    Opcode opcode;
    Shape shape;
    bool is_signed = false;
};

constexpr LaneRow kExtractions[] = {
    {Opcode::i8x16_extract_lane_s, Shape::i8x16, true},
    {Opcode::i8x16_extract_lane_u, Shape::i8x16},
    {Opcode::i16x8_extract_lane_s, Shape::i16x8, true},
    {Opcode::i16x8_extract_lane_u, Shape::i16x8},
    {Opcode::i32x4_extract_lane, Shape::i32x4},
    {Opcode::i64x2_extract_lane, Shape::i64x2},
    {Opcode::f32x4_extract_lane, Shape::f32x4},
    {Opcode::f64x2_extract_lane, Shape::f64x2},
};
constexpr auto kExtractionIndex = index_by_opcode(kExtractions);
static_assert(covers_handler(kExtractionIndex, "extract_lane"));

constexpr LaneRow kReplacements[] = {
    {Opcode::i8x16_replace_lane, Shape::i8x16}, {Opcode::i16x8_replace_lane, Shape::i16x8},
    {Opcode::i32x4_replace_lane, Shape::i32x4}, {Opcode::i64x2_replace_lane, Shape::i64x2},
    {Opcode::f32x4_replace_lane, Shape::f32x4}, {Opcode::f64x2_replace_lane, Shape::f64x2},
};
constexpr auto kReplacementIndex = index_by_opcode(kReplacements);
static_assert(covers_handler(kReplacementIndex, "replace_lane"));

constexpr LaneRow kLaneLoads[] = {
    {Opcode::v128_load8_lane, Shape::i8x16},
    {Opcode::v128_load16_lane, Shape::i16x8},
    {Opcode::v128_load32_lane, Shape::i32x4},
    {Opcode::v128_load64_lane, Shape::i64x2},
};
constexpr auto kLaneLoadIndex = index_by_opcode(kLaneLoads);
static_assert(covers_handler(kLaneLoadIndex, "load_lane"));

constexpr LaneRow kLaneStores[] = {
    {Opcode::v128_store8_lane, Shape::i8x16},
    {Opcode::v128_store16_lane, Shape::i16x8},
    {Opcode::v128_store32_lane, Shape::i32x4},
    {Opcode::v128_store64_lane, Shape::i64x2},
};
constexpr auto kLaneStoreIndex = index_by_opcode(kLaneStores);
static_assert(covers_handler(kLaneStoreIndex, "store_lane"));

}  // namespace

FunctionEmitter::Value FunctionEmitter::as_v128(Value vector) {
    return builder_.CreateBitCast(vector, type(wasm::ValueType::v128));
}

FunctionEmitter::Value FunctionEmitter::v128_const(std::uint64_t low, std::uint64_t high) {
    return llvm::ConstantDataVector::get(context(), llvm::ArrayRef<std::uint64_t>({low, high}));
}

FunctionEmitter::Value FunctionEmitter::shuffle(const std::array<std::uint8_t, 16>& lanes,
                                                Value first, Value second) {
    const llvm::SmallVector<int, 16> chosen(lanes.begin(), lanes.end());
    return as_v128(builder_.CreateShuffleVector(as_shape(builder_, first, Shape::i8x16),
                                                as_shape(builder_, second, Shape::i8x16), chosen));
}

FunctionEmitter::Value FunctionEmitter::extract_lane(Opcode opcode, std::uint8_t lane,
                                                     Value vector) {
    const LaneRow& row = kExtractions[kExtractionIndex[static_cast<std::size_t>(opcode)]];
    Value value =
        builder_.CreateExtractElement(as_shape(builder_, vector, row.shape), std::uint64_t{lane});
    if (row.shape == Shape::i8x16 || row.shape == Shape::i16x8) {
        return row.is_signed ? builder_.CreateSExt(value, builder_.getInt32Ty())
                             : builder_.CreateZExt(value, builder_.getInt32Ty());
    }
    return value;
}

FunctionEmitter::Value FunctionEmitter::replace_lane(Opcode opcode, std::uint8_t lane, Value vector,
                                                     Value value) {
    const LaneRow& row = kReplacements[kReplacementIndex[static_cast<std::size_t>(opcode)]];
    if (row.shape == Shape::i8x16 || row.shape == Shape::i16x8) {
        value = builder_.CreateTrunc(value, vector_type(context(), row.shape)->getElementType());
    }
    return as_v128(builder_.CreateInsertElement(as_shape(builder_, vector, row.shape), value,
                                                std::uint64_t{lane}));
}

FunctionEmitter::Value FunctionEmitter::vector_load(Opcode opcode,
                                                    const wasm::MemoryArgument& argument,
                                                    Value address) {
    const LoadRow& row = kLoads[kLoadIndex[static_cast<std::size_t>(opcode)]];
    llvm::Type* lane = builder_.getIntNTy(row.bits);
    llvm::Type* in_memory = row.lanes == 1 ? lane : llvm::FixedVectorType::get(lane, row.lanes);
    llvm::LoadInst* load =
        builder_.CreateAlignedLoad(in_memory, this->address(argument, address), llvm::Align(1));
    mark_access(load, argument.memory);
    constexpr unsigned kVectorBits = 128;
    const auto wide = [&] {
        return llvm::FixedVectorType::get(builder_.getIntNTy(2U * row.bits), row.lanes);
    };
    switch (row.fill) {
        case Fill::sign:
            return as_v128(builder_.CreateSExt(load, wide()));
        case Fill::zero_extension:
            return as_v128(builder_.CreateZExt(load, wide()));
        case Fill::splat:
            return as_v128(builder_.CreateVectorSplat(kVectorBits / row.bits, load));
        case Fill::zeros:
            break;
    }
    return as_v128(builder_.CreateInsertElement(
        llvm::Constant::getNullValue(llvm::FixedVectorType::get(lane, kVectorBits / row.bits)),
        load, std::uint64_t{0}));
}

FunctionEmitter::Value FunctionEmitter::load_lane(Opcode opcode,
                                                  const wasm::MemoryArgument& argument,
                                                  std::uint8_t lane, Value address, Value vector) {
    const LaneRow& row = kLaneLoads[kLaneLoadIndex[static_cast<std::size_t>(opcode)]];
    llvm::LoadInst* load =
        builder_.CreateAlignedLoad(vector_type(context(), row.shape)->getElementType(),
                                   this->address(argument, address), llvm::Align(1));
    mark_access(load, argument.memory);
    return as_v128(builder_.CreateInsertElement(as_shape(builder_, vector, row.shape), load,
                                                std::uint64_t{lane}));
}

void FunctionEmitter::store_lane(Opcode opcode, const wasm::MemoryArgument& argument,
                                 std::uint8_t lane, Value address, Value vector) {
    const LaneRow& row = kLaneStores[kLaneStoreIndex[static_cast<std::size_t>(opcode)]];
    Value value =
        builder_.CreateExtractElement(as_shape(builder_, vector, row.shape), std::uint64_t{lane});
    mark_access(
        builder_.CreateAlignedStore(value, this->address(argument, address), llvm::Align(1)),
        argument.memory);
}

}  // namespace wasmax::codegen
