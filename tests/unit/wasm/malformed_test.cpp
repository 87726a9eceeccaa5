// Modules that break the binary format.

#include <cstddef>
#include <initializer_list>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/wasm/support.h"
#include "wasm/decoder.h"
#include "wasm/module.h"

namespace wasmax::wasm {
namespace {

using testing::HasSubstr;

struct Case {
    const char* name;
    Binary module;
    const char* message;
};

class Malformed : public testing::TestWithParam<Case> {};

TEST_P(Malformed, IsRefused) {
    const auto result = check(GetParam().module.bytes());
    ASSERT_FALSE(result.has_value());
    EXPECT_EQ(result.error().kind, ModuleError::Kind::malformed);
    EXPECT_THAT(verdict(result), HasSubstr(GetParam().message));
    EXPECT_LE(result.error().offset, GetParam().module.bytes().size());
}

const auto kName = [](const auto& test) { return std::string(test.param.name); };

Binary one_type() { return Binary::header().section(1, {1, 0x60, 0, 0}); }

INSTANTIATE_TEST_SUITE_P(
    Module, Malformed,
    testing::Values(
        Case{"empty", Binary(), "unexpected end"},
        Case{"short_magic", Binary().raw({0, 'a'}), "unexpected end"},
        Case{"magic", Binary().raw({0, 'a', 's', 'n', 1, 0, 0, 0}), "magic header not detected"},
        Case{"version", Binary().raw({0, 'a', 's', 'm', 2, 0, 0, 0}), "unknown binary version"},
        Case{"section_id", Binary::header().section(14, {}), "malformed section id 14"},
        Case{"no_section_size", Binary::header().raw({1}), "unexpected end"},
        Case{"section_too_long", Binary::header().raw({1, 5, 0}), "length out of bounds"},
        Case{"section_too_short", Binary::header().section(1, {0, 0}),
             "(type section): section size mismatch"},
        Case{"section_twice", one_type().section(1, {0}),
             "(type section): unexpected content after last section"},
        Case{"section_order", Binary::header().section(3, {0}).section(1, {0}),
             "unexpected content after last section"},
        Case{"data_count_after_code", Binary::header().section(10, {0}).section(12, {0}),
             "unexpected content after last section"},
        Case{"custom_name_length", Binary::header().section(0, {5, 'a'}), "length out of bounds"},
        Case{"custom_name_missing", Binary::header().section(0, {}), "unexpected end"},
        Case{"custom_name_utf8", Binary::header().section(0, {1, 0x80}),
             "malformed UTF-8 encoding"}),
    kName);

INSTANTIATE_TEST_SUITE_P(
    Types, Malformed,
    testing::Values(
        Case{"form", Binary::header().section(1, {1, 0x5d, 0, 0}), "not a function type"},
        Case{"value_type", Binary::header().section(1, {1, 0x60, 1, 0x40, 0}),
             "malformed value type"},
        Case{"count", Binary::header().section(1, {2, 0x60, 0, 0}), "unexpected end"},
        Case{"huge_count", Binary::header().section(1, {0xff, 0xff, 0xff, 0xff, 0x0f}),
             "4294967295 types do not fit the section"},
        Case{"import_kind", Binary::header().section(2, {1, 0, 0, 5, 0}), "malformed import kind"},
        Case{"import_name", Binary::header().section(2, {1, 1, 0xff, 0, 0, 0}),
             "malformed UTF-8 encoding"},
        Case{"reference_type", Binary::header().section(4, {1, 0x7f, 0, 0}),
             "malformed reference type"},
        Case{"limits", Binary::header().section(5, {1, 8, 0}), "malformed limits flags"},
        Case{"mutability", Binary::header().section(6, {1, 0x7f, 2, 0x41, 0, 0x0b}),
             "malformed mutability"},
        Case{"export_kind", Binary::header().section(7, {1, 0, 5, 0}), "malformed export kind"},
        Case{"constant_cut", Binary::header().section(6, {1, 0x7f, 0, 0x41}), "unexpected end"},
        Case{"constant_without_end", Binary::header().section(6, {1, 0x7f, 0, 0x41, 0}),
             "unexpected end"},
        Case{"constant_opcode", Binary::header().section(6, {1, 0x7f, 0, 0xff, 0x0b}),
             "illegal opcode ff"},
        Case{"heap_type", Binary::header().section(6, {1, 0x70, 0, 0xd0, 0x7f, 0x0b}),
             "malformed heap type"}),
    kName);

INSTANTIATE_TEST_SUITE_P(
    Segments, Malformed,
    testing::Values(
        Case{"element_flags", Binary::header().section(9, {1, 8}),
             "malformed elements segment kind"},
        Case{"element_kind", Binary::header().section(9, {1, 1, 1, 0}), "malformed element kind"},
        Case{"data_flags", Binary::header().section(11, {1, 3}), "malformed data segment kind"},
        Case{"data_length", Binary::header().section(11, {1, 1, 2, 0}), "unexpected end"},
        Case{"data_count", Binary::header().section(12, {2}).section(11, {1, 1, 0}),
             "data count and data section have inconsistent lengths: 2 and 1"},
        Case{"data_count_alone", Binary::header().section(12, {1}),
             "data count and data section have inconsistent lengths: 1 and 0"},
        Case{"functions_without_code", one_type().section(3, {1, 0}),
             "function and code section have inconsistent lengths: 1 and 0"},
        Case{"code_without_functions", Binary::header().section(10, {1, 2, 0, 0x0b}),
             "function and code section have inconsistent lengths: 0 and 1"},
        Case{"body_length", one_type().section(3, {1, 0}).section(10, {1, 9, 0, 0x0b}),
             "unexpected end"}),
    kName);

Binary body(std::initializer_list<int> bytes) { return module_with_body(Binary().raw(bytes)); }

INSTANTIATE_TEST_SUITE_P(
    Bodies, Malformed,
    testing::Values(
        Case{"empty", body({}), "(function 0): unexpected end"},
        Case{"no_end", body({0}), "END opcode expected"},
        Case{"block_without_end", body({0, 0x02, 0x40, 0x0b}), "END opcode expected"},
        Case{"bytes_after_end", body({0, 0x0b, 0x01}), "section size mismatch"},
        Case{"opcode", body({0, 0xff, 0x0b}), "illegal opcode ff"},
        Case{"sub_opcode", body({0, 0xfc, 0x12, 0x0b}), "illegal opcode fc 12"},
        Case{"sub_opcode_cut", body({0, 0xfc}), "unexpected end"},
        Case{"immediate_cut", body({0, 0x41}), "unexpected end"},
        Case{"float_cut", body({0, 0x44, 0, 0, 0, 0, 0, 0, 0}), "unexpected end"},
        Case{"local_type", body({1, 1, 0x40, 0x0b}), "malformed value type"},
        Case{"block_type", body({0, 0x02, 0x80, 0x7f, 0x0b, 0x0b}), "malformed block type"},
        Case{"misplaced_else", body({0, 0x05, 0x0b}), "misplaced else"},
        Case{"second_else", body({0, 0x41, 0, 0x04, 0x40, 0x05, 0x05, 0x0b, 0x0b}),
             "misplaced else"},
        Case{"memory_index", body({0, 0x3f, 0x80}), "unexpected end"},
        Case{"memop_flags", body({0, 0x41, 0, 0x28, 0x80, 0x01, 0, 0x1a, 0x0b}),
             "malformed memop flags"},
        Case{"branch_table_count", body({0, 0x41, 0, 0x0e, 0xff, 0xff, 0xff, 0xff, 0x0f, 0x0b}),
             "br_table has more targets than bytes follow"},
        Case{"no_data_count", body({0, 0xfc, 0x09, 0, 0x0b}), "data count section required"}),
    kName);

/// Every prefix of a module with every section is refused, unless it ends with a section, and no
/// byte beyond its end is read (the copy has exactly its size, for AddressSanitizer).
TEST(Truncated, ModulesAreRefused) {
    const ByteVector bytes = wat(R"((module
        (import "env" "f" (func (param i32 i64) (result f32)))
        (table 1 2 funcref) (memory 1 2) (global (mut f64) (f64.const 1))
        (export "g" (func 1)) (start 2)
        (elem (i32.const 0) func 1 2) (elem externref (ref.null extern))
        (func (result i32) (local i32 f64)
          (block (result i32) (loop (br_if 0 (i32.const 300))) (i32.load offset=200 (i32.const 1))))
        (func (memory.init 0 (i32.const 1) (i32.const 1) (i32.const 1)))
        (data (i32.const 0) "hello")))");
    ASSERT_EQ(verdict(check(bytes)), "accepted");
    const Module module = decode_module(bytes).value();
    std::set<const std::byte*> boundaries;
    for (const SectionSpan& section : module.sections) {
        boundaries.insert(section.whole.data());
    }
    EXPECT_GE(boundaries.size(), 12U);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        if (boundaries.contains(bytes.data() + size)) {
            continue;
        }
        const ByteVector prefix(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
        EXPECT_FALSE(check(prefix).has_value()) << "the first " << size << " bytes";
    }
}

}  // namespace
}  // namespace wasmax::wasm
