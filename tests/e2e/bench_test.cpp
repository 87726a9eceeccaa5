// `wasmax bench` as a user runs it: short experiments with real servers and real wrk, bad
// experiments, Ctrl-C, comparisons, and the report in a browser. No figure is judged, only that
// there is one.
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <ios>
#include <iterator>
#include <regex>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "e2e/harness.h"

namespace wasmax::e2e {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

constexpr std::uint16_t kPort = 8081;

std::string read_file(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

bool is_installed(const std::string& program) {
    return Child({"sh", "-c", "command -v " + program}).wait().exit_code == 0;
}

// Two contenders from one program, under a second of load; `more` is appended.
std::string experiment(const std::string& more = {}) {
    return R"(
baseline = "native"
runs = 2
[load]
threads = 1
connections = 4
duration = "1s"
warmup = "0s"
[[workload]]
name = "keepalive"
port = 8081
body = "Hello, World!"
[[contender]]
name = "native"
workload = "keepalive"
command = ["{guests}/http_server_native", "{port}", "epoll"]
handles = "one thread <&> epoll"
[[contender]]
name = "absent"
workload = "keepalive"
command = ["absent"]
needs = ["no-such-program-here"]
)" + more;
}

constexpr const char* kGuest = R"(
[[contender]]
name = "guest"
workload = "keepalive"
command = ["{wasmax}", "run", "--net", "{guests}/http_server.wasm", "{port}", "epoll"]
)";

class Bench : public testing::Test {
protected:
    void SetUp() override {
        if (!is_installed("wrk")) {
            GTEST_SKIP() << "wrk is not installed";
        }
    }
    // Without rules about the machine: other programs run beside the tests.
    Completed bench(const std::string& text, Arguments more = {}) const {
        Arguments arguments{"bench",    "--experiment",  directory_.write("small.toml", text),
                            "--output", output(),        "--retries",
                            "0",        "--disturbance", "1000"};
        arguments.insert(arguments.end(), more.begin(), more.end());
        return wasmax(arguments);
    }
    [[nodiscard]] std::string output() const { return (directory_.path() / "out").string(); }

    TemporaryDirectory directory_;
};

TEST_F(Bench, MeasuresReportsAndRedraws) {
    const Completed run = bench(experiment(kGuest));
    ASSERT_EQ(run.exit_code, 0) << run.errors;
    EXPECT_THAT(run.output, HasSubstr("small, workload keepalive: wrk -t1 -c4 -d1s"));
    EXPECT_THAT(run.output, HasSubstr("absent absent: no-such-program-here is not installed"));
    EXPECT_THAT(run.errors, HasSubstr("2 contenders, 2 runs each, 1 absent"));
    EXPECT_THAT(run.errors, HasSubstr("plan: about 8 s in all"));
    EXPECT_THAT(run.errors, HasSubstr("native, run 2 of 2, about 2 s left: "));
    const fs::path out = output();
    const std::vector<std::string> reports{"report.html", "chart-keepalive.svg", "summary.md",
                                           "results.xlsx"};
    std::vector<std::string> before;
    for (const std::string& name : reports) {
        before.push_back(read_file(out / name));
        EXPECT_GT(before.back().size(), 100U) << name;
        fs::remove(out / name);
    }
    EXPECT_THAT(before[0], HasSubstr("one thread &lt;&amp;&gt; epoll"));
    EXPECT_FALSE(fs::exists(out / "programs"));
    const Completed again = wasmax({"bench", "report", output()});
    ASSERT_EQ(again.exit_code, 0) << again.errors;
    for (std::size_t i = 0; i < reports.size(); ++i) {
        EXPECT_EQ(read_file(out / reports[i]), before[i]) << reports[i];
    }
    EXPECT_EQ(fs::exists(out / "chart-keepalive.png"), is_installed("rsvg-convert"));
    const Completed same = wasmax({"bench", "compare", output(), output(), "--json"});
    EXPECT_EQ(same.exit_code, 0);
    EXPECT_THAT(same.output, HasSubstr("\"verdict\": \"same\""));
    EXPECT_FALSE(connect_to(kPort));
}

