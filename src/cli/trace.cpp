// `wasmax trace`: recordings of running programs, and reports about recordings.

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
    bool native = false;
};

/// Records what the flags ask for; `native` is what follows `--`.
int record_from_flags(const AttachFlags& flags, const std::vector<std::string>& native) {
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
    if (flags.native) {
        return record_native(native, options);
    }
    return record_process(flags.pid, options, flags.duration_s,
                          fmt::format("recording process {} into {}{}\n", flags.pid, flags.output,
                                      flags.duration_s > 0 ? "" : "; Ctrl-C ends it"));
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
    command->add_flag("--explain", flags->explain,
                      "Instead: of every call that failed, which rule it broke");
    command->callback([flags, &exit_code] { exit_code = run_report(*flags); });
}

constexpr const char* kExamples = R"(Examples:
  wasmax run --trace=server.trace --net server.wasm   record from the start
  wasmax trace --attach 4711 -o server.trace          record a running server until Ctrl-C
  wasmax trace --native -o twin.trace -- ./server     record a native program
  wasmax trace report server.trace
  wasmax trace report server.trace --format html -o report.html)";

}  // namespace

void add_trace(CLI::App& app, const std::vector<std::string>& native_command, int& exit_code) {
    auto* command = app.add_subcommand("trace", "Record system calls, and report about them");
    const auto flags = std::make_shared<AttachFlags>();
    command->add_option("--attach", flags->pid, "Record this running process")->type_name("PID");
    command->add_option("-o,--output", flags->output, "The file to record into")->type_name("FILE");
    command->add_flag("--aggregate", flags->aggregate, "Record only counts and histograms");
    command->add_option("--duration", flags->duration_s, "Stop after so many seconds")
        ->type_name("SECONDS");
    command->add_option("--limit", flags->limit, "How large the file may get (default 4G)")
        ->type_name("SIZE");
    command->add_flag("--native", flags->native,
                      "Run the native program after -- and record the same of it");
    add_report(*command, exit_code);
    command->require_subcommand(0, 1);
    command->footer(kExamples);
    command->callback([command, flags, &native_command, &exit_code] {
        if (!command->get_subcommands().empty()) {
            return;
        }
        if ((flags->pid > 0) == flags->native || flags->native == native_command.empty()) {
            std::fputs(command->help().c_str(), stdout);
            exit_code = kExitUsage;
            return;
        }
        exit_code = record_from_flags(*flags, native_command);
    });
}

}  // namespace wasmax::cli
