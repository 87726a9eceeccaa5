// Formats with a line per call.

#include "cli/trace_text.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "cli/trace_explain.h"
#include "cli/trace_output.h"
#include "cli/trace_report.h"
#include "trace/analysis.h"
#include "trace/fields.h"
#include "trace/file_reader.h"
#include "trace/schema.h"
#include "trace/tracer.h"

namespace wasmax::cli {
namespace {

/// `2026-11-22T18:00:00.123456Z`
std::string utc(std::uint64_t realtime_ns) {
    const auto seconds = static_cast<std::time_t>(realtime_ns / 1'000'000'000);
    std::tm parts{};
    ::gmtime_r(&seconds, &parts);
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z", parts.tm_year + 1900,
                       parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec,
                       realtime_ns / 1'000 % 1'000'000);
}

std::uint64_t realtime_ns(const ReportInput& input, trace::Ticks ticks) {
    const trace::Moment& start = input.file.recording().start;
    const auto passed = static_cast<double>(static_cast<std::int64_t>(ticks - start.ticks)) *
                        input.analysis.ns_per_tick;
    return start.realtime_ns + static_cast<std::uint64_t>(static_cast<std::int64_t>(passed));
}

std::int32_t guest_tid(const trace::FileReader& file, std::uint32_t id) {
    for (const trace::ThreadInfo& thread : file.threads()) {
        if (thread.id == id) {
            return thread.guest_tid;
        }
    }
    return 0;
}

/// The module that holds the call in the other runtime's sources.
std::string_view source_module(std::string_view import_module) {
    return import_module == "wasix_32v1" ? "wasix" : "wasi";
}

}  // namespace

std::string call_text(const trace::Schema& schema, const trace::Record& record) {
    std::string text(schema.call_name(record.call));
    std::string results;
    text += "(";
    bool first = true;
    for (const trace::FieldValue& value : trace::decode(schema, record)) {
        if (value.field->out) {
            results += (results.empty() ? "" : ", ") +
                       (value.field->name == "result" ? "" : value.field->name + "=") + value.text;
            continue;
        }
        text += (first ? "" : ", ") + value.field->name + "=" + value.text;
        first = false;
    }
    text += ") = ";
    if (record.error != 0) {
        return text + schema.error_name(record.error);
    }
    return text + (results.empty() ? "0" : results);
}

std::string rust_duration(double ns) {
    const auto number = [](double value, std::string_view unit) {
        return value < 10    ? fmt::format("{:.2f}{}", value, unit)
               : value < 100 ? fmt::format("{:.1f}{}", value, unit)
                             : fmt::format("{:.0f}{}", value, unit);
    };
    if (ns < 1e3) {
        return ns < 1 ? "0ns" : fmt::format("{:.0f}.00ns", ns);
    }
    return ns < 1e6   ? number(ns / 1e3, "µs")
           : ns < 1e9 ? number(ns / 1e6, "ms")
                      : number(ns / 1e9, "s");
}

// The other runtime's log with span events on close: time, level, thread, span, target, message,
// then the call's arguments. tracing-subscriber: fmt::format::Compact
void log_report(const ReportInput& input, ReportOutput& output) {
    const trace::Schema& schema = input.file.schema();
    const double scale = input.analysis.ns_per_tick;
    input.file.visit([&](const trace::Record& record) {
        if (record.begin < input.analysis.begin || record.call >= schema.calls.size() ||
            output.has_failed()) {
            return;
        }
        const trace::CallSchema& call = schema.calls[record.call];
        std::string text = fmt::format(
            "{} TRACE ThreadId({:02}) {}: wasmer_wasix::syscalls::{}::{}: close "
            "time.busy={} time.idle={}",
            utc(realtime_ns(input, record.end())), guest_tid(input.file, record.thread), call.name,
            source_module(call.module), call.name,
            rust_duration(static_cast<double>(record.busy()) * scale),
            rust_duration(static_cast<double>(record.blocked) * scale));
        for (const trace::FieldValue& value : trace::decode(schema, record)) {
            text += fmt::format(" {}={}", value.field->name, value.text);
        }
        output.add(text + fmt::format(" ret=Errno::{}\n", schema.error_name(record.error)));
    });
}

void strace_report(const ReportInput& input, ReportOutput& output) {
    input.file.visit([&](const trace::Record& record) {
        if (record.begin < input.analysis.begin || output.has_failed()) {
            return;
        }
        output.add(
            fmt::format("[{}] {} {} <{:.6f}>\n", guest_tid(input.file, record.thread),
                        utc(realtime_ns(input, record.begin)).substr(11, 15),
                        call_text(input.file.schema(), record),
                        static_cast<double>(record.total) * input.analysis.ns_per_tick / 1e9));
    });
}

// Each reason once, with how often it occurred: a busy server fails in the same way many times.
std::string explain_report(const ReportInput& input) {
    Explainer explainer(input.file.schema());
    std::vector<std::pair<std::string, std::uint64_t>> lines;
    std::map<std::string, std::size_t> known;
    std::uint64_t unexplained = 0;
    input.file.visit([&](const trace::Record& record) {
        const auto sentence = explainer.see(record, guest_tid(input.file, record.thread));
        if (record.error == 0) {
            return;
        }
        if (!sentence) {
            ++unexplained;
            return;
        }
        const std::string reason =
            fmt::format("{} {} {}", input.file.schema().call_name(record.call),
                        input.file.schema().error_name(record.error),
                        sentence->substr(0, sentence->find(" [")));
        const auto [entry, is_new] = known.try_emplace(reason, lines.size());
        if (is_new) {
            lines.emplace_back(call_text(input.file.schema(), record) + ": " + *sentence, 0);
        }
        ++lines[entry->second].second;
    });
    std::string text;
    for (const auto& [line, count] : lines) {
        text += line + (count > 1 ? fmt::format(" ({} times)", count) : std::string()) + "\n";
    }
    if (unexplained != 0) {
        text += fmt::format("{} more calls failed in ways that break no known rule\n", unexplained);
    }
    return text.empty() ? "no call failed\n" : text;
}

// Chrome's trace events: complete ones, which Perfetto opens too.
void perfetto_report(const ReportInput& input, ReportOutput& output) {
    const double scale = input.analysis.ns_per_tick / 1e3;
    const std::uint32_t pid = input.file.recording().pid;
    output.add("{\"displayTimeUnit\":\"ns\",\"traceEvents\":[\n");
    output.add(nlohmann::json{{"ph", "M"},
                              {"name", "process_name"},
                              {"pid", pid},
                              {"tid", 0},
                              {"args", {{"name", input.file.recording().command}}}}
                   .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
    const trace::Ticks start = input.file.recording().start.ticks;
    input.file.visit([&](const trace::Record& record) {
        if (record.begin < input.analysis.begin || output.has_failed()) {
            return;
        }
        nlohmann::json args = nlohmann::json::object();
        for (const trace::FieldValue& value : trace::decode(input.file.schema(), record)) {
            args[value.field->name] = value.text;
        }
        if (record.error != 0) {
            args["errno"] = input.file.schema().error_name(record.error);
        }
        args["busy_us"] = static_cast<double>(record.busy()) * scale;
        args["idle_us"] = static_cast<double>(record.blocked) * scale;
        args["wasmax_us"] = static_cast<double>(record.glue()) * scale;
        const nlohmann::json event{{"ph", "X"},
                                   {"name", input.file.schema().call_name(record.call)},
                                   {"cat", record.error != 0 ? "error" : "call"},
                                   {"pid", pid},
                                   {"tid", guest_tid(input.file, record.thread)},
                                   {"ts", static_cast<double>(record.begin - start) * scale},
                                   {"dur", static_cast<double>(record.total) * scale},
                                   {"args", args}};
        output.add(",\n" + event.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
    });
    output.add("\n]}\n");
}

// `process;part;call nanoseconds`, as flame graph tools read.
std::string folded_report(const ReportInput& input) {
    std::string text;
    const auto line = [&](std::string_view stack, double ns) {
        if (ns >= 0.5) {
            text += fmt::format("{} {:.0f}\n", stack, ns);
        }
    };
    const trace::TimeLedger& process = input.analysis.ledgers.front();
    line("process;guest", process.guest);
    line("process;tracer", process.tracer);
    for (const trace::Row& row : input.analysis.rows) {
        std::string key = row.key;
        std::replace(key.begin(), key.end(), ';', ',');
        line("process;" + key + ";wasmax", row.glue_ns);
        line("process;" + key + ";kernel", row.kernel_ns);
        line("process;" + key + ";blocked", row.idle_ns);
    }
    return text;
}

}  // namespace wasmax::cli
