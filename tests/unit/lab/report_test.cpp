#include "lab/report/report.h"

#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <ios>
#include <iterator>
#include <string>
#include <variant>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "chart/figure.h"
#include "chart/svg.h"
#include "lab/figures.h"
#include "lab/interrupt.h"
#include "lab/process.h"
#include "lab/report/xlsx.h"
#include "lab/samples.h"
#include "lab/summary.h"
#include "unit/lab/example.h"

namespace wasmax::lab::report {
namespace {

namespace fs = std::filesystem;

std::string read_file(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

// Compares with a file in golden/. With WASMAX_BLESS in the environment it is rewritten first; the
// change is then read in the diff.
void expect_golden(const std::string& text, const char* name) {
    const fs::path path = fs::path(WASMAX_LAB_TEST_FILES) / "golden" / name;
    if (std::getenv("WASMAX_BLESS") != nullptr) {
        std::ofstream(path, std::ios::binary) << text;
    }
    EXPECT_EQ(text, read_file(path)) << "WASMAX_BLESS=1 rewrites " << path;
}

std::vector<Summary> example() { return {summarize(example_samples())}; }

// Two loads of the example's workload.
std::vector<Summary> series() {
    SampleSet more = example_samples();
    more.conditions.load.connections = 600;
    return {summarize(example_samples()), summarize(more)};
}

TEST(Report, Text) { expect_golden(to_text(example()), "report.txt"); }

TEST(Report, Markdown) { expect_golden(to_markdown(example()), "summary.md"); }

TEST(Report, Svg) {
    const auto figures = figures_of(example());
    ASSERT_EQ(figures.size(), 1U);
    EXPECT_EQ(figures[0].name, "chart-close");
    expect_golden(chart::to_svg(figures[0].figure), "chart.svg");
}

TEST(Report, SeveralLoadsAreLines) {
    const auto figures = figures_of(series());
    ASSERT_EQ(figures.size(), 1U);
    const auto* const lines = std::get_if<chart::LineChart>(&figures[0].figure.charts.at(0));
    ASSERT_NE(lines, nullptr);
    ASSERT_EQ(lines->lines.size(), 2U);
    EXPECT_EQ(lines->lines[0].points.size(), 2U);
    EXPECT_EQ(lines->lines[0].points[1].x, 600);
}

TEST(Report, ANoteOfAllLoadsStandsOnce) {
    std::vector<Summary> summaries = series();
    summaries[0].notes = {"of both", "of the first"};
    summaries[1].notes = {"of both"};
    auto footer = figures_of(summaries)[0].figure.footer;
    footer.pop_back();  // the machine
    EXPECT_EQ(footer, (std::vector<std::string>{"of both", "wrk -t12 -c400 -d10s: of the first"}));
}

TEST(Report, VoidRunsAreMarkedInTheChart) {
    SampleSet set = example_samples();
    for (Sample& sample : set.samples) {
        sample.void_reason = "it rained";
    }
    const std::vector<Summary> summaries{summarize(set)};
    const std::string svg = chart::to_svg(figures_of(summaries)[0].figure);
    EXPECT_NE(svg.find(">VOID</text>"), std::string::npos);
    EXPECT_NE(to_text(summaries).find("void, do not compare it: it rained"), std::string::npos);
}

TEST(Report, Html) {
    const std::string html = to_html(series());
    for (const char* const part :
         {"<h2>Workload close</h2>", "data-tip=", "bun is not installed", "Test CPU &lt;1&gt;",
          "prefers-color-scheme: dark", "@media print"}) {
        EXPECT_NE(html.find(part), std::string::npos) << part;
    }
    // Self-contained: nothing is fetched.
    for (const char* const part : {"src=", "@import", "url(http"}) {
        EXPECT_EQ(html.find(part), std::string::npos) << part;
    }
    EXPECT_NE(to_html(example()).find("url(#chart-close-hatch)"), std::string::npos);
}

TEST(Report, Json) {
    const auto json = nlohmann::json::parse(to_json(example(), "a/b"), nullptr, false);
    ASSERT_TRUE(json.is_object());
    EXPECT_EQ(json["directory"], "a/b");
    EXPECT_EQ(json["experiments"][0]["partial"], false);
    const auto& experiment = json["experiments"][0];
    ASSERT_EQ(experiment["contenders"].size(), 2U);
    const auto& wasm = experiment["contenders"][0];
    EXPECT_EQ(wasm["contender"], "wasm");
    EXPECT_EQ(wasm["saturated"], "generator");
    EXPECT_EQ(experiment["absent"][0]["reason"], "bun is not installed");
    EXPECT_EQ(experiment["estimates"][0]["requests_per_second"], 2200.0);
    EXPECT_EQ(wasm["metrics"]["requests_per_second"]["median"], 1045.0);
    EXPECT_EQ(wasm["metrics"]["requests_per_second"]["runs"].size(), 3U);
    EXPECT_NEAR(wasm["cpu_ratio"]["value"].get<double>(), 1 / 0.95, 1e-9);
    EXPECT_TRUE(experiment["contenders"][1]["cpu_ratio"].is_null());
}

class Xlsx : public testing::Test {
protected:
    void SetUp() override {
        directory_ = fs::path(testing::TempDir()) / ("xlsx-" + std::to_string(getpid()));
        fs::create_directories(directory_);
    }
    void TearDown() override { fs::remove_all(directory_); }

    fs::path directory_;
};

// An xlsx file is a zip archive, which cmake unpacks wherever this project is built.
TEST_F(Xlsx, HoldsSheetsFiguresAndCharts) {
    const fs::path path = directory_ / "results.xlsx";
    const auto written = write_xlsx(example(), path);
    ASSERT_TRUE(written) << written.error().message;
    auto interrupt = Interrupt::create();
    ASSERT_TRUE(interrupt);
    const std::string unpack = "cd '" + directory_.string() + "' && cmake -E tar xf results.xlsx";
    const auto output = capture(
        {.launch = {.command = {"/bin/sh", "-c", unpack}}, .limit = std::chrono::seconds(30)},
        *interrupt);
    ASSERT_TRUE(output && output->exit.success()) << output->text;

    const std::string workbook = read_file(directory_ / "xl/workbook.xml");
    for (const char* const sheet : {"close", "Medians", "Runs", "Absent", "Conditions"}) {
        EXPECT_NE(workbook.find("name=\"" + std::string(sheet) + "\""), std::string::npos) << sheet;
    }
    const std::string results = read_file(directory_ / "xl/worksheets/sheet1.xml");
    EXPECT_NE(results.find("<c r=\"F2\"><v>1045</v></c>"), std::string::npos) << results;
    const std::string runs = read_file(directory_ / "xl/worksheets/sheet3.xml");
    EXPECT_NE(runs.find("<c r=\"I7\"><v>1200</v></c>"), std::string::npos) << runs;
    const std::string strings = read_file(directory_ / "xl/sharedStrings.xml");
    EXPECT_NE(strings.find("Test CPU &lt;1&gt;"), std::string::npos);
    for (const char* const chart : {"xl/charts/chart1.xml", "xl/charts/chart2.xml"}) {
        EXPECT_NE(read_file(directory_ / chart).find("close!$A$2:$A$4"), std::string::npos);
    }
}

TEST_F(Xlsx, TheSameSamplesGiveTheSameBytes) {
    ASSERT_TRUE(write_xlsx(example(), directory_ / "a.xlsx"));
    ASSERT_TRUE(write_xlsx(example(), directory_ / "b.xlsx"));
    EXPECT_EQ(read_file(directory_ / "a.xlsx"), read_file(directory_ / "b.xlsx"));
}

TEST_F(Xlsx, NamesTheFileItCannotWrite) {
    const auto written = write_xlsx(example(), directory_ / "absent" / "results.xlsx");
    ASSERT_FALSE(written);
    EXPECT_NE(written.error().message.find("absent/results.xlsx"), std::string::npos);
}

}  // namespace
}  // namespace wasmax::lab::report
