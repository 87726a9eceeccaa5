// Exceptions as the decoder validates them and tells a sink about them. The suite's scripts check
// most rules; these are about what only a sink sees, and about encodings that no script has.

#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/wasm/recording_sink.h"
#include "unit/wasm/support.h"
#include "wasm/decoder.h"
#include "wasm/function_decoder.h"
#include "wasm/types.h"

namespace wasmax::wasm {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// What a sink hears about the first function.
std::vector<std::string> record(const ByteVector& bytes) {
    const auto module = decode_module(bytes);
    if (!module.has_value()) {
        return {to_string(module.error())};
    }
    RecordingSink sink;
    const auto result = decode_function(*module, Features::supported(), {0}, sink);
    if (!result.has_value()) {
        return {to_string(result.error())};
    }
    return sink.calls;
}

TEST(ExceptionDecoding, TellsThePartsOfATry) {
    EXPECT_THAT(
        record(wat(R"((module (tag (param i32)) (func (result i32)
                                (try (result i32) (do (throw 0 (i32.const 7)))
                                  (catch 0)
                                  (catch_all (rethrow 0))))))")),
        ElementsAre("begin () -> (i32) : L0", "try 0/1 : L1", "i32 7 -> v0", "throw 0 v0",
                    "catch 0 L1 cut -> v1", "catch_all L1 falls v1", "rethrow L1", "end_try L1 cut",
                    "end catch_all L1 cut -> v2", "end function L0 falls v2"));
}

// The sink must leave a `try` that it has entered, even if nothing reaches its end.
TEST(ExceptionDecoding, EndsATryWhoseEndNothingReaches) {
    EXPECT_THAT(record(wat(R"((module (func (try (do (unreachable)) (catch_all (return))))))")),
                ElementsAre("begin () -> () : L0", "try 0/0 : L1", "unreachable",
                            "catch_all L1 cut", "br L0", "end_try L1 cut", "end function L0 cut"));
}

TEST(ExceptionDecoding, SaysNothingOfATryInDeadCode) {
    EXPECT_THAT(record(wat(R"((module (tag) (func (unreachable)
                                (try (do (throw 0)) (catch 0) (catch_all)))))")),
                ElementsAre("begin () -> () : L0", "unreachable"));
}

TEST(ExceptionDecoding, FindsWhatADelegateMeans) {
    // To the outer `try`, whether its label or one in between is named; not to the one whose catch
    // clause it is in.
    EXPECT_THAT(
        record(wat(R"((module (func
                  (try (do (block (try (do) (delegate 0)))
                           (try (do) (delegate 0)))
                       (catch_all (try (do) (delegate 0)))))))")),
        testing::IsSupersetOf({"delegate L3 to L1", "delegate L4 to L1", "delegate L5 caller"}));
}

/// A module with tag 0 of type 1, a function of type 0 and of these instructions.
ByteVector with_tag(std::initializer_list<int> function_type, std::initializer_list<int> tag_type,
                    std::initializer_list<int> instructions) {
    return Binary::header()
        .section(1, Binary().raw({2}).raw(function_type).raw(tag_type))
        .section(3, {1, 0})
        .section(13, {1, 0, 1})
        .section(10, Binary().raw({1}).sized(Binary().raw({0}).raw(instructions)))
        .bytes();
}

TEST(ExceptionDecoding, TellsTheClausesOfATryTable) {
    // block (result i32 exnref): try_table (catch_ref 0 0) (catch_all_ref 1)
    const ByteVector bytes =
        Binary::header()
            .section(1, {3, 0x60, 0, 1, 0x69, 0x60, 1, 0x7f, 0,  //
                         0x60, 0, 2, 0x7f, 0x69})
            .section(3, {1, 0})
            .section(13, {1, 0, 1})
            .section(10, Binary().raw({1}).sized(
                             Binary().raw({0,    0x02, 2,    0x1f, 0x40, 2,    1,    0, 0, 3, 1,  //
                                           0x41, 7,    0x08, 0,    0x0b, 0x00, 0x0b,              //
                                           0x0a, 0x0b})))
            .bytes();
    EXPECT_THAT(record(bytes),
                ElementsAre("begin () -> (exnref) : L0", "block 0/2 : L1",
                            "try_table 0/0 (1 tag 0 L1) (3 L0) : L2", "i32 7 -> v0", "throw 0 v0",
                            "end_try L2 cut", "end block L1 cut -> v1 v2", "throw_ref v2",
                            "end function L0 cut"));
}

TEST(ExceptionDecoding, RefusesWhatNoScriptSays) {
    const std::initializer_list<int> kNothing{0x60, 0, 0};
    const std::initializer_list<int> kNumber{0x60, 1, 0x7f, 0};
    const auto refusal = [](const ByteVector& bytes) {
        const auto result = check(bytes);
        return result.has_value() ? std::string("valid") : to_string(result.error());
    };
    EXPECT_THAT(refusal(with_tag(kNothing, kNothing, {0x1f, 0x40, 1, 4, 0, 0x0b, 0x0b})),
                HasSubstr("malformed catch clause"));
    EXPECT_THAT(refusal(with_tag(kNothing, kNothing, {0x1f, 0x40, 0xff, 0xff, 3, 0x0b, 0x0b})),
                HasSubstr("more clauses than bytes"));
    EXPECT_THAT(refusal(with_tag(kNothing, kNothing, {0x1f, 0x40, 1, 0, 1, 0, 0x0b, 0x0b})),
                HasSubstr("unknown tag 1"));
    EXPECT_THAT(refusal(with_tag(kNothing, kNumber, {0x1f, 0x40, 1, 0, 0, 0, 0x0b, 0x0b})),
                HasSubstr("a catch clause has 1 values, its label takes 0"));
    EXPECT_THAT(refusal(with_tag(kNothing, kNothing, {0x18, 0, 0x0b})),
                HasSubstr("misplaced delegate"));
    EXPECT_THAT(refusal(with_tag(kNothing, kNothing, {0x07, 0, 0x0b})),
                HasSubstr("misplaced catch"));
    EXPECT_THAT(refusal(with_tag(kNothing, kNothing, {0x06, 0x40, 0x19, 0x19, 0x0b, 0x0b})),
                HasSubstr("misplaced catch_all"));
    EXPECT_THAT(refusal(with_tag(kNothing, kNothing, {0x06, 0x40, 0x18, 1, 0x0b})),
                HasSubstr("unknown label 1"));
    EXPECT_THAT(refusal(with_tag(kNothing, kNothing, {0x06, 0x40, 0x09, 0, 0x0b, 0x0b})),
                HasSubstr("invalid rethrow label"));
}

TEST(ExceptionDecoding, CanBeSwitchedOff) {
    const auto refusal = [](std::string_view text, Feature feature) {
        const auto result = check(wat(text), without(feature));
        return result.has_value() ? std::string("valid") : to_string(result.error());
    };
    EXPECT_THAT(refusal("(module (func (try (do) (catch_all))))", Feature::legacy_exceptions),
                HasSubstr("legacy-exceptions is not enabled"));
    EXPECT_THAT(refusal("(module (tag))", Feature::exceptions),
                HasSubstr("exceptions is not enabled"));
}

}  // namespace
}  // namespace wasmax::wasm
