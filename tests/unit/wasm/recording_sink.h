#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "wasm/function_decoder.h"
#include "wasm/sink.h"

namespace wasmax::wasm {

/// Writes down what FunctionDecoder says: one line per call, values and labels numbered in the
/// order in which they were made. Refers to a value or label it never made: the test fails.
class RecordingSink {
public:
    struct Value {
        int number = -1;
    };
    struct Label {
        int number = -1;
    };

    std::vector<std::string> calls;
    std::vector<std::uint64_t> offsets;

    Label begin_function(const FunctionType& type, std::span<const ValueType> locals) {
        std::string line = "begin " + wasm::to_string(type);
        for (const ValueType local : locals) {
            line += " " + wasm::to_string(local);
        }
        return label(line);
    }
    void at(std::uint64_t offset) { offsets.push_back(offset); }

    Label block(const BlockSignature& signature, std::span<const Value> parameters) {
        return label("block" + arity(signature) + list(parameters));
    }
    Label loop(const BlockSignature& signature, std::span<Value> parameters) {
        const std::string incoming = list(parameters);
        make(parameters);
        return label("loop" + arity(signature) + incoming + " ->" + list(parameters));
    }
    Label if_(const BlockSignature& signature, Value condition, std::span<const Value> parameters) {
        return label("if" + arity(signature) + name(condition) + list(parameters));
    }
    void else_(Label& label, bool fallthrough, std::span<const Value> results,
               std::span<Value> parameters) {
        const std::string incoming = arm(fallthrough, results);
        make(parameters);
        say("else" + name(label) + incoming + " ->" + list(parameters));
    }
    void end(Label& label, FrameKind kind, bool fallthrough, std::span<const Value> results,
             std::span<Value> merged) {
        static constexpr const char* kKinds[] = {
            "function", "block", "loop", "if", "else", "try", "catch", "catch_all", "try_table"};
        const std::string incoming = arm(fallthrough, results);
        make(merged);
        say(std::string("end ") + kKinds[static_cast<int>(kind)] + name(label) + incoming + " ->" +
            list(merged));
    }
    void end_function(Label& label, bool fallthrough, std::span<const Value> results) {
        say("end function" + name(label) + arm(fallthrough, results));
    }
    void br(Label& label, std::span<const Value> values) { say("br" + name(label) + list(values)); }
    void br_if(Label& label, Value condition, std::span<const Value> values) {
        say("br_if" + name(label) + name(condition) + list(values));
    }
    void br_table(Value index, std::span<Label* const> targets, std::span<const Value> values) {
        std::string line = "br_table" + name(index);
        for (const Label* target : targets) {
            line += name(*target);
        }
        say(line + list(values));
    }
    void unreachable() { say("unreachable"); }
    void call(FunctionIndex callee, const FunctionType& type, std::span<const Value> arguments,
              std::span<Value> results) {
        EXPECT_EQ(arguments.size(), type.parameters.size());
        EXPECT_EQ(results.size(), type.results.size());
        const std::string incoming = list(arguments);
        make(results);
        say("call " + std::to_string(callee.value) + incoming + " ->" + list(results));
    }
    // NOLINTNEXTLINE(readability-function-size): the contract of sinks.
    void call_indirect(TableIndex table, TypeIndex type, const FunctionType&, Value index,
                       std::span<const Value> arguments, std::span<Value> results) {
        const std::string incoming = name(index) + list(arguments);
        make(results);
        say("call_indirect " + std::to_string(table.value) + " type " + std::to_string(type.value) +
            incoming + " ->" + list(results));
    }

    void return_call(FunctionIndex callee, const FunctionType& type,
                     std::span<const Value> arguments) {
        EXPECT_EQ(arguments.size(), type.parameters.size());
        say("return_call " + std::to_string(callee.value) + list(arguments));
    }
    void return_call_indirect(TableIndex table, TypeIndex type, const FunctionType&, Value index,
                              std::span<const Value> arguments) {
        say("return_call_indirect " + std::to_string(table.value) + " type " +
            std::to_string(type.value) + name(index) + list(arguments));
    }