TEST_F(Bench, ARegressionIsExitCodeOne) {
    ASSERT_EQ(bench(experiment()).exit_code, 0);
    const fs::path worse = directory_.path() / "worse";
    fs::create_directories(worse);
    // Twice the CPU in every sample.
    static const std::regex cpu(
        R"re(("metric":"cpu_us_per_request","unit":"us","value":)([0-9.]+))re");
    const std::string samples = read_file(fs::path(output()) / "samples.jsonl");
    std::string doubled;
    std::size_t at = 0;
    for (std::sregex_iterator it(samples.begin(), samples.end(), cpu), end; it != end; ++it) {
        doubled += samples.substr(at, static_cast<std::size_t>(it->position()) - at) + it->str(1) +
                   std::to_string(10 * std::stod(it->str(2)));
        at = static_cast<std::size_t>(it->position() + it->length());
    }
    std::ofstream(worse / "samples.jsonl") << doubled << samples.substr(at);
    const Completed regression = wasmax({"bench", "compare", output(), worse.string()});
    EXPECT_EQ(regression.exit_code, 1) << regression.output;
    EXPECT_THAT(regression.output, HasSubstr("REGRESSION"));
    EXPECT_EQ(wasmax({"bench", "compare", worse.string(), output()}).exit_code, 0);
    const Completed nothing = wasmax({"bench", "compare", output(), "/absent"});
    EXPECT_EQ(nothing.exit_code, 2);
    EXPECT_THAT(nothing.errors, HasSubstr("/absent/samples.jsonl: No such file"));
}

TEST_F(Bench, JsonIsAllThatIsOnStdout) {
    const Completed run = bench(experiment(), {"--json", "--runs", "1"});
    ASSERT_EQ(run.exit_code, 0) << run.errors;
    EXPECT_EQ(run.output.front(), '{');
    EXPECT_THAT(run.output, HasSubstr("\"requests_per_second\""));
}

TEST_F(Bench, AnOpenLoopMeasuresFromTheIntendedTime) {
    const std::string text = std::regex_replace(experiment(), std::regex("threads = 1"),
                                                "generator = \"open\"\nrate = [200, 400]");
    const Completed run = bench(text, {"--runs", "1"});
    ASSERT_EQ(run.exit_code, 0) << run.errors;
    EXPECT_THAT(run.output, HasSubstr("open loop, 200 requests/s, 4 connections, 1 s"));
    EXPECT_THAT(run.output, HasSubstr("open loop, 400 requests/s, 4 connections, 1 s"));
    const std::string svg = read_file(fs::path(output()) / "chart-keepalive.svg");
    EXPECT_THAT(svg, HasSubstr("requests per second asked for"));
}

// A contender of every kind of misconduct, next to one that is measured all the same.
TEST_F(Bench, ContendersThatFailAreNamedAndTheOthersMeasured) {
    const std::string bad = R"(
[[contender]]
name = "dies"
workload = "keepalive"
command = ["sh", "-c", "echo no luck; exit 3"]
[[contender]]
name = "wrong"
workload = "keepalive"
command = ["{guests}/http_server_native", "{port}", "nonsense"]
[[contender]]
name = "unstartable"
workload = "keepalive"
command = ["/no/such/program"]
[[contender]]
name = "unbuildable"
workload = "keepalive"
build = ["sh", "-c", "echo cannot build; exit 1"]
command = ["x"]
)";
    const Completed run = bench(experiment(bad), {"--runs", "1"});
    EXPECT_EQ(run.exit_code, 1);
    EXPECT_THAT(run.errors, HasSubstr("dies: it ended before it answered on port 8081 with exit "
                                      "code 3; its last output: no luck"));
    EXPECT_THAT(run.errors, HasSubstr("wrong: it ended before it answered"));
    EXPECT_THAT(run.errors, HasSubstr("unstartable: starting /no/such/program: No such file"));
    EXPECT_THAT(run.output, HasSubstr("FAILED dies: "));
    EXPECT_THAT(run.output, HasSubstr("absent unbuildable: its build"));
    EXPECT_THAT(run.output, HasSubstr("cannot build"));
    EXPECT_THAT(read_file(fs::path(output()) / "report.html"), HasSubstr("no luck"));
    EXPECT_FALSE(connect_to(kPort));
}

