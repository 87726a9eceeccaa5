// Every module of the specification's test suite, decoded and validated.

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <ios>
#include <iterator>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>  // IWYU pragma: keep
#include <nlohmann/json_fwd.hpp>

#include "shared_files.h"
#include "unit/wasm/support.h"

namespace wasmax::wasm {
namespace {

class SpecModules : public testing::TestWithParam<const char*> {};

std::vector<std::byte> read_file(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    const auto* first = reinterpret_cast<const std::byte*>(text.data());
    return {first, first + text.size()};
}

/// Checks the module of one command. Returns false if the command has none in the binary format.
bool check_command(const std::filesystem::path& directory, const nlohmann::json& command) {
    const std::string type = command.at("type");
    const bool refused = type == "assert_invalid" || type == "assert_malformed";
    const bool accepted = type == "module" || type == "module_definition" ||
                          type == "assert_unlinkable" || type == "assert_uninstantiable";
    if ((!refused && !accepted) || command.value("module_type", "binary") != "binary") {
        return false;
    }
    const std::string filename = command.at("filename");
    const auto result = check(read_file(directory / filename));
    EXPECT_EQ(result.has_value(), accepted)
        << filename << " (" << type << ", " << command.value("text", "")
        << "): " << verdict(result);
    return true;
}

TEST_P(SpecModules, AreAcceptedOrRefusedAsTheSuiteSays) {
    if (!test::shared_file("spec/json").has_value()) {
        GTEST_SKIP() << test::missing_shared_file("spec/json");
    }
    const std::filesystem::path directory = std::filesystem::path(WASMAX_SPEC_MODULES) / GetParam();
    int modules = 0;
    for (const auto& entry : std::filesystem::directory_iterator(directory)) {
        if (entry.path().extension() != ".json") {
            continue;
        }
        std::ifstream file(entry.path());
        const nlohmann::json script = nlohmann::json::parse(file);
        for (const nlohmann::json& command : script.at("commands")) {
            modules += check_command(directory, command) ? 1 : 0;
        }
    }
    EXPECT_GT(modules, 100);
}

INSTANTIATE_TEST_SUITE_P(Groups, SpecModules, testing::Values("core", "bulk-memory"),
                         [](const auto& group) {
                             return std::string(group.param) == "core" ? "core" : "bulk_memory";
                         });

}  // namespace
}  // namespace wasmax::wasm
