#include "tidy/layers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace wasmax::tidy {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(ReadLayers, takes_names_lines_and_dependencies) {
    const Layers layers = read_layers(
        "function(wasmax_library name)\n"
        "endfunction()\n"
        "wasmax_library(base)\n"
        "# wasmax_library(commented DEPENDS base)\n"
        "wasmax_library(io SHARED DEPENDS base wasm\n"
        "    LINKS Threads::Threads)\n"
        "wasmax_program(cli wasmax DEPENDS base LOADS io LINKS fmt::fmt)\n");
    ASSERT_EQ(layers.size(), 3U);
    EXPECT_EQ(layers.find("base")->second.line, 3U);
    EXPECT_THAT(layers.find("base")->second.depends, IsEmpty());
    EXPECT_EQ(layers.find("io")->second.line, 5U);
    EXPECT_THAT(layers.find("io")->second.depends, ElementsAre("base", "wasm"));
    EXPECT_THAT(layers.find("cli")->second.depends, ElementsAre("base", "io"));
}

TEST(Cycles, are_found_once_and_a_diamond_is_none) {
    EXPECT_THAT(cycles(read_layers("wasmax_library(a DEPENDS b c)\n"
                                   "wasmax_library(b DEPENDS d)\n"
                                   "wasmax_library(c DEPENDS d)\n"
                                   "wasmax_library(d)\n")),
                IsEmpty());
    EXPECT_THAT(cycles(read_layers("wasmax_library(a DEPENDS b)\n"
                                   "wasmax_library(b DEPENDS c)\n"
                                   "wasmax_library(c DEPENDS b)\n")),
                ElementsAre(ElementsAre("b", "c", "b")));
}

TEST(Closure, reaches_through_dependencies) {
    const Layers layers = read_layers(
        "wasmax_library(a DEPENDS b)\n"
        "wasmax_library(b DEPENDS c)\n"
        "wasmax_library(c)\n"
        "wasmax_library(d DEPENDS a)\n");
    EXPECT_THAT(closure(layers, "a"), ElementsAre("a", "b", "c"));
}

}  // namespace
}  // namespace wasmax::tidy
