#include "tidy/source_lines.h"

#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace wasmax::tidy {
namespace {

using testing::ElementsAre;

std::vector<std::string> code(std::string_view source) {
    std::vector<std::string> result;
    for (const SourceLine& line : source_lines(source)) {
        result.push_back(line.code);
    }
    return result;
}

/// Whether the word `close` in `line` counts as a call.
bool closes(std::string_view line) {
    for (const Word& word : words(line)) {
        if (word.text == "close") {
            return calls_free_function(word);
        }
    }
    ADD_FAILURE() << "no such word in: " << line;
    return false;
}

TEST(SourceLines, blank_comments_and_literals) {
    EXPECT_THAT(code("a // b\nc"), ElementsAre("a     ", "c"));
    EXPECT_THAT(code("a /* b\n c */ d"), ElementsAre("a     ", "      d"));
    EXPECT_THAT(code("f(\"x\\\"y\", '\"') z"), ElementsAre("f(      ,    ) z"));
    EXPECT_THAT(code("n = 1'000'000; x"), ElementsAre("n = 1'000'000; x"));
    EXPECT_THAT(code("R\"t(a\")\n)t\" b"), ElementsAre("R      ", "    b"));
}

TEST(SourceLines, an_unterminated_literal_ends_with_its_line) {
    EXPECT_THAT(code("a 'b\nc"), ElementsAre("a   ", "c"));
    EXPECT_THAT(code("/* a"), ElementsAre("    "));
}

TEST(CallsFreeFunction, tells_calls_from_methods_and_declarations) {
    EXPECT_TRUE(closes("close(fd);"));
    EXPECT_TRUE(closes("if (::close (fd) != 0) {"));
    EXPECT_TRUE(closes("return close(fd);"));
    EXPECT_TRUE(closes("x = std::close(fd);"));
    EXPECT_FALSE(closes("file.close();"));
    EXPECT_FALSE(closes("file->close();"));
    EXPECT_FALSE(closes("void close();"));
    EXPECT_FALSE(closes("Result<void, Errno> close(Fd fd);"));
    EXPECT_FALSE(closes("void Process::close(Fd fd) {"));
    EXPECT_FALSE(closes("auto x = close;"));
}

}  // namespace
}  // namespace wasmax::tidy