    Label try_(const BlockSignature& signature, std::span<const Value> parameters) {
        return label("try" + arity(signature) + list(parameters));
    }
    Label try_table(const BlockSignature& signature, std::span<const Value> parameters,
                    std::span<const CatchClause<Label>> clauses) {
        std::string line = "try_table" + arity(signature) + list(parameters);
        for (const CatchClause<Label>& clause : clauses) {
            line += " (" + std::to_string(static_cast<int>(clause.kind));
            line += clause.has_tag() ? " tag " + std::to_string(clause.tag.value) : "";
            line += name(*clause.label) + ")";
        }
        return label(line);
    }
    void catch_(Label& label, bool fallthrough, std::span<const Value> results, TagIndex tag,
                std::span<Value> payload) {
        const std::string incoming = arm(fallthrough, results);
        make(payload);
        say("catch " + std::to_string(tag.value) + name(label) + incoming + " ->" + list(payload));
    }
    void catch_all(Label& label, bool fallthrough, std::span<const Value> results) {
        say("catch_all" + name(label) + arm(fallthrough, results));
    }
    void delegate(Label& label, Label* target) {
        say("delegate" + name(label) + (target == nullptr ? " caller" : " to" + name(*target)));
    }
    void end_try(Label& label, FrameKind, bool fallthrough, std::span<const Value> results) {
        say("end_try" + name(label) + arm(fallthrough, results));
    }
    void throw_(TagIndex tag, const FunctionType& type, std::span<const Value> payload) {
        EXPECT_EQ(payload.size(), type.parameters.size());
        say("throw " + std::to_string(tag.value) + list(payload));
    }
    void throw_ref(Value exception) { say("throw_ref" + name(exception)); }
    void rethrow(Label& label) { say("rethrow" + name(label)); }
    void call_ref(const FunctionType& type, Value reference, std::span<const Value> arguments,
                  std::span<Value> results) {
        EXPECT_EQ(arguments.size(), type.parameters.size());
        const std::string incoming = name(reference) + list(arguments);
        make(results);
        say("call_ref" + incoming + " ->" + list(results));
    }
    void return_call_ref(const FunctionType& type, Value reference,
                         std::span<const Value> arguments) {
        EXPECT_EQ(arguments.size(), type.parameters.size());
        say("return_call_ref" + name(reference) + list(arguments));
    }
    void br_on_null(Label& label, Value reference, std::span<const Value> values) {
        say("br_on_null" + name(label) + name(reference) + list(values));
    }
    void br_on_non_null(Label& label, Value reference, std::span<const Value> values) {
        say("br_on_non_null" + name(label) + name(reference) + list(values));
    }

    void drop(Value value, ValueType type) { say("drop " + wasm::to_string(type) + name(value)); }
    Value select(ValueType type, Value if_true, Value if_false, Value condition) {
        return value("select " + wasm::to_string(type) + name(if_true) + name(if_false) +
                     name(condition));
    }
    Value local_get(LocalIndex local) { return value("local.get " + std::to_string(local.value)); }
    void local_set(LocalIndex local, Value value) {
        say("local.set " + std::to_string(local.value) + name(value));
    }
    Value global_get(GlobalIndex global) {
        return value("global.get " + std::to_string(global.value));
    }
    void global_set(GlobalIndex global, Value value) {
        say("global.set " + std::to_string(global.value) + name(value));
    }

    Value i32_const(std::uint32_t bits) { return value("i32 " + std::to_string(bits)); }
    Value i64_const(std::uint64_t bits) { return value("i64 " + std::to_string(bits)); }
    Value f32_const(std::uint32_t bits) { return value("f32 " + std::to_string(bits)); }
    Value f64_const(std::uint64_t bits) { return value("f64 " + std::to_string(bits)); }
    Value numeric(Opcode opcode, std::span<const Value> operands) {
        return value(wasm::to_string(opcode) + list(operands));
    }

    Value load(Opcode opcode, const MemoryArgument& argument, Value address) {
        return value(access(opcode, argument) + name(address));
    }
    void store(Opcode opcode, const MemoryArgument& argument, Value address, Value value) {
        say(access(opcode, argument) + name(address) + name(value));
    }
    Value memory_size(MemoryIndex) { return value("memory.size"); }
    Value memory_grow(MemoryIndex, Value pages) { return value("memory.grow" + name(pages)); }
    void memory_fill(MemoryIndex, Value address, Value byte, Value count) {
        say("memory.fill" + name(address) + name(byte) + name(count));
    }
    void memory_copy(MemoryIndex, MemoryIndex, Value to, Value from, Value count) {
        say("memory.copy" + name(to) + name(from) + name(count));
    }
    void memory_init(MemoryIndex, DataIndex data, Value address, Value offset, Value count) {
        say("memory.init " + std::to_string(data.value) + name(address) + name(offset) +
            name(count));
    }
    void data_drop(DataIndex data) { say("data.drop " + std::to_string(data.value)); }

    Value v128_const(std::uint64_t low, std::uint64_t high) {
        return value("v128 " + std::to_string(low) + " " + std::to_string(high));
    }
    Value vector(Opcode opcode, std::span<const Value> operands) {
        return value(wasm::to_string(opcode) + list(operands));
    }
    Value shuffle(const std::array<std::uint8_t, 16>& lanes, Value first, Value second) {
        std::string line = "shuffle";
        for (const std::uint8_t lane : lanes) {
            line += " " + std::to_string(lane);
        }
        return value(line + name(first) + name(second));
    }
    Value extract_lane(Opcode opcode, std::uint8_t lane, Value vector) {
        return value(with_lane(opcode, lane) + name(vector));
    }
    Value replace_lane(Opcode opcode, std::uint8_t lane, Value vector, Value scalar) {
        return value(with_lane(opcode, lane) + name(vector) + name(scalar));
    }
    Value vector_load(Opcode opcode, const MemoryArgument& argument, Value address) {
        return load(opcode, argument, address);
    }
    Value load_lane(Opcode opcode, const MemoryArgument& argument, std::uint8_t lane, Value address,
                    Value vector) {
        return value(access(opcode, argument) + " lane " + std::to_string(lane) + name(address) +
                     name(vector));
    }
    void store_lane(Opcode opcode, const MemoryArgument& argument, std::uint8_t lane, Value address,
                    Value vector) {
        say(access(opcode, argument) + " lane " + std::to_string(lane) + name(address) +
            name(vector));
    }

