// guests/http_server.c as a guest and native, with epoll and with poll: one behaviour, four ways.
#include <sys/socket.h>
#include <unistd.h>

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/unique_fd.h"
#include "e2e/harness.h"

namespace wasmax::e2e {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr std::uint16_t kPort = 8081;
constexpr const char* kHello = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
constexpr const char* kLast = "GET /bytes/4 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

struct Variant {
    const char* name;
    bool guest;
    const char* waits;
};

class HttpServer : public testing::TestWithParam<Variant> {
protected:
    void SetUp() override {
        const std::string guests = WASMAX_GUESTS;
        Arguments command = GetParam().guest ? Arguments{WASMAX_BINARY, "run", "--net",
                                                         guests + "/http_server.wasm"}
                                             : Arguments{guests + "/http_server_native"};
        command.push_back(std::to_string(kPort));
        command.emplace_back(GetParam().waits);
        server_ = std::make_unique<Child>(command);
        ASSERT_TRUE(wait_for_port(kPort)) << server_->wait(1s).errors;
    }

    static void send(const UniqueFd& client, const std::string& text) {
        ASSERT_EQ(::send(client.get(), text.data(), text.size(), MSG_NOSIGNAL),
                  static_cast<ssize_t>(text.size()));
    }
    // All there is until the server ends the stream.
    static std::string rest(const UniqueFd& client) {
        std::string answer;
        char buffer[65536];
        ssize_t got = 0;
        while ((got = ::recv(client.get(), buffer, sizeof buffer, 0)) > 0) {
            answer.append(buffer, static_cast<std::size_t>(got));
        }
        return answer;
    }
    static std::size_t count(const std::string& text, const std::string& what) {
        std::size_t found = 0;
        for (std::size_t at = text.find(what); at != std::string::npos;
             at = text.find(what, at + what.size())) {
            ++found;
        }
        return found;
    }
    // The status of the first answer to `request`, after which the server must have ended the
    // stream.
    static std::string status(const std::string& request) {
        const std::string answer = fetch(kPort, request);
        return answer.size() > 12 ? answer.substr(9, 3) : answer;
    }

