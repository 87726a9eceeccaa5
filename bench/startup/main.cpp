// How long commands take to their first byte of output and to their end. Commands are run in turn,
// so that what disturbs the machine disturbs all; medians are printed.
//
//     wasmax_startup [--runs N] [--json] NAME=COMMAND...
//
// COMMAND is split at spaces. CPU and memory are those of the whole process tree, as wait4(2)
// tells.
#include <fcntl.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "base/unique_fd.h"

extern char** environ;  // NOLINT: POSIX declares it nowhere

namespace {

using Clock = std::chrono::steady_clock;

struct Sample {
    double first_byte_ms = 0;
    double end_ms = 0;
    double cpu_ms = 0;
    double memory_mib = 0;
};

struct Command {
    std::string name;
    std::vector<std::string> words;
    std::vector<Sample> samples;
};

double milliseconds(Clock::duration duration) {
    return std::chrono::duration<double, std::milli>(duration).count();
}

double milliseconds(const timeval& time) {
    return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_usec) / 1e3;
}

/// Runs it once; nothing if it can't be started, fails or prints nothing.
std::optional<Sample> run(const Command& command) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) {
        return std::nullopt;
    }
    const wasmax::UniqueFd output(ends[0]);
    wasmax::UniqueFd input(ends[1]);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, input.get(), STDOUT_FILENO);
    std::vector<char*> argv;
    for (const std::string& word : command.words) {
        argv.push_back(const_cast<char*>(word.c_str()));
    }
    argv.push_back(nullptr);
    pid_t pid = 0;
    const auto start = Clock::now();
    const int error = ::posix_spawnp(&pid, argv.front(), &actions, nullptr, argv.data(), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    if (error != 0) {
        return std::nullopt;
    }
    input = wasmax::UniqueFd();
    Sample sample;
    char buffer[4096];
    bool printed = false;
    while (::read(output.get(), buffer, sizeof buffer) > 0) {
        if (!printed) {
            sample.first_byte_ms = milliseconds(Clock::now() - start);
            printed = true;
        }
    }
    int status = 0;
    rusage usage{};
    ::wait4(pid, &status, 0, &usage);
    sample.end_ms = milliseconds(Clock::now() - start);
    sample.cpu_ms = milliseconds(usage.ru_utime) + milliseconds(usage.ru_stime);
    sample.memory_mib = static_cast<double>(usage.ru_maxrss) / 1024;
    const bool succeeded = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    return succeeded && printed ? std::optional(sample) : std::nullopt;
}

double median(const std::vector<Sample>& samples, double Sample::* field) {
    std::vector<double> values;
    values.reserve(samples.size());
    for (const Sample& sample : samples) {
        values.push_back(sample.*field);
    }
    std::ranges::sort(values);
    const std::size_t middle = values.size() / 2;
    return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

std::optional<Command> parse(std::string_view argument) {
    const auto equals = argument.find('=');
    if (equals == std::string_view::npos) {
        return std::nullopt;
    }
    Command command{.name = std::string(argument.substr(0, equals)), .words = {}, .samples = {}};
    std::istringstream words{std::string(argument.substr(equals + 1))};
    for (std::string word; words >> word;) {
        command.words.push_back(word);
    }
    return command.words.empty() ? std::nullopt : std::optional(command);
}

void print(const std::vector<Command>& commands, bool as_json) {
    if (as_json) {
        for (const Command& command : commands) {
            for (const Sample& sample : command.samples) {
                const nlohmann::json line{{"command", command.name},
                                          {"first_byte_ms", sample.first_byte_ms},
                                          {"end_ms", sample.end_ms},
                                          {"cpu_ms", sample.cpu_ms},
                                          {"memory_mib", sample.memory_mib}};
                fmt::print("{}\n", line.dump());
            }
        }
        return;
    }
    fmt::print("{:28} {:>5} {:>14} {:>9} {:>9} {:>12}\n", "command", "runs", "first byte ms",
               "end ms", "CPU ms", "memory MiB");
    for (const Command& command : commands) {
        fmt::print("{:28} {:>5} {:>14.2f} {:>9.2f} {:>9.2f} {:>12.1f}\n", command.name,
                   command.samples.size(), median(command.samples, &Sample::first_byte_ms),
                   median(command.samples, &Sample::end_ms),
                   median(command.samples, &Sample::cpu_ms),
                   median(command.samples, &Sample::memory_mib));
    }
}

}  // namespace

int main(int argc, char** argv) {
    std::vector<Command> commands;
    int runs = 11;
    bool as_json = false;
    for (int index = 1; index < argc; ++index) {
        const std::string_view argument = argv[index];
        if (argument == "--runs" && index + 1 < argc) {
            runs = std::atoi(argv[++index]);
        } else if (argument == "--json") {
            as_json = true;
        } else if (auto command = parse(argument)) {
            commands.push_back(*std::move(command));
        } else {
            runs = 0;
        }
    }
    if (commands.empty() || runs <= 0) {
        fmt::print(stderr, "usage: wasmax_startup [--runs N] [--json] NAME=COMMAND...\n");
        return 2;
    }
    for (int round = -1; round < runs; ++round) {  // the first warms caches and is not counted
        for (Command& command : commands) {
            const auto sample = run(command);
            if (!sample) {
                fmt::print(stderr, "wasmax_startup: {}: it failed, or printed nothing\n",
                           command.name);
                return 1;
            }
            if (round >= 0) {
                command.samples.push_back(*sample);
            }
        }
    }
    print(commands, as_json);
    return 0;
}
