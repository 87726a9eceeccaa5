#include "tidy/rules.h"

#include <stdlib.h>

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <ios>
#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace wasmax::tidy {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::ElementsAre;
using testing::Field;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

/// A repository in a temporary directory that breaks no rule, with the libraries the rules know by
/// name.
class Rules : public testing::Test {
protected:
    Rules() {
        write("cmake/layers.cmake",
              "wasmax_library(base)\n"
              "wasmax_library(io DEPENDS base)\n"
              "wasmax_library(wasix DEPENDS io base)\n"
              "wasmax_library(codegen DEPENDS base)\n"
              "wasmax_library(engine DEPENDS wasix codegen base)\n");
        for (const char* name : {"base", "io", "wasix", "codegen", "engine"}) {
            write(std::string("src/") + name + "/README.md", "A library.\n");
        }
    }
    ~Rules() override { fs::remove_all(root_); }
    Rules(const Rules&) = delete;
    Rules& operator=(const Rules&) = delete;

    void write(const fs::path& file, std::string_view text) {
        fs::create_directories((root_ / file).parent_path());
        std::ofstream(root_ / file, std::ios::binary) << text;
    }
    void remove(const fs::path& file) { fs::remove(root_ / file); }

    [[nodiscard]] std::vector<Finding> findings() const { return check_repository(root_); }

private:
    static fs::path make_root() {
        std::string name = (fs::temp_directory_path() / "wasmax_tidy_XXXXXX").string();
        return ::mkdtemp(name.data()) == nullptr ? fs::path() : fs::path(name);
    }

    fs::path root_ = make_root();
};

auto finding(const std::string& file, std::size_t line, const std::string& rule) {
    return AllOf(Field(&Finding::file, file), Field(&Finding::line, line),
                 Field(&Finding::rule, rule));
}

TEST_F(Rules, accept_what_points_down) {
    write("src/engine/engine.cpp",
          "#include \"engine/engine.h\"\n#include \"wasix/process.h\"\n#include <wabt/ir.h>\n"
          "#include <fmt/format.h>\n#include \"engine/impl/cache.h\"\n");
    write("src/codegen/module.cpp", "#include <llvm/IR/Module.h>\n");
    write("tests/unit/engine/cache_test.cpp", "#include \"engine/impl/cache.h\"\n");
    EXPECT_THAT(findings(), IsEmpty());
}

TEST_F(Rules, reject_an_include_that_is_not_listed) {
    write("src/base/error.h", "#pragma once\n#include \"io/backend.h\"\n");
    write("src/io/direct.cpp", "#include \"unknown/x.h\"\n");
    EXPECT_THAT(findings(), ElementsAre(finding("src/base/error.h", 2, "layer"),
                                        finding("src/io/direct.cpp", 1, "layer")));
}

TEST_F(Rules, reject_only_direct_listing_counts) {
    write("cmake/layers.cmake",
          "wasmax_library(base)\nwasmax_library(io DEPENDS base)\nwasmax_library(wasix DEPENDS "
          "io)\n");
    write("src/wasix/fd.cpp", "#include \"base/result.h\"\n");
    EXPECT_THAT(findings(), ElementsAre(finding("src/wasix/fd.cpp", 1, "layer")));
}

TEST_F(Rules, reject_a_cycle_and_an_undeclared_dependency) {
    write("cmake/layers.cmake",
          "wasmax_library(base DEPENDS io)\nwasmax_library(io DEPENDS base gone)\n");
    EXPECT_THAT(findings(), ElementsAre(finding("cmake/layers.cmake", 1, "cycle"),
                                        finding("cmake/layers.cmake", 2, "layer")));
}

TEST_F(Rules, reject_confined_headers_elsewhere) {
    write("src/engine/engine.cpp", "#include <llvm/IR/Module.h>\n#include \"llvm-c/Core.h\"\n");
    write("src/codegen/module.cpp", "#include <wabt/ir.h>\n");
    write("src/wasix/fd.cpp", "#include <liburing.h>\n");
    EXPECT_THAT(findings(), UnorderedElementsAre(finding("src/engine/engine.cpp", 1, "layer"),
                                                 finding("src/engine/engine.cpp", 2, "layer"),
                                                 finding("src/engine/engine.cpp", 2, "layer"),
                                                 finding("src/codegen/module.cpp", 1, "layer"),
                                                 finding("src/wasix/fd.cpp", 1, "layer")));
}

TEST_F(Rules, reject_headers_a_standalone_executable_lacks) {
    write("src/wasix/fd.cpp", "#include <fmt/format.h>\n#include <iostream>\n");
    EXPECT_THAT(findings(), ElementsAre(finding("src/wasix/fd.cpp", 1, "standalone"),
                                        finding("src/wasix/fd.cpp", 2, "standalone")));
}

TEST_F(Rules, reject_private_headers_of_another_library) {
    write("src/wasix/fd.cpp", "#include \"io/impl/ring.h\"\n");
    write("tests/unit/wasix/fd_test.cpp", "#include \"io/impl/ring.h\"\n");
    write("tests/e2e/run_test.cpp", "#include \"io/impl/ring.h\"\n");
    EXPECT_THAT(findings(), ElementsAre(finding("src/wasix/fd.cpp", 1, "impl"),
                                        finding("tests/e2e/run_test.cpp", 1, "impl"),
                                        finding("tests/unit/wasix/fd_test.cpp", 1, "impl")));
}

