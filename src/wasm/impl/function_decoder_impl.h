#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/assert.h"
#include "base/result.h"
#include "wasm/decoder.h"
#include "wasm/impl/byte_reader.h"
#include "wasm/impl/opcode_table.h"
#include "wasm/impl/operand_stack.h"
#include "wasm/impl/syntax_reader.h"
#include "wasm/limits.h"
#include "wasm/module.h"
#include "wasm/sink.h"

namespace wasmax::wasm {

/// The algorithm behind decode_function(). An object can decode one function after the other and
/// keeps its memory in between, so that nothing is allocated per instruction or block.
///
/// Two notions of dead code meet here. `polymorphic` is the specification's: after `br`, `return`
/// or `unreachable` the operand stack of the frame yields whatever is popped. `live_` says whether
/// execution can get here at all; only then is the sink called. After the `end` of a block that
/// nothing reaches, typing is ordinary again, but the code is still not live.
///
/// The members decode_HANDLER are named by opcodes.def; they are in the files decode_CLASS.h, one
/// per class of instructions. decode_body.h and decode_operands.h have what all of them use.
/// wasm: valid-instr, appendix validation algorithm
template <class Sink>
class FunctionDecoder {
public:
    FunctionDecoder(const Module& module, Features features)
        : module_(module), features_(features) {}

    /// `function` has a body.
    [[nodiscard]] Result<void, ModuleError> decode(FunctionIndex function, Sink& sink);

private:
    using Value = typename Sink::Value;
    using Label = typename Sink::Label;

    struct Frame {
        Label label{};
        BlockSignature signature;
        std::size_t height = 0;  ///< of the operand stack below the parameters
        /// Where exceptions thrown inside go first, if they are caught in this function at all: the
        /// position of that frame, counted from 1.
        std::size_t handler = 0;
        std::size_t initializations = 0;  ///< how many locals were initialized at its start
        FrameKind kind = FrameKind::block;
        bool entered_live = false;  ///< whether the sink knows about this frame
        bool end_reached = false;   ///< by a live branch, or by a live `then` arm
        bool polymorphic = false;

        /// What a branch to this frame passes.
        [[nodiscard]] std::span<const ValueType> label_types() const {
            return kind == FrameKind::loop ? signature.parameters : signature.results;
        }
    };

    /// The body was refused; `error_` says why. Keeps the results of handlers in a register.
    struct Refused {};
    template <class T>
    using Checked = Result<T, Refused>;

    // The frame of the whole: locals, dispatch.
    Checked<void> decode_body(FunctionIndex function);
    Checked<void> decode_locals(const FunctionType& type);
    Checked<void> decode_instruction();
    Checked<const OpcodeInfo*> decode_opcode();
    [[gnu::noinline]] Checked<const OpcodeInfo*> decode_rare_opcode();
    Checked<void> dispatch(const OpcodeInfo& row);

    // Refusals. `message` starts with the specification's words.
    [[gnu::cold, gnu::noinline]] Failure<Refused> refuse(ModuleError error);
    [[gnu::cold, gnu::noinline]] Failure<Refused> refuse(ModuleError::Kind kind,
                                                         std::string message);
    Failure<Refused> invalid(std::string message);
    Failure<Refused> malformed(std::string message);
    [[gnu::cold, gnu::noinline]] Failure<Refused> unknown(const char* what, std::uint64_t index);
    [[gnu::cold, gnu::noinline]] Failure<Refused> mismatch(ValueType expected, ValueType found);
    [[gnu::cold, gnu::noinline]] Failure<Refused> underflow(ValueType expected);

    /// A primitive of the binary format, with its error on record.
    template <class T, class E>
    Checked<T> read(Result<T, E> result);
    /// An index below `count`.
    Checked<std::uint32_t> read_index(const char* what, std::size_t count);
    /// An index that older feature sets write as one zero byte.
    Checked<std::uint32_t> read_index_or_zero(const char* what, std::size_t count, Feature feature);

