// Memories and tables with 64-bit addresses: what compiled code checks, and what faults.

#include <cstdint>
#include <string>

#include <gtest/gtest.h>

#include "abi/trap.h"
#include "abi/vm_context.h"
#include "runtime/memory.h"
#include "runtime/value.h"
#include "unit/runtime/compiled.h"
#include "unit/runtime/world.h"
#include "wasm/types.h"

namespace wasmax::runtime {
namespace {

constexpr const char* kAccesses = R"((module
  (memory i64 1 3)
  (data (i64.const 65528) "\01\02\03\04\05\06\07\08")
  (func (export "load") (param i64) (result i64) (i64.load (local.get 0)))
  (func (export "load_far") (param i64) (result i64)
    (i64.load offset=65528 (local.get 0)))
  (func (export "load_farther") (param i64) (result i64)
    (i64.load offset=0xffffffff (local.get 0)))
  (func (export "grow") (param i64) (result i64) (memory.grow (local.get 0)))
  (func (export "fill") (param i64 i64) (memory.fill (local.get 0) (i32.const 7) (local.get 1)))))";

constexpr std::uint64_t kData = 0x0807'0605'0403'0201;

TEST(Memory64, ReadsWhatIsInside) {
    World world;
    Instance& instance = world.instantiate(compile(kAccesses));
    EXPECT_EQ(world.get(instance, "load", {Value::i64(65528)}).as_i64(), kData);
    EXPECT_EQ(world.get(instance, "load_far", {Value::i64(0)}).as_i64(), kData);
}

TEST(Memory64, TrapsAtEveryIndexPastTheEnd) {
    World world;
    Instance& instance = world.instantiate(compile(kAccesses));
    // With the offset of `load_farther` this is 0 and a carry, which must not be lost.
    constexpr std::uint64_t kCarries = ~std::uint64_t{0} - 0xffff'fffe;
    EXPECT_EQ(world.trap(instance, "load_farther", {Value::i64(kCarries)}).code,
              abi::TrapCode::memory_out_of_bounds);
    for (const std::uint64_t index :
         {std::uint64_t{65529}, std::uint64_t{1} << 32, abi::kMaxMemory64Bytes - 8,
          abi::kMaxMemory64Bytes, abi::kMaxMemory64Bytes + 1, std::uint64_t{1} << 47,
          std::uint64_t{1} << 63, ~std::uint64_t{0}, ~std::uint64_t{0} - 65528}) {
        for (const char* load : {"load", "load_far", "load_farther"}) {
            EXPECT_EQ(world.trap(instance, load, {Value::i64(index)}).code,
                      abi::TrapCode::memory_out_of_bounds)
                << load << " " << index;
        }
        EXPECT_EQ(world.trap(instance, "fill", {Value::i64(index), Value::i64(8)}).code,
                  abi::TrapCode::memory_out_of_bounds)
            << index;
    }
}

TEST(Memory64, GrowsToItsMaximum) {
    World world;
    Instance& instance = world.instantiate(compile(kAccesses));
    EXPECT_EQ(world.get(instance, "grow", {Value::i64(2)}).as_i64(), 1U);
    EXPECT_EQ(world.get(instance, "grow", {Value::i64(1)}).as_i64(), ~std::uint64_t{0});
    EXPECT_EQ(world.get(instance, "grow", {Value::i64(~std::uint64_t{0})}).as_i64(),
              ~std::uint64_t{0});
    EXPECT_EQ(world.get(instance, "load", {Value::i64(3 * 65536 - 8)}).as_i64(), 0U);
}

TEST(Memory64, HasAnImplementationsLimit) {
    const auto beyond = Memory::create(
        {.limits = {kMaxMemory64Pages.count + 1, {}}, .address = wasm::AddressType::i64}, {});
    EXPECT_FALSE(beyond.has_value());
}

// The text converter has no tables with 64-bit addresses: the test suite's memory64 group has.

}  // namespace
}  // namespace wasmax::runtime
