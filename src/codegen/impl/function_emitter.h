#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <vector>

#include <llvm/ADT/SetVector.h>
#include <llvm/ADT/SmallVector.h>
#include <llvm/IR/BasicBlock.h>
#include <llvm/IR/DebugInfoMetadata.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/Instructions.h>

#include "abi/builtin.h"
#include "abi/trap.h"
#include "codegen/impl/calls.h"
#include "codegen/impl/module_emitter.h"
#include "wasm/module.h"
#include "wasm/opcode.h"
#include "wasm/sink.h"
#include "wasm/types.h"

namespace wasmax::codegen {

/// Turns one wasm function into LLVM IR as the decoder validates it: a sink (wasm/sink.h says what
/// each call means). Its members are in the file of their instruction class: control.cpp,
/// variable.cpp, memory.cpp and so on; what they share is in function.cpp.
///
/// Locals are stack slots that LLVM's SROA turns into values. Every LLVM instruction has a
/// location, whose line is the offset of the wasm instruction from the start of the module: those
/// that can trap or call need one, and LLVM drops theirs when it moves them next to instructions
/// without (measured on sqlite: 2 % of compile time over none, 10 % of the artifact over those that
/// need one).
class FunctionEmitter {
public:
    using Value = llvm::Value*;

    /// The target of branches to one frame.
    struct Label {
        llvm::BasicBlock* block = nullptr;  ///< created by the first branch to it
        llvm::SmallVector<llvm::PHINode*, 1> values;
        std::span<const wasm::ValueType> types;
        /// Of an `if`: where a zero condition goes; of a `try`: where what no `catch` took goes.
        llvm::BasicBlock* otherwise = nullptr;
        llvm::SmallVector<llvm::Value*, 1> parameters;  ///< of an `if`
        unsigned handler = 0;                           ///< of a `try` or `try_table`
    };

    FunctionEmitter(ModuleEmitter& module, wasm::FunctionIndex function);

    /// Completes the function after it was decoded without an error.
    void finish();

    // The sink. function.cpp
    Label begin_function(const wasm::FunctionType& type, std::span<const wasm::ValueType> locals);
    void end_function(Label& label, bool fallthrough, std::span<const Value> results);
    void at(std::uint64_t offset);

    // control.cpp
    Label block(const wasm::BlockSignature& signature, std::span<const Value> parameters);
    Label loop(const wasm::BlockSignature& signature, std::span<Value> parameters);
    Label if_(const wasm::BlockSignature& signature, Value condition,
              std::span<const Value> parameters);
    void else_(Label& label, bool fallthrough, std::span<const Value> results,
               std::span<Value> parameters);
    void end(Label& label, wasm::FrameKind kind, bool fallthrough, std::span<const Value> results,
             std::span<Value> merged);
    void br(Label& label, std::span<const Value> values);
    void br_if(Label& label, Value condition, std::span<const Value> values);
    void br_table(Value index, std::span<Label* const> targets, std::span<const Value> values);
    void br_on_null(Label& label, Value reference, std::span<const Value> values);
    void br_on_non_null(Label& label, Value reference, std::span<const Value> values);
    void unreachable();

    // call.cpp
    void call(wasm::FunctionIndex function, const wasm::FunctionType& type,
              std::span<const Value> arguments, std::span<Value> results);
    void call_indirect(wasm::TableIndex table, wasm::TypeIndex type_index,
                       const wasm::FunctionType& type, Value index,
                       std::span<const Value> arguments, std::span<Value> results);
    void call_ref(const wasm::FunctionType& type, Value reference, std::span<const Value> arguments,
                  std::span<Value> results);
    void return_call_ref(const wasm::FunctionType& type, Value reference,
                         std::span<const Value> arguments);
    void return_call(wasm::FunctionIndex function, const wasm::FunctionType& type,
                     std::span<const Value> arguments);
    void return_call_indirect(wasm::TableIndex table, wasm::TypeIndex type_index,
                              const wasm::FunctionType& type, Value index,
                              std::span<const Value> arguments);

