#include "lab/machine.h"

#include <sys/utsname.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <set>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <fmt/core.h>
#include <fmt/format.h>

#include "base/result.h"
#include "lab/cpus.h"
#include "lab/interrupt.h"
#include "lab/process.h"
#include "lab/stop.h"
#include "lab/whole_file.h"

namespace wasmax::lab {

namespace {

namespace fs = std::filesystem;

constexpr std::chrono::seconds kToolLimit{5};
constexpr std::string_view kUnknown = "unknown";

std::string trimmed(std::string_view text) {
    constexpr std::string_view kBlank = " \t\r\n\"";
    const std::size_t start = text.find_first_not_of(kBlank);
    if (start == std::string_view::npos) {
        return std::string(kUnknown);
    }
    return std::string(text.substr(start, text.find_last_not_of(kBlank) - start + 1));
}

std::string read_file(const fs::path& path) {
    auto text = read_whole_file(path);  // what cannot be read is an unknown fact
    return text ? *std::move(text) : std::string();
}

std::string first_line(std::string_view text) { return trimmed(text.substr(0, text.find('\n'))); }

// The rest of the first line that begins with `key`, behind `separator`.
std::string value_of(const std::string& text, std::string_view key, char separator) {
    std::size_t start = 0;
    while (start < text.size()) {
        const std::size_t end = std::min(text.find('\n', start), text.size());
        const std::string_view line = std::string_view(text).substr(start, end - start);
        const std::size_t at = line.find(separator);
        if (line.starts_with(key) && at != std::string_view::npos) {
            return trimmed(line.substr(at + 1));
        }
        start = end + 1;
    }
    return std::string(kUnknown);
}

// The distinct weaknesses for which the kernel pays or does not: `spectre_v2: Mitigation: ...;
// ...`.
std::string mitigations(const fs::path& directory) {
    std::set<std::string> states;
    std::error_code error;
    for (fs::directory_iterator it(directory, error), end; !error && it != end;
         it.increment(error)) {
        const std::string state = first_line(read_file(it->path()));
        if (state != "Not affected") {
            states.insert(fmt::format("{}: {}", it->path().filename().string(), state));
        }
    }
    if (states.empty()) {
        return std::string(error ? kUnknown : "none needed");
    }
    return fmt::format("{}", fmt::join(states, "; "));
}

}  // namespace

Machine kernel_facts(const fs::path& root) {
    const std::string cpuinfo = read_file(root / "proc/cpuinfo");
    const fs::path cpufreq = root / "sys/devices/system/cpu/cpu0/cpufreq";
    const bool hypervisor =
        (" " + value_of(cpuinfo, "flags", ':') + " ").find(" hypervisor ") != std::string::npos;
    return {
        {"cpu", value_of(cpuinfo, "model name", ':')},
        {"cpu_mhz", value_of(cpuinfo, "cpu MHz", ':')},
        {"governor", first_line(read_file(cpufreq / "scaling_governor"))},
        {"virtual_machine", hypervisor ? "yes" : "no"},
        {"mitigations", mitigations(root / "sys/devices/system/cpu/vulnerabilities")},
        {"memory", value_of(read_file(root / "proc/meminfo"), "MemTotal", ':')},
        {"load", first_line(read_file(root / "proc/loadavg"))},
        {"system", value_of(read_file(root / "etc/os-release"), "PRETTY_NAME", '=')},
    };
}

Attempt<Machine> fingerprint(const std::vector<ToolFact>& tools, Interrupt& interrupt) {
    Machine machine = kernel_facts("/");
    utsname kernel{};
    machine["kernel"] = uname(&kernel) == 0 ? fmt::format("{} {} {}", kernel.sysname,
                                                          kernel.release, kernel.machine)
                                            : std::string(kUnknown);
    const auto cpus = allowed_cpus();
    machine["cpus"] = cpus ? to_string(*cpus) : std::string(kUnknown);
    for (const ToolFact& tool : tools) {
        auto output =
            capture({.launch = {.command = tool.command}, .limit = kToolLimit}, interrupt);
        if (!output && !output.error().error) {
            return fail(std::move(output).error());
        }
        const bool usable =
            output && (output->exit.success() || tool.success == ToolFact::Success::any);
        machine[tool.name] = usable ? first_line(output->text) : std::string(kUnknown);
    }
    return machine;
}

}  // namespace wasmax::lab
