#include "wasm/impl/byte_reader.h"

#include <cstdint>
#include <initializer_list>
#include <limits>
#include <string>

#include <gtest/gtest.h>

#include "unit/wasm/support.h"

namespace wasmax::wasm {
namespace {

template <class Read>
std::string error_of(std::initializer_list<int> bytes, Read read) {
    const Binary binary = Binary().raw(bytes);
    ByteReader reader(binary.bytes(), 0);
    const auto result = read(reader);
    EXPECT_EQ(reader.offset(), result.has_value() ? bytes.size() : 0);
    return result.has_value() ? std::to_string(*result) : result.error().message;
}

std::string u32(std::initializer_list<int> bytes) {
    return error_of(bytes, [](ByteReader& reader) { return reader.u32(); });
}
std::string u64(std::initializer_list<int> bytes) {
    return error_of(bytes, [](ByteReader& reader) { return reader.u64(); });
}
std::string s32(std::initializer_list<int> bytes) {
    return error_of(bytes, [](ByteReader& reader) { return reader.s32(); });
}
std::string s33(std::initializer_list<int> bytes) {
    return error_of(bytes, [](ByteReader& reader) { return reader.s33(); });
}
std::string s64(std::initializer_list<int> bytes) {
    return error_of(bytes, [](ByteReader& reader) { return reader.s64(); });
}

constexpr const char* kTooLong = "integer representation too long";
constexpr const char* kTooLarge = "integer too large";

TEST(ByteReader, ReadsUnsignedIntegers) {
    EXPECT_EQ(u32({0x00}), "0");
    EXPECT_EQ(u32({0x7f}), "127");
    EXPECT_EQ(u32({0x80, 0x01}), "128");
    EXPECT_EQ(u32({0x80, 0x80, 0x80, 0x80, 0x00}), "0");
    EXPECT_EQ(u32({0xff, 0xff, 0xff, 0xff, 0x0f}), "4294967295");
    EXPECT_EQ(u64({0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01}),
              "18446744073709551615");
}

TEST(ByteReader, ReadsSignedIntegers) {
    EXPECT_EQ(s32({0x3f}), "63");
    EXPECT_EQ(s32({0x40}), "-64");
    EXPECT_EQ(s32({0x7f}), "-1");
    EXPECT_EQ(s32({0xff, 0x00}), "127");
    EXPECT_EQ(s32({0x80, 0x7f}), "-128");
    EXPECT_EQ(s32({0xff, 0xff, 0xff, 0xff, 0x07}), "2147483647");
    EXPECT_EQ(s32({0x80, 0x80, 0x80, 0x80, 0x78}), "-2147483648");
    EXPECT_EQ(s33({0xff, 0xff, 0xff, 0xff, 0x0f}), "4294967295");
    EXPECT_EQ(s33({0x80, 0x80, 0x80, 0x80, 0x70}), "-4294967296");
    EXPECT_EQ(s64({0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x00}),
              std::to_string(std::numeric_limits<std::int64_t>::max()));
    EXPECT_EQ(s64({0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x7f}),
              std::to_string(std::numeric_limits<std::int64_t>::min()));
}

TEST(ByteReader, RefusesIntegersWithTooManyBytes) {
    EXPECT_EQ(u32({0x80, 0x80, 0x80, 0x80, 0x80, 0x00}), kTooLong);
    EXPECT_EQ(s32({0xff, 0xff, 0xff, 0xff, 0xff, 0x7f}), kTooLong);
    EXPECT_EQ(s33({0x80, 0x80, 0x80, 0x80, 0x80, 0x00}), kTooLong);
    EXPECT_EQ(u64({0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00}), kTooLong);
    EXPECT_EQ(s64({0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00}), kTooLong);
}

TEST(ByteReader, RefusesIntegersWithUnusedBitsSet) {
    EXPECT_EQ(u32({0xff, 0xff, 0xff, 0xff, 0x1f}), kTooLarge);
    EXPECT_EQ(s32({0xff, 0xff, 0xff, 0xff, 0x0f}), kTooLarge);
    EXPECT_EQ(s32({0x80, 0x80, 0x80, 0x80, 0x70}), kTooLarge);
    EXPECT_EQ(s33({0x80, 0x80, 0x80, 0x80, 0x60}), kTooLarge);
    EXPECT_EQ(u64({0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02}), kTooLarge);
    EXPECT_EQ(s64({0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01}), kTooLarge);
}

TEST(ByteReader, EndsWithTheBytes) {
    EXPECT_EQ(u32({}), "unexpected end");
    EXPECT_EQ(u32({0x80}), "unexpected end");
    EXPECT_EQ(s64({0xff, 0xff}), "unexpected end");
    EXPECT_EQ(error_of({1, 2, 3}, [](ByteReader& reader) { return reader.fixed32(); }),
              "unexpected end");
    EXPECT_EQ(error_of({1, 2, 3, 4}, [](ByteReader& reader) { return reader.fixed32(); }),
              "67305985");
}

bool utf8(std::initializer_list<int> bytes) { return is_utf8(Binary().raw(bytes).bytes()); }

TEST(Utf8, AcceptsEveryLength) {
    EXPECT_TRUE(utf8({}));
    EXPECT_TRUE(utf8({0x00, 0x7f}));
    EXPECT_TRUE(utf8({0xc2, 0x80, 0xdf, 0xbf}));
    EXPECT_TRUE(utf8({0xe0, 0xa0, 0x80, 0xed, 0x9f, 0xbf, 0xee, 0x80, 0x80}));
    EXPECT_TRUE(utf8({0xf0, 0x90, 0x80, 0x80, 0xf4, 0x8f, 0xbf, 0xbf}));
}

TEST(Utf8, RefusesWhatIsNotUtf8) {
    EXPECT_FALSE(utf8({0x80}));                    // continuation without a lead
    EXPECT_FALSE(utf8({0xc2}));                    // cut short
    EXPECT_FALSE(utf8({0xc2, 0x41}));              // no continuation
    EXPECT_FALSE(utf8({0xc1, 0xbf}));              // overlong
    EXPECT_FALSE(utf8({0xe0, 0x9f, 0xbf}));        // overlong
    EXPECT_FALSE(utf8({0xf0, 0x8f, 0xbf, 0xbf}));  // overlong
    EXPECT_FALSE(utf8({0xed, 0xa0, 0x80}));        // surrogate
    EXPECT_FALSE(utf8({0xf4, 0x90, 0x80, 0x80}));  // above U+10FFFF
    EXPECT_FALSE(utf8({0xf8, 0x88, 0x80, 0x80, 0x80}));
}

}  // namespace
}  // namespace wasmax::wasm