    // exception.cpp
    Label try_(const wasm::BlockSignature& signature, std::span<const Value> parameters);
    Label try_table(const wasm::BlockSignature& signature, std::span<const Value> parameters,
                    std::span<const wasm::CatchClause<Label>> clauses);
    void catch_(Label& label, bool fallthrough, std::span<const Value> results, wasm::TagIndex tag,
                std::span<Value> payload);
    void catch_all(Label& label, bool fallthrough, std::span<const Value> results);
    void delegate(Label& label, Label* target);
    void end_try(Label& label, wasm::FrameKind kind, bool fallthrough,
                 std::span<const Value> results);
    void throw_(wasm::TagIndex tag, const wasm::FunctionType& type, std::span<const Value> payload);
    void throw_ref(Value exception);
    void rethrow(Label& label);

    // parametric.cpp
    void drop(Value value, wasm::ValueType type);
    Value select(wasm::ValueType type, Value if_true, Value if_false, Value condition);

    // variable.cpp
    Value local_get(wasm::LocalIndex local);
    void local_set(wasm::LocalIndex local, Value value);
    Value global_get(wasm::GlobalIndex global);
    void global_set(wasm::GlobalIndex global, Value value);

    // numeric.cpp
    Value i32_const(std::uint32_t value);
    Value i64_const(std::uint64_t value);
    Value f32_const(std::uint32_t bits);
    Value f64_const(std::uint64_t bits);
    Value numeric(wasm::Opcode opcode, std::span<const Value> operands);

    // memory.cpp
    Value load(wasm::Opcode opcode, const wasm::MemoryArgument& argument, Value address);
    void store(wasm::Opcode opcode, const wasm::MemoryArgument& argument, Value address,
               Value value);
    Value memory_size(wasm::MemoryIndex memory);
    Value memory_grow(wasm::MemoryIndex memory, Value pages);
    void memory_fill(wasm::MemoryIndex memory, Value address, Value byte, Value count);
    void memory_copy(wasm::MemoryIndex to, wasm::MemoryIndex from, Value to_address,
                     Value from_address, Value count);
    void memory_init(wasm::MemoryIndex memory, wasm::DataIndex data, Value address, Value offset,
                     Value count);
    void data_drop(wasm::DataIndex data);

    // vector.cpp, vector_memory.cpp
    Value v128_const(std::uint64_t low, std::uint64_t high);
    Value vector(wasm::Opcode opcode, std::span<const Value> operands);
    Value shuffle(const std::array<std::uint8_t, 16>& lanes, Value first, Value second);
    Value extract_lane(wasm::Opcode opcode, std::uint8_t lane, Value vector);
    Value replace_lane(wasm::Opcode opcode, std::uint8_t lane, Value vector, Value value);
    Value vector_load(wasm::Opcode opcode, const wasm::MemoryArgument& argument, Value address);
    Value load_lane(wasm::Opcode opcode, const wasm::MemoryArgument& argument, std::uint8_t lane,
                    Value address, Value vector);
    void store_lane(wasm::Opcode opcode, const wasm::MemoryArgument& argument, std::uint8_t lane,
                    Value address, Value vector);

    // atomic.cpp
    Value atomic_load(wasm::Opcode opcode, const wasm::MemoryArgument& argument, Value address);
    void atomic_store(wasm::Opcode opcode, const wasm::MemoryArgument& argument, Value address,
                      Value value);
    Value atomic_rmw(wasm::Opcode opcode, const wasm::MemoryArgument& argument, Value address,
                     Value operand);
    Value atomic_cmpxchg(wasm::Opcode opcode, const wasm::MemoryArgument& argument, Value address,
                         Value expected, Value replacement);
    Value atomic_wait(wasm::Opcode opcode, const wasm::MemoryArgument& argument, Value address,
                      Value expected, Value timeout);
    Value atomic_notify(const wasm::MemoryArgument& argument, Value address, Value count);
    void atomic_fence();

