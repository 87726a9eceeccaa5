// `--disable-FEATURE`: every command that takes a module refuses what was switched off, by name.

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "e2e/harness.h"

namespace wasmax::e2e {
namespace {

using testing::HasSubstr;

struct Case {
    std::string feature;
    std::string module;  ///< uses it, and nothing else that can be switched off
};

const std::vector<Case>& cases() {
    static const std::vector<Case> all{
        {"simd", "(func (result i32) (i8x16.extract_lane_u 0 (v128.const i64x2 1 2)))"},
        {"threads", "(memory 1 1 shared)"},
        {"reference-types", "(func (param externref))"},
        {"bulk-memory",
         "(memory 1) (func (memory.fill (i32.const 0) (i32.const 0) (i32.const 0)))"},
        {"multi-value", "(func (result i32 i32) (i32.const 1) (i32.const 2))"},
        {"tail-call", "(func $f (return_call $f))"},
        {"extended-const", "(global i32 (i32.add (i32.const 1) (i32.const 2)))"},
        {"memory64", "(memory i64 1)"},
        {"sign-extension", "(func (result i32) (i32.extend8_s (i32.const 1)))"},
        {"saturating-float-to-int", "(func (result i32) (i32.trunc_sat_f32_s (f32.const 1)))"},
        {"multi-memory", "(memory 1) (memory 1)"},
    };
    return all;
}

std::string module_of(const Case& test) {
    return "(module " + test.module + " (func (export \"_start\")))";
}

TEST(Features, AreOnUnlessSwitchedOff) {
    const TemporaryDirectory directory;
    for (const Case& test : cases()) {
        const std::string path = directory.write("module.wat", module_of(test));
        const Completed on = wasmax({"validate", path});
        EXPECT_EQ(on.exit_code, 0) << test.feature << ": " << on.errors;
        const Completed off = wasmax({"validate", "--disable-" + test.feature, path});
        EXPECT_EQ(off.exit_code, 1) << test.feature;
        if (test.feature != "extended-const") {  // there it is no constant expression
            EXPECT_THAT(off.errors, HasSubstr(test.feature + " is not enabled"));
        }
        EXPECT_THAT(off.errors, HasSubstr("at offset 0x"));
        EXPECT_EQ(wasmax({"validate", "--enable-" + test.feature, path}).exit_code, 0);
    }
}

TEST(Features, AreSwitchedOffForEveryCommand) {
    const TemporaryDirectory directory;
    const std::string path = directory.write("module.wat", module_of(cases().front()));
    const std::string out = (directory.path() / "out").string();
    // What one set of features compiled is not what another one finds in the cache.
    ASSERT_EQ(wasmax({"run", path}).exit_code, 0);
    for (const Arguments& command : {Arguments{"run", "--disable-simd", path},
                                     Arguments{"compile", "--disable-simd", path, "-o", out},
                                     Arguments{"create-exe", "--disable-simd", path, "-o", out}}) {
        const Completed completed = wasmax(command);
        EXPECT_EQ(completed.exit_code, 1) << command.front();
        EXPECT_THAT(completed.errors, HasSubstr("feature simd is not enabled")) << command.front();
    }
}

TEST(Features, BuildOnOthers) {
    const TemporaryDirectory directory;
    const std::string path = directory.write(
        "module.wat",
        "(module (func (result v128) (i8x16.relaxed_swizzle (v128.const i64x2 1 2) (v128.const "
        "i64x2 1 2))))");
    EXPECT_EQ(wasmax({"validate", path}).exit_code, 0);
    EXPECT_EQ(wasmax({"validate", "--disable-relaxed-simd", path}).exit_code, 1);
    EXPECT_EQ(wasmax({"validate", "--disable-simd", path}).exit_code, 1);
}

}  // namespace
}  // namespace wasmax::e2e
