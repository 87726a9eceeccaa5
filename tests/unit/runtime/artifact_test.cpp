#include "runtime/artifact.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "abi/artifact.h"
#include "base/error.h"
#include "base/unique_fd.h"
#include "runtime/instance.h"
#include "runtime/value.h"
#include "unit/runtime/artifact_builder.h"
#include "unit/runtime/world.h"

namespace wasmax::runtime {
namespace {

MachineCode return_seven() { return {0x55, 0x48, 0x89, 0xe5, 0xb8, 7, 0, 0, 0, 0x5d, 0xc3}; }

ByteVector small_image() {
    return build_artifact(
        "(module (import \"env\" \"f\" (func)) (memory 1) (func (export \"seven\") (result i32) "
        "unreachable) (func unreachable))",
        std::vector<MachineCode>{return_seven(), return_seven()});
}

Error::Kind refusal(const ByteVector& image) {
    const auto mapped = map_image(image);
    EXPECT_FALSE(mapped.has_value());
    return mapped.has_value() ? Error::Kind::internal : mapped.error().kind;
}

/// An image whose header `change` has changed.
template <class Change>
ByteVector with_header(const Change& change) {
    ByteVector image = small_image();
    change(header_of(image));
    return image;
}

TEST(Artifact, KnowsItsFunctions) {
    const auto mapped = map_image(small_image(), "seven.wasm");
    ASSERT_TRUE(mapped.has_value()) << mapped.error().message;
    const Artifact& artifact = **mapped;
    EXPECT_EQ(artifact.name(), "seven.wasm");
    EXPECT_EQ(artifact.wrapper({0}), nullptr);
    EXPECT_EQ(std::memcmp(artifact.code({1}), "\x55\x48\x89\xe5\xb8\x07", 6), 0);
    const auto second = reinterpret_cast<std::uintptr_t>(artifact.code({2}));
    const Artifact::Location location = artifact.find(second + 3).value_or(Artifact::Location{});
    EXPECT_EQ(location.function.value, 2U);
    EXPECT_EQ(location.wasm_offset, 103U);
    EXPECT_FALSE(artifact.find(second + return_seven().size()).has_value());
    EXPECT_FALSE(
        artifact.find(reinterpret_cast<std::uintptr_t>(artifact.code({1})) - 1).has_value());
    EXPECT_EQ(artifact.function_name({1}), "seven");
    EXPECT_EQ(artifact.function_name({2}), "func[2]");
}

TEST(Artifact, MapsCodeExecutableAndNothingWritable) {
    const auto mapped = map_image(small_image());
    ASSERT_TRUE(mapped.has_value());
    const auto text = reinterpret_cast<std::uintptr_t>((*mapped)->text().data());
    const UniqueFd maps(open("/proc/self/maps", O_RDONLY | O_CLOEXEC));
    std::string contents(std::size_t{1} << 20, '\0');
    std::size_t bytes = 0;
    for (ssize_t got = 1; got > 0 && bytes < contents.size();) {
        got = read(maps.get(), contents.data() + bytes, contents.size() - bytes);
        bytes += static_cast<std::size_t>(got > 0 ? got : 0);
    }
    contents.resize(bytes);
    unsigned parts = 0;
    for (std::size_t line = 0; line < contents.size(); line = contents.find('\n', line) + 1) {
        const std::string entry = contents.substr(line, contents.find('\n', line) - line);
        if (entry.find("memfd:artifact") != std::string::npos) {
            const bool code = std::stoull(entry, nullptr, 16) == text;
            EXPECT_NE(entry.find(code ? " r-xp " : " r--p "), std::string::npos) << entry;
            ++parts;
        }
    }
    EXPECT_EQ(parts, 2U);
}

TEST(Artifact, RefusesWhatIsNotAnArtifact) {
    EXPECT_EQ(refusal({}), Error::Kind::invalid);
    EXPECT_EQ(refusal(ByteVector(5000)), Error::Kind::invalid);
    const UniqueFd directory(open("/", O_RDONLY | O_CLOEXEC));
    const auto mapped = Artifact::map(directory.get(), "directory");
    ASSERT_FALSE(mapped.has_value());
    EXPECT_EQ(mapped.error().message, "directory: not an artifact");
    EXPECT_FALSE(Artifact::map(-1, "closed").has_value());
}

TEST(Artifact, RefusesOtherVersionsAndCpus) {
    using Header = abi::ArtifactHeader;
    EXPECT_EQ(refusal(with_header([](Header& header) { ++header.abi_version; })),
              Error::Kind::unsupported);
    EXPECT_EQ(refusal(with_header([](Header& header) { ++header.header_bytes; })),
              Error::Kind::unsupported);
    EXPECT_EQ(refusal(with_header(
                  [](Header& header) { std::memcpy(header.cpu.data(), "x86-64-v9", 10); })),
              Error::Kind::unsupported);
}

TEST(Artifact, RefusesPartsThatPointElsewhere) {
    using Header = abi::ArtifactHeader;
    const std::vector<abi::ArtifactPart Header::*> parts{
        &Header::module,      &Header::functions,     &Header::wrappers,
        &Header::pcmap_index, &Header::pcmap_entries, &Header::text};
    for (const auto part : parts) {
        for (const std::uint64_t value : {~std::uint64_t{0}, ~std::uint64_t{0} - 4095,
                                          std::uint64_t{1} << 63, std::uint64_t{1} << 32}) {
            EXPECT_EQ(refusal(with_header([&](Header& header) { (header.*part).offset = value; })),
                      Error::Kind::invalid);
            EXPECT_EQ(refusal(with_header([&](Header& header) { (header.*part).bytes = value; })),
                      Error::Kind::invalid);
        }
    }
    EXPECT_EQ(refusal(with_header([](Header& header) { ++header.functions.offset; })),
              Error::Kind::invalid);
    EXPECT_EQ(refusal(with_header([](Header& header) { ++header.image_bytes; })),
              Error::Kind::invalid);
    EXPECT_EQ(refusal(with_header([](Header& header) { header.text = header.functions; })),
              Error::Kind::invalid);
    EXPECT_EQ(
        refusal(with_header([](Header& header) { header.defined_functions = ~std::uint32_t{0}; })),
        Error::Kind::invalid);
}

TEST(Artifact, RefusesFunctionOffsetsOutsideTheCodeOrOutOfOrder) {
    const ByteVector image = small_image();
    ByteVector copy = image;
    const auto functions = header_of(copy).functions;
    for (const auto& [index, value] :
         std::vector<std::pair<std::size_t, std::uint32_t>>{{2, 0x7fff'ffff}, {0, 17}, {1, 4096}}) {
        copy = image;
        std::memcpy(copy.data() + functions.offset + 4 * index, &value, sizeof(value));
        EXPECT_EQ(refusal(copy), Error::Kind::invalid);
    }
}

/// Uses everything of an artifact that maps in spite of its damage, except running it.
void exercise(const ByteVector& image) {
    const auto mapped = map_image(image);
    if (!mapped.has_value()) {
        EXPECT_FALSE(mapped.error().message.empty());
        return;
    }
    const Artifact& artifact = **mapped;
    const auto text = reinterpret_cast<std::uintptr_t>(artifact.text().data());
    for (std::size_t offset = 0; offset < artifact.text().size(); ++offset) {
        const auto location = artifact.find(text + offset);
        if (location.has_value()) {
            EXPECT_FALSE(artifact.function_name(location->function).empty());
        }
    }
}

TEST(Artifact, SurvivesEveryDamagedByte) {
    const ByteVector image = small_image();
    for (std::size_t offset = 0; offset < image.size(); ++offset) {
        if (image[offset] == std::byte{0} && offset > 0x100 && offset < 0x400) {
            continue;  // padding between the program headers and ours
        }
        for (const unsigned flip : {0x01U, 0x80U, 0xffU}) {
            ByteVector damaged = image;
            damaged[offset] ^= static_cast<std::byte>(flip);
            exercise(damaged);
        }
    }
}

TEST(Artifact, SurvivesEveryTruncation) {
    const ByteVector image = small_image();
    for (std::size_t bytes = 0; bytes < image.size(); ++bytes) {
        const ByteVector head(image.begin(), image.begin() + static_cast<std::ptrdiff_t>(bytes));
        EXPECT_EQ(refusal(head), Error::Kind::invalid) << bytes;
        if (bytes >= abi::kArtifactHeaderOffset + sizeof(abi::ArtifactHeader)) {
            ByteVector claims = head;
            header_of(claims).image_bytes = bytes;
            exercise(claims);
        }
    }
}

TEST(Artifact, OutlivesItsFileDescriptorAndServesSeveralStores) {
    const auto artifact =
        assemble("(module (func (export \"seven\") (result i32) unreachable))", {return_seven()});
    World first;
    World second;
    Instance& one = first.instantiate(artifact);
    Instance& two = second.instantiate(artifact);
    EXPECT_EQ(first.get(one, "seven").as_i32(), 7U);
    EXPECT_EQ(second.get(two, "seven").as_i32(), 7U);
}

}  // namespace
}  // namespace wasmax::runtime
