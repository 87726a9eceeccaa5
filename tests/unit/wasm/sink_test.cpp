// What FunctionDecoder tells a sink, and what it keeps to itself.

#include "wasm/sink.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/wasm/recording_sink.h"
#include "unit/wasm/support.h"
#include "wasm/decoder.h"
#include "wasm/impl/function_decoder_impl.h"
#include "wasm/types.h"

namespace wasmax::wasm {
namespace {

using testing::ElementsAre;

/// What a sink hears about the last function of a module in text.
std::vector<std::string> record(std::string_view text) {
    const ByteVector bytes = wat(text);
    const auto module = decode_module(bytes);
    if (!module.has_value()) {
        return {to_string(module.error())};
    }
    RecordingSink sink;
    const FunctionIndex last{static_cast<std::uint32_t>(module->function_types.size() - 1)};
    const auto result = decode_function(*module, Features::supported(), last, sink);
    EXPECT_TRUE(std::ranges::is_sorted(sink.offsets));
    if (!result.has_value()) {
        return {to_string(result.error())};
    }
    return sink.calls;
}

TEST(Sink, HearsInstructionsInOrder) {
    EXPECT_THAT(record(R"((module (func (param i32) (result i32) (local i64 i64)
                            local.get 0  i32.const 7  i32.add)))"),
                ElementsAre("begin (i32) -> (i32) i64 i64 : L0", "local.get 0 -> v0", "i32 7 -> v1",
                            "i32.add v0 v1 -> v2", "end function L0 falls v2"));
}

TEST(Sink, HearsOffsetsFromTheStartOfTheModule) {
    const ByteVector bytes = wat("(module (func (result i32) i32.const 1 i32.eqz))");
    const auto module = decode_module(bytes);
    ASSERT_TRUE(module.has_value());
    RecordingSink sink;
    ASSERT_TRUE(
        decode_function(*module, Features::supported(), FunctionIndex{0}, sink).has_value());
    const std::uint64_t code = module->bodies[0].offset + 1;  // after the count of locals
    EXPECT_THAT(sink.offsets, ElementsAre(code, code + 2, code + 3));
    EXPECT_EQ(bytes[code], std::byte{0x41});
}

TEST(Sink, DoesNotHearCodeAfterABranch) {
    EXPECT_THAT(record(R"((module (func (result i32)
                            (block (result i32)
                              i32.const 1
                              br 0
                              i32.const 2  i32.add  drop
                              (block (br 0))
                              (if (i32.const 3) (then nop) (else nop))
                              (loop (br 0))
                              i32.const 4))))"),
                ElementsAre("begin () -> (i32) : L0", "block 0/1 : L1", "i32 1 -> v0", "br L1 v0",
                            "end block L1 cut -> v1", "end function L0 falls v1"));
}

TEST(Sink, DoesNotHearAnEndThatNothingReaches) {
    // After the inner end typing is ordinary again (the i32 is there), but the code is still dead.
    EXPECT_THAT(
        record(R"((module (func (result i32)
                            (block (result i32) (block (result i32) unreachable) i32.eqz)
                            i32.eqz)))"),
        ElementsAre("begin () -> (i32) : L0", "block 0/1 : L1", "block 0/1 : L2", "unreachable"));
}

TEST(Sink, TypesCodeAfterAnUnreachedEndStrictly) {
    EXPECT_EQ(verdict(R"((module (func (block unreachable) i32.add drop)))"),
              "invalid module at offset 0x1b (function 0): type mismatch: expected i32, found an "
              "empty stack");
}

TEST(Sink, HearsTheEndOfAnIfWithoutElse) {
    EXPECT_THAT(record(R"((module (func (param i32) (if (local.get 0) (then unreachable)))))"),
                ElementsAre("begin (i32) -> () : L0", "local.get 0 -> v0", "if 0/0 v0 : L1",
                            "unreachable", "end if L1 cut ->", "end function L0 falls"));
}

TEST(Sink, GivesTheParametersOfAnIfToBothArms) {
    EXPECT_THAT(
        record(R"((module (func (param i32) (result i64)
                            i64.const 5
                            local.get 0
                            if (param i64) (result i64)
                              i64.clz
                            else
                              i64.ctz
                            end)))"),
        ElementsAre("begin (i32) -> (i64) : L0", "i64 5 -> v0", "local.get 0 -> v1",
                    "if 1/1 v1 v0 : L1", "i64.clz v0 -> v2", "else L1 falls v2 -> v3",
                    "i64.ctz v3 -> v4", "end else L1 falls v4 -> v5", "end function L0 falls v5"));
}

