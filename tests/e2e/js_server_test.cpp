// guests/js_server.c: JavaScript that answers requests, inside wasm and native. Built by
// `./dev bench --full`, because QuickJS is not part of this repository; skipped where it is not.
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "e2e/harness.h"

namespace wasmax::e2e {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

constexpr std::uint16_t kPort = 8081;

constexpr const char* kScript = R"(
addEventListener('fetch', (event) => {
  const path = event.request.url.slice('http://127.0.0.1'.length);
  if (path === '/later') event.respondWith(Promise.resolve().then(() => new Response('later')));
  else if (path === '/echo') event.respondWith(event.request.text().then((t) =>
    new Response(t.toUpperCase(), {status: 201, headers: {'Content-Type': 'text/x'}})));
  else if (path === '/throw') throw new Error('thrown');
  else if (path === '/reject') event.respondWith(Promise.reject('rejected'));
  else if (path === '/never') event.respondWith(new Promise(() => {}));
  else if (path === '/split') event.respondWith(new Response('', {headers: {'Content-Type': 'a\r\nb: c'}}));
  else event.respondWith(new Response('é' + path));
});
)";

class JsServer : public testing::TestWithParam<bool> {
protected:
    void SetUp() override {
        const std::filesystem::path built = WASMAX_CONTENDERS;
        const bool guest = GetParam();
        const std::string program = built / (guest ? "js_server.wasm" : "js_server_native");
        if (!std::filesystem::exists(program)) {
            GTEST_SKIP() << "js_server is not built: ./dev bench --full does";
        }
        const std::string script = directory_.write("script.js", kScript);
        const std::string port = std::to_string(kPort);
        server_ =
            std::make_unique<Child>(guest ? Arguments{WASMAX_BINARY, "run", "--net", "--dir",
                                                      directory_.path().string() + ":/scripts",
                                                      program, "/scripts/script.js", port}
                                          : Arguments{program, script, port});
        ASSERT_TRUE(wait_for_port(kPort, 60s)) << server_->wait(1s).errors;
    }
    static std::string get(const std::string& path) {
        return fetch(kPort, "GET " + path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    }

    TemporaryDirectory directory_;
    std::unique_ptr<Child> server_;
};

TEST_P(JsServer, AnswersWithWhatTheScriptSays) {
    EXPECT_THAT(get("/x"), EndsWith("Content-Length: 4\r\nConnection: close\r\n\r\né/x"));
    EXPECT_THAT(get("/later"), EndsWith("\r\n\r\nlater"));
    const std::string echo = fetch(kPort,
                                   "POST /echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                                   "Content-Length: 5\r\n\r\nhello");
    EXPECT_THAT(echo, StartsWith("HTTP/1.1 201 "));
    EXPECT_THAT(echo, HasSubstr("Content-Type: text/x\r\n"));
    EXPECT_THAT(echo, EndsWith("\r\n\r\nHELLO"));
}

TEST_P(JsServer, AScriptThatFailsIsAnAnswerToo) {
    for (const char* const path : {"/throw", "/reject", "/never", "/split"}) {
        EXPECT_THAT(get(path), StartsWith("HTTP/1.1 500 ")) << path;
    }
    EXPECT_THAT(get("/throw"), HasSubstr("thrown"));
    EXPECT_THAT(get("/still"), EndsWith("é/still"));
}

INSTANTIATE_TEST_SUITE_P(All, JsServer, testing::Bool(), [](const auto& test) {
    return std::string(test.param ? "Guest" : "Native");
});

}  // namespace
}  // namespace wasmax::e2e