    std::unique_ptr<Child> server_;
};

TEST_P(HttpServer, AnswersAndKeepsTheConnection) {
    const UniqueFd client = connect_to(kPort);
    ASSERT_TRUE(client);
    send(client, kHello);
    char first[4096];
    const ssize_t got = ::recv(client.get(), first, sizeof first, 0);
    ASSERT_GT(got, 0);
    EXPECT_EQ(std::string(first, static_cast<std::size_t>(got)),
              "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 13\r\n\r\nHello, "
              "World!");
    send(client, kLast);
    EXPECT_THAT(rest(client), EndsWith("\r\nConnection: close\r\n\r\nxxxx"));
}

TEST_P(HttpServer, PipelinedRequestsAreAnsweredInOrder) {
    std::string requests;
    for (int i = 0; i < 100; ++i) {
        requests += kHello;
        requests +=
            "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\n" + std::to_string(100 + i);
    }
    const std::string answers = fetch(kPort, requests + kLast);
    EXPECT_EQ(count(answers, "HTTP/1.1 200 OK"), 201U);
    std::size_t at = 0;
    for (int i = 0; i < 100; ++i) {
        at = answers.find("\r\n\r\n" + std::to_string(100 + i), at);
        ASSERT_NE(at, std::string::npos) << i;
    }
    EXPECT_THAT(answers, EndsWith("xxxx"));
}

TEST_P(HttpServer, RequestsMayComeByteByByte) {
    const UniqueFd client = connect_to(kPort);
    for (const char c :
         "POST /echo HTTP/1.1\r\nhost: x\r\ntransfer-encoding: Chunked\r\n\r\n"
         "3;a=b\r\nabc\r\n00A\r\n0123456789\r\n0\r\nX-Trailer: y\r\n\r\n" +
             std::string(kLast)) {
        send(client, std::string(1, c));
    }
    const std::string answers = rest(client);
    EXPECT_THAT(answers, HasSubstr("Content-Length: 13\r\n\r\nabc0123456789HTTP/1.1 200"));
    EXPECT_THAT(answers, EndsWith("xxxx"));
}

TEST_P(HttpServer, ManyConnectionsAtOnceInAnyOrder) {
    std::vector<UniqueFd> clients;
    for (int i = 0; i < 200; ++i) {
        clients.push_back(connect_to(kPort));
        ASSERT_TRUE(clients.back());
        send(clients.back(), std::string(kLast).substr(0, 20));
    }
    for (auto client = clients.rbegin(); client != clients.rend(); ++client) {
        send(*client, std::string(kLast).substr(20));
        ASSERT_THAT(rest(*client), EndsWith("xxxx"));
    }
}

TEST_P(HttpServer, HeadHasTheHeadAlone) {
    const std::string answer =
        fetch(kPort, "HEAD /bytes/1000 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    EXPECT_THAT(answer, HasSubstr("Content-Length: 1000\r\n"));
    EXPECT_THAT(answer, EndsWith("\r\n\r\n"));
}

TEST_P(HttpServer, BodiesOfAnyKindAreEchoed) {
    std::string body(300'000, '\0');
    for (std::size_t i = 0; i < body.size(); ++i) {
        body[i] = static_cast<char>(i * 7 + i / 251);
    }
    const UniqueFd client = connect_to(kPort);
    send(client, "POST /echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: " +
                     std::to_string(body.size()) + "\r\n\r\n");
    send(client, body);
    const std::string answer = rest(client);
    ASSERT_GT(answer.size(), body.size());
    EXPECT_TRUE(answer.ends_with(body));
    EXPECT_THAT(fetch(kPort,
                      "POST /echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\nExpect: "
                      "100-continue\r\nContent-Length: 2\r\n\r\nok"),
                StartsWith("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n"));
}

TEST_P(HttpServer, ASlowReaderGetsEverything) {
    const UniqueFd client = connect_to(kPort);
    std::string requests;
    for (int i = 0; i < 40; ++i) {
        requests += "GET /bytes/200000 HTTP/1.1\r\nHost: x\r\n\r\n";
    }
    send(client, requests + kLast);
    // Others are served meanwhile.
    EXPECT_THAT(fetch(kPort, kLast), EndsWith("xxxx"));
    const std::string answers = rest(client);
    EXPECT_EQ(count(answers, "HTTP/1.1 200 OK"), 41U);
    EXPECT_GT(answers.size(), 8'000'000U);
}

TEST_P(HttpServer, AClientThatEndsItsStreamIsStillAnswered) {
    const UniqueFd client = connect_to(kPort);
    send(client, std::string(kHello) + kHello);
    ::shutdown(client.get(), SHUT_WR);
    EXPECT_EQ(count(rest(client), "Hello, World!"), 2U);
}

TEST_P(HttpServer, WhatItDoesNotHaveOrDo) {
    const std::string end = " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    EXPECT_EQ(status("GET /" + end), "200");
    EXPECT_EQ(status("GET /?query" + end), "200");
    EXPECT_EQ(status("GET /none" + end), "404");
    EXPECT_EQ(status("GET /bytes/9999999" + end), "404");
    EXPECT_EQ(status("GET /bytes/99999999999999999999" + end), "404");
    EXPECT_EQ(status("POST /" + end), "405");
    EXPECT_EQ(status("GET /echo" + end), "405");
    EXPECT_EQ(status("BREW /" + end), "501");
    EXPECT_EQ(status("GET / HTTP/1.0\r\n\r\n"), "200");
}

TEST_P(HttpServer, WhatIsNoRequestIsRefusedAndTheConnectionEnds) {
    const std::string host = "Host: x\r\n";
    for (const auto& [request, expected] : std::vector<std::pair<std::string, std::string>>{
             {"nonsense\r\n\r\n", "400"},
             {"GET  / HTTP/1.1\r\n" + host + "\r\n", "400"},
             {"GET / HTTP/1.1\n" + host + "\n", "400"},
             {"GET / HTTP/1.1\r\n\r\n", "400"},
             {"GET / HTTP/1.1\r\n" + host + host + "\r\n", "400"},
             {"GET / HTTP/1.1\r\n" + host + "A : b\r\n\r\n", "400"},
             {"GET / HTTP/1.1\r\n" + host + "A: b\r\n c\r\n\r\n", "400"},
             {"GET / HTTP/1.1\r\n" + host + "Content-Length: -1\r\n\r\n", "400"},
             {"GET / HTTP/1.1\r\n" + host + "Content-Length: 1\r\nContent-Length: 2\r\n\r\n",
              "400"},
             {"POST /echo HTTP/1.1\r\n" + host +
                  "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
              "400"},
             {"POST /echo HTTP/1.1\r\n" + host + "Transfer-Encoding: gzip\r\n\r\n", "501"},
             {"POST /echo HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\nzz\r\n", "400"},
             {"POST /echo HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\nffffff\r\n",
              "413"},
             {"POST /echo HTTP/1.1\r\n" + host + "Content-Length: 99999999999999999999\r\n\r\n",
              "413"},
             {"GET / HTTP/2.0\r\n" + host + "\r\n", "505"},
             {"GET /" + std::string(9000, 'a') + " HTTP/1.1\r\n" + host + "\r\n", "414"},
             {"GET / HTTP/1.1\r\n" + host + "A: " + std::string(9000, 'a') + "\r\n\r\n", "431"},
             {std::string("\0\x01\x02\r\n\r\n", 7), "400"}}) {
        EXPECT_EQ(status(request), expected) << request.substr(0, 80);
    }
    EXPECT_THAT(fetch(kPort, kLast), EndsWith("xxxx"));
}

INSTANTIATE_TEST_SUITE_P(All, HttpServer,
                         testing::Values(Variant{"GuestEpoll", true, "epoll"},
                                         Variant{"GuestPoll", true, "poll"},
                                         Variant{"NativeEpoll", false, "epoll"},
                                         Variant{"NativePoll", false, "poll"}),
                         [](const auto& test) { return std::string(test.param.name); });

}  // namespace
}  // namespace wasmax::e2e