TEST(Sink, HearsElseAfterAnArmThatDoesNotFallThrough) {
    EXPECT_THAT(record(R"((module (func (param i32) (result i32)
                            (if (result i32) (local.get 0)
                              (then (return (i32.const 1)))
                              (else (i32.const 2))))))"),
                ElementsAre("begin (i32) -> (i32) : L0", "local.get 0 -> v0", "if 0/1 v0 : L1",
                            "i32 1 -> v1", "br L0 v1", "else L1 cut ->", "i32 2 -> v2",
                            "end else L1 falls v2 -> v3", "end function L0 falls v3"));
}

TEST(Sink, HearsTheEndIfOnlyTheThenArmReachesIt) {
    EXPECT_THAT(record(R"((module (func (param i32)
                            (if (local.get 0) (then nop) (else unreachable)))))"),
                ElementsAre("begin (i32) -> () : L0", "local.get 0 -> v0", "if 0/0 v0 : L1",
                            "else L1 falls ->", "unreachable", "end else L1 cut ->",
                            "end function L0 falls"));
}

TEST(Sink, DoesNotHearTheEndIfNeitherArmReachesIt) {
    EXPECT_THAT(record(R"((module (func (param i32)
                            (if (local.get 0) (then return) (else unreachable))
                            (drop (i32.const 1)))))"),
                ElementsAre("begin (i32) -> () : L0", "local.get 0 -> v0", "if 0/0 v0 : L1",
                            "br L0", "else L1 cut ->", "unreachable", "end function L0 cut"));
}

TEST(Sink, DoesNotHearAnIfInDeadCode) {
    EXPECT_THAT(record(R"((module (func
                            return
                            (if (i32.const 1) (then (drop (i32.const 2))) (else nop)))))"),
                ElementsAre("begin () -> () : L0", "br L0", "end function L0 cut"));
}

TEST(Sink, PassesALoopItsParametersAndBranchesBackWithThem) {
    EXPECT_THAT(record(R"((module (func (result i32)
                            i32.const 10
                            loop (param i32) (result i32)
                              i32.const 1  i32.sub
                              i32.const 1
                              br_if 0
                            end)))"),
                ElementsAre("begin () -> (i32) : L0", "i32 10 -> v0", "loop 1/1 v0 -> v1 : L1",
                            "i32 1 -> v2", "i32.sub v1 v2 -> v3", "i32 1 -> v4", "br_if L1 v4 v3",
                            "end loop L1 falls v3 -> v5", "end function L0 falls v5"));
}

TEST(Sink, DoesNotHearTheEndOfAnEndlessLoop) {
    EXPECT_THAT(record(R"((module (func (loop (br 0)) (drop (i32.const 1)))))"),
                ElementsAre("begin () -> () : L0", "loop 0/0 -> : L1", "br L1"));
}

TEST(Sink, DoesNotCountBranchesInDeadCode) {
    EXPECT_THAT(record(R"((module (func
                            (block unreachable (br 0))
                            (drop (i32.const 1)))))"),
                ElementsAre("begin () -> () : L0", "block 0/0 : L1", "unreachable"));
}

TEST(Sink, HearsBranchTablesWithTheDefaultLast) {
    EXPECT_THAT(
        record(R"((module (func (param i32) (result i32)
                            (block (result i32)
                              (block (result i32)
                                (br_table 0 1 0 2 (i32.const 9) (local.get 0)))))))"),
        ElementsAre("begin (i32) -> (i32) : L0", "block 0/1 : L1", "block 0/1 : L2", "i32 9 -> v0",
                    "local.get 0 -> v1", "br_table v1 L2 L1 L2 L0 v0", "end block L2 cut -> v2",
                    "end block L1 falls v2 -> v3", "end function L0 falls v3"));
}

TEST(Sink, KeepsOperandsBelowABlock) {
    EXPECT_THAT(record(R"((module (func (result i32)
                            i32.const 1
                            (block (result i32) (br 0 (i32.const 2)))
                            i32.add)))"),
                ElementsAre("begin () -> (i32) : L0", "i32 1 -> v0", "block 0/1 : L1",
                            "i32 2 -> v1", "br L1 v1", "end block L1 cut -> v2",
                            "i32.add v0 v2 -> v3", "end function L0 falls v3"));
}

TEST(Sink, HearsCallsWithSeveralResults) {
    EXPECT_THAT(
        record(R"((module
                            (type $t (func (param i32) (result i32 i64 f32)))
                            (import "m" "f" (func (type $t)))
                            (table 1 funcref)
                            (func (result i32 i64 f32)
                              (call 0 (i32.const 1))
                              drop drop
                              i32.const 0
                              call_indirect (type $t))))"),
        ElementsAre("begin () -> (i32, i64, f32) : L0", "i32 1 -> v0", "call 0 v0 -> v1 v2 v3",
                    "drop f32 v3", "drop i64 v2", "i32 0 -> v4",
                    "call_indirect 0 type 0 v4 v1 -> v5 v6 v7", "end function L0 falls v5 v6 v7"));
}