    // Operands.
    /// `bottom` is asked for where any type will do.
    [[nodiscard]] static bool matches(ValueType actual, ValueType expected) {
        return actual == expected || expected == ValueType::bottom || is_subtype(actual, expected);
    }
    Frame& frame() { return frames_.back(); }
    /// The next operand's type for handlers that accept several: bottom if it can be any.
    Checked<ValueType> top_type();
    Checked<Value> pop(ValueType expected);
    /// An operand that is a reference, and its type.
    struct Reference {
        Value value;
        ValueType type;
    };
    Checked<Reference> pop_reference();
    /// Pops operands of `types`, the last one first. The span is valid until the next push.
    Checked<std::span<Value>> pop_all(std::span<const ValueType> types);
    void push(ValueType type, Value value) { operands_.push(type, value); }
    /// `count` values for the sink to fill, beside the stack, valid until the next call.
    std::span<Value> scratch(std::size_t count);

    /// Accounts for `count` values that an instruction passes; see kMaxMovedValues.
    Checked<void> charge(std::size_t count);

    // Locals without a default value. wasm: valid-local.get
    void initialize(LocalIndex local);
    /// Forgets what the innermost frame initialized.
    void leave_initializations();

    // Control.
    [[nodiscard]] TypeScope type_scope() const { return {features_, module_.canonical_types}; }
    Checked<BlockSignature> read_block_type();
    void push_frame(FrameKind kind, const BlockSignature& signature, Label label);
    Checked<void> enter_block(FrameKind kind);
    /// Pops the results of the innermost frame, which must be all that is on its stack.
    Checked<std::span<Value>> pop_results();
    Checked<Frame*> read_label();
    void branch_to(Frame& target);
    void set_unreachable();
    Checked<void> check_top(std::span<const ValueType> types);
    /// Says where the next calls of the sink belong, for `else` and `end` after dead code.
    void revive_at_instruction();
    Checked<void> read_branch_table();

    // Exceptions.
    Checked<TagIndex> read_tag();
    /// The payload of exceptions of `tag`.
    [[nodiscard]] std::span<const ValueType> payload_of(TagIndex tag) const {
        return module_.type(module_.tag_types[tag.value].type).parameters;
    }
    Checked<CatchClause<Label>> read_catch_clause();
    Checked<void> read_catch_clauses();
    Checked<void> check_clause_types(const CatchClause<Label>& clause,
                                     std::span<const ValueType> label_types);
    /// Whether exceptions thrown inside the frame go to its clauses first.
    [[nodiscard]] static bool catches(FrameKind kind) {
        return kind == FrameKind::try_ || kind == FrameKind::try_table;
    }
    [[nodiscard]] static bool is_try(FrameKind kind) {
        return catches(kind) || kind == FrameKind::catch_ || kind == FrameKind::catch_all;
    }
    /// From one part of a legacy `try` to the next, which starts with `payload` on its stack.
    void begin_catch(FrameKind kind, std::span<const ValueType> types,
                     std::span<const Value> payload);

