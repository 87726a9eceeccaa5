#include "lab/report/report.h"

#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <ios>
#include <iterator>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

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

Summary example() { return summarize(example_samples()); }

TEST(Report, Text) { expect_golden(to_text(example()), "report.txt"); }

TEST(Report, Markdown) { expect_golden(to_markdown(example()), "summary.md"); }

TEST(Report, Svg) { expect_golden(chart::to_svg(founding_figure(example())), "chart.svg"); }

TEST(Report, SvgOfNothingIsStillADocument) {
    SampleSet set = example_samples();
    for (Sample& sample : set.samples) {
        sample.value = 0;
    }
    const std::string svg = chart::to_svg(founding_figure(summarize(set)));
    EXPECT_NE(svg.find("nothing was measured"), std::string::npos);
    EXPECT_TRUE(svg.ends_with("</svg>\n"));
}

TEST(Report, Json) {
    const auto json = nlohmann::json::parse(to_json(example(), "a/b"), nullptr, false);
    ASSERT_TRUE(json.is_object());
    EXPECT_EQ(json["directory"], "a/b");
    EXPECT_EQ(json["partial"], false);
    ASSERT_EQ(json["contenders"].size(), 2U);
    const auto& wasm = json["contenders"][0];
    EXPECT_EQ(wasm["contender"], "wasm");
    EXPECT_EQ(wasm["saturated"], "wrk");
    EXPECT_EQ(wasm["metrics"]["requests_per_second"]["median"], 1045.0);
    EXPECT_EQ(wasm["metrics"]["requests_per_second"]["runs"].size(), 3U);
    EXPECT_NEAR(wasm["cpu_ratio"]["value"].get<double>(), 1 / 0.95, 1e-9);
    EXPECT_TRUE(json["contenders"][1]["cpu_ratio"].is_null());
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
    for (const char* const sheet : {"Results", "Runs", "Conditions"}) {
        EXPECT_NE(workbook.find("name=\"" + std::string(sheet) + "\""), std::string::npos) << sheet;
    }
    const std::string results = read_file(directory_ / "xl/worksheets/sheet1.xml");
    EXPECT_NE(results.find("<c r=\"D2\"><v>1045</v></c>"), std::string::npos) << results;
    const std::string runs = read_file(directory_ / "xl/worksheets/sheet2.xml");
    EXPECT_NE(runs.find("<c r=\"G7\"><v>1200</v></c>"), std::string::npos) << runs;
    const std::string strings = read_file(directory_ / "xl/sharedStrings.xml");
    EXPECT_NE(strings.find("Test CPU &lt;1&gt;"), std::string::npos);
    for (const char* const chart : {"xl/charts/chart1.xml", "xl/charts/chart2.xml"}) {
        EXPECT_NE(read_file(directory_ / chart).find("Results!$A$2:$A$3"), std::string::npos);
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
