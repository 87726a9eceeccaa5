// `wasmax trace`: recordings of running programs, and reports about recordings.

#include <signal.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <CLI/App.hpp>
#include <CLI/Validators.hpp>
#include <fmt/core.h>

#include "cli/commands.h"
#include "cli/trace_record.h"
#include "cli/trace_report.h"
#include "trace/analysis.h"
#include "trace/file_reader.h"
#include "trace/tracer.h"

namespace wasmax::cli {
namespace {

struct AttachFlags {
    int pid = 0;
    std::string output = "wasmax.trace";
    bool aggregate = false;
    double duration_s = 0;
    std::string limit;
};

std::atomic<bool> interrupted = false;
void interrupt(int /*number*/) { interrupted = true; }

void stop_on_interrupt() {
    for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
        struct sigaction action{};
        action.sa_handler = interrupt;
        ::sigaction(number, &action, nullptr);
    }
}

int attach(const AttachFlags& flags) {
    RecordOptions options;
    options.mode = flags.aggregate ? trace::Mode::aggregate : trace::Mode::full;
    options.path = flags.output;
    if (!flags.limit.empty()) {
        const auto limit = parse_size(flags.limit);
        if (!limit) {
            report("--limit: " + limit.error().message);
            return kExitUsage;
        }
        options.limit = *limit;
    }
    auto tracer = trace::Tracer::attach(flags.pid);
    if (!tracer) {
        report(tracer.error().message);
        return kExitFailure;
    }
    stop_on_interrupt();
    const auto start = std::chrono::steady_clock::now();
    bool told = false;
    const auto ended = record(*tracer, options, [&] {
        if (!told) {
            told = true;
            std::fputs(fmt::format("recording process {} into {}{}\n", flags.pid, flags.output,
                                   flags.duration_s > 0 ? "" : "; Ctrl-C ends it")
                           .c_str(),
                       stdout);
            std::fflush(stdout);
        }
        const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - start;
        return interrupted || (flags.duration_s > 0 && passed.count() >= flags.duration_s);
    });
    if (!ended) {
        report(ended.error().message);
        return kExitFailure;
    }
    if (tracer->has_ended()) {
        report("the process has ended");
    }
    return 0;
}

void add_report(CLI::App& trace, int& exit_code) {
    auto* command = trace.add_subcommand("report", "Tell what a recording holds");
    const auto flags = std::make_shared<ReportFlags>();
    command->add_option("FILE", flags->file, "A recording")->required();
    static const std::map<std::string, trace::GroupBy> groups{{"call", trace::GroupBy::call},
                                                              {"fd", trace::GroupBy::fd},
                                                              {"thread", trace::GroupBy::thread},
                                                              {"peer", trace::GroupBy::peer}};
    command->add_option("--by", flags->by, "What a line stands for: call, fd, thread or peer")
        ->transform(CLI::CheckedTransformer(groups).description(""))
        ->type_name("KEY");
    command
        ->add_option("--since", flags->since,
                     "Where to begin: first-request (default: the first accepted connection), "
                     "start, or seconds after the start")
        ->type_name("TIME");
    command->add_option("--format", flags->format, report_formats_help())->type_name("FORMAT");
    command->add_option("-o,--output", flags->output, "The file to write (default: stdout)")
        ->type_name("FILE");
    command
        ->add_option(
            "--against", flags->against,
            "The recording of the native twin (wasmax trace --native): what the layer adds")
        ->type_name("FILE");
    command->callback([flags, &exit_code] { exit_code = run_report(*flags); });
}

constexpr const char* kExamples = R"(Examples:
  wasmax run --trace=server.trace --net server.wasm   record from the start
  wasmax trace --attach 4711 -o server.trace          record a running server until Ctrl-C
  wasmax trace report server.trace
  wasmax trace report server.trace --format html -o report.html)";

}  // namespace

void add_trace(CLI::App& app, const std::vector<std::string>& /*native_command*/, int& exit_code) {
    auto* command = app.add_subcommand("trace", "Record system calls, and report about them");
    const auto flags = std::make_shared<AttachFlags>();
    command->add_option("--attach", flags->pid, "Record this running process")->type_name("PID");
    command->add_option("-o,--output", flags->output, "The file to record into")->type_name("FILE");
    command->add_flag("--aggregate", flags->aggregate, "Record only counts and histograms");
    command->add_option("--duration", flags->duration_s, "Stop after so many seconds")
        ->type_name("SECONDS");
    command->add_option("--limit", flags->limit, "How large the file may get (default 4G)")
        ->type_name("SIZE");
    add_report(*command, exit_code);
    command->require_subcommand(0, 1);
    command->footer(kExamples);
    command->callback([command, flags, &exit_code] {
        if (!command->get_subcommands().empty()) {
            return;
        }
        if (flags->pid <= 0) {
            std::fputs(command->help().c_str(), stdout);
            exit_code = kExitUsage;
            return;
        }
        exit_code = attach(*flags);
    });
}

}  // namespace wasmax::cli