TEST(Sink, HearsVariablesAndSelect) {
    EXPECT_THAT(
        record(R"((module (global (mut i32) (i32.const 0))
                          (func (param i32 f32 f32)
                            (global.set 0 (local.tee 0 (global.get 0)))
                            (local.set 1 (select (local.get 1) (local.get 2) (local.get 0)))
                            (drop (select (result externref) (ref.null extern) (ref.null extern)
                              (i32.const 1))))))"),
        ElementsAre("begin (i32, f32, f32) -> () : L0", "global.get 0 -> v0", "local.set 0 v0",
                    "global.set 0 v0", "local.get 1 -> v1", "local.get 2 -> v2",
                    "local.get 0 -> v3", "select f32 v1 v2 v3 -> v4", "local.set 1 v4",
                    "ref.null externref -> v5", "ref.null externref -> v6", "i32 1 -> v7",
                    "select externref v5 v6 v7 -> v8", "drop externref v8",
                    "end function L0 falls"));
}

TEST(Sink, HearsConstantsAsBitPatterns) {
    EXPECT_THAT(record(R"((module (func (result i32 i64 f32 f64)
                            i32.const -1  i64.const -1  f32.const 1  f64.const -0)))"),
                ElementsAre("begin () -> (i32, i64, f32, f64) : L0", "i32 4294967295 -> v0",
                            "i64 18446744073709551615 -> v1", "f32 1065353216 -> v2",
                            "f64 9223372036854775808 -> v3", "end function L0 falls v0 v1 v2 v3"));
}

TEST(Sink, HearsMemoryInstructions) {
    EXPECT_THAT(
        record(R"((module (memory 1) (data "x")
                          (func (param i32)
                            (i64.store32 offset=4294967295 align=1 (local.get 0)
                              (i64.load8_s offset=300 (local.get 0)))
                            (drop (memory.grow (memory.size)))
                            (memory.fill (i32.const 1) (i32.const 2) (i32.const 3))
                            (memory.copy (i32.const 4) (i32.const 5) (i32.const 6))
                            (memory.init 0 (i32.const 7) (i32.const 8) (i32.const 9))
                            (data.drop 0))))"),
        ElementsAre("begin (i32) -> () : L0", "local.get 0 -> v0", "local.get 0 -> v1",
                    "i64.load8_s +300 align 0 v1 -> v2", "i64.store32 +4294967295 align 0 v0 v2",
                    "memory.size -> v3", "memory.grow v3 -> v4", "drop i32 v4", "i32 1 -> v5",
                    "i32 2 -> v6", "i32 3 -> v7", "memory.fill v5 v6 v7", "i32 4 -> v8",
                    "i32 5 -> v9", "i32 6 -> v10", "memory.copy v8 v9 v10", "i32 7 -> v11",
                    "i32 8 -> v12", "i32 9 -> v13", "memory.init 0 v11 v12 v13", "data.drop 0",
                    "end function L0 falls"));
}

TEST(Sink, HearsTableInstructions) {
    EXPECT_THAT(
        record(R"((module (table 1 externref) (table 2 funcref) (elem funcref (ref.func 0))
                          (func (param i32)
                            (table.set 1 (i32.const 1) (table.get 1 (i32.const 2)))
                            (drop (table.grow 1 (ref.null func) (table.size 0)))
                            (table.fill 1 (i32.const 3) (ref.func 0) (i32.const 4))
                            (table.copy 1 1 (i32.const 5) (i32.const 6) (i32.const 7))
                            (table.init 1 0 (i32.const 8) (i32.const 9) (i32.const 10))
                            (elem.drop 0)
                            (drop (ref.is_null (ref.null extern))))))"),
        ElementsAre("begin (i32) -> () : L0", "i32 1 -> v0", "i32 2 -> v1", "table.get 1 v1 -> v2",
                    "table.set 1 v0 v2", "ref.null funcref -> v3", "table.size 0 -> v4",
                    "table.grow 1 v3 v4 -> v5", "drop i32 v5", "i32 3 -> v6", "ref.func 0 -> v7",
                    "i32 4 -> v8", "table.fill 1 v6 v7 v8", "i32 5 -> v9", "i32 6 -> v10",
                    "i32 7 -> v11", "table.copy 1 1 v9 v10 v11", "i32 8 -> v12", "i32 9 -> v13",
                    "i32 10 -> v14", "table.init 1 0 v12 v13 v14", "elem.drop 0",
                    "ref.null externref -> v15", "ref.is_null v15 -> v16", "drop i32 v16",
                    "end function L0 falls"));
}

