#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "wasm/module.h"
#include "wasm/opcode.h"
#include "wasm/types.h"

namespace wasmax::wasm {

/// The immediate of a load or store. wasm: syntax-memarg
struct MemoryArgument {
    MemoryIndex memory;
    std::uint64_t offset = 0;
    std::uint32_t align_log2 = 0;  ///< a hint, except for atomics
};

/// A legacy `try` is `try_` up to its first `catch`, then `catch_` or `catch_all`.
enum class FrameKind : std::uint8_t {
    function,
    block,
    loop,
    if_,
    else_,
    try_,
    catch_,
    catch_all,
    try_table
};

/// A clause of `try_table`, as the binary format numbers them. wasm: binary-catch
enum class CatchKind : std::uint8_t { catch_, catch_ref, catch_all, catch_all_ref };

/// Branches to `label` with the payload of an exception of `tag`, or with no payload; after it
/// comes the reference to the exception, if the kind has one. wasm: syntax-catch
template <class Label>
struct CatchClause {
    CatchKind kind = CatchKind::catch_;
    TagIndex tag;
    Label* label = nullptr;
    [[nodiscard]] bool has_tag() const {
        return kind == CatchKind::catch_ || kind == CatchKind::catch_ref;
    }
    [[nodiscard]] bool has_reference() const {
        return kind == CatchKind::catch_ref || kind == CatchKind::catch_all_ref;
    }
};

/// Parameters and results of a block. Views live as long as the module.
struct BlockSignature {
    std::span<const ValueType> parameters;
    std::span<const ValueType> results;
};

/// What FunctionDecoder tells about a function, as it validates it: the contract of every sink.
/// This one ignores it all, which makes decoding pure validation.
///
/// The decoder owns the operand stack and the control stack. It never calls a sink for code that
/// cannot be reached: not after `br`, `return` or `unreachable`, and not after the `end` of a block
/// that nothing reaches. Values it passes were returned by the same sink in the same function.
/// Calls come in the order of the code. Spans are valid during the call only.
class NullSink {
public:
    struct Value {};
    struct Label {};

    /// First call. `locals` are the declared ones, without the parameters; this span stays valid
    /// until the end of the function.
    Label begin_function(const FunctionType&, std::span<const ValueType> /*locals*/) { return {}; }
    /// Before every instruction: its offset from the start of the module.
    void at(std::uint64_t /*offset*/) {}

    // Control. Branching to a label passes its block's results, a loop's parameters.
    Label block(const BlockSignature&, std::span<const Value> /*parameters*/) { return {}; }
    /// `parameters` comes in with the values on entry and goes out with the values inside the loop.
    Label loop(const BlockSignature&, std::span<Value> /*parameters*/) { return {}; }
    Label if_(const BlockSignature&, Value /*condition*/, std::span<const Value> /*parameters*/) {
        return {};
    }
    /// `fallthrough` says whether the `then` arm reached here with `results`; the sink fills
    /// `parameters` for the `else` arm.
    void else_(Label&, bool /*fallthrough*/, std::span<const Value> /*results*/,
               std::span<Value> /*parameters*/) {}
    /// Ends a block, loop, if (without else when kind is `if_`: its parameters are its results) or
    /// else. `fallthrough` says whether its last instruction reached here with `results`. Fills
    /// `merged`, the values after the end. Not called when nothing reaches the end.
    void end(Label&, FrameKind, bool /*fallthrough*/, std::span<const Value> /*results*/,
             std::span<Value> /*merged*/) {}
    /// Last call, instead of end(), when the function's end can be reached (by falling through or
    /// by a branch to its outermost label). After the last instruction nothing else is called.
    void end_function(Label&, bool /*fallthrough*/, std::span<const Value> /*results*/) {}
    /// Also `return`, with the function's label.
    void br(Label&, std::span<const Value> /*values*/) {}
    void br_if(Label&, Value /*condition*/, std::span<const Value> /*values*/) {}
    /// The last of `targets` is the default.
    void br_table(Value /*index*/, std::span<Label* const> /*targets*/,
                  std::span<const Value> /*values*/) {}
    void unreachable() {}
    void call(FunctionIndex, const FunctionType&, std::span<const Value> /*arguments*/,
              std::span<Value> /*results*/) {}
    void call_indirect(TableIndex, TypeIndex, const FunctionType&, Value /*index*/,
                       std::span<const Value> /*arguments*/, std::span<Value> /*results*/) {}
    /// The callee's results become the caller's: nothing follows.
    void return_call(FunctionIndex, const FunctionType&, std::span<const Value> /*arguments*/) {}
    void return_call_indirect(TableIndex, TypeIndex, const FunctionType&, Value /*index*/,
                              std::span<const Value> /*arguments*/) {}

