// Data segments that the compiler turned into pages which are mapped (codegen/memory_image): the
// guest must find what the segments say, however it was started.
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "abi/artifact.h"
#include "e2e/harness.h"

namespace wasmax::e2e {
namespace {

constexpr std::size_t kMemoryBytes = 4 * std::size_t{65536};

/// A module with active segments at the given addresses, each of so many equal bytes; and what its
/// memory must be, in the order of the segments.
class Module {
public:
    void add(std::size_t address, std::size_t bytes, char value) {
        segments_ += "(data (i32.const " + std::to_string(address) + ") \"" +
                     std::string(bytes, value) + "\")\n";
        std::memset(memory_.data() + address, value, bytes);
    }
    /// `_start` traps unless memory 0 has the expected hash, a dropped segment can't be copied
    /// from, and a passive one can; then does what `end` says.
    [[nodiscard]] std::string text(const std::string& memory, const std::string& end = "") const {
        std::uint32_t hash = 0;
        for (const char byte : memory_) {
            hash = hash * 31 + static_cast<unsigned char>(byte);
        }
        return "(module (memory " + memory + ")\n" + segments_ +
               R"((data $passive "passive")
  (func (export "_start") (local $at i32) (local $hash i32)
    (loop $next
      (local.set $hash (i32.add (i32.mul (local.get $hash) (i32.const 31))
                                (i32.load8_u (local.get $at))))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $at) (i32.const )" +
               std::to_string(kMemoryBytes) + R"())))
    (if (i32.ne (local.get $hash) (i32.const )" +
               std::to_string(static_cast<std::int32_t>(hash)) + R"()) (then unreachable))
    (memory.init 0 (i32.const 0) (i32.const 0) (i32.const 0))
    (memory.init $passive (i32.const 100) (i32.const 0) (i32.const 7))
    (if (i32.ne (i32.load8_u (i32.const 106)) (i32.const 101)) (then unreachable))
)" + end + "))\n";
    }

private:
    std::string segments_;
    std::string memory_ = std::string(kMemoryBytes, '\0');
};

Module many_segments() {
    Module module;
    for (std::size_t index = 0; index < 100; ++index) {
        module.add(index * 1000, 16 + index % 3 * 1000, static_cast<char>('a' + index % 26));
    }
    module.add(kMemoryBytes - 5, 5, 'z');
    module.add(150'000, 70'000, 'y');
    module.add(kMemoryBytes, 0, 'x');
    return module;
}

bool has_pages(const std::string& artifact) {
    std::ifstream stream(artifact, std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(stream), {}};
    abi::ArtifactHeader header;
    std::memcpy(&header, bytes.data() + abi::kArtifactHeaderOffset, sizeof header);
    return header.memory_extents.bytes != 0;
}

void expect_success(const Completed& completed) {
    EXPECT_EQ(completed.exit_code, 0) << completed.errors;
}

TEST(InitialMemory, IsWhatTheSegmentsSay) {
    const TemporaryDirectory place;
    const std::string module = place.write("m.wat", many_segments().text("4"));
    const std::string artifact = (place.path() / "m.wmx").string();
    const std::string executable = (place.path() / "m").string();
    expect_success(wasmax({"compile", module, "-o", artifact}));
    EXPECT_TRUE(has_pages(artifact));
    expect_success(wasmax({"run", "--no-cache", module}));
    expect_success(wasmax({"run", artifact}));
    expect_success(wasmax({"create-exe", module, "-o", executable}));
    Child child({executable});
    expect_success(child.wait());
}

TEST(InitialMemory, DroppedSegmentsStayDropped) {
    const TemporaryDirectory place;
    const std::string module = place.write(
        "m.wat",
        many_segments().text("4", "(memory.init 0 (i32.const 0) (i32.const 0) (i32.const 1))"));
    const Completed completed = wasmax({"run", "--no-cache", module});
    EXPECT_NE(completed.errors.find("out of bounds memory access"), std::string::npos)
        << completed.errors;
}

TEST(InitialMemory, GuestsDoNotWriteIntoTheArtifact) {
    const TemporaryDirectory place;
    Module module = many_segments();
    const std::string artifact = (place.path() / "m.wmx").string();
    expect_success(wasmax({"compile", place.write("m.wat", module.text("4")), "-o", artifact}));
    for (int run = 0; run < 3; ++run) {  // `_start` writes at 100
        expect_success(wasmax({"run", artifact}));
    }
}

TEST(InitialMemory, SegmentsOutsideTrapAsEver) {
    const TemporaryDirectory place;
    const std::string module = place.write("m.wat", many_segments().text("3"));
    const Completed completed = wasmax({"run", "--no-cache", module});
    EXPECT_NE(completed.errors.find("out of bounds memory access"), std::string::npos)
        << completed.errors;
}

TEST(InitialMemory, FewBytesAreCopied) {
    const TemporaryDirectory place;
    Module module;
    module.add(10, 3, 'a');
    const std::string artifact = (place.path() / "m.wmx").string();
    expect_success(wasmax({"compile", place.write("m.wat", module.text("4")), "-o", artifact}));
    EXPECT_FALSE(has_pages(artifact));
    expect_success(wasmax({"run", artifact}));
}

}  // namespace
}  // namespace wasmax::e2e
