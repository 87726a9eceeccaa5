// Recording real programs, and the reports about them.

#include <signal.h>

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "e2e/harness.h"

namespace wasmax::e2e {
namespace {

constexpr std::uint16_t kPort = 8080;
const std::string kServer = std::string(WASMAX_GUESTS) + "/server_close.wasm";

std::string contents(const std::string& path) {
    std::ifstream stream(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
}

std::size_t count(const std::string& text, const std::string& word) {
    std::size_t found = 0;
    for (std::size_t at = 0; (at = text.find(word, at)) != std::string::npos; ++at) {
        ++found;
    }
    return found;
}

class Trace : public testing::Test {
protected:
    void SetUp() override {
        ASSERT_FALSE(connect_to(kPort)) << "port 8080 is in use by another program";
    }
    [[nodiscard]] std::string path(const std::string& name = "a.trace") const {
        return (directory_.path() / name).string();
    }
    /// Serves `requests` clients and ends the server with `signal`.
    void serve(Child& server, int requests, int signal = SIGTERM) {
        ASSERT_TRUE(wait_for_port(kPort));
        for (int i = 0; i < requests; ++i) {
            ASSERT_NE(fetch(kPort).find("200 OK"), std::string::npos);
        }
        ::kill(server.pid(), signal);
        server.wait(20s);
    }
    [[nodiscard]] Completed report(Arguments options = {},
                                   const std::string& name = "a.trace") const {
        Arguments arguments{"trace", "report", path(name)};
        arguments.insert(arguments.end(), options.begin(), options.end());
        return wasmax(arguments);
    }
    /// The report once the recorder has written its last record.
    [[nodiscard]] std::string csv(std::size_t requests) const {
        Completed last;
        const std::string wanted = "\"fd_close\"," + std::to_string(requests) + ",";
        for (int tries = 0; tries < 100; ++tries) {
            last = report({"--format", "csv", "--since", "start"});
            if (last.output.find(wanted) != std::string::npos) {
                break;
            }
            std::this_thread::sleep_for(50ms);
        }
        return last.output + last.errors;
    }

    TemporaryDirectory directory_;
};

// The port check of wait_for_port() is a connection too.
constexpr std::size_t kProbes = 1;

TEST_F(Trace, CountsEveryCallOfAServer) {
    Child server({WASMAX_BINARY, "run", "--net", "--trace=" + path(), kServer});
    serve(server, 20);
    const std::string text = csv(20 + kProbes);
    EXPECT_NE(text.find("\"sock_send\"," + std::to_string(20 + kProbes) + ","), std::string::npos)
        << text;
    EXPECT_NE(text.find("\"sock_listen\",1,"), std::string::npos) << text;
    const Completed table = report();
    EXPECT_EQ(table.exit_code, 0) << table.errors;
    EXPECT_NE(table.output.find("left out"), std::string::npos) << table.output;
    EXPECT_EQ(table.output.find("sock_listen"), std::string::npos) << table.output;
    EXPECT_NE(table.output.find("blocked"), std::string::npos);
}

TEST_F(Trace, IsReadableWhenTheServerWasKilled) {
    Child server({WASMAX_BINARY, "run", "--net", "--trace=" + path(), kServer});
    serve(server, 5, SIGKILL);
    EXPECT_NE(csv(5 + kProbes).find("\"sock_send\"," + std::to_string(5 + kProbes)),
              std::string::npos);
}

TEST_F(Trace, AggregatesWithoutRecords) {
    Child server({WASMAX_BINARY, "run", "--net", "--trace=aggregate:" + path(), kServer});
    serve(server, 20);
    EXPECT_NE(csv(20 + kProbes).find("\"fd_close\"," + std::to_string(20 + kProbes)),
              std::string::npos);
    const Completed by_fd = report({"--by", "fd"});
    EXPECT_EQ(by_fd.exit_code, 1);
    EXPECT_NE(by_fd.errors.find("aggregates have no descriptors"), std::string::npos);
}

TEST_F(Trace, AttachesToARunningServerAndLetsGo) {
    Child server({WASMAX_BINARY, "run", "--net", kServer});
    ASSERT_TRUE(wait_for_port(kPort));
    for (int round = 0; round < 2; ++round) {
        Child tracer(
            {WASMAX_BINARY, "trace", "--attach", std::to_string(server.pid()), "-o", path()});
        ASSERT_TRUE(tracer.wait_for_output("recording process"));
        const Completed second =
            wasmax({"trace", "--attach", std::to_string(server.pid()), "-o", path("b.trace")});
        EXPECT_EQ(second.exit_code, 1);
        EXPECT_NE(second.errors.find("already traced"), std::string::npos) << second.errors;
        for (int i = 0; i < 10; ++i) {
            ASSERT_NE(fetch(kPort).find("200 OK"), std::string::npos);
        }
        tracer.signal(SIGINT);
        EXPECT_EQ(tracer.wait(20s).exit_code, 0);
        // The call it waited in when recording began is not in it; the last close may be late.
        const std::string text = report({"--format", "csv", "--since", "start"}).output;
        EXPECT_NE(text.find("\"sock_send\",10,"), std::string::npos) << text;
        ASSERT_NE(fetch(kPort).find("200 OK"), std::string::npos);
    }
}

TEST_F(Trace, SaysWhyItCannotAttach) {
    const Completed nobody = wasmax({"trace", "--attach", "1073741822", "-o", path()});
    EXPECT_EQ(nobody.exit_code, 1);
    EXPECT_NE(nobody.errors.find("there is no process"), std::string::npos) << nobody.errors;
    Child foreign({"sleep", "30"});
    const Completed other =
        wasmax({"trace", "--attach", std::to_string(foreign.pid()), "-o", path()});
    EXPECT_EQ(other.exit_code, 1);
    EXPECT_NE(other.errors.find("no running wasmax program"), std::string::npos) << other.errors;
    foreign.signal(SIGKILL);
    foreign.wait();
}

TEST_F(Trace, TellsTheSameInEveryFormat) {
    Child server({WASMAX_BINARY, "run", "--net", "--trace=" + path(), kServer});
    serve(server, 10);
    (void)csv(10 + kProbes);
    const auto text = [&](const std::string& format) {
        const Completed completed = report({"--since", "start", "--format", format});
        EXPECT_EQ(completed.exit_code, 0) << completed.errors;
        return completed.output;
    };
    const std::size_t sends = 10 + kProbes;
    EXPECT_NE(text("json").find("\"requests\": " + std::to_string(sends)), std::string::npos);
    const std::string log = text("log");
    EXPECT_EQ(count(log, " sock_send: wasmer_wasix::syscalls::wasi::sock_send: close time.busy="),
              sends);
    const std::string strace = text("strace");
    EXPECT_EQ(count(strace, "sock_send(fd="), sends);
    EXPECT_EQ(count(strace, "sock_open(af=inet4, type=stream, proto=tcp) = 3"), 1U) << strace;
    EXPECT_EQ(count(strace, "sock_bind(fd=3, addr=0.0.0.0:8080) = 0"), 1U) << strace;
    EXPECT_EQ(count(text("perfetto"), "\"name\":\"sock_send\""), sends);
    EXPECT_EQ(count(text("folded"), "process;sock_send;kernel "), 1U);
    const std::string svg = text("svg");
    EXPECT_NE(svg.find("<svg"), std::string::npos);
    EXPECT_NE(svg.find("sock_send"), std::string::npos);
    const std::string html = text("html");
    EXPECT_EQ(count(html, "<script src"), 0U);
    EXPECT_EQ(count(html, "<link"), 0U);
    EXPECT_GE(count(html, "</svg>"), 2U);
    const Completed nowhere = report({"--format", "xlsx"});
    EXPECT_EQ(nowhere.exit_code, 2);
    EXPECT_EQ(report({"--format", "xlsx", "-o", path("a.xlsx")}).exit_code, 0);
    EXPECT_EQ(contents(path("a.xlsx")).substr(0, 2), "PK");
    for (const char* const key : {"fd", "thread", "peer"}) {
        EXPECT_EQ(report({"--by", key}).exit_code, 0) << key;
    }
    EXPECT_NE(report({"--by", "peer"}).output.find("127.0.0.1"), std::string::npos);
    const Completed wrong = report({"--format", "htmll"});
    EXPECT_EQ(wrong.exit_code, 2);
    EXPECT_NE(wrong.errors.find("did you mean `html`"), std::string::npos) << wrong.errors;
}

// Listens before it binds, binds a sockaddr_in, binds with htons, closes twice.
constexpr const char* kMistakes = R"((module
  (import "wasix_32v1" "sock_open" (func $open (param i32 i32 i32 i32) (result i32)))
  (import "wasix_32v1" "sock_bind" (func $bind (param i32 i32) (result i32)))
  (import "wasix_32v1" "sock_listen" (func $listen (param i32 i32) (result i32)))
  (import "wasix_32v1" "sock_connect" (func $connect (param i32 i32) (result i32)))
  (import "wasix_32v1" "sock_send" (func $send (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasix_32v1" "fd_close" (func $close (param i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 16) "\02\00\1f\90\7f\00\00\01\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00")
  (data (i32.const 64) "\01\00\1f\90\7f\00\00\01")
  (func (export "_start") (local $fd i32)
    (drop (call $open (i32.const 1) (i32.const 1) (i32.const 6) (i32.const 0)))
    (local.set $fd (i32.load (i32.const 0)))
    (drop (call $listen (local.get $fd) (i32.const 5)))
    (drop (call $bind (local.get $fd) (i32.const 16)))
    (drop (call $send (local.get $fd) (i32.const 128) (i32.const 1) (i32.const 0) (i32.const 4)))
    (drop (call $connect (local.get $fd) (i32.const 64)))
    (drop (call $close (local.get $fd)))
    (drop (call $close (local.get $fd)))
    (drop (call $close (i32.const 77)))))
)";

TEST_F(Trace, ExplainsWhichRuleACallBroke) {
    const std::string program = directory_.write("mistakes.wat", kMistakes);
    const Completed live = wasmax({"strace", "--explain", "--net", program});
    for (const char* const sentence :
         {"listen before bind", "the address is a sockaddr_in", "the socket has no peer",
          "port 36895 is 8080 with its bytes swapped", "was closed before, by thread 1",
          "no call gave the program a descriptor 77", "[fd 3: sock_open > sock_listen = inval]"}) {
        EXPECT_EQ(count(live.errors, sentence), 1U) << sentence << "\n" << live.errors;
    }
    EXPECT_EQ(wasmax({"run", "--net", "--trace=" + path(), program}).exit_code, 0);
    const Completed report_ = report({"--explain"});
    EXPECT_EQ(count(report_.output, "listen before bind"), 1U) << report_.output << report_.errors;
}

TEST_F(Trace, PrintsLiveTextThatFiltersChoose) {
    const std::string program = directory_.write("mistakes.wat", kMistakes);
    const auto lines = [&](Arguments filter) {
        Arguments arguments{"strace", "--net"};
        arguments.insert(arguments.end(), filter.begin(), filter.end());
        arguments.push_back(program);
        const Completed completed = wasmax(arguments);
        EXPECT_EQ(completed.exit_code, 0) << completed.errors;
        return count(completed.errors, "\n");
    };
    EXPECT_EQ(lines({}), 8U);
    EXPECT_EQ(lines({"-e", "fd_close"}), 3U);
    EXPECT_EQ(lines({"-e", "fd_close,sock_open"}), 4U);
    EXPECT_EQ(lines({"--errno", "badf"}), 2U);
    EXPECT_EQ(lines({"--errno", "any"}), 6U);
    EXPECT_EQ(lines({"--fd", "77"}), 1U);
    EXPECT_EQ(lines({"--thread", "7"}), 0U);
    EXPECT_EQ(lines({"-o", path("text")}), 0U);
    EXPECT_EQ(count(contents(path("text")), "\n"), 8U);
    EXPECT_EQ(wasmax({"strace"}).exit_code, 2);
}

TEST_F(Trace, ComparesWithTheNativeTwin) {
    {
        Child server({WASMAX_BINARY, "run", "--net", "--trace=" + path(), kServer});
        serve(server, 10);
        (void)csv(10 + kProbes);
    }
    Child native({WASMAX_BINARY, "trace", "--native", "-o", path("twin.trace"), "--",
                  std::string(WASMAX_GUESTS) + "/server_close_native"});
    serve(native, 10);
    const Completed twin = report({"--format", "csv", "--since", "start"}, "twin.trace");
    EXPECT_NE(twin.output.find("\"sock_send\"," + std::to_string(10 + kProbes) + ","),
              std::string::npos)
        << twin.output << twin.errors;
    EXPECT_NE(twin.output.find("\"sock_listen\",1,"), std::string::npos) << twin.output;
    const Completed both = report({"--against", path("twin.trace")});
    EXPECT_EQ(both.exit_code, 0) << both.errors;
    EXPECT_NE(both.output.find("layer adds"), std::string::npos) << both.output;
    EXPECT_NE(both.output.find("Upper bound"), std::string::npos) << both.output;
    const Completed missing =
        wasmax({"trace", "--native", "-o", path("b.trace"), "--", "/nowhere"});
    EXPECT_EQ(missing.exit_code, 1);
    EXPECT_NE(missing.errors.find("/nowhere"), std::string::npos) << missing.errors;
}

TEST_F(Trace, AttachesToAnExecutableOfItsOwn) {
    const std::string program = path("server");
    const Completed made = wasmax({"create-exe", kServer, "-o", program, "--net"});
    if (made.errors.find("wasmax-standalone") != std::string::npos) {
        GTEST_SKIP() << "this build has no standalone runtime: " << made.errors;
    }
    ASSERT_EQ(made.exit_code, 0) << made.errors;
    Child server({program});
    ASSERT_TRUE(wait_for_port(kPort));
    Child tracer({WASMAX_BINARY, "trace", "--attach", std::to_string(server.pid()), "-o", path()});
    ASSERT_TRUE(tracer.wait_for_output("recording process"));
    for (int i = 0; i < 5; ++i) {
        ASSERT_NE(fetch(kPort).find("200 OK"), std::string::npos);
    }
    server.signal(SIGKILL);
    const Completed ended = tracer.wait(20s);
    EXPECT_EQ(ended.exit_code, 0);
    EXPECT_NE(ended.errors.find("the process has ended"), std::string::npos) << ended.errors;
    EXPECT_NE(report({"--format", "csv", "--since", "start"}).output.find("\"sock_send\",5,"),
              std::string::npos);
}

TEST_F(Trace, RefusesFilesThatAreNoTraces) {
    for (const std::string& text : {std::string(), std::string("hello"), std::string(5000, 'x')}) {
        std::ofstream(path()) << text;
        const Completed completed = report();
        EXPECT_EQ(completed.exit_code, 1);
        EXPECT_NE(completed.errors.find("a.trace"), std::string::npos) << completed.errors;
    }
    const Completed full = wasmax({"run", "--trace=/dev/full", kServer});
    EXPECT_EQ(full.exit_code, 1);
    EXPECT_NE(full.errors.find("No space left"), std::string::npos) << full.errors;
    const Completed nowhere = wasmax({"run", "--trace=/nowhere/a.trace", kServer});
    EXPECT_EQ(nowhere.exit_code, 1);
    EXPECT_NE(nowhere.errors.find("/nowhere/a.trace"), std::string::npos) << nowhere.errors;
}

}  // namespace
}  // namespace wasmax::e2e
