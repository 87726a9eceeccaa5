#include "lab/founding.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lab/experiment.h"
#include "lab/interrupt.h"
#include "lab/progress.h"
#include "lab/stop.h"

namespace wasmax::lab {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class Founding : public testing::Test {
protected:
    void SetUp() override {
        directory_ = fs::path(testing::TempDir()) / ("founding-" + std::to_string(getpid()));
        fs::create_directories(directory_ / "guests");
        auto interrupt = Interrupt::create();
        ASSERT_TRUE(interrupt);
        interrupt_.emplace(std::move(*interrupt));
    }
    void TearDown() override { fs::remove_all(directory_); }

    void write(const char* name, const char* text) const {
        std::ofstream(directory_ / "guests" / name) << text;
    }
    Attempt<std::vector<Contender>> contenders(const std::vector<std::string>& names) {
        Progress silent(nullptr);
        return founding_contenders(names,
                                   {.wasmax = "/opt/wasmax",
                                    .guests = directory_ / "guests",
                                    .output_directory = directory_},
                                   *interrupt_, silent);
    }
    std::string problem(const std::string& name) {
        const auto found = contenders({name});
        return found ? std::string() : found.error().error->message;
    }

    fs::path directory_;
    std::optional<Interrupt> interrupt_;
};

TEST_F(Founding, RunsTheGuestAndItsPrebuiltTwin) {
    write("server_close.wat", "(module)");
    write("server_close_native", "");
    const fs::path twin = directory_ / "guests" / "server_close_native";
    fs::permissions(twin, fs::perms::owner_all);
    const auto found = contenders({"wasm", "native"});
    ASSERT_TRUE(found) << found.error().error->message;
    const std::string guest = directory_ / "guests" / "server_close.wat";
    EXPECT_EQ((*found)[0].command,
              (std::vector<std::string>{"/opt/wasmax", "run", "--net", guest}));
    EXPECT_EQ((*found)[1].command, (std::vector<std::string>{twin}));
}

TEST_F(Founding, CompilesATwinThatIsMissing) {
    write("server_close.c", "int main(void) { return 0; }");
    const auto found = contenders({"native"});
    ASSERT_TRUE(found) << found.error().error->message;
    EXPECT_EQ((*found)[0].command.front(), directory_ / "server_close_native");
    EXPECT_EQ(access((directory_ / "server_close_native").c_str(), X_OK), 0);
}

TEST_F(Founding, PassesOnWhatTheCompilerSays) {
    write("server_close.c", "int main(void) { return nothing; }");
    EXPECT_THAT(problem("native"), HasSubstr("cc ended with exit code 1"));
    EXPECT_THAT(problem("native"), HasSubstr("nothing"));
}

TEST_F(Founding, NamesTheFileThatIsMissing) {
    EXPECT_THAT(problem("wasm"), HasSubstr("guests/server_close.wat is missing"));
    EXPECT_THAT(problem("native"), HasSubstr("guests/server_close.c is missing"));
}

TEST_F(Founding, KnowsNoOtherNames) {
    EXPECT_EQ(problem("natve"),
              "there is no contender 'natve' (did you mean native?); known are: wasm, native");
}

TEST_F(Founding, ARepeatedNameIsTheSameOnceMore) {
    write("server_close.wat", "(module)");
    const auto found = contenders({"wasm", "wasm", "wasm"});
    ASSERT_TRUE(found);
    EXPECT_EQ((*found)[1].name, "wasm-2");
    EXPECT_EQ((*found)[2].name, "wasm-3");
    EXPECT_EQ((*found)[1].command, (*found)[0].command);
}

}  // namespace
}  // namespace wasmax::lab
