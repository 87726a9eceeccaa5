// The tracer under everything that can go wrong: limits, full disks, killed recorders and targets,
// other users, more threads than slots, hostile guests; and its page in a browser.

#include <signal.h>
#include <sys/resource.h>
#include <sys/types.h>
#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "e2e/harness.h"

namespace wasmax::e2e {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

constexpr std::uint16_t kPort = 8080;
const std::string kServer = std::string(WASMAX_GUESTS) + "/server_close.wasm";

// Calls until it is stopped.
constexpr const char* kBusy = R"((module
  (import "wasi_snapshot_preview1" "sched_yield" (func $yield (result i32)))
  (memory (export "memory") 1)
  (func (export "_start") (loop $again (drop (call $yield)) (br $again)))))";

// 140 threads that all live at the same time; each calls once before the others are there.
constexpr const char* kThreads = R"((module
  (import "env" "memory" (memory 1 1 shared))
  (import "wasi" "thread-spawn" (func $spawn (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "sched_yield" (func $yield (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (export "memory" (memory 0))
  (func $meet (param $count i32)
    (drop (i32.atomic.rmw.add (i32.const 0) (i32.const 1)))
    (loop $again
      (if (i32.lt_u (i32.atomic.load (i32.const 0)) (local.get $count)) (then
        (drop (memory.atomic.wait32 (i32.const 64) (i32.const 0) (i64.const 1000000)))
        (br $again)))))
  (func (export "wasi_thread_start") (param i32 i32)
    (drop (call $yield))
    (call $meet (i32.const 141))
    (drop (i32.atomic.rmw.add (i32.const 4) (i32.const 1))))
  (func (export "_start") (local $left i32)
    (drop (call $yield))
    (local.set $left (i32.const 140))
    (loop $more
      (if (i32.lt_s (call $spawn (i32.const 0)) (i32.const 0)) (then (call $exit (i32.const 9))))
      (br_if $more (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
    (call $meet (i32.const 141))
    (loop $again
      (if (i32.lt_u (i32.atomic.load (i32.const 4)) (i32.const 140)) (then
        (drop (call $yield))
        (br $again)))))))";

// Writes its whole memory full, and into every descriptor it can name, and closes them.
constexpr const char* kHostile = R"((module
  (import "wasi_snapshot_preview1" "fd_pwrite"
    (func $pwrite (param i32 i32 i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_close" (func $close (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open"
    (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (memory (export "memory") 4)
  (func (export "_start") (local $fd i32)
    (memory.fill (i32.const 0) (i32.const 0xa5) (i32.const 262144))
    (local.set $fd (i32.const 3))
    (loop $next
      (drop (call $write (local.get $fd) (i32.const -8) (i32.const 1) (i32.const 0)))
      (drop (call $write (local.get $fd) (i32.const 8) (i32.const -1) (i32.const -4)))
      (drop (call $pwrite (local.get $fd) (i32.const 8) (i32.const 1) (i64.const 0) (i32.const 0)))
      (drop (call $open (local.get $fd) (i32.const -1) (i32.const -8) (i32.const -1) (i32.const -1)
        (i64.const -1) (i64.const -1) (i32.const -1) (i32.const -1)))
      (drop (call $close (local.get $fd)))
      (br_if $next (i32.lt_u (local.tee $fd (i32.add (local.get $fd) (i32.const 1)))
        (i32.const 203)))))))";

class TraceRobustness : public testing::Test {
protected:
    void SetUp() override {
        ASSERT_FALSE(connect_to(kPort)) << "port 8080 is in use by another program";
    }
    [[nodiscard]] std::string path(const std::string& name = "a.trace") const {
        return (directory_.path() / name).string();
    }
    [[nodiscard]] std::uintmax_t size(const std::string& name) const {
        std::error_code missing;
        const std::uintmax_t bytes = fs::file_size(path(name), missing);
        return missing ? 0 : bytes;
    }
    [[nodiscard]] Completed report(Arguments options = {}) const {
        Arguments arguments{"trace", "report", path()};
        arguments.insert(arguments.end(), options.begin(), options.end());
        return wasmax(arguments);
    }
    template <class Condition>
    static bool wait_until(const Condition& condition) {
        for (int tries = 0; tries < 600 && !condition(); ++tries) {
            std::this_thread::sleep_for(50ms);
        }
        return condition();
    }
    /// Both files of a recording with a limit of 8 MiB are there and within it, and they are read.
    void expect_bounded() {
        constexpr std::uintmax_t kHalf = std::uintmax_t{4} << 20;
        EXPECT_GT(size("a.trace.1"), 0U);
        EXPECT_LE(size("a.trace.1"), kHalf + 4096);
        EXPECT_LE(size("a.trace"), kHalf + 4096);
        const Completed read = report({"--since", "start"});
        EXPECT_EQ(read.exit_code, 0) << read.errors;
        EXPECT_THAT(read.output, HasSubstr("sched_yield"));
        EXPECT_THAT(read.output, HasSubstr("only the latest part is here"));
        EXPECT_THAT(read.output, Not(HasSubstr("damaged")));
    }

    TemporaryDirectory directory_;
};

TEST_F(TraceRobustness, StaysWithinItsLimitAndIsReadableWhenTheGuestIsKilled) {
    const std::string program = directory_.write("busy.wat", kBusy);
    Child guest({WASMAX_BINARY, "run", "--trace=" + path(), "--trace-limit", "8M", program});
    ASSERT_TRUE(wait_until([&] { return size("a.trace.1") != 0; }));
    guest.signal(SIGKILL);
    guest.wait(20s);
    // The recorder outlives the guest and writes the end.
    ASSERT_TRUE(wait_until(
        [&] { return report().output.find("the trace has no end") == std::string::npos; }));
    expect_bounded();
}

TEST_F(TraceRobustness, IsReadableWhenTheRecorderIsKilledAndAnotherTakesOver) {
    const std::string program = directory_.write("busy.wat", kBusy);
    Child guest({WASMAX_BINARY, "run", program});
    const std::string pid = std::to_string(guest.pid());
    std::string refused;
    ASSERT_TRUE(wait_until([&] {  // until it is a process that can be traced
        const Completed tried =
            wasmax({"trace", "--attach", pid, "-o", path(), "--duration", "0.1"});
        refused = tried.errors;
        return tried.exit_code == 0;
    })) << refused;
    {
        Child tracer({WASMAX_BINARY, "trace", "--attach", pid, "-o", path(), "--limit", "8M"});
        ASSERT_TRUE(wait_until([&] { return size("a.trace.1") != 0; }));
        tracer.signal(SIGKILL);
        tracer.wait(20s);
    }
    EXPECT_THAT(report().output, HasSubstr("the trace has no end"));
    expect_bounded();
    const Completed second =
        wasmax({"trace", "--attach", pid, "-o", path("b.trace"), "--duration", "0.2"});
    EXPECT_EQ(second.exit_code, 0) << second.errors;
    EXPECT_THAT(wasmax({"trace", "report", path("b.trace")}).output, HasSubstr("sched_yield"));
    guest.signal(SIGKILL);
    guest.wait(20s);
}

TEST_F(TraceRobustness, AServerGoesOnWhenTheFileCannotGrow) {
    Child server({WASMAX_BINARY, "run", "--net", kServer});
    ASSERT_TRUE(wait_for_port(kPort));
    Child tracer({WASMAX_BINARY, "trace", "--attach", std::to_string(server.pid()), "-o", path()});
    ASSERT_TRUE(tracer.wait_for_output("recording process"));
    // A limit on the size of its files is the full disk that needs no privileges.
    constexpr rlimit kSmall{65536, 65536};
    ASSERT_EQ(::prlimit(tracer.pid(), RLIMIT_FSIZE, &kSmall, nullptr), 0);
    for (int i = 0; i < 600; ++i) {
        ASSERT_THAT(fetch(kPort), HasSubstr("200 OK"));
    }
    const Completed stopped = tracer.wait(20s);  // by itself
    EXPECT_EQ(stopped.exit_code, 1);
    EXPECT_THAT(stopped.errors, HasSubstr("File too large"));
    for (int i = 0; i < 20; ++i) {
        ASSERT_THAT(fetch(kPort), HasSubstr("200 OK"));
    }
    const Completed read = report();
    EXPECT_EQ(read.exit_code, 0) << read.errors;
    EXPECT_THAT(read.output, HasSubstr("sock_send"));
    EXPECT_THAT(read.output, Not(HasSubstr("damaged")));
    const Completed again = wasmax({"trace", "--attach", std::to_string(server.pid()), "-o",
                                    path("b.trace"), "--duration", "0.1"});
    EXPECT_EQ(again.exit_code, 0) << again.errors;
    server.signal(SIGTERM);
    server.wait(20s);
}

TEST_F(TraceRobustness, RefusesAProcessOfAnotherUser) {
    if (::geteuid() != 0) {
        GTEST_SKIP() << "only root can become another user";
    }
    Child server({WASMAX_BINARY, "run", "--net", kServer});
    ASSERT_TRUE(wait_for_port(kPort));
    const Completed other =
        Child({"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", WASMAX_BINARY,
               "trace", "--attach", std::to_string(server.pid()), "-o", "/dev/null"})
            .wait(20s);
    EXPECT_EQ(other.exit_code, 1);
    EXPECT_THAT(other.errors, HasSubstr("belongs to another user"));
    EXPECT_THAT(fetch(kPort), HasSubstr("200 OK"));
    server.signal(SIGTERM);
    server.wait(20s);
}

TEST_F(TraceRobustness, SaysHowManyThreadsWereTooMany) {
    const std::string program = directory_.write("threads.wat", kThreads);
    const Completed ran = wasmax({"run", "--trace=" + path(), program});
    ASSERT_EQ(ran.exit_code, 0) << ran.errors;
    const Completed read = report({"--since", "start"});
    EXPECT_EQ(read.exit_code, 0) << read.errors;
    // 141 threads, 128 of them at a time.
    EXPECT_THAT(read.output, HasSubstr("13 threads found no room to be recorded"));
}

TEST_F(TraceRobustness, ARecordedGuestCannotReachItsRecords) {
    const std::string program = directory_.write("hostile.wat", kHostile);
    const Completed ran = wasmax({"run", "--trace=" + path(), program});
    EXPECT_EQ(ran.exit_code, 0) << ran.errors;
    const Completed read = report({"--since", "start", "--format", "csv"});
    EXPECT_EQ(read.exit_code, 0) << read.errors;
    EXPECT_THAT(read.output, HasSubstr("\"fd_close\",200,"));
    EXPECT_THAT(read.output, HasSubstr("\"fd_write\",400,"));
    EXPECT_THAT(read.output, HasSubstr("\"path_open\",200,"));
    const Completed text = report({"--since", "start", "--format", "strace"});
    EXPECT_EQ(text.exit_code, 0) << text.errors;
}

/// Called when the page has drawn itself: uses the timeline and writes what it found into <body>.
constexpr const char* kProbe = R"JS(<script>
addEventListener('load', () => {
  const canvas = document.getElementById('timeline');
  const shot = () => canvas.toDataURL();
  const inked = () => {
    const d = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
    let n = 0; for (let i = 3; i < d.length; i += 4) n += d[i] ? 1 : 0; return n > 100;
  };
  const first = shot(), found = {errors: problems, inked: inked()};
  document.getElementById('in').click(); const nearer = shot();
  found.button = nearer != first;
  canvas.dispatchEvent(new WheelEvent('wheel', {deltaY: -100, cancelable: true}));
  found.wheel = shot() != nearer;
  const box = canvas.getBoundingClientRect(), before = shot();
  const point = (x) => ({pointerId: 1, clientX: box.left + x, clientY: box.top + 40});
  canvas.setPointerCapture = () => {};
  canvas.dispatchEvent(new PointerEvent('pointerdown', point(200)));
  canvas.dispatchEvent(new PointerEvent('pointermove', point(60)));
  canvas.dispatchEvent(new PointerEvent('pointerup', point(60)));
  found.drag = shot() != before;
  document.getElementById('all').click();
  for (let x = 0; x < canvas.clientWidth && !document.getElementById('tip').textContent; ++x)
    canvas.dispatchEvent(new PointerEvent('pointermove', point(x)));
  found.tip = document.getElementById('tip').textContent.replace(/ at .*/, '');
  found.tables = document.querySelectorAll('table').length;
  found.charts = document.querySelectorAll('svg').length;
  found.histograms = document.querySelectorAll('details svg').length;
  found.wide = document.documentElement.scrollWidth > innerWidth;
  document.body.setAttribute('data-found', JSON.stringify(found).replaceAll('"', "'"));
});
</script>)JS";

TEST_F(TraceRobustness, ThePageWorksInABrowser) {
    if (Child({"sh", "-c", "command -v chromium"}).wait(20s).exit_code != 0) {
        GTEST_SKIP() << "chromium is not installed";
    }
    {
        Child server({WASMAX_BINARY, "run", "--net", "--trace=" + path(), kServer});
        ASSERT_TRUE(wait_for_port(kPort));
        for (int i = 0; i < 50; ++i) {
            ASSERT_THAT(fetch(kPort), HasSubstr("200 OK"));
        }
        server.signal(SIGTERM);
        server.wait(20s);
    }
    std::string html = report({"--format", "html"}).output;
    // First of all, so that it sees every error.
    html.insert(html.find("<head>") + 6,
                "<script>window.problems=[];addEventListener('error',(e)=>problems.push(e.message))"
                "</script>");
    html.insert(html.find("</body>"), kProbe);
    const std::string page = directory_.write("probed.html", html);
    const Completed run =
        Child({"chromium", "--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr",
               "--disable-dev-shm-usage", "--user-data-dir=" + path("profile"), "--dump-dom",
               "file://" + page})
            .wait(100s);
    const std::size_t at = run.output.find("data-found=\"");
    ASSERT_NE(at, std::string::npos) << run.errors;
    const std::string found = run.output.substr(at, run.output.find('>', at) - at);
    EXPECT_THAT(found, HasSubstr("'errors':[],'inked':true,'button':true,'wheel':true,"
                                 "'drag':true,'tip':'sock_"));
    EXPECT_THAT(found, HasSubstr("'tables':2"));
    EXPECT_THAT(found, HasSubstr("'histograms':4"));  // accept, send, shutdown, close
    EXPECT_THAT(found, HasSubstr("'wide':false"));
    EXPECT_THAT(run.errors, Not(HasSubstr("CONSOLE")));
}

}  // namespace
}  // namespace wasmax::e2e
