#include "cli/trace_report.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/nearest.h"
#include "base/result.h"
#include "cli/commands.h"
#include "cli/trace_output.h"
#include "cli/trace_xlsx.h"
#include "trace/analysis.h"
#include "trace/file_reader.h"

namespace wasmax::cli {
namespace {

using Render = std::string (*)(const ReportInput& input);
using Stream = void (*)(const ReportInput& input, ReportOutput& output);

/// Both null: xlsx, which is no text.
struct Format {
    std::string_view name;
    Render render;
    Stream stream;  // tells of calls one by one
};

constexpr std::array kFormats{
    Format{"table", table_report, nullptr},   Format{"json", json_report, nullptr},
    Format{"csv", csv_report, nullptr},       Format{"log", nullptr, log_report},
    Format{"strace", nullptr, strace_report}, Format{"perfetto", nullptr, perfetto_report},
    Format{"folded", folded_report, nullptr}, Format{"xlsx", nullptr, nullptr},
    Format{"svg", svg_report, nullptr},       Format{"html", html_report, nullptr},
};

bool is_text(const Format& format) { return format.render != nullptr || format.stream != nullptr; }

Result<trace::Since, Error> since_of(const std::string& text) {
    if (text.empty() || text == "first-request") {
        return trace::Since{};
    }
    if (text == "start") {
        return trace::Since{trace::Since::Kind::start, 0};
    }
    double seconds = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    if (error != std::errc() || end != text.data() + text.size() || !(seconds >= 0) ||
        seconds > 1e9) {
        return fail(
            Error::invalid("--since takes first-request, start, or seconds, not `" + text + "`"));
    }
    return trace::Since{trace::Since::Kind::seconds, seconds};
}

Result<void, Error> write_output(const std::string& path, std::string_view text) {
    ReportOutput output = TRY(ReportOutput::create(path));
    output.add(text);
    return output.finish();
}

std::string_view key_title(trace::GroupBy by) {
    switch (by) {
        case trace::GroupBy::call:
            return "call";
        case trace::GroupBy::fd:
            return "fd";
        case trace::GroupBy::thread:
            return "thread";
        case trace::GroupBy::peer:
            return "peer";
    }
    return "";
}

double total_of(const trace::Analysis& analysis) {
    double total = 0;
    for (const trace::Row& row : analysis.rows) {
        total += row.total_ns;
    }
    return total;
}

double quantile_ns(const trace::Analysis& analysis, const trace::Row& row, double share) {
    return row.latencies.quantile(share) * analysis.ns_per_tick;
}

/// Four significant digits and a unit.
std::string time_text(double ns) {
    if (ns < 1e3) {
        return fmt::format("{:.0f} ns", ns);
    }
    if (ns < 1e6) {
        return fmt::format("{:.2f} us", ns / 1e3);
    }
    return ns < 1e9 ? fmt::format("{:.2f} ms", ns / 1e6) : fmt::format("{:.3f} s", ns / 1e9);
}

double share_of(double part, double whole) { return whole > 0 ? 100 * part / whole : 0; }

/// Columns as wide as their widest cell, the first one left.
std::string aligned(const std::vector<std::vector<std::string>>& rows) {
    std::vector<std::size_t> widths;
    for (const auto& row : rows) {
        widths.resize(std::max(widths.size(), row.size()));
        for (std::size_t i = 0; i < row.size(); ++i) {
            widths[i] = std::max(widths[i], row[i].size());
        }
    }
    std::string text;
    for (const auto& row : rows) {
        std::string line;
        for (std::size_t i = 0; i < row.size(); ++i) {
            const bool is_last = i + 1 == row.size();
            line += i == 0 || is_last ? fmt::format("{:<{}}", row[i], is_last ? 0 : widths[i])
                                      : fmt::format("{:>{}}", row[i], widths[i]);
            line += is_last ? "" : "  ";
        }
        line.erase(line.find_last_not_of(' ') + 1);
        text += line + "\n";
    }
    return text;
}

std::string rows_text(const ReportInput& input) {
    const trace::Analysis& analysis = input.analysis;
    const double total = total_of(analysis);
    std::vector<std::vector<std::string>> table{{input.key_title, "share", "total", "busy", "idle",
                                                 "calls", "mean", "p50", "p99", "max", "errors"}};
    for (const trace::Row& row : analysis.rows) {
        table.push_back({row.key, fmt::format("{:.1f} %", share_of(row.total_ns, total)),
                         time_text(row.total_ns), time_text(row.busy_ns), time_text(row.idle_ns),
                         fmt::format("{}", row.calls), time_text(row.mean_ns()),
                         time_text(quantile_ns(analysis, row, 0.5)),
                         time_text(quantile_ns(analysis, row, 0.99)), time_text(row.longest_ns),
                         errors_text(input.file, row)});
    }
    return aligned(table);
}

std::string ledger_text(const trace::Analysis& analysis) {
    std::vector<std::vector<std::string>> table{
        {"where the time went", "wall", "guest", "wasmax", "kernel", "blocked", "tracer", "error"}};
    for (const trace::TimeLedger& ledger : analysis.ledgers) {
        const auto cell = [&](double ns) {
            return fmt::format("{} {:4.1f} %", time_text(ns), share_of(ns, ledger.wall));
        };
        table.push_back({ledger.name, time_text(ledger.wall), cell(ledger.guest), cell(ledger.glue),
                         cell(ledger.kernel), cell(ledger.blocked), cell(ledger.tracer),
                         fmt::format("{:+.2f} %", 100 * ledger.error())});
    }
    std::string text = aligned(table);
    text +=
        "busy is time on the CPU (guest, wasmax, kernel), idle is time blocked. The error is what "
        "the parts miss of the wall clock.\n";
    return text;
}

std::string comparison_text(const trace::Analysis& analysis) {
    if (!analysis.comparison) {
        return "no figures of the kernel to compare with: the recording was too short\n";
    }
    const trace::Comparison& found = *analysis.comparison;
    const auto off = [&](double other) {
        return other > 0 ? 100 * (found.ledger_busy - other) / other : 0;
    };
    std::string text = fmt::format(
        "on the CPU, all of the recording: ledger {}, /proc schedstat {} ({:+.1f} %)",
        time_text(found.ledger_busy), time_text(found.schedstat_busy), off(found.schedstat_busy));
    if (found.process_cpu > 0) {
        text += fmt::format(", process CPU clock {} ({:+.1f} %)", time_text(found.process_cpu),
                            off(found.process_cpu));
    }
    return text + fmt::format("; of the blocked time {} were spent waiting for a CPU\n",
                              time_text(found.waited));
}

nlohmann::ordered_json ledger_json(const trace::TimeLedger& ledger) {
    return {
        {"name", ledger.name},        {"wall_ns", ledger.wall},     {"guest_ns", ledger.guest},
        {"wasmax_ns", ledger.glue},   {"kernel_ns", ledger.kernel}, {"blocked_ns", ledger.blocked},
        {"tracer_ns", ledger.tracer}, {"error", ledger.error()},    {"calls", ledger.calls}};
}

nlohmann::ordered_json row_json(const ReportInput& input, const trace::Row& row) {
    nlohmann::ordered_json errors = nlohmann::ordered_json::object();
    for (const auto& [error, count] : row.errors) {
        errors[input.file.schema().error_name(error)] = count;
    }
    return {{input.key_title, row.key},
            {"calls", row.calls},
            {"errors", errors},
            {"total_ns", row.total_ns},
            {"mean_ns", row.mean_ns()},
            {"p50_ns", quantile_ns(input.analysis, row, 0.5)},
            {"p99_ns", quantile_ns(input.analysis, row, 0.99)},
            {"max_ns", row.longest_ns},
            {"busy_ns", row.busy_ns},
            {"idle_ns", row.idle_ns},
            {"wasmax_ns", row.glue_ns},
            {"kernel_ns", row.kernel_ns},
            {"share", share_of(row.total_ns, total_of(input.analysis)) / 100}};
}

std::string csv_cell(std::string_view text) {
    std::string cell = "\"";
    for (const char c : text) {
        cell += c == '"' ? "\"\"" : std::string(1, c);
    }
    return cell + "\"";
}

}  // namespace

std::string errors_text(const trace::FileReader& file, const trace::Row& row) {
    std::string text;
    for (const auto& [error, count] : row.errors) {
        text += fmt::format("{}{} {}", text.empty() ? "" : ", ", file.schema().error_name(error),
                            count);
    }
    return text;
}

std::string table_report(const ReportInput& input) {
    const trace::Analysis& analysis = input.analysis;
    std::string text = fmt::format("{}: process {}, {}\n", input.file.recording().command,
                                   input.file.recording().pid, analysis.window);
    text += fmt::format("{} calls in {:.3f} s", analysis.calls, analysis.seconds);
    if (analysis.requests != 0 && analysis.seconds > 0) {
        text += fmt::format(", {:.0f} {} per second",
                            static_cast<double>(analysis.requests) / analysis.seconds,
                            analysis.request_call);
    }
    if (analysis.bytes_per_record > 0) {
        text += fmt::format("; {:.1f} bytes per record", analysis.bytes_per_record);
    }
    text += "\n\n" + rows_text(input) + "\n" + ledger_text(analysis) + comparison_text(analysis);
    text += fmt::format(
        "recording costs at least {:.0f} ns per call (measured at its start, subtracted above)\n",
        analysis.cost_ns.guest + analysis.cost_ns.glue + analysis.cost_ns.kernel);
    for (const std::string& note : analysis.notes) {
        text += "note: " + note + "\n";
    }
    return text;
}

std::string json_report(const ReportInput& input) {
    const trace::Analysis& analysis = input.analysis;
    nlohmann::ordered_json root{
        {"command", input.file.recording().command},
        {"pid", input.file.recording().pid},
        {"window", analysis.window},
        {"seconds", analysis.seconds},
        {"calls", analysis.calls},
        {"dropped", analysis.dropped},
        {"requests", analysis.requests},
        {"request_call", analysis.request_call},
        {"bytes_per_record", analysis.bytes_per_record},
        {"tracer_ns_per_call",
         analysis.cost_ns.guest + analysis.cost_ns.glue + analysis.cost_ns.kernel},
    };
    root["rows"] = nlohmann::ordered_json::array();
    for (const trace::Row& row : analysis.rows) {
        root["rows"].push_back(row_json(input, row));
    }
    root["ledgers"] = nlohmann::ordered_json::array();
    for (const trace::TimeLedger& ledger : analysis.ledgers) {
        root["ledgers"].push_back(ledger_json(ledger));
    }
    if (analysis.comparison) {
        const trace::Comparison& found = *analysis.comparison;
        root["comparison"] = {{"span_ns", found.span},
                              {"ledger_busy_ns", found.ledger_busy},
                              {"schedstat_busy_ns", found.schedstat_busy},
                              {"process_cpu_ns", found.process_cpu},
                              {"waited_for_cpu_ns", found.waited},
                              {"slices", found.slices}};
    }
    root["notes"] = analysis.notes;
    return root.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

std::string csv_report(const ReportInput& input) {
    std::string text = input.key_title +
                       ",calls,errors,total_ns,mean_ns,p50_ns,p99_ns,max_ns,busy_ns,idle_ns,"
                       "wasmax_ns,kernel_ns,share\n";
    const double total = total_of(input.analysis);
    for (const trace::Row& row : input.analysis.rows) {
        text += fmt::format(
            "{},{},{},{:.0f},{:.1f},{:.1f},{:.1f},{:.1f},{:.0f},{:.0f},{:.0f},"
            "{:.0f},{:.6f}\n",
            csv_cell(row.key), row.calls, csv_cell(errors_text(input.file, row)), row.total_ns,
            row.mean_ns(), quantile_ns(input.analysis, row, 0.5),
            quantile_ns(input.analysis, row, 0.99), row.longest_ns, row.busy_ns, row.idle_ns,
            row.glue_ns, row.kernel_ns, share_of(row.total_ns, total) / 100);
    }
    return text;
}

std::string report_formats_help() {
    std::string text = "How to tell it:";
    for (const Format& format : kFormats) {
        text += &format == kFormats.data() ? " " : ", ";
        text += format.name;
    }
    return text + " (default: table)";
}

namespace {

/// The format of that name, or null after saying that there is none.
const Format* find_format(const std::string& name) {
    std::vector<std::string_view> names;
    for (const Format& format : kFormats) {
        if (format.name == name) {
            return &format;
        }
        names.push_back(format.name);
    }
    const auto close = nearest(name, names);
    report("unknown format `" + name + "`" +
           (close ? "; did you mean `" + std::string(*close) + "`?" : std::string()));
    return nullptr;
}

Result<void, Error> render(const ReportFlags& flags, const Format& format, trace::Since since) {
    const auto file = TRY(trace::FileReader::open(flags.file));
    const auto analysis = TRY(trace::analyse(file, {flags.by, since}));
    const ReportInput input{file, analysis, std::string(key_title(flags.by))};
    if ((format.stream != nullptr || flags.explain) &&
        file.recording().mode == trace::Mode::aggregate) {
        return fail(
            Error::invalid("aggregates have no single calls, which this report needs: "
                           "record with --trace instead of --trace=aggregate"));
    }
    if (flags.explain) {
        return write_output(flags.output, explain_report(input));
    }
    if (!flags.against.empty()) {
        const auto native = TRY(trace::FileReader::open(flags.against));
        return write_output(
            flags.output, comparison_report(input, TRY(trace::analyse(native, {flags.by, since}))));
    }
    if (!is_text(format)) {
        return write_xlsx(input, flags.output);
    }
    if (format.stream != nullptr) {
        ReportOutput output = TRY(ReportOutput::create(flags.output));
        format.stream(input, output);
        return output.finish();
    }
    return write_output(flags.output, format.render(input));
}

}  // namespace

int run_report(const ReportFlags& flags) {
    const Format* const format = find_format(flags.format);
    if (format == nullptr) {
        return kExitUsage;
    }
    if (!is_text(*format) && flags.output.empty()) {
        report("--format xlsx needs a file: -o report.xlsx");
        return kExitUsage;
    }
    const auto since = since_of(flags.since);
    if (!since) {
        report(since.error().message);
        return kExitUsage;
    }
    const auto written = render(flags, *format, *since);
    if (!written) {
        report(written.error().message);
        return kExitFailure;
    }
    return 0;
}

}  // namespace wasmax::cli