    // table.cpp
    Value table_get(wasm::TableIndex table, Value index);
    void table_set(wasm::TableIndex table, Value index, Value reference);
    Value table_size(wasm::TableIndex table);
    Value table_grow(wasm::TableIndex table, Value reference, Value count);
    void table_fill(wasm::TableIndex table, Value index, Value reference, Value count);
    void table_copy(wasm::TableIndex to, wasm::TableIndex from, Value to_index, Value from_index,
                    Value count);
    void table_init(wasm::TableIndex table, wasm::ElementIndex element, Value index, Value offset,
                    Value count);
    void elem_drop(wasm::ElementIndex element);

    // reference.cpp
    Value ref_null(wasm::ValueType type);
    Value ref_is_null(Value reference);
    Value ref_func(wasm::FunctionIndex function);
    Value ref_as_non_null(Value reference);

    // What instruction classes outside this class need (numeric_*.cpp).
    [[nodiscard]] llvm::IRBuilder<>& builder() { return builder_; }
    [[nodiscard]] llvm::Type* type(wasm::ValueType type) { return module_.type(type); }
    /// What an i32 that is 0 or 1 was extended from, an i1; null for any other value.
    Value truth_of(Value value);
    /// Continues where `condition` (an i1) is false and traps where it is true.
    void trap_if(Value condition, abi::TrapCode code);

private:
    [[nodiscard]] const wasm::Module& wasm() const { return module_.plan().module; }
    /// Of the function's body from the start of the module.
    [[nodiscard]] std::uint64_t body_offset() const {
        return wasm().bodies[index_.value - wasm().imported_functions].offset;
    }
    [[nodiscard]] const abi::ContextLayout& layout() const { return module_.plan().layout; }
    [[nodiscard]] llvm::LLVMContext& context() { return module_.context(); }

    // Blocks.
    llvm::BasicBlock* create_block();
    /// Continues in `block`, which becomes the last one so far.
    void enter(llvm::BasicBlock* block);
    /// The label's block, ready to receive one more edge from here.
    llvm::BasicBlock* edge_to(Label& label, std::span<const Value> values);
    void create_target(Label& label);
    void erase_unused_extensions();
    void emit_stack_check();
    void drop_needless_locations();
    /// Goes to the label where `taken`, an i1, is true.
    void branch_if(Value taken, Label& label, std::span<const Value> values);
    /// A wasm i32 as an i1: the comparison itself where there is one.
    Value condition(Value value);

    // Exceptions.
    /// Where the exceptions of a `try` go: a landing pad receives them from calls, stores them and
    /// goes on to `dispatch`, as do inner handlers with what they do not catch.
    struct Handler {
        llvm::BasicBlock* dispatch = nullptr;
        llvm::AllocaInst* exception = nullptr;
        llvm::BasicBlock* landing_pad = nullptr;  ///< created by the first call
    };
    unsigned create_handler();
    /// The innermost handler's, for a call that comes next; null outside of any.
    llvm::BasicBlock* landing_pad();
    /// Gives `exception` to the handler, or to the caller if that is null.
    void forward(Value exception, const Handler* handler);
    [[nodiscard]] const Handler* innermost_handler() const {
        return active_handlers_.empty() ? nullptr : &handlers_[active_handlers_.back()];
    }
    Value caught(const Handler& handler);
    /// Starts the next part of a legacy `try`, with what no part before it took.
    void begin_catch(Label& label, bool fallthrough, std::span<const Value> results);
    void emit_clause(const wasm::CatchClause<Label>& clause, Value exception);
    /// Whether the exception has the tag, as an i1.
    Value has_tag(Value exception, wasm::TagIndex tag);
    void load_payload(Value exception, wasm::TagIndex tag, std::span<Value> payload);
    /// Calls a builtin that throws; nothing follows.
    void emit_throw(abi::Builtin builtin, Value argument);
    /// Before a reference is stored outside of this function.
    void keep_if_exception(wasm::ValueType type, Value reference);

