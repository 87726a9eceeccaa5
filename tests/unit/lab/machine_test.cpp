#include "lab/machine.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>

#include "lab/cpus.h"
#include "lab/interrupt.h"

namespace wasmax::lab {
namespace {

namespace fs = std::filesystem;

class FakeRoot : public testing::Test {
protected:
    void SetUp() override {
        root_ = fs::path(testing::TempDir()) / ("root-" + std::to_string(getpid()));
    }
    void TearDown() override { fs::remove_all(root_); }
    void write(const char* path, const char* text) const {
        fs::create_directories((root_ / path).parent_path());
        std::ofstream(root_ / path) << text;
    }

    fs::path root_;
};

TEST_F(FakeRoot, ReadsWhatTheKernelSays) {
    write("proc/cpuinfo",
          "processor\t: 0\nmodel name\t: Some CPU\ncpu MHz\t\t: 1234.5\nflags\t\t: fpu hypervisor\n"
          "\nprocessor\t: 1\nmodel name\t: Other\n");
    write("proc/meminfo", "MemTotal:       16384 kB\nMemFree: 1 kB\n");
    write("proc/loadavg", "0.10 0.20 0.30 1/100 1234\n");
    write("etc/os-release", "NAME=x\nPRETTY_NAME=\"Some Linux 1\"\n");
    write("sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "performance\n");
    write("sys/devices/system/cpu/vulnerabilities/b", "Mitigation: fence\n");
    write("sys/devices/system/cpu/vulnerabilities/a", "Vulnerable\n");
    write("sys/devices/system/cpu/vulnerabilities/c", "Not affected\n");
    const Machine expected{{"cpu", "Some CPU"},
                           {"cpu_mhz", "1234.5"},
                           {"governor", "performance"},
                           {"virtual_machine", "yes"},
                           {"mitigations", "a: Vulnerable; b: Mitigation: fence"},
                           {"memory", "16384 kB"},
                           {"load", "0.10 0.20 0.30 1/100 1234"},
                           {"system", "Some Linux 1"}};
    EXPECT_EQ(kernel_facts(root_), expected);
}

TEST_F(FakeRoot, WhatIsMissingIsUnknown) {
    const Machine facts = kernel_facts(root_);
    for (const char* const name :
         {"cpu", "cpu_mhz", "governor", "mitigations", "memory", "load", "system"}) {
        EXPECT_EQ(facts.at(name), "unknown") << name;
    }
}

TEST(Machine, AsksTools) {
    auto interrupt = Interrupt::create();
    ASSERT_TRUE(interrupt);
    const auto machine =
        fingerprint({{.name = "good", .command = {"/bin/sh", "-c", "echo ' one'; echo two"}},
                     {.name = "failing", .command = {"/bin/sh", "-c", "echo fatal; exit 1"}},
                     {.name = "tolerated",
                      .command = {"/bin/sh", "-c", "echo 4.1; exit 1"},
                      .success = ToolFact::Success::any},
                     {.name = "absent", .command = {"/absent/tool"}}},
                    *interrupt);
    ASSERT_TRUE(machine);
    EXPECT_EQ(machine->at("good"), "one");
    EXPECT_EQ(machine->at("failing"), "unknown");
    EXPECT_EQ(machine->at("tolerated"), "4.1");
    EXPECT_EQ(machine->at("absent"), "unknown");
    EXPECT_TRUE(machine->at("kernel").starts_with("Linux "));
}

TEST(Cpus, ListsAreWrittenAsRanges) {
    EXPECT_EQ(to_string(CpuList{}), "");
    EXPECT_EQ(to_string(CpuList{3}), "3");
    EXPECT_EQ(to_string(CpuList{0, 1, 2, 5, 7, 8}), "0-2,5,7-8");
}

TEST(Cpus, TheServerGetsTheLastOne) {
    EXPECT_EQ(place({0, 1, 2}, true),
              (Placement{.pinned = true, .server = {2}, .generator = {0, 1}}));
    EXPECT_EQ(place({0, 1}, false),
              (Placement{.pinned = false, .server = {0, 1}, .generator = {0, 1}}));
    EXPECT_EQ(place({4}, true), (Placement{.pinned = false, .server = {4}, .generator = {4}}));
}

}  // namespace
}  // namespace wasmax::lab