// The same with one program that misbehaves on request, in every way that is left.
class Misconduct : public Bench {
protected:
    void SetUp() override {
        Bench::SetUp();
        const Completed built = Child({"cc", "-o", program(), WASMAX_FAKE_SERVER, "-Wall"}).wait();
        ASSERT_EQ(built.exit_code, 0) << built.errors;
    }
    [[nodiscard]] std::string program() const { return (directory_.path() / "fake").string(); }
    [[nodiscard]] std::string contender(const std::string& mode,
                                        const std::string& port = "{port}") const {
        return "[[contender]]\nname = \"" + mode + "\"\nworkload = \"keepalive\"\ncommand = [\"" +
               program() + "\", \"" + port + "\", \"" + mode + "\"]\n";
    }
    // Processes that run the program, whoever their parent is.
    [[nodiscard]] int running() const {
        int count = 0;
        for (const auto& entry : fs::directory_iterator("/proc")) {
            std::error_code gone;
            count += fs::read_symlink(entry.path() / "exe", gone) == program() ? 1 : 0;
        }
        return count;
    }
};

TEST_F(Misconduct, IsNamedAndTheOthersAreMeasured) {
    const Completed run =
        bench(experiment(contender("status") + contender("body") + contender("frail") +
                         contender("mute") + contender("deaf")),
              {"--runs", "1"});
    EXPECT_EQ(run.exit_code, 1);
    EXPECT_THAT(run.errors, HasSubstr("status: it answered with status 500 instead of 200"));
    EXPECT_THAT(run.errors, HasSubstr("body: it answered with the body \"Goodbye!\" instead of"));
    EXPECT_THAT(run.errors, HasSubstr("frail: it ended under load with signal 6 (Aborted)"));
    EXPECT_THAT(run.errors, HasSubstr("mute: it accepted a connection but sent no answer on port"));
    EXPECT_THAT(run.errors,
                HasSubstr("deaf: it does not listen on port 8081 10 s after its start"));
    EXPECT_THAT(run.output, HasSubstr("FAILED frail"));
    EXPECT_THAT(run.output, HasSubstr("native"));
    EXPECT_EQ(running(), 0);
}

TEST_F(Misconduct, AnotherPortIsNamed) {
    const Completed run = bench(experiment(contender("elsewhere", "18081")), {"--runs", "1"});
    EXPECT_EQ(run.exit_code, 1);
    EXPECT_THAT(run.errors, HasSubstr("does not listen on port 8081 10 s after its start, but on "
                                      "18081"));
    EXPECT_EQ(running(), 0);
}

// They answer as they should, a connection per request: what is wrong comes out at their end.
TEST_F(Misconduct, ChildrenLeftBehindAndSignalsIgnoredEndInKilling) {
    const Completed run = bench(experiment(contender("leak") + contender("stubborn")),
                                {"--runs", "1", "--connections", "1"});
    EXPECT_THAT(run.errors, HasSubstr("it left 1 other process running, killed too"));
    EXPECT_THAT(run.errors, HasSubstr("it was still running 2 s after SIGINT, and was killed"));
    EXPECT_EQ(running(), 0);
}

