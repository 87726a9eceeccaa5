#include "lab/probe.h"

#include <cstddef>

#include <gtest/gtest.h>

namespace wasmax::lab {
namespace {

TEST(ParseAnswer, TakesABodyOfTheLengthThatTheHeaderSays) {
    const auto answer = parse_answer("HTTP/1.1 200 OK\r\ncontent-LENGTH: 2\r\n\r\nhithere", false);
    ASSERT_TRUE(answer && *answer);
    EXPECT_EQ((*answer)->status, 200);
    EXPECT_EQ((*answer)->body, "hi");
}

TEST(ParseAnswer, WithoutALengthTheBodyEndsWithTheConnection) {
    const std::string_view bytes = "HTTP/1.0 404 Not Found\r\nServer: x\r\n\r\nnone";
    const auto open = parse_answer(bytes, false);
    ASSERT_TRUE(open);
    EXPECT_FALSE(*open);
    const auto closed = parse_answer(bytes, true);
    ASSERT_TRUE(closed && *closed);
    EXPECT_EQ((*closed)->status, 404);
    EXPECT_EQ((*closed)->body, "none");
}

TEST(ParseAnswer, WaitsForMore) {
    const std::string_view bytes = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";
    for (std::size_t count = 0; count < bytes.size(); ++count) {
        const auto answer = parse_answer(bytes.substr(0, count), false);
        ASSERT_TRUE(answer) << count;
        EXPECT_FALSE(*answer) << count;
    }
}

TEST(ParseAnswer, SaysWhatIsWrong) {
    const auto problem = [](std::string_view bytes) {
        const auto answer = parse_answer(bytes, true);
        return answer ? std::string() : answer.error();
    };
    EXPECT_EQ(problem("SSH-2.0\r\n"), "did not answer in HTTP but with \"SSH-2.0\\x0d\\x0a\"");
    EXPECT_EQ(problem("HTTP/1.1 OK\r\n\r\n"), "sent an answer without a status: \"HTTP/1.1 OK\"");
    EXPECT_EQ(problem("HTTP/1.1\r\n\r\n"), "sent an answer without a status: \"HTTP/1.1\"");
    EXPECT_EQ(problem("HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n"),
              "sent a Content-Length that is no number: \"x\"");
}

}  // namespace
}  // namespace wasmax::lab
