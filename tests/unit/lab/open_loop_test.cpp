#include "lab/open_loop.h"

#include <string>

#include <gtest/gtest.h>

#include "lab/wrk.h"

namespace wasmax::lab {
namespace {

using State = AnswerScanner::State;

State state_of(const std::string& answer) { return AnswerScanner().scan(answer); }

TEST(OpenLoop, FindsTheEndOfAnAnswer) {
    const std::string head = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n";
    for (std::size_t size = 0; size < head.size() + 5; ++size) {
        EXPECT_EQ(state_of((head + "hello").substr(0, size)), State::incomplete) << size;
    }
    AnswerScanner scanner;
    EXPECT_EQ(scanner.scan(head + "hello" + head), State::complete);
    EXPECT_EQ(scanner.bytes(), head.size() + 5);
    EXPECT_EQ(scanner.status(), 200);
    EXPECT_FALSE(scanner.closes());
}

TEST(OpenLoop, KnowsChunksAndWhoCloses) {
    const std::string head =
        "HTTP/1.1 404 No\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n";
    const std::string body = "3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\n\r\n";
    for (std::size_t size = 0; size < body.size(); ++size) {
        EXPECT_EQ(state_of(head + body.substr(0, size)), State::incomplete) << size;
    }
    AnswerScanner scanner;
    EXPECT_EQ(scanner.scan(head + body + "more"), State::complete);
    EXPECT_EQ(scanner.bytes(), head.size() + body.size());
    EXPECT_EQ(scanner.status(), 404);
    EXPECT_TRUE(scanner.closes());
    AnswerScanner old;
    EXPECT_EQ(old.scan("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n"), State::complete);
    EXPECT_TRUE(old.closes());
}

TEST(OpenLoop, WhatIsNoAnswerIsBroken) {
    for (const char* const text :
         {"SSH-2.0-OpenSSH_9.2", "HTTP/1.1 abc OK\r\n", "HTTP/1.1 200 OK\r\nX: y\r\n\r\n",
          "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
          "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffff\r\n"}) {
        EXPECT_EQ(state_of(text), State::broken) << text;
    }
}

TEST(OpenLoop, PrintsWhatTheLabReads) {
    const WrkResult result{.requests_per_second = 1234.5,
                           .requests = 12345,
                           .elapsed_s = 10.5,
                           .latency_mean_us = 1.5,
                           .latency_stdev_us = 2.5,
                           .latency_max_us = 1e7,
                           .latency_p50_us = 1,
                           .latency_p75_us = 2,
                           .latency_p90_us = 3,
                           .latency_p99_us = 4,
                           .connect_errors = 1,
                           .read_errors = 2,
                           .write_errors = 3,
                           .timeouts = 4,
                           .status_errors = 5};
    const auto read = parse_wrk(to_wrk_text(result));
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(read->requests, 12345U);
    EXPECT_DOUBLE_EQ(read->elapsed_s, 10.5);
    EXPECT_DOUBLE_EQ(read->latency_max_us, 1e7);
    EXPECT_DOUBLE_EQ(read->latency_p99_us, 4);
    EXPECT_EQ(read->timeouts, 4U);
    EXPECT_EQ(read->status_errors, 5U);
}

TEST(OpenLoop, TooManyRequestsAreRefused) {
    const auto result =
        run_open_loop({.rate = 10'000'000, .connections = 1, .duration = std::chrono::seconds(60)});
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().message, "600000000 requests are more than 50000000");
}

}  // namespace
}  // namespace wasmax::lab
