// The founding guest, guests/server_close.wat, served by `wasmax run` to real clients.

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "e2e/harness.h"

namespace wasmax::e2e {
namespace {

constexpr std::uint16_t kPort = 8080;
const std::string kServer = std::string(WASMAX_GUESTS) + "/server_close.wasm";

class Server : public testing::Test {
protected:
    void SetUp() override {
        ASSERT_FALSE(connect_to(kPort)) << "port 8080 is in use by another program";
    }
};

TEST_F(Server, AnswersCurlAndEndsOnInterrupt) {
    Child server({WASMAX_BINARY, "run", "--net", kServer});
    ASSERT_TRUE(wait_for_port(kPort));
    Child curl({"curl", "--silent", "--show-error", "--include", "http://127.0.0.1:8080/"});
    const Completed answer = curl.wait();
    EXPECT_NE(answer.output.find("HTTP/1.1 200 OK"), std::string::npos) << answer.output;
    server.signal(SIGINT);
    const Completed completed = server.wait(10s);
    EXPECT_EQ(completed.exit_code, 130);
    EXPECT_FALSE(completed.signalled);
    EXPECT_FALSE(connect_to(kPort));
}

TEST_F(Server, AnswersTheSameBytesAsItsNativeTwin) {
    std::vector<std::string> answers;
    for (const Arguments& command :
         {Arguments{WASMAX_BINARY, "run", "--net", kServer},
          Arguments{std::string(WASMAX_GUESTS) + "/server_close_native"}}) {
        Child server(command);
        ASSERT_TRUE(wait_for_port(kPort)) << command.front();
        answers.push_back(fetch(kPort));
        server.signal(SIGINT);
        server.wait(10s);
    }
    EXPECT_EQ(answers[0], answers[1]);
    EXPECT_NE(answers[0], "");
}

TEST_F(Server, SurvivesClientsThatResetAndIdle) {
    Child server({WASMAX_BINARY, "run", "--net", kServer});
    ASSERT_TRUE(wait_for_port(kPort));
    for (int i = 0; i < 200; ++i) {
        const UniqueFd client = connect_to(kPort);
        const linger reset{1, 0};  // close sends RST
        ::setsockopt(client.get(), SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    }
    const UniqueFd idle = connect_to(kPort);  // never reads, never closes
    EXPECT_NE(fetch(kPort).find("200 OK"), std::string::npos);
}

TEST_F(Server, SaysThatThePortIsTaken) {
    Child first({WASMAX_BINARY, "run", "--net", kServer});
    ASSERT_TRUE(wait_for_port(kPort));
    Child second({WASMAX_BINARY, "run", "--net", kServer});
    const Completed completed = second.wait(20s);
    EXPECT_EQ(completed.exit_code, 1);
    EXPECT_NE((completed.output + completed.errors).find("bind"), std::string::npos)
        << completed.output << completed.errors;
}

TEST_F(Server, NeedsTheNetworkFlagAndSaysSo) {
    Child server({WASMAX_BINARY, "run", kServer});
    const Completed completed = server.wait(20s);
    EXPECT_EQ(completed.exit_code, 1);
    EXPECT_NE(completed.errors.find("--net"), std::string::npos) << completed.errors;
    EXPECT_EQ(completed.errors.find("--net"), completed.errors.rfind("--net")) << "said once";
}

TEST_F(Server, ServesAHundredThousandConnectionsWithoutLeaking) {
    Child server({WASMAX_BINARY, "run", "--net", kServer});
    ASSERT_TRUE(wait_for_port(kPort));
    const auto serve = [](int count) {
        for (int i = 0; i < count; ++i) {
            const UniqueFd client = connect_to(kPort);
            char buffer[512];
            const ssize_t got = ::recv(client.get(), buffer, sizeof buffer, 0);
            ASSERT_GT(got, 0) << "connection " << i;
            // Reset instead of a graceful close: 100,000 sockets in TIME_WAIT would exhaust the
            // ports.
            const linger reset{1, 0};
            ::setsockopt(client.get(), SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
        }
    };
    serve(2'000);
    const std::size_t fds_before = server.open_fds();
    const auto rss_before = server.status_kib("VmRSS");
    serve(98'000);
    const auto rss_after = server.status_kib("VmRSS");
    ASSERT_TRUE(rss_before && rss_after);
    EXPECT_LE(server.open_fds(), fds_before + 1);  // one connection may be in service
    EXPECT_LE(*rss_after, *rss_before + 64) << "KiB";
}

TEST_F(Server, StaysSmall) {
    Child server({WASMAX_BINARY, "run", "--net", kServer});
    ASSERT_TRUE(wait_for_port(kPort));
    EXPECT_NE(fetch(kPort).find("200 OK"), std::string::npos);
    const auto rss = server.status_kib("VmRSS");
    ASSERT_TRUE(rss);
    EXPECT_LE(*rss, 12U * 1024) << "KiB: LLVM must not be in this process";
}

}  // namespace
}  // namespace wasmax::e2e
