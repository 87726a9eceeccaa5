// Small modules that ask for a lot: refused, or accepted with bounded time and memory.

#include "wasm/limits.h"

#include <cstdint>
#include <string>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/wasm/support.h"

namespace wasmax::wasm {
namespace {

using testing::HasSubstr;

constexpr int kBlock = 0x02;
constexpr int kEmpty = 0x40;
constexpr int kEnd = 0x0b;
constexpr int kConst = 0x41;

std::string limit_of(const Binary& module) {
    const auto result = check(module.bytes());
    if (result.has_value()) {
        return "accepted";
    }
    EXPECT_EQ(result.error().kind, ModuleError::Kind::limit) << verdict(result);
    return result.error().message;
}

TEST(Limits, FourBillionLocalsIn64KiB) {
    const Binary group = Binary().unsigned_leb(0xffff'ffff).raw({0x7e});
    Binary body = Binary().unsigned_leb(10'000);
    for (int i = 0; i < 10'000; ++i) {
        body = std::move(body).append(group);
    }
    EXPECT_THAT(limit_of(module_with_body(std::move(body).raw({kEnd}))),
                HasSubstr("too many locals"));
}

TEST(Limits, LocalsInManyGroups) {
    const auto module = [](std::uint32_t locals) {
        return module_with_body(
            Binary().unsigned_leb(locals).repeat(locals, {1, 0x7f}).raw({kEnd}));
    };
    EXPECT_EQ(limit_of(module(kMaxLocals)), "accepted");
    EXPECT_THAT(limit_of(module(kMaxLocals + 1)), HasSubstr("too many locals"));
}

TEST(Limits, Nesting) {
    const auto module = [](std::uint32_t blocks) {
        return module_with_body(
            Binary().raw({0}).repeat(blocks, {kBlock, kEmpty}).repeat(blocks + 1, {kEnd}));
    };
    EXPECT_EQ(limit_of(module(kMaxNesting - 1)), "accepted");
    EXPECT_THAT(limit_of(module(kMaxNesting)), HasSubstr("nested blocks"));
    EXPECT_THAT(limit_of(module(2'000'000)), HasSubstr("nested blocks"));
}

TEST(Limits, BranchTableTargets) {
    const auto module = [](std::uint32_t targets) {
        return module_with_body(Binary()
                                    .raw({0, kConst, 0, 0x0e})
                                    .unsigned_leb(targets)
                                    .repeat(targets + 1, {0})
                                    .raw({kEnd}));
    };
    EXPECT_EQ(limit_of(module(kMaxBranchTableTargets)), "accepted");
    EXPECT_THAT(limit_of(module(kMaxBranchTableTargets + 1)), HasSubstr("targets"));
}

TEST(Limits, OperandsFromCallsWithManyResults) {
    // Two bytes push a thousand operands.
    const Binary types = Binary()
                             .raw({2, 0x60, 0, 0, 0x60, 0})
                             .unsigned_leb(kMaxResults)
                             .repeat(kMaxResults, {0x7f});
    const Binary body = Binary().raw({0}).repeat(100'000, {0x10, 0}).raw({kEnd});
    const Binary module = Binary::header()
                              .section(1, types)
                              .section(2, {1, 0, 0, 0, 1})
                              .section(3, {1, 0})
                              .section(10, Binary().raw({1}).sized(body));
    EXPECT_THAT(limit_of(module), HasSubstr("operands on the stack"));
}

TEST(Limits, ParametersAndResults) {
    const auto module = [](std::uint32_t parameters, std::uint32_t results) {
        const Binary type = Binary()
                                .raw({1, 0x60})
                                .unsigned_leb(parameters)
                                .repeat(parameters, {0x7f})
                                .unsigned_leb(results)
                                .repeat(results, {0x7f});
        return Binary::header().section(1, type);
    };
    EXPECT_EQ(limit_of(module(kMaxParameters, kMaxResults)), "accepted");
    EXPECT_THAT(limit_of(module(kMaxParameters + 1, 0)), HasSubstr("too many parameters"));
    EXPECT_THAT(limit_of(module(0, kMaxResults + 1)), HasSubstr("too many results"));
}

TEST(Limits, BodyBytes) {
    const auto module = [](std::uint32_t bytes) {
        return module_with_body(Binary().raw({0}).repeat(bytes - 2, {0x01}).raw({kEnd}));
    };
    EXPECT_EQ(limit_of(module(kMaxBodyBytes)), "accepted");
    EXPECT_THAT(limit_of(module(kMaxBodyBytes + 1)), HasSubstr("bytes in a function body"));
}

TEST(Limits, Types) {
    const auto module = [](std::uint32_t types) {
        return Binary::header().section(1,
                                        Binary().unsigned_leb(types).repeat(types, {0x60, 0, 0}));
    };
    EXPECT_EQ(limit_of(module(kMaxTypes)), "accepted");
    EXPECT_THAT(limit_of(module(kMaxTypes + 1)), HasSubstr("too many types"));
}

TEST(Limits, Imports) {
    // Immutable i32 globals with empty names.
    const auto module = [](std::uint32_t imports) {
        return Binary::header().section(
            2, Binary().unsigned_leb(imports).repeat(imports, {0, 0, 3, 0x7f, 0}));
    };
    EXPECT_EQ(limit_of(module(kMaxImports)), "accepted");
    EXPECT_THAT(limit_of(module(kMaxImports + 1)), HasSubstr("too many imports"));
}

TEST(Limits, DataSegmentsByCount) {
    EXPECT_THAT(limit_of(Binary::header().section(12, Binary().unsigned_leb(kMaxSegments + 1))),
                HasSubstr("too many data segments"));
}

}  // namespace
}  // namespace wasmax::wasm