    // Memory and tables.
    Checked<MemoryIndex> read_memory();
    Checked<TableIndex> read_table();
    Checked<DataIndex> read_data();
    Checked<ElementIndex> read_element();
    Checked<MemoryArgument> read_memory_argument(const OpcodeInfo& row);
    Checked<std::uint8_t> read_lane(const OpcodeInfo& row);
    Checked<MemoryArgument> read_atomic_argument(const OpcodeInfo& row);
    /// The operands of a row that accesses `memory`, in order.
    Checked<std::array<Value, 3>> pop_operands(const OpcodeInfo& row, MemoryIndex memory);
    /// Pushes the result of a row that has one.
    void push_result(const OpcodeInfo& row, Value value) {
        push(kOpcodeTypes[static_cast<std::size_t>(row.opcode)].result, value);
    }
    /// The callee of a `call_indirect`: its type, and the index into the table.
    struct IndirectCallee {
        TypeIndex type;
        TableIndex table;
        Value index;
    };
    Checked<IndirectCallee> read_indirect_callee();
    Checked<TypeIndex> read_type() {
        return TypeIndex{TRY(read_index("type", module_.types.size()))};
    }
    /// The callee of a `call_ref`, which may be null.
    Checked<Value> pop_callee(TypeIndex type);
    Checked<void> require_own_results(const FunctionType& callee);
    [[nodiscard]] static ValueType value_type(AddressType address) {
        return address == AddressType::i64 ? ValueType::i64 : ValueType::i32;
    }
    [[nodiscard]] ValueType address_type(MemoryIndex memory) const {
        return value_type(module_.memory_types[memory.value].address);
    }
    [[nodiscard]] ValueType address_type(TableIndex table) const {
        return value_type(module_.table_types[table.value].address);
    }
    /// Counts of a copy between two address types fit the smaller one.
    [[nodiscard]] static ValueType smaller(ValueType a, ValueType b) {
        return a == ValueType::i32 ? a : b;
    }
    [[nodiscard]] ValueType element_type(TableIndex table) const {
        return module_.table_types[table.value].element;
    }
    Checked<void> require_same_element_type(ValueType to, ValueType from);

#define WASMAX_DECLARE_HANDLER(handler) Checked<void> decode_##handler(const OpcodeInfo& row);
    WASMAX_DECLARE_HANDLER(unreachable)
    WASMAX_DECLARE_HANDLER(nop)
    WASMAX_DECLARE_HANDLER(block)
    WASMAX_DECLARE_HANDLER(loop)
    WASMAX_DECLARE_HANDLER(if_)
    WASMAX_DECLARE_HANDLER(else_)
    WASMAX_DECLARE_HANDLER(end)
    WASMAX_DECLARE_HANDLER(br)
    WASMAX_DECLARE_HANDLER(br_if)
    WASMAX_DECLARE_HANDLER(br_table)
    WASMAX_DECLARE_HANDLER(return_)
    WASMAX_DECLARE_HANDLER(call)
    WASMAX_DECLARE_HANDLER(call_indirect)
    WASMAX_DECLARE_HANDLER(return_call)
    WASMAX_DECLARE_HANDLER(return_call_indirect)
    WASMAX_DECLARE_HANDLER(try_)
    WASMAX_DECLARE_HANDLER(catch_)
    WASMAX_DECLARE_HANDLER(catch_all)
    WASMAX_DECLARE_HANDLER(delegate)
    WASMAX_DECLARE_HANDLER(try_table)
    WASMAX_DECLARE_HANDLER(throw_)
    WASMAX_DECLARE_HANDLER(throw_ref)
    WASMAX_DECLARE_HANDLER(rethrow)
    WASMAX_DECLARE_HANDLER(call_ref)
    WASMAX_DECLARE_HANDLER(return_call_ref)
    WASMAX_DECLARE_HANDLER(br_on_null)
    WASMAX_DECLARE_HANDLER(br_on_non_null)
    WASMAX_DECLARE_HANDLER(drop)
    WASMAX_DECLARE_HANDLER(select)
    WASMAX_DECLARE_HANDLER(select_t)
    WASMAX_DECLARE_HANDLER(local_get)
    WASMAX_DECLARE_HANDLER(local_set)
    WASMAX_DECLARE_HANDLER(local_tee)
    WASMAX_DECLARE_HANDLER(global_get)
    WASMAX_DECLARE_HANDLER(global_set)
    WASMAX_DECLARE_HANDLER(i32_const)
    WASMAX_DECLARE_HANDLER(i64_const)
    WASMAX_DECLARE_HANDLER(f32_const)
    WASMAX_DECLARE_HANDLER(f64_const)
    WASMAX_DECLARE_HANDLER(numeric)
    WASMAX_DECLARE_HANDLER(load)
    WASMAX_DECLARE_HANDLER(store)
    WASMAX_DECLARE_HANDLER(memory_size)
    WASMAX_DECLARE_HANDLER(memory_grow)
    WASMAX_DECLARE_HANDLER(memory_fill)
    WASMAX_DECLARE_HANDLER(memory_copy)
    WASMAX_DECLARE_HANDLER(memory_init)
    WASMAX_DECLARE_HANDLER(data_drop)
    WASMAX_DECLARE_HANDLER(table_get)
    WASMAX_DECLARE_HANDLER(table_set)
    WASMAX_DECLARE_HANDLER(table_size)
    WASMAX_DECLARE_HANDLER(table_grow)
    WASMAX_DECLARE_HANDLER(table_fill)
    WASMAX_DECLARE_HANDLER(table_copy)
    WASMAX_DECLARE_HANDLER(table_init)
    WASMAX_DECLARE_HANDLER(elem_drop)
    WASMAX_DECLARE_HANDLER(ref_null)
    WASMAX_DECLARE_HANDLER(ref_is_null)
    WASMAX_DECLARE_HANDLER(ref_func)
    WASMAX_DECLARE_HANDLER(ref_as_non_null)
    WASMAX_DECLARE_HANDLER(v128_const)
    WASMAX_DECLARE_HANDLER(vector)
    WASMAX_DECLARE_HANDLER(shuffle)
    WASMAX_DECLARE_HANDLER(extract_lane)
    WASMAX_DECLARE_HANDLER(replace_lane)
    WASMAX_DECLARE_HANDLER(vector_load)
    WASMAX_DECLARE_HANDLER(load_lane)
    WASMAX_DECLARE_HANDLER(store_lane)
    WASMAX_DECLARE_HANDLER(atomic_load)
    WASMAX_DECLARE_HANDLER(atomic_store)
    WASMAX_DECLARE_HANDLER(atomic_rmw)
    WASMAX_DECLARE_HANDLER(atomic_cmpxchg)
    WASMAX_DECLARE_HANDLER(atomic_wait)
    WASMAX_DECLARE_HANDLER(atomic_notify)
    WASMAX_DECLARE_HANDLER(atomic_fence)
#undef WASMAX_DECLARE_HANDLER

