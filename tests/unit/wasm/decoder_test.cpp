// validate_functions() and FunctionNames.

#include "wasm/decoder.h"

#include <algorithm>
#include <initializer_list>
#include <string>

#include <gtest/gtest.h>

#include "unit/wasm/support.h"
#include "wasm/types.h"

namespace wasmax::wasm {
namespace {

/// A module of 4,000 functions of some size, of which those in `bad` are invalid.
ByteVector many_functions(std::initializer_list<int> bad) {
    std::string text = "(module";
    for (int function = 0; function < 4000; ++function) {
        text += "(func (result i32)";
        for (int i = 0; i < 20; ++i) {
            text += "(drop (i32.const 1000000))";
        }
        const bool is_bad = std::ranges::find(bad, function) != bad.end();
        text += is_bad ? "(i64.const 1))" : "(i32.const 1))";
    }
    return wat(text + ")");
}

TEST(ValidateFunctions, FindsTheFirstErrorOnAnyNumberOfThreads) {
    const ByteVector bytes = many_functions({700, 701, 3, 3999, 2});
    const auto module = decode_module(bytes);
    ASSERT_TRUE(module.has_value());
    for (const unsigned threads : {0U, 1U, 2U, 3U, 8U}) {
        const auto result = validate_functions(*module, Features::supported(), threads);
        ASSERT_FALSE(result.has_value());
        EXPECT_EQ(result.error().section, "function 2") << threads << " threads";
        EXPECT_EQ(result.error().message, "type mismatch: expected i32, found i64");
    }
}

TEST(ValidateFunctions, FindsAnErrorInTheLastFunction) {
    const ByteVector bytes = many_functions({3999});
    const auto module = decode_module(bytes);
    ASSERT_TRUE(module.has_value());
    const auto result = validate_functions(*module, Features::supported(), 4);
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().section, "function 3999");
}

TEST(ValidateFunctions, AcceptsValidModules) {
    const ByteVector bytes = many_functions({});
    const auto module = decode_module(bytes);
    ASSERT_TRUE(module.has_value());
    EXPECT_TRUE(validate_functions(*module, Features::supported(), 2).has_value());
}

FunctionNames names_of(const ByteVector& bytes) {
    return FunctionNames::decode(decode_module(bytes).value());
}

TEST(FunctionNames, ComeFromTheNameSectionThenExports) {
    const FunctionNames names = names_of(wat(R"((module
        (import "env" "imported" (func $imported))
        (func $named (export "ignored"))
        (func (export "exported"))
        (func)))"));
    EXPECT_EQ(names.name(FunctionIndex{0}), "imported");
    EXPECT_EQ(names.name(FunctionIndex{1}), "named");
    EXPECT_EQ(names.name(FunctionIndex{2}), "exported");
    EXPECT_EQ(names.name(FunctionIndex{3}), "func[3]");
    EXPECT_EQ(names.name(FunctionIndex{4}), "func[4]");
}

/// A module with one function, exported as `e`, and a name section with `contents`.
ByteVector with_name_section(const Binary& contents) {
    const Binary section = Binary().raw({4, 'n', 'a', 'm', 'e'}).append(contents);
    return Binary::header()
        .section(1, {1, 0x60, 0, 0})
        .section(3, {1, 0})
        .section(7, {1, 1, 'e', 0, 0})
        .section(10, {1, 2, 0, 0x0b})
        .section(0, section)
        .bytes();
}

TEST(FunctionNames, IgnoreOtherSubsectionsAndUnknownFunctions) {
    const FunctionNames names = names_of(with_name_section(
        Binary().section(0, {1, 'm'}).section(1, {2, 0, 1, 'a', 9, 1, 'b'}).section(2, {0})));
    EXPECT_EQ(names.name(FunctionIndex{0}), "a");
    EXPECT_EQ(names.name(FunctionIndex{9}), "func[9]");
}

TEST(FunctionNames, SurviveMalformedSections) {
    EXPECT_EQ(
        names_of(with_name_section(Binary().section(1, {1, 0, 1, 0x80}))).name(FunctionIndex{0}),
        "e");
    EXPECT_EQ(names_of(with_name_section(Binary().section(1, {1, 0, 1, 'a'}).raw({1, 5})))
                  .name(FunctionIndex{0}),
              "e");
    EXPECT_EQ(
        names_of(with_name_section(Binary().section(1, {0xff, 0xff, 0xff, 0xff, 0x0f, 0, 1, 'a'})))
            .name(FunctionIndex{0}),
        "e");
}

}  // namespace
}  // namespace wasmax::wasm