// Wherever it comes: building, waiting for a server, loading it, ending one that does not want to.
TEST_F(Misconduct, CtrlCAtAnyPointLeavesNothingRunning) {
    const std::string slow_build =
        "[[contender]]\nname = \"slow\"\nworkload = \"keepalive\"\nbuild = [\"" + program() +
        "\", \"18081\", \"deaf\"]\ncommand = [\"x\"]\n";
    const std::vector<std::pair<std::string, int>> points{{experiment(slow_build), 300},
                                                          {experiment(contender("deaf")), 3000},
                                                          {experiment(contender("mute")), 2500},
                                                          {experiment(contender("leak")), 2300},
                                                          {experiment(contender("stubborn")), 3300},
                                                          {experiment(), 1000},
                                                          {experiment(), 1700},
                                                          {experiment(), 2200}};
    for (std::size_t i = 0; i < points.size(); ++i) {
        const std::string name = "point" + std::to_string(i);
        const std::string out = (directory_.path() / name).string();
        Child child({WASMAX_BINARY, "bench", "--experiment",
                     directory_.write(name + ".toml", points[i].first), "--output", out, "--runs",
                     "100", "--retries", "0", "--disturbance", "1000"});
        ::usleep(static_cast<useconds_t>(points[i].second) * 1000);
        child.signal(SIGINT);
        const Completed run = child.wait();
        EXPECT_EQ(run.exit_code, 130) << name << run.errors;
        EXPECT_EQ(running(), 0) << name;
        EXPECT_FALSE(connect_to(kPort)) << name;
        // Either nothing was measured and nothing is left, or it is a whole report.
        if (fs::exists(fs::path(out) / "samples.jsonl")) {
            EXPECT_THAT(read_file(fs::path(out) / "summary.md"), HasSubstr("(partial)")) << name;
            EXPECT_EQ(wasmax({"bench", "report", out}).exit_code, 0) << name;
        }
    }
}

TEST_F(Bench, BadExperimentsSayWhereAndWhat) {
    const Completed typo = bench("[load]\nconections = 4\n");
    EXPECT_EQ(typo.exit_code, 1);
    EXPECT_THAT(typo.errors, HasSubstr("small.toml:2: [load] has no key 'conections'; did you mean "
                                       "'connections'?"));
    EXPECT_FALSE(fs::exists(output())) << "nothing was measured";
    EXPECT_THAT(wasmax({"bench", "--experiment", "foundig", "--output", output()}).errors,
                HasSubstr("there is no experiment 'foundig' (did you mean founding?)"));
    EXPECT_THAT(wasmax({"bench", "--contenders", "natve", "--output", output()}).errors,
                HasSubstr("founding has no contender 'natve' (did you mean native?)"));
    EXPECT_THAT(wasmax({"bench", "--baseline", "natve", "--output", output()}).errors,
                HasSubstr("founding has no contender 'natve' (did you mean native?)"));
    EXPECT_THAT(wasmax({"bench", "--quota", "half", "--output", output()}).errors,
                HasSubstr("'half' is not a quota"));
    EXPECT_THAT(wasmax({"bench", "--output", "/proc/nowhere"}).errors,
                HasSubstr("creating the output directory /proc/nowhere"));
    EXPECT_THAT(wasmax({"bench", "report", "/absent"}).errors, HasSubstr("No such file"));
}

TEST_F(Bench, WithoutWrkItSaysHowToGetIt) {
    const Completed run = Child({"sh", "-c",
                                 "PATH=/nowhere exec " WASMAX_BINARY " bench --contenders native "
                                 "--output " +
                                     output()})
                              .wait();
    EXPECT_EQ(run.exit_code, 1);
    EXPECT_THAT(run.errors, HasSubstr("`apt-get install wrk` installs it"));
}

TEST_F(Bench, WithoutAToolForPngsItSaysHowToGetIt) {
    ASSERT_EQ(bench(experiment(), {"--runs", "1"}).exit_code, 0);
    const fs::path png = fs::path(output()) / "chart-keepalive.png";
    fs::remove(png);
    const Completed run =
        Child({"sh", "-c", "PATH=/nowhere exec " WASMAX_BINARY " bench report " + output()}).wait();
    EXPECT_EQ(run.exit_code, 0);
    EXPECT_THAT(run.errors, HasSubstr("No PNG charts: rsvg-convert is not installed; `apt-get "
                                      "install librsvg2-bin` installs it"));
    EXPECT_FALSE(fs::exists(png));
    EXPECT_GT(fs::file_size(fs::path(output()) / "chart-keepalive.svg"), 1000U);
}