    /// A null reference traps. The type is that of the callee.
    void call_ref(const FunctionType&, Value /*reference*/, std::span<const Value> /*arguments*/,
                  std::span<Value> /*results*/) {}
    void return_call_ref(const FunctionType&, Value /*reference*/,
                         std::span<const Value> /*arguments*/) {}
    void br_on_null(Label&, Value /*reference*/, std::span<const Value> /*values*/) {}
    /// The last of `values` is the reference.
    void br_on_non_null(Label&, Value /*reference*/, std::span<const Value> /*values*/) {}

    // Exceptions. What is thrown between try_() or try_table() and the next of catch_(),
    // catch_all(), delegate() and end_try() with the same label belongs to that label, unless a
    // block in between takes it first. A sink that was told of a `try` is told all of these, even
    // where nothing reaches them.
    Label try_(const BlockSignature&, std::span<const Value> /*parameters*/) { return {}; }
    /// The first clause that fits takes the exception.
    Label try_table(const BlockSignature&, std::span<const Value> /*parameters*/,
                    std::span<const CatchClause<Label>> /*clauses*/) {
        return {};
    }
    /// `fallthrough` says whether the code before reached here with `results`; the sink fills
    /// `payload`.
    void catch_(Label&, bool /*fallthrough*/, std::span<const Value> /*results*/, TagIndex,
                std::span<Value> /*payload*/) {}
    void catch_all(Label&, bool /*fallthrough*/, std::span<const Value> /*results*/) {}
    /// Instead of end_try(): exceptions go where those thrown next to `target`'s block's beginning
    /// inside it go, or to the caller if it is null.
    void delegate(Label&, Label* /*target*/) {}
    /// The kind is that of the last part. A catch clause that falls through does so here; end()
    /// comes after it, if anything reaches the end.
    void end_try(Label&, FrameKind, bool /*fallthrough*/, std::span<const Value> /*results*/) {}
    void throw_(TagIndex, const FunctionType&, std::span<const Value> /*payload*/) {}
    void throw_ref(Value) {}
    /// Of the exception that `label`'s `catch` caught.
    void rethrow(Label&) {}

    // Parametric and variables.
    void drop(Value, ValueType) {}
    Value select(ValueType, Value /*if_true*/, Value /*if_false*/, Value /*condition*/) {
        return {};
    }
    Value local_get(LocalIndex) { return {}; }
    /// Also `local.tee`.
    void local_set(LocalIndex, Value) {}
    Value global_get(GlobalIndex) { return {}; }
    void global_set(GlobalIndex, Value) {}

    // Numeric.
    Value i32_const(std::uint32_t) { return {}; }
    Value i64_const(std::uint64_t) { return {}; }
    Value f32_const(std::uint32_t /*bits*/) { return {}; }
    Value f64_const(std::uint64_t /*bits*/) { return {}; }
    /// Rows whose handler is `numeric`: operands in order, one result.
    Value numeric(Opcode, std::span<const Value> /*operands*/) { return {}; }