    Value atomic_load(Opcode opcode, const MemoryArgument& argument, Value address) {
        return load(opcode, argument, address);
    }
    void atomic_store(Opcode opcode, const MemoryArgument& argument, Value address, Value value) {
        store(opcode, argument, address, value);
    }
    Value atomic_rmw(Opcode opcode, const MemoryArgument& argument, Value address, Value operand) {
        return value(access(opcode, argument) + name(address) + name(operand));
    }
    Value atomic_cmpxchg(Opcode opcode, const MemoryArgument& argument, Value address,
                         Value expected, Value replacement) {
        return value(access(opcode, argument) + name(address) + name(expected) + name(replacement));
    }
    Value atomic_wait(Opcode opcode, const MemoryArgument& argument, Value address, Value expected,
                      Value timeout) {
        return value(access(opcode, argument) + name(address) + name(expected) + name(timeout));
    }
    Value atomic_notify(const MemoryArgument& argument, Value address, Value count) {
        return value(access(Opcode::memory_atomic_notify, argument) + name(address) + name(count));
    }
    void atomic_fence() { say("atomic.fence"); }

    Value table_get(TableIndex table, Value index) {
        return value("table.get " + std::to_string(table.value) + name(index));
    }
    void table_set(TableIndex table, Value index, Value reference) {
        say("table.set " + std::to_string(table.value) + name(index) + name(reference));
    }
    Value table_size(TableIndex table) {
        return value("table.size " + std::to_string(table.value));
    }
    Value table_grow(TableIndex table, Value reference, Value count) {
        return value("table.grow " + std::to_string(table.value) + name(reference) + name(count));
    }
    void table_fill(TableIndex table, Value index, Value reference, Value count) {
        say("table.fill " + std::to_string(table.value) + name(index) + name(reference) +
            name(count));
    }
    void table_copy(TableIndex to, TableIndex from, Value to_index, Value from_index, Value count) {
        say("table.copy " + std::to_string(to.value) + " " + std::to_string(from.value) +
            name(to_index) + name(from_index) + name(count));
    }
    void table_init(TableIndex table, ElementIndex element, Value index, Value offset,
                    Value count) {
        say("table.init " + std::to_string(table.value) + " " + std::to_string(element.value) +
            name(index) + name(offset) + name(count));
    }
    void elem_drop(ElementIndex element) { say("elem.drop " + std::to_string(element.value)); }
    Value ref_null(ValueType type) { return value("ref.null " + wasm::to_string(type)); }
    Value ref_is_null(Value reference) { return value("ref.is_null" + name(reference)); }
    Value ref_func(FunctionIndex function) {
        return value("ref.func " + std::to_string(function.value));
    }
    Value ref_as_non_null(Value reference) { return value("ref.as_non_null" + name(reference)); }

private:
    void say(std::string line) { calls.push_back(std::move(line)); }
    Value value(const std::string& line) {
        const Value made{values_++};
        say(line + " ->" + name(made));
        return made;
    }
    Label label(const std::string& line) {
        const Label made{labels_++};
        say(line + " :" + name(made));
        return made;
    }
    void make(std::span<Value> values) {
        for (Value& value : values) {
            value.number = values_++;
        }
    }
    static std::string arity(const BlockSignature& signature) {
        return " " + std::to_string(signature.parameters.size()) + "/" +
               std::to_string(signature.results.size());
    }
    std::string arm(bool fallthrough, std::span<const Value> results) {
        EXPECT_TRUE(fallthrough || results.empty());
        return fallthrough ? " falls" + list(results) : " cut";
    }
    std::string access(Opcode opcode, const MemoryArgument& argument) {
        return wasm::to_string(opcode) + std::string(" +") + std::to_string(argument.offset) +
               " align " + std::to_string(argument.align_log2);
    }
    static std::string with_lane(Opcode opcode, std::uint8_t lane) {
        return wasm::to_string(opcode) + std::string(" lane ") + std::to_string(lane);
    }
    std::string name(Value value) {
        EXPECT_TRUE(value.number >= 0 && value.number < values_) << "a value of dead code";
        return " v" + std::to_string(value.number);
    }
    std::string name(const Label& label) {
        EXPECT_TRUE(label.number >= 0 && label.number < labels_) << "a label of dead code";
        return " L" + std::to_string(label.number);
    }
    std::string list(std::span<const Value> values) {
        std::string text;
        for (const Value value : values) {
            text += name(value);
        }
        return text;
    }

    int values_ = 0;
    int labels_ = 0;
};

}  // namespace wasmax::wasm
