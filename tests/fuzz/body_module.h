#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <vector>

#include "base/units.h"

namespace wasmax::fuzz {

/// A module's binary, section by section.
class ModuleWriter {
public:
    void section(std::uint8_t id, const std::vector<std::uint8_t>& contents) {
        bytes_.push_back(id);
        size(contents.size());
        bytes_.insert(bytes_.end(), contents.begin(), contents.end());
    }
    void size(std::uint64_t value) { append_size(bytes_, value); }
    [[nodiscard]] const std::vector<std::uint8_t>& bytes() const { return bytes_; }

    static void append_size(std::vector<std::uint8_t>& out, std::uint64_t value) {
        constexpr std::uint64_t kMore = 0x80;
        for (; value >= kMore; value >>= 7U) {
            out.push_back(static_cast<std::uint8_t>(value | kMore));
        }
        out.push_back(static_cast<std::uint8_t>(value));
    }

private:
    std::vector<std::uint8_t> bytes_{0x00, 'a', 's', 'm', 0x01, 0x00, 0x00, 0x00};
};

/// A module whose first function, of type (i32 i64 f32 f64) -> i32, has `body`: declarations of
/// locals and instructions, which may be any bytes. There is one of everything that these may name:
/// types 0 to 4, functions 0 to 2, tables and memories 0 and 1, globals 0 to 3, a segment of each
/// kind.
inline std::vector<std::uint8_t> module_around(ByteView body) {
    constexpr std::uint8_t i32 = 0x7f;
    constexpr std::uint8_t i64 = 0x7e;
    constexpr std::uint8_t f32 = 0x7d;
    constexpr std::uint8_t f64 = 0x7c;
    constexpr std::uint8_t v128 = 0x7b;
    constexpr std::uint8_t funcref = 0x70;
    ModuleWriter module;
    module.section(1, {5,    0x60, 4,    i32, i64, f32, f64, 1, i32,  // 0
                       0x60, 0,    0,                                 // 1
                       0x60, 1,    i32,  1,   i32,                    // 2
                       0x60, 0,    2,    i32, i64,                    // 3
                       0x60, 1,    v128, 1,   v128});                 // 4
    module.section(3, {3, 0, 1, 2});                                  // functions
    module.section(4, {2, funcref, 0, 10, funcref, 1, 0, 20});        // tables
    module.section(5, {2, 0, 1, 1, 1, 4});                            // memories
    module.section(6,
                   {4,   i32, 1,    0x41, 0,    0x0b,    i64, 1,    0x42,    0,   0x0b,  // globals
                    i32, 0,   0x41, 7,    0x0b, funcref, 1,   0xd0, funcref, 0x0b});
    module.section(9, {2, 1, 0, 2, 1, 2, 3, 0, 1, 1});  // elements: passive, declarative
    module.section(12, {1});
    std::vector<std::uint8_t> code{3};
    ModuleWriter::append_size(code, body.size());
    for (const std::byte byte : body) {
        code.push_back(static_cast<std::uint8_t>(byte));
    }
    code.insert(code.end(), {2, 0, 0x0b, 4, 0, 0x20, 0, 0x0b});
    module.section(10, code);
    module.section(11, {1, 1, 3, 'a', 'b', 'c'});
    return module.bytes();
}

}  // namespace wasmax::fuzz