TEST(Sink, HearsAtomics) {
    EXPECT_THAT(record(R"((module (memory 1 1 shared)
                          (func (param i32)
                            (i64.atomic.store16 offset=2 (local.get 0)
                              (i64.atomic.load32_u offset=4 (local.get 0)))
                            (drop (i32.atomic.rmw8.xchg_u (local.get 0) (i32.const 1)))
                            (drop (i64.atomic.rmw.cmpxchg (local.get 0) (i64.const 2) (i64.const 3)))
                            (drop (memory.atomic.wait64 (local.get 0) (i64.const 4) (i64.const 5)))
                            (drop (memory.atomic.notify offset=8 (local.get 0) (i32.const 6)))
                            (atomic.fence))))"),
                ElementsAre("begin (i32) -> () : L0", "local.get 0 -> v0", "local.get 0 -> v1",
                            "i64.atomic.load32_u +4 align 2 v1 -> v2",
                            "i64.atomic.store16 +2 align 1 v0 v2", "local.get 0 -> v3",
                            "i32 1 -> v4", "i32.atomic.rmw8.xchg_u +0 align 0 v3 v4 -> v5",
                            "drop i32 v5", "local.get 0 -> v6", "i64 2 -> v7", "i64 3 -> v8",
                            "i64.atomic.rmw.cmpxchg +0 align 3 v6 v7 v8 -> v9", "drop i64 v9",
                            "local.get 0 -> v10", "i64 4 -> v11", "i64 5 -> v12",
                            "memory.atomic.wait64 +0 align 3 v10 v11 v12 -> v13", "drop i32 v13",
                            "local.get 0 -> v14", "i32 6 -> v15",
                            "memory.atomic.notify +8 align 2 v14 v15 -> v16", "drop i32 v16",
                            "atomic.fence", "end function L0 falls"));
}

TEST(Sink, HearsTailCallsAndNothingAfterThem) {
    EXPECT_THAT(record(R"((module (table 1 funcref) (type $t (func (param i32) (result i64)))
                            (func $f (type $t) unreachable)
                            (func (param i32) (result i64)
                              (if (local.get 0) (then (return_call $f (i32.const 1)) drop))
                              (return_call_indirect (type $t) (i32.const 2) (i32.const 3))
                              i32.const 4 drop)))"),
                ElementsAre("begin (i32) -> (i64) : L0", "local.get 0 -> v0", "if 0/0 v0 : L1",
                            "i32 1 -> v1", "return_call 0 v1", "end if L1 cut ->", "i32 2 -> v2",
                            "i32 3 -> v3", "return_call_indirect 0 type 0 v3 v2"));
}

TEST(Sink, HearsVectors) {
    EXPECT_THAT(
        record(R"((module (memory 1)
                          (func (param i32) (result f32)
                            (v128.store8_lane offset=1 15 (local.get 0)
                              (v128.load32_lane 3 (local.get 0) (v128.const i64x2 1 2)))
                            (f32x4.extract_lane 2
                              (i8x16.shuffle 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 31
                                (v128.load8x8_s (local.get 0))
                                (i64x2.replace_lane 1
                                  (i32x4.splat (i32.const 7)) (i64.const 8)))))))"),
        ElementsAre("begin (i32) -> (f32) : L0", "local.get 0 -> v0", "local.get 0 -> v1",
                    "v128 1 2 -> v2", "v128.load32_lane +0 align 2 lane 3 v1 v2 -> v3",
                    "v128.store8_lane +1 align 0 lane 15 v0 v3", "local.get 0 -> v4",
                    "v128.load8x8_s +0 align 3 v4 -> v5", "i32 7 -> v6", "i32x4.splat v6 -> v7",
                    "i64 8 -> v8", "i64x2.replace_lane lane 1 v7 v8 -> v9",
                    "shuffle 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 31 v5 v9 -> v10",
                    "f32x4.extract_lane lane 2 v10 -> v11", "end function L0 falls v11"));
}

TEST(Sink, NullSinkSatisfiesTheContract) {
    const ByteVector bytes = wat("(module (func (param i32) (result i32) local.get 0))");
    const auto module = decode_module(bytes);
    ASSERT_TRUE(module.has_value());
    NullSink sink;
    EXPECT_TRUE(
        decode_function(*module, Features::supported(), FunctionIndex{0}, sink).has_value());
}

}  // namespace
}  // namespace wasmax::wasm