    const Module& module_;
    const Features features_;
    Sink* sink_ = nullptr;
    ByteReader reader_;
    std::uint64_t instruction_offset_ = 0;
    bool live_ = false;
    std::size_t movable_ = 0;  ///< values that may still be passed
    OperandStack<Value> operands_;
    std::vector<Frame> frames_;
    std::vector<ValueType> locals_;            ///< parameters first
    std::vector<bool> initialized_;            ///< by local; empty if all have a default value
    std::vector<LocalIndex> initializations_;  ///< in the order in which they happened
    std::deque<ValueType> block_types_;        ///< results that a block type spells out
    std::vector<Value> scratch_;
    std::vector<std::uint32_t> branch_table_;  ///< depths of the br_table being decoded
    std::vector<Label*> branch_labels_;
    std::vector<CatchClause<Label>> clauses_;  ///< of the try_table being decoded
    ModuleError error_;
};

template <class Sink>
Result<void, ModuleError> decode_function(const Module& module, Features features,
                                          FunctionIndex function, Sink& sink) {
    return FunctionDecoder<Sink>(module, features).decode(function, sink);
}

}  // namespace wasmax::wasm

#include "wasm/impl/decode_atomic.h"
#include "wasm/impl/decode_body.h"
#include "wasm/impl/decode_call.h"
#include "wasm/impl/decode_control.h"
#include "wasm/impl/decode_exception.h"
#include "wasm/impl/decode_memory.h"
#include "wasm/impl/decode_numeric.h"
#include "wasm/impl/decode_operands.h"
#include "wasm/impl/decode_reference.h"
#include "wasm/impl/decode_table.h"
#include "wasm/impl/decode_variable.h"
#include "wasm/impl/decode_vector.h"
