// The servers of the keep-alive workload, as guests and native: guests/http_server.c with epoll and
// with poll, and http_threads.c, have one behaviour, six ways; server_keep.wat and its twin
// another.
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <memory>
#include <ostream>
#include <string>
#include <thread>
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
    const char* program;
    bool guest;
    const char* argument;  // the second, after the port; nullptr: none
};

void PrintTo(const Variant& variant, std::ostream* out) { *out << variant.name; }

class Served : public testing::TestWithParam<Variant> {
protected:
    void SetUp() override {
        const std::string program = std::string(WASMAX_GUESTS "/") + GetParam().program;
        Arguments command = GetParam().guest
                                ? Arguments{WASMAX_BINARY, "run", "--net", program + ".wasm"}
                                : Arguments{program + "_native"};
        command.push_back(std::to_string(kPort));
        if (GetParam().argument != nullptr) {
            command.emplace_back(GetParam().argument);
        }
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

class HttpServer : public Served {};

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

std::string name_of(const testing::TestParamInfo<Variant>& test) { return test.param.name; }

INSTANTIATE_TEST_SUITE_P(All, HttpServer,
                         testing::Values(Variant{"GuestEpoll", "http_server", true, "epoll"},
                                         Variant{"GuestPoll", "http_server", true, "poll"},
                                         Variant{"GuestThreads", "http_threads", true, "2"},
                                         Variant{"NativeEpoll", "http_server", false, "epoll"},
                                         Variant{"NativePoll", "http_server", false, "poll"},
                                         Variant{"NativeThreads", "http_threads", false, "2"}),
                         name_of);

// http_threads alone.
class HttpThreads : public Served {
protected:
    // Sockets that listen on the port, by /proc/net/tcp: state 0A.
    static int listeners() {
        std::ifstream table("/proc/net/tcp");
        int count = 0;
        for (std::string line; std::getline(table, line);) {
            count += line.find(":1F91 00000000:0000 0A") == std::string::npos ? 0 : 1;
        }
        return count;
    }
};

TEST_P(HttpThreads, EachThreadHasAListenerAndServes) {
    ASSERT_TRUE(server_->wait_for_output("listening on"));  // the port answers before all listen
    EXPECT_EQ(listeners(), 4);
    // Among 64 connections, which the kernel spreads by their addresses, all four get some.
    std::vector<UniqueFd> clients;
    for (int i = 0; i < 64; ++i) {
        clients.push_back(connect_to(kPort));
        ASSERT_TRUE(clients.back());
    }
    for (int round = 0; round < 20; ++round) {
        for (const UniqueFd& client : clients) {
            send(client, kHello);
        }
        for (const UniqueFd& client : clients) {
            char answer[4096];
            ASSERT_EQ(::recv(client.get(), answer, sizeof answer, 0), 78);
        }
    }
    const std::string tasks = "/proc/" + std::to_string(server_->pid()) + "/task";
    int busy = 0;  // threads that have waited more often than starting takes
    for (const auto& task : std::filesystem::directory_iterator(tasks)) {
        std::ifstream status(task.path() / "status");
        for (std::string line; std::getline(status, line);) {
            if (line.starts_with("voluntary_ctxt_switches:")) {
                busy += std::stoi(line.substr(line.find(':') + 1)) >= 10 ? 1 : 0;
            }
        }
    }
    EXPECT_GE(busy, 3);
}

TEST_P(HttpThreads, ConnectionsThatComeAndGoOnAllThreads) {
    std::vector<std::thread> clients;
    std::atomic<int> good = 0;
    for (int i = 0; i < 4; ++i) {
        clients.emplace_back([&good] {
            for (int k = 0; k < 200; ++k) {
                good += fetch(kPort, kLast).ends_with("\r\n\r\nxxxx") ? 1 : 0;
            }
        });
    }
    for (std::thread& client : clients) {
        client.join();
    }
    EXPECT_EQ(good, 800);
}

INSTANTIATE_TEST_SUITE_P(All, HttpThreads,
                         testing::Values(Variant{"Guest", "http_threads", true, "4"},
                                         Variant{"Native", "http_threads", false, "4"}),
                         name_of);

// server_keep, which is written in WebAssembly text, and its twin in C.
class KeepServer : public Served {};

constexpr const char* kEnd = "GET / HTTP/1.1\r\nHost: x\r\nConnection: Close\r\n\r\n";
constexpr const char* kOne =
    "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 13\r\n\r\nHello, World!";
constexpr const char* kLastOne =
    "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 13\r\nConnection: "
    "close\r\n\r\nHello, World!";

TEST_P(KeepServer, CurlAsksTwiceOverOneConnection) {
    const std::string url = "http://127.0.0.1:" + std::to_string(kPort) + "/";
    const Completed run =
        Child({"curl", "--silent", "--show-error", "--max-time", "20", "--write-out",
               " %{http_code} %{num_connects}\n", url, url + "?a=b", url + "none"})
            .wait();
    EXPECT_EQ(run.exit_code, 0) << run.errors;
    EXPECT_EQ(run.output, "Hello, World! 200 1\nHello, World! 200 0\nnot found\n 404 0\n");
    const Completed head =
        Child({"curl", "--silent", "--show-error", "--head", "--max-time", "20", url}).wait();
    EXPECT_EQ(head.output,
              "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 13\r\n\r\n");
}

TEST_P(KeepServer, PipelinedRequestsAreAllAnswered) {
    std::string requests;
    std::string expected;
    for (int i = 0; i < 2000; ++i) {  // more than input or output hold at once
        requests += kHello;
        expected += kOne;
    }
    EXPECT_EQ(fetch(kPort, requests + kEnd), expected + kLastOne);
}

TEST_P(KeepServer, RequestsMayComeByteByByte) {
    const UniqueFd client = connect_to(kPort);
    for (const char c : std::string(kHello) + "\r\n" + kHello + kEnd) {
        send(client, std::string(1, c));
    }
    EXPECT_EQ(rest(client), std::string(kOne) + kOne + kLastOne);
}

TEST_P(KeepServer, ManyConnectionsAtOnceInAnyOrder) {
    std::vector<UniqueFd> clients;
    for (int i = 0; i < 300; ++i) {
        clients.push_back(connect_to(kPort));
        ASSERT_TRUE(clients.back());
        send(clients.back(), std::string(kEnd).substr(0, 20));
    }
    for (auto client = clients.rbegin(); client != clients.rend(); ++client) {
        send(*client, std::string(kEnd).substr(20));
        ASSERT_EQ(rest(*client), kLastOne);
    }
}

TEST_P(KeepServer, ASlowReaderGetsEverything) {
    constexpr std::size_t kRequests = 300'000;  // their answers are more than sockets hold
    const UniqueFd slow = connect_to(kPort);
    std::thread sender([&slow] {
        std::string requests;
        for (std::size_t i = 0; i < kRequests; ++i) {
            requests += kHello;
        }
        send(slow, requests + kEnd);
    });
    // Others are served meanwhile.
    EXPECT_EQ(fetch(kPort, kEnd), kLastOne);
    const std::string answers = rest(slow);
    sender.join();
    EXPECT_EQ(answers.size(), kRequests * std::string(kOne).size() + std::string(kLastOne).size());
}

TEST_P(KeepServer, WhatItDoesNotUnderstandEndsTheConnection) {
    const std::string host = "Host: x\r\n";
    for (const auto& [request, expected] : std::vector<std::pair<std::string, std::string>>{
             {"GET / HTTP/1.0\r\n\r\n", "200"},
             {"GET / HTTP/1.1\r\n\r\n", "400"},
             {"GET  HTTP/1.1\r\n" + host + "\r\n", "400"},
             {"GET / HTTP/2.0\r\n" + host + "\r\n", "400"},
             {"GET /\r\n\r\n", "400"},
             {"GET \r\n\r\n", "400"},
             {"\r\n\r\n\r\nnonsense\r\n\r\n", "501"},
             {"POST / HTTP/1.1\r\n" + host + "\r\n", "501"},
             {"GET / HTTP/1.1\r\n" + host + "content-Length: 5\r\n\r\nhello", "501"},
             {"GET / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "501"},
             {"GET / HTTP/1.1\r\n" + host + "A: " + std::string(9000, 'a') + "\r\n\r\n", "431"},
             {std::string(5000, '\n'), "431"}}) {
        EXPECT_EQ(status(request), expected) << request.substr(0, 80);
    }
    EXPECT_EQ(fetch(kPort, kEnd), kLastOne);
}

TEST_P(KeepServer, ConnectionsThatAreResetDoNotEndIt) {
    for (int i = 0; i < 50; ++i) {
        const UniqueFd client = connect_to(kPort);
        send(client, std::string(kHello) + kHello);
        const linger reset{1, 0};
        ::setsockopt(client.get(), SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    }
    EXPECT_EQ(fetch(kPort, kEnd), kLastOne);
    const UniqueFd client = connect_to(kPort);
    send(client, std::string(kHello) + kHello);
    ::shutdown(client.get(), SHUT_WR);
    EXPECT_EQ(rest(client), std::string(kOne) + kOne);
}

INSTANTIATE_TEST_SUITE_P(All, KeepServer,
                         testing::Values(Variant{"Guest", "server_keep", true, nullptr},
                                         Variant{"Native", "server_keep", false, nullptr}),
                         name_of);

TEST(KeepServerArguments, APortThatIsNone) {
    for (const char* const port : {"0", "65536", "99999999999", "80a", ""}) {
        const Completed run = wasmax({"run", "--net", WASMAX_GUESTS "/server_keep.wasm", port});
        EXPECT_EQ(run.exit_code, 2) << port;
        EXPECT_EQ(run.errors, "Usage: server_keep [PORT], at most 65535\n") << port;
    }
}

}  // namespace
}  // namespace wasmax::e2e