    // Trapping.
    void emit_trap(abi::TrapCode code);

    // What generated code reads, at the builder's position.
    Value context_field(std::uint64_t offset, llvm::Type* type, Access access) {
        return codegen::context_field(builder_, module_, context_, offset, type, access);
    }
    Value memory_base(wasm::MemoryIndex memory);
    Value memory_state(wasm::MemoryIndex memory);
    Value table_entries(wasm::TableIndex table);
    Value table_state(wasm::TableIndex table);
    Value global_cell(wasm::GlobalIndex global);
    llvm::AllocaInst* local_slot(wasm::LocalIndex local);

    // Accesses to linear memories.
    template <class Instruction>
    void mark_access(Instruction* access, wasm::MemoryIndex memory) {
        access->setMetadata(llvm::LLVMContext::MD_tbaa, module_.tags().memories[memory.value]);
        access->setVolatile(module_.plan().options.strict);
    }
    [[nodiscard]] bool accesses_memory(const llvm::LoadInst& load) const;
    Value address(const wasm::MemoryArgument& argument, Value index);
    /// The same, after a check that it is a multiple of `bytes`.
    Value atomic_address(const wasm::MemoryArgument& argument, Value index, std::uint64_t bytes);
    [[nodiscard]] bool is_64_bit(wasm::MemoryIndex memory) const {
        return wasm().memory_types[memory.value].address == wasm::AddressType::i64;
    }
    /// The effective address as a number. Traps when it has more than 64 bits.
    Value effective_address(const wasm::MemoryArgument& argument, Value index);
    /// An address or a size of a memory or table as the u64 that builtins take.
    Value widened(Value value);
    /// The reverse for a result in the address type of the memory or table.
    Value narrowed(Value value, wasm::AddressType address);
    /// A vector of any shape as v128.
    Value as_v128(Value vector);
    Value u32(std::uint32_t value) { return builder_.getInt32(value); }

    /// The address of the builtin's code.
    Value builtin_code(abi::Builtin builtin);
    Value call_builtin(abi::Builtin builtin, std::initializer_list<Value> arguments);
    void return_values(std::span<const Value> values);

    // Callees.
    [[nodiscard]] bool is_host(wasm::FunctionIndex function) const;
    /// Of a direct call to a function that is not the host's.
    Callee direct_callee(wasm::FunctionIndex function);
    /// Traps unless the entry has the type.
    Callee indirect_callee(wasm::TableIndex table, wasm::TypeIndex type_index, Value index);
    llvm::LoadInst* function_field(Value function_reference, std::uint64_t offset,
                                   llvm::Type* type);
    /// Traps when the reference is null.
    Callee referenced_callee(Value reference);
    /// Of a FuncRef or a TableEntry that is one.
    Callee callee_of(Value function_reference);

    ModuleEmitter& module_;
    const wasm::FunctionIndex index_;
    llvm::Function* function_;
    llvm::DISubprogram* scope_;
    llvm::IRBuilder<> builder_;
    llvm::BasicBlock* entry_ = nullptr;  ///< without a terminator until finish()
    llvm::BasicBlock* body_ = nullptr;   ///< the first block after the stack check
    Value context_ = nullptr;
    const Signature* signature_ = nullptr;
    /// Parameters, then the declared ones, which are made by their first use: a body of a few bytes
    /// can declare 50,000 of them.
    std::vector<llvm::AllocaInst*> locals_;
    std::span<const wasm::ValueType> local_types_;  ///< of the declared ones
    std::vector<Value> memory_bases_;               ///< loaded in the entry block by the first use
    llvm::SmallSetVector<llvm::Instruction*, 8> looked_through_;  ///< by truth_of()
    std::vector<Handler> handlers_;                               ///< of every `try` so far
    std::vector<unsigned> active_handlers_;  ///< of those that we are inside of, innermost last
    bool calls_ = false;
};

}  // namespace wasmax::codegen