    // Memory. Addresses and sizes have the memory's address type.
    Value load(Opcode, const MemoryArgument&, Value /*address*/) { return {}; }
    void store(Opcode, const MemoryArgument&, Value /*address*/, Value /*value*/) {}
    Value memory_size(MemoryIndex) { return {}; }
    Value memory_grow(MemoryIndex, Value /*pages*/) { return {}; }
    void memory_fill(MemoryIndex, Value /*address*/, Value /*byte*/, Value /*count*/) {}
    void memory_copy(MemoryIndex /*to*/, MemoryIndex /*from*/, Value /*to_address*/,
                     Value /*from_address*/, Value /*count*/) {}
    void memory_init(MemoryIndex, DataIndex, Value /*address*/, Value /*offset*/, Value /*count*/) {
    }
    void data_drop(DataIndex) {}

    // Vectors.
    Value v128_const(std::uint64_t /*low*/, std::uint64_t /*high*/) { return {}; }
    /// Rows whose handler is `vector`: operands in order, one result.
    Value vector(Opcode, std::span<const Value> /*operands*/) { return {}; }
    /// `lanes` choose from the 32 bytes of both operands.
    Value shuffle(const std::array<std::uint8_t, 16>& /*lanes*/, Value /*first*/,
                  Value /*second*/) {
        return {};
    }
    Value extract_lane(Opcode, std::uint8_t /*lane*/, Value /*vector*/) { return {}; }
    Value replace_lane(Opcode, std::uint8_t /*lane*/, Value /*vector*/, Value /*value*/) {
        return {};
    }
    Value vector_load(Opcode, const MemoryArgument&, Value /*address*/) { return {}; }
    Value load_lane(Opcode, const MemoryArgument&, std::uint8_t /*lane*/, Value /*address*/,
                    Value /*vector*/) {
        return {};
    }
    void store_lane(Opcode, const MemoryArgument&, std::uint8_t /*lane*/, Value /*address*/,
                    Value /*vector*/) {}

    // Atomic memory accesses. The argument's alignment is the natural one.
    Value atomic_load(Opcode, const MemoryArgument&, Value /*address*/) { return {}; }
    void atomic_store(Opcode, const MemoryArgument&, Value /*address*/, Value /*value*/) {}
    Value atomic_rmw(Opcode, const MemoryArgument&, Value /*address*/, Value /*operand*/) {
        return {};
    }
    Value atomic_cmpxchg(Opcode, const MemoryArgument&, Value /*address*/, Value /*expected*/,
                         Value /*replacement*/) {
        return {};
    }
    Value atomic_wait(Opcode, const MemoryArgument&, Value /*address*/, Value /*expected*/,
                      Value /*timeout*/) {
        return {};
    }
    Value atomic_notify(const MemoryArgument&, Value /*address*/, Value /*count*/) { return {}; }
    void atomic_fence() {}

    // Tables and references.
    Value table_get(TableIndex, Value /*index*/) { return {}; }
    void table_set(TableIndex, Value /*index*/, Value /*reference*/) {}
    Value table_size(TableIndex) { return {}; }
    Value table_grow(TableIndex, Value /*reference*/, Value /*count*/) { return {}; }
    void table_fill(TableIndex, Value /*index*/, Value /*reference*/, Value /*count*/) {}
    void table_copy(TableIndex /*to*/, TableIndex /*from*/, Value /*to_index*/,
                    Value /*from_index*/, Value /*count*/) {}
    void table_init(TableIndex, ElementIndex, Value /*index*/, Value /*offset*/, Value /*count*/) {}
    void elem_drop(ElementIndex) {}
    Value ref_null(ValueType) { return {}; }
    Value ref_is_null(Value) { return {}; }
    Value ref_func(FunctionIndex) { return {}; }
    /// The reference itself, or a trap.
    Value ref_as_non_null(Value) { return {}; }
};

}  // namespace wasmax::wasm