TEST_F(Bench, CtrlCLeavesAPartialReportAndNoServer) {
    const std::string path = directory_.write("long.toml", experiment(kGuest));
    Child child({WASMAX_BINARY, "bench", "--experiment", path, "--output", output(), "--runs",
                 "100", "--retries", "0", "--disturbance", "1000"});
    // As soon as the first measurement is written.
    const fs::path samples = fs::path(output()) / "samples.jsonl";
    const auto deadline = std::chrono::steady_clock::now() + 60s;
    while (read_file(samples).find("\"metric\"") == std::string::npos &&
           std::chrono::steady_clock::now() < deadline) {
        ::usleep(20'000);
    }
    child.signal(SIGINT);
    const Completed run = child.wait();
    EXPECT_EQ(run.exit_code, 130);
    EXPECT_THAT(run.errors, HasSubstr("interrupted"));
    EXPECT_THAT(read_file(fs::path(output()) / "summary.md"), HasSubstr("(partial)"));
    EXPECT_FALSE(connect_to(kPort));
    EXPECT_EQ(wasmax({"bench", "report", output()}).exit_code, 0);
}

// What a browser makes of the report, by a script that is added to it and writes what it found into
// the title.
class Browser : public Bench {};

constexpr const char* kProbe = R"JS(
<script>
{const found = {};
found.errors = window.problems || [];
found.charts = document.querySelectorAll('svg g.chart').length;
found.empty = [...document.querySelectorAll('svg g.chart')].filter(
  (chart) => ![...chart.querySelectorAll('.bar,.point')].some((mark) => {
    const box = mark.getBoundingClientRect(); return box.width > 0 && box.height > 0; })).length;
found.bars = document.querySelectorAll('svg .bar').length;
const bar = document.querySelector('svg .bar');
const box = bar.getBoundingClientRect();
bar.dispatchEvent(new PointerEvent('pointermove',
  {bubbles: true, clientX: box.left + 2, clientY: box.top + 2}));
const tip = document.getElementById('tip');
found.tip = getComputedStyle(tip).display + '|' + tip.textContent;
document.body.dispatchEvent(new PointerEvent('pointermove', {bubbles: true, clientX: 1, clientY: 1}));
found.hidden = getComputedStyle(tip).display;
// Not focus(): a page without a window that has the focus gets no event.
bar.dispatchEvent(new FocusEvent('focusin', {bubbles: true}));
found.focused = getComputedStyle(tip).display;
document.body.setAttribute('data-found', JSON.stringify(found).replaceAll('"', "'"));}
</script>
)JS";

TEST_F(Browser, TheReportWorks) {
    if (!is_installed("chromium")) {
        GTEST_SKIP() << "chromium is not installed";
    }
    ASSERT_EQ(bench(experiment(kGuest), {"--runs", "1"}).exit_code, 0);
    std::string html = read_file(fs::path(output()) / "report.html");
    // First of all, so that it sees every error.
    html.insert(html.find("<head>") + 6,
                "<script>window.problems=[];addEventListener('error',(e)=>problems.push(e.message))"
                "</script>");
    html.insert(html.find("</body>"), kProbe);
    const std::string page = directory_.write("probed.html", html);
    const Completed run =
        Child({"chromium", "--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr",
               "--disable-dev-shm-usage", "--user-data-dir=" + (directory_.path() / "p").string(),
               "--dump-dom", "file://" + page})
            .wait(100s);
    const std::size_t at = run.output.find("data-found=\"");
    ASSERT_NE(at, std::string::npos) << run.errors;
    const std::string found = run.output.substr(at, run.output.find('>', at) - at);
    EXPECT_THAT(found, HasSubstr("'errors':[]"));
    EXPECT_THAT(found, HasSubstr("'charts':2,'empty':0,'bars':4"));
    EXPECT_THAT(found, HasSubstr("'tip':'block|native: "));
    EXPECT_THAT(found, HasSubstr("'hidden':'none'"));
    EXPECT_THAT(found, HasSubstr("'focused':'block'"));
    EXPECT_THAT(run.errors, Not(HasSubstr("CONSOLE")));
}

}  // namespace
}  // namespace wasmax::e2e