TEST_F(Rules, ignore_an_include_inside_a_comment) {
    write("src/base/error.h", "// #include \"io/backend.h\"\n/*\n#include \"io/backend.h\"\n*/\n");
    EXPECT_THAT(findings(), IsEmpty());
}

std::string repeated_lines(std::size_t count) {
    std::string text;
    for (std::size_t i = 0; i < count; ++i) {
        text += "int x;\n";
    }
    return text;
}

TEST_F(Rules, reject_a_long_file_without_a_reason) {
    write("src/base/exact.cpp", repeated_lines(500));
    write("src/base/long.cpp", repeated_lines(501));
    write("src/base/table.def", "// length: a row per opcode\n" + repeated_lines(600));
    write("src/base/late.cpp", repeated_lines(10) + "// length: too late\n" + repeated_lines(600));
    write("tests/unit/base/long_test.cpp", repeated_lines(501));
    EXPECT_THAT(findings(), ElementsAre(finding("src/base/late.cpp", 501, "length"),
                                        finding("src/base/long.cpp", 501, "length"),
                                        finding("tests/unit/base/long_test.cpp", 501, "length")));
}

TEST_F(Rules, reject_each_banned_call) {
    for (const char* call :
         {"printf", "fprintf", "sprintf", "dprintf", "vprintf", "vfprintf", "vsprintf", "vdprintf",
          "std::printf", "close", "::close", "system", "std::system"}) {
        write("src/base/bad.cpp", std::string("void f() {\n    ") + call + "(x);\n}\n");
        EXPECT_THAT(findings(), ElementsAre(finding("src/base/bad.cpp", 2, "banned"))) << call;
    }
}

TEST_F(Rules, reject_each_banned_word) {
    const std::string task =
        "TO"
        "DO";
    const std::string defect =
        "FIX"
        "ME";
    for (const std::string& line :
         {std::string("throw 1;"), std::string("out << std::endl;"),
          std::string("using namespace std;"), "// " + task + ": later", "// " + defect}) {
        write("src/base/bad.cpp", "\n" + line + "\n");
        EXPECT_THAT(findings(), ElementsAre(finding("src/base/bad.cpp", 2, "banned"))) << line;
    }
}

TEST_F(Rules, accept_what_only_resembles_a_banned_word) {
    write("src/base/good.cpp",
          "// throw, close(fd) and std::endl in a comment\n"
          "const char* text = \"throw; printf(x)\";\n"
          "std::snprintf(buffer, size, text);\n"
          "file.close();\n"
          "fd_close(fd);\n"
          "namespace fs = std::filesystem;\n"
          "// TO"
          "DO(#12): with its issue\n");
    EXPECT_THAT(findings(), IsEmpty());
}

TEST_F(Rules, let_the_owners_of_descriptors_close_them) {
    write("src/base/unique_fd.cpp", "::close(fd);\n");
    write("src/io/direct.cpp", "::close(fd);\n");
    EXPECT_THAT(findings(), IsEmpty());
    write("src/io/direct.cpp", "printf(x);\n");
    EXPECT_THAT(findings(), ElementsAre(finding("src/io/direct.cpp", 1, "banned")));
}

TEST_F(Rules, leave_calls_outside_the_product_alone) {
    write("guests/hello.c", "int main(void) { printf(\"hello\"); close(3); }\n");
    EXPECT_THAT(findings(), IsEmpty());
}

TEST_F(Rules, reject_a_library_without_readme_or_layer) {
    remove("src/io/README.md");
    write("src/io/direct.cpp", "int x;\n");
    write("src/extra/extra.cpp", "int x;\n");
    EXPECT_THAT(findings(), ElementsAre(finding("src/extra", 1, "layer"),
                                        finding("src/extra/README.md", 1, "readme"),
                                        finding("src/io/README.md", 1, "readme")));
}

TEST_F(Rules, reject_a_test_that_no_target_compiles) {
    write("tests/unit/base/result_test.cpp", "\n");
    write("tests/unit/base/deeper/result_test.cpp", "\n");
    write("tests/unit/unknown/result_test.cpp", "\n");
    write("tests/e2e/run_test.cpp", "\n");
    write("tests/e2e/run.cpp", "\n");
    EXPECT_THAT(findings(),
                ElementsAre(finding("tests/e2e/run.cpp", 1, "compiled"),
                            finding("tests/unit/base/deeper/result_test.cpp", 1, "compiled"),
                            finding("tests/unit/unknown/result_test.cpp", 1, "compiled")));
}

TEST_F(Rules, reject_vague_names) {
    for (const char* name :
         {"utils", "util", "common", "helpers", "helper", "misc", "io_utils", "common_types"}) {
        const std::string file = std::string("src/base/") + name + ".h";
        write(file, "\n");
        EXPECT_THAT(findings(), ElementsAre(finding(file, 1, "name"))) << name;
        remove(file);
    }
    write("src/base/misc/x.h", "\n");
    write("src/base/commonality.h", "\n");
    EXPECT_THAT(findings(), ElementsAre(finding("src/base/misc", 1, "name")));
}

TEST(Finding, prints_place_rule_and_advice) {
    EXPECT_EQ(to_string(Finding{"src/a.h", 7, "length", "split it"}),
              "src/a.h:7: [length] split it");
}

}  // namespace
}  // namespace wasmax::tidy
