// Every group of the WebAssembly test suite whose features wasmax has, through `wasmax wast`.

#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <tuple>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "e2e/harness.h"

namespace wasmax::e2e {
namespace {

std::vector<std::string> groups() {
    std::istringstream words(WASMAX_SPEC_GROUPS);
    std::vector<std::string> names;
    for (std::string word; words >> word;) {
        names.push_back(word);
    }
    return names;
}

/// Reasons by `GROUP/NAME`.
std::map<std::string, std::string> expected_failures() {
    std::map<std::string, std::string> reasons;
    std::ifstream file(WASMAX_EXPECTED_FAILURES);
    for (std::string line; std::getline(file, line);) {
        const auto blank = line.find(' ');
        if (!line.empty() && line.front() != '#') {
            reasons[line.substr(0, blank)] =
                blank == std::string::npos ? "" : line.substr(blank + 1);
        }
    }
    return reasons;
}

/// A group and a level of -O.
class Suite : public testing::TestWithParam<std::tuple<std::string, std::string>> {};

TEST_P(Suite, Passes) {
    const auto& [group, level] = GetParam();
    const std::filesystem::path directory = std::filesystem::path(WASMAX_SPEC_LISTS) / group;
    if (!std::filesystem::exists(directory)) {
        GTEST_SKIP() << "the test suite's lists are not here: configure with "
                        "-DWASMAX_SHARED=DIRECTORY (it holds spec/json/"
                     << group << ".tar.xz)";
    }
    const auto expected = expected_failures();
    std::vector<std::string> command{WASMAX_BINARY, "wast", "-O" + level, "--json", directory};
    if (group == "threads") {
        // Written before that proposal: its scripts expect that two memories are invalid.
        command.emplace_back("--disable-multi-memory");
    }
    Child child(command);
    const Completed completed = child.wait(500s);
    EXPECT_FALSE(completed.signalled) << completed.errors;
    std::istringstream lines(completed.output);
    std::size_t scripts = 0;
    std::size_t passed = 0;
    std::size_t skipped = 0;
    for (std::string line; std::getline(lines, line); ++scripts) {
        const nlohmann::json report = nlohmann::json::parse(line);
        const std::string name =
            group + "/" +
            std::filesystem::path(report.at("script").get<std::string>()).stem().string();
        passed += report.at("passed").get<std::size_t>();
        skipped += report.at("skipped").get<std::size_t>();
        const bool failed = report.at("failed").get<std::size_t>() != 0;
        const auto reason = expected.find(name);
        if (reason == expected.end()) {
            EXPECT_FALSE(failed) << name << ": " << report.at("failures").at(0);
        } else {
            EXPECT_FALSE(reason->second.empty()) << name << " is expected to fail without a reason";
            EXPECT_TRUE(failed) << name << " passes: remove it from expected_failures.txt";
        }
    }
    EXPECT_GT(scripts, 0U) << completed.errors;
    EXPECT_GT(passed + skipped, 0U);  // custom-sections is about text only
    std::cout << group << " -O" << level << ": " << scripts << " scripts, " << passed
              << " assertions passed, " << skipped << " skipped (text format, GC)\n";
}

INSTANTIATE_TEST_SUITE_P(Group, Suite,
                         testing::Combine(testing::ValuesIn(groups()),
                                          testing::Values("0", "1", "2")),
                         [](const auto& parameter) {
                             std::string name =
                                 std::get<0>(parameter.param) + "_O" + std::get<1>(parameter.param);
                             std::replace(name.begin(), name.end(), '-', '_');
                             return name;
                         });

}  // namespace
}  // namespace wasmax::e2e
