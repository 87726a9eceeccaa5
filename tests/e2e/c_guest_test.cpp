// C programs, built with Debian's wasi-libc, in `wasmax run`.

#include <string>

#include <gtest/gtest.h>

#include "e2e/harness.h"

namespace wasmax::e2e {
namespace {

std::string guest(const std::string& name) { return std::string(WASMAX_GUESTS) + "/" + name; }

TEST(CGuest, ReadsWritesAndExits) {
    const Completed completed =
        wasmax({"run", "--env", "GREETING=good day", guest("stdio.wasm"), "--", "one", "two words"},
               "hello\nthere");
    EXPECT_EQ(completed.output,
              "argument 1: one\nargument 2: two words\ngreeting: good day\nterminal: 000\n"
              "time passes: 1\nHELLO\nTHERE");
    EXPECT_EQ(completed.errors, "11 bytes\n");
    EXPECT_EQ(completed.exit_code, 3);
}

TEST(CGuest, ServesHttpOnAPortOfTheHostsChoice) {
    Child server({WASMAX_BINARY, "run", "--net", guest("http_hello.wasm")});
    ASSERT_TRUE(server.wait_for_output("\n"));
    const std::string line = server.output();
    ASSERT_TRUE(line.starts_with("listening on ")) << line;
    const auto port = static_cast<std::uint16_t>(std::stoi(line.substr(13)));
    for (int i = 0; i < 100; ++i) {
        const std::string path = "/" + std::to_string(i);
        const std::string answer = fetch(port, "GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n");
        ASSERT_TRUE(answer.starts_with("HTTP/1.1 200 OK\r\n")) << answer;
        ASSERT_TRUE(answer.ends_with("\r\n\r\nGET " + path + " HTTP/1.1\n")) << answer;
    }
    server.signal(SIGTERM);
    EXPECT_EQ(server.wait(10s).exit_code, 128 + SIGTERM);
}

}  // namespace
}  // namespace wasmax::e2e
