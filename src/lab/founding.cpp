#include "lab/founding.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <filesystem>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/core.h>
#include <fmt/format.h>

#include "base/error.h"
#include "base/nearest.h"
#include "base/result.h"
#include "lab/experiment.h"
#include "lab/interrupt.h"
#include "lab/process.h"
#include "lab/progress.h"
#include "lab/stop.h"

namespace wasmax::lab {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view kWasm = "wasm";
constexpr std::string_view kNative = "native";
constexpr std::array<std::string_view, 2> kNames{kWasm, kNative};
constexpr std::chrono::minutes kCompileLimit{2};

bool readable(const fs::path& path) { return access(path.c_str(), R_OK) == 0; }

Error not_found(const fs::path& path) {
    return Error::invalid(fmt::format(
        "{} is missing; build it with `./dev build`, or name its directory with --guests",
        path.string()));
}

Attempt<fs::path> native_twin(const FoundingFiles& files, Interrupt& interrupt,
                              Progress& progress) {
    const fs::path prebuilt = files.guests / "server_close_native";
    if (access(prebuilt.c_str(), X_OK) == 0) {
        return prebuilt;
    }
    const fs::path source = files.guests / "server_close.c";
    if (!readable(source)) {
        return fail(not_found(source));
    }
    if (!find_program("cc")) {
        return fail(Error::invalid(
            "there is no C compiler `cc` to build the native contender with; `apt-get install gcc` "
            "installs one"));
    }
    const fs::path program = files.output_directory / "server_close_native";
    const std::vector<std::string> command{"cc", "-O3", "-o", program.string(), source.string()};
    progress.step(fmt::format("{}", fmt::join(command, " ")));
    const Output output =
        TRY(capture({.launch = {.command = command}, .limit = kCompileLimit}, interrupt));
    if (!output.exit.success()) {
        return fail(Error::internal(fmt::format(
            "cc ended with {} on {}: {}", output.exit.describe(), source.string(), output.text)));
    }
    return program;
}

Attempt<Contender> contender_named(const std::string& name, const FoundingFiles& files,
                                   Interrupt& interrupt, Progress& progress) {
    if (name == kWasm) {
        const fs::path guest = files.guests / "server_close.wat";
        if (!readable(guest)) {
            return fail(not_found(guest));
        }
        return Contender{.name = name,
                         .engine = "wasmax",
                         .flags = "--net",
                         .program = "server_close.wat",
                         .backend = "direct",
                         .command = {files.wasmax, "run", "--net", guest}};
    }
    if (name == kNative) {
        const fs::path program = TRY(native_twin(files, interrupt, progress));
        // Absolute, so that a program in the current directory is not searched in PATH.
        return Contender{.name = name,
                         .engine = "cc",
                         .flags = "-O3",
                         .program = "server_close.c",
                         .backend = "libc",
                         .command = {fs::absolute(program)}};
    }
    const auto meant = nearest(name, kNames);
    return fail(Error::invalid(fmt::format("there is no contender '{}'{}; known are: {}", name,
                                           meant ? fmt::format(" (did you mean {}?)", *meant) : "",
                                           fmt::join(kNames, ", "))));
}

}  // namespace

Experiment founding_experiment() {
    return {.name = "founding",
            .contenders = {},
            .workload = {.name = "close", .expected_body = "Hello, World!"},
            .load = {},
            .baseline = std::string(kNative)};
}

Attempt<std::vector<Contender>> founding_contenders(const std::vector<std::string>& names,
                                                    const FoundingFiles& files,
                                                    Interrupt& interrupt, Progress& progress) {
    std::vector<Contender> contenders;
    for (const std::string& name : names) {
        Contender contender = TRY(contender_named(name, files, interrupt, progress));
        const auto earlier = std::ranges::count_if(
            contenders, [&](const Contender& other) { return other.command == contender.command; });
        if (earlier > 0) {
            contender.name += fmt::format("-{}", earlier + 1);
        }
        contenders.push_back(std::move(contender));
    }
    return contenders;
}

}  // namespace wasmax::lab
