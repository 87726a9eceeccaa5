// Small modules that ask for more than any machine has. They are refused, or run in little memory.

#include <sys/resource.h>

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "e2e/harness.h"

namespace wasmax::e2e {
namespace {

using testing::HasSubstr;

std::string bytes(std::initializer_list<int> values) {
    std::string text;
    for (const int value : values) {
        text.push_back(static_cast<char>(value));
    }
    return text;
}

std::string leb(std::uint64_t value) {
    std::string text;
    do {
        const auto low = static_cast<unsigned>(value & 0x7f);
        value >>= 7;
        text.push_back(static_cast<char>(low | (value != 0 ? 0x80U : 0U)));
    } while (value != 0);
    return text;
}

std::string sized(const std::string& contents) { return leb(contents.size()) + contents; }

std::string repeated(std::size_t count, const std::string& text) {
    std::string all;
    for (; count > 0; --count) {
        all += text;
    }
    return all;
}

std::string section(int id, const std::string& contents) { return bytes({id}) + sized(contents); }

const std::string kHeader = bytes({0, 'a', 's', 'm', 1, 0, 0, 0});
const std::string kEmptyType = bytes({1, 0x60, 0, 0});
const std::string kStart = leb(1) + sized("_start") + bytes({0, 0});

/// A module with `extra` sections and one function, `_start`, whose code entry is `body`.
std::string module_of(const std::string& body, const std::string& types = kEmptyType) {
    return kHeader + section(1, types) + section(3, bytes({1, 0})) + section(7, kStart) +
           section(10, leb(1) + sized(body));
}

/// 1,000 values in, 1,000 out.
const std::string kWideType = bytes({2, 0x60, 0, 0, 0x60}) + leb(1000) + repeated(1000, "\x7f") +
                              leb(1000) + repeated(1000, "\x7f");

constexpr long kMaxResidentKib = 200L * 1024;

/// `run` refuses the module for a reason that has `message` in it, without much memory.
void expect_refused(const std::string& module, const std::string& message) {
    ASSERT_LE(module.size(), 64U * 1024);
    const TemporaryDirectory directory;
    const Completed completed = wasmax({"run", directory.write("module.wasm", module)});
    EXPECT_EQ(completed.exit_code, 1) << completed.errors;
    EXPECT_THAT(completed.errors, HasSubstr(message));
    rusage usage{};
    ASSERT_EQ(::getrusage(RUSAGE_CHILDREN, &usage), 0);
    EXPECT_LT(usage.ru_maxrss, kMaxResidentKib);
}

TEST(Adversarial, LocalsInOneGroup) {
    expect_refused(module_of(leb(1) + leb(0xffff'ffff) + bytes({0x7f, 0x0b})), "too many locals");
}

TEST(Adversarial, LocalsInManyGroups) {
    expect_refused(module_of(leb(6000) + repeated(6000, leb(0xffff'fff0) + "\x7b") + "\x0b"),
                   "too many locals");
}

TEST(Adversarial, BlocksThatNeverEnd) {
    expect_refused(module_of(leb(0) + repeated(30'000, bytes({0x02, 0x40}))),
                   "END opcode expected");
}

TEST(Adversarial, LoopsThatPassManyValues) {
    expect_refused(module_of(leb(0) + repeated(1000, bytes({0x41, 0})) +
                                 repeated(15'000, bytes({0x03, 1})) + "\x0b",
                             kWideType),
                   "too many values");
}

TEST(Adversarial, BranchesThatPassManyValues) {
    expect_refused(module_of(leb(0) + repeated(1000, bytes({0x41, 0})) + bytes({0x03, 1}) +
                                 repeated(12'000, bytes({0x41, 0, 0x0d, 0})),
                             kWideType),
                   "too many values");
}

TEST(Adversarial, BranchTableOfMany) {
    expect_refused(module_of(leb(0) + bytes({0x41, 0, 0x0e}) + leb(0xffff'ffff) + bytes({0, 0x0b})),
                   "br_table has more targets than bytes follow");
}

TEST(Adversarial, BranchTableThatPassesManyValues) {
    expect_refused(
        module_of(leb(0) + repeated(1000, bytes({0x41, 0})) + bytes({0x03, 1, 0x41, 0}) + "\x0e" +
                      leb(50'000) + repeated(50'001, bytes({0})) + bytes({0x0b, 0x0b}),
                  kWideType),
        "too many values");
}

TEST(Adversarial, TableOfFourBillion) {
    expect_refused(kHeader + section(1, kEmptyType) + section(3, bytes({1, 0})) +
                       section(4, bytes({1, 0x70, 0}) + leb(0xffff'ffff)) + section(7, kStart) +
                       section(10, bytes({1, 2, 0, 0x0b})),
                   "a table may have");
}

TEST(Adversarial, TablesWithoutEnd) {
    expect_refused(kHeader + section(1, kEmptyType) + section(3, bytes({1, 0})) +
                       section(4, leb(8000) + repeated(8000, bytes({0x70, 0}) + leb(9'000'000))) +
                       section(7, kStart) + section(10, bytes({1, 2, 0, 0x0b})),
                   "table");
}

TEST(Adversarial, TablesThatAreFull) {
    // 24 bytes of each entry are written: 1,000 such tables would take 144 GB.
    const std::string table = bytes({0x40, 0, 0x70, 0}) + leb(6'000'000) + bytes({0xd2, 0, 0x0b});
    expect_refused(kHeader + section(1, kEmptyType) + section(3, bytes({1, 0})) +
                       section(4, leb(1000) + repeated(1000, table)) + section(7, kStart) +
                       section(10, bytes({1, 2, 0, 0x0b})),
                   "the tables of a program together");
}

TEST(Adversarial, MemoryOfManyTebibytes) {
    expect_refused(kHeader + section(1, kEmptyType) + section(3, bytes({1, 0})) +
                       section(5, bytes({1, 4}) + leb(std::uint64_t{1} << 48U)) +
                       section(7, kStart) + section(10, bytes({1, 2, 0, 0x0b})),
                   "pages is more than");
}

TEST(Adversarial, CountsWithoutItems) {
    for (const int id : {1, 2, 3, 4, 5, 6, 7, 9, 11}) {
        expect_refused(kHeader + section(id, leb(0xffff'ffff)), "do not fit the section");
    }
}

/// `depth` loops inside each other that count as many locals: control flow meets in as many places.
std::string nested_loops(std::uint32_t depth) {
    std::string body = leb(1) + leb(depth) + "\x7f";
    for (std::uint32_t index = 0; index < depth; ++index) {
        body += bytes({0x03, 0x40, 0x20}) + leb(index) + bytes({0x41, 1, 0x6a, 0x21}) +
                leb((index * 7 + 3) % depth);
    }
    for (std::uint32_t index = 0; index < depth; ++index) {
        body += "\x20" + leb(index) + bytes({0x0d, 0, 0x0b});
    }
    return module_of(body + "\x0b");
}

/// 2,000 blocks inside each other, each left in the middle, and as many locals.
std::string nested_blocks() {
    constexpr std::uint32_t kDepth = 2000;
    std::string body = leb(1) + leb(kDepth) + "\x7f" + repeated(kDepth, bytes({0x02, 0x40}));
    for (std::uint32_t index = 0; index < kDepth; ++index) {
        body += "\x20" + leb(index) + "\x0d" + leb(index) + bytes({0x41, 1, 0x21}) + leb(index);
    }
    for (std::uint32_t index = 0; index < kDepth; ++index) {
        body += bytes({0x0b, 0x20}) + leb(index) + bytes({0x41, 1, 0x6a, 0x21}) +
                leb((index * 5 + 3) % kDepth);
    }
    return module_of(body + "\x0b");
}

// Optimized these take minutes: the bound is above what the fast tier needs on a busy machine.
TEST(Adversarial, FunctionsThatOptimizersAreSlowAt) {
    const TemporaryDirectory directory;
    const auto compile = [&](const std::string& module, const char* level) {
        return wasmax({"compile", level, directory.write("module.wasm", module), "-o",
                       (directory.path() / "module.wmx").string(), "--compile-timeout", "60s"});
    };
    for (const Completed& completed :
         {compile(nested_loops(250), "-O1"), compile(nested_loops(1000), "-O2"),
          compile(nested_blocks(), "-O1")}) {
        EXPECT_EQ(completed.exit_code, 0) << completed.errors;
    }
}

// Last, because it is not bound to that little memory.
TEST(Adversarial, LocalsThatNobodyUses) {
    // 5,000 functions with 50,000 locals each: valid, and no reason to make 250 million variables.
    const std::string body = sized(leb(1) + leb(50'000) + bytes({0x7e, 0x0b}));
    const std::string module = kHeader + section(1, kEmptyType) +
                               section(3, leb(5000) + repeated(5000, bytes({0}))) +
                               section(7, kStart) + section(10, leb(5000) + repeated(5000, body));
    const TemporaryDirectory directory;
    const Completed completed = wasmax({"run", "-O0", directory.write("module.wasm", module)});
    EXPECT_EQ(completed.exit_code, 0) << completed.errors;
}

}  // namespace
}  // namespace wasmax::e2e
