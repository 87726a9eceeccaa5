#include "lab/report/xlsx.h"

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <iterator>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/core.h>
#include <xlsxwriter.h>

#include "base/error.h"
#include "base/result.h"
#include "lab/experiment.h"
#include "lab/metrics.h"
#include "lab/report/report.h"
#include "lab/stats.h"
#include "lab/summary.h"

namespace wasmax::lab::report {

namespace {

constexpr double kNameWidth = 18;
constexpr double kNumberWidth = 14;

// One sheet, written from top to bottom. Columns of libxlsxwriter are 16 bits wide: ours are few.
class Sheet {
public:
    Sheet(lxw_workbook* workbook, std::string name)
        : name_(std::move(name)),
          sheet_(workbook_add_worksheet(workbook, name_.c_str())),
          bold_(workbook_add_format(workbook)) {
        format_set_bold(bold_);
        format_set_text_wrap(bold_);
    }

    void header(std::string_view text) {
        worksheet_write_string(sheet_, row_, column_, std::string(text).c_str(), bold_);
        worksheet_set_column(sheet_, column_, column_, column_ == 0 ? kNameWidth : kNumberWidth,
                             nullptr);
        ++column_;
    }
    void add(std::string_view text) {
        worksheet_write_string(sheet_, row_, column_++, std::string(text).c_str(), nullptr);
    }
    void add(std::optional<double> number) {
        if (number) {
            worksheet_write_number(sheet_, row_, column_, *number, nullptr);
        }
        ++column_;
    }
    void end_row() {
        ++row_;
        column_ = 0;
    }
    void freeze_header() { worksheet_freeze_panes(sheet_, 1, 1); }
    void skip(std::size_t columns) { column_ = static_cast<lxw_col_t>(column_ + columns); }
    [[nodiscard]] lxw_worksheet* get() const { return sheet_; }
    [[nodiscard]] const std::string& name() const { return name_; }

private:
    std::string name_;
    lxw_worksheet* sheet_;
    lxw_format* bold_;
    lxw_row_t row_ = 0;
    lxw_col_t column_ = 0;
};

std::string titled(const MetricRow& metric) {
    return metric.unit == "1" ? std::string(metric.title)
                              : fmt::format("{} ({})", metric.title, metric.unit);
}

// What stands to the left of the runs, and to the right.
constexpr const char* kBefore[]{"Server", "Load"};
constexpr lxw_col_t kBeforeColumns = std::size(kBefore);
constexpr const char* kAfter[]{"Median (1/s)",      "to baseline",     "from",      "to",
                               "CPU (us/request)",  "CPU to baseline", "from",      "to",
                               "Latency 99 % (us)", "Errors",          "Saturated", "Remark"};
constexpr lxw_col_t kMedianAfter = 0;  // indices into kAfter
constexpr lxw_col_t kCpuAfter = 4;

void add_ratio(Sheet& sheet, const std::optional<Ratio>& ratio) {
    const bool has_interval = ratio && ratio->interval;
    sheet.add(ratio ? std::optional(ratio->value) : std::nullopt);
    sheet.add(has_interval ? std::optional(ratio->interval->low) : std::nullopt);
    sheet.add(has_interval ? std::optional(ratio->interval->high) : std::nullopt);
}

// A bar chart of one column of a workload's sheet, beside or below its `servers` rows.
struct ColumnChart {
    const char* title;
    lxw_col_t column;
    lxw_row_t servers;
    lxw_col_t at_column;
};
void add_chart(lxw_workbook* workbook, const Sheet& sheet, const ColumnChart& what) {
    const std::string& name = sheet.name();
    lxw_chart* const chart = workbook_add_chart(workbook, LXW_CHART_BAR);
    lxw_chart_series* const series = chart_add_series(chart, nullptr, nullptr);
    chart_series_set_categories(series, name.c_str(), 1, 0, what.servers, 0);
    chart_series_set_values(series, name.c_str(), 1, what.column, what.servers, what.column);
    chart_series_set_labels(series);
    chart_title_set_name(chart, what.title);
    chart_legend_set_position(chart, LXW_CHART_LEGEND_NONE);
    chart_axis_set_reverse(chart->y_axis);  // the first server on top
    worksheet_insert_chart(sheet.get(), what.servers + 2, what.at_column, chart);
}

void add_server(Sheet& sheet, const Summary& summary, const SummaryRow& row, int runs) {
    sheet.add(row.contender);
    sheet.add(describe(summary.conditions.load));
    const auto& values = row.of(Metric::requests_per_second);
    for (int run = 0; run < runs; ++run) {
        const auto index = static_cast<std::size_t>(run);
        sheet.add(index < values.size() ? std::optional(values[index]) : std::nullopt);
    }
    sheet.add(row.median_of(Metric::requests_per_second));
    add_ratio(sheet, row.throughput_ratio);
    sheet.add(row.median_of(Metric::cpu_us_per_request));
    add_ratio(sheet, row.cpu_ratio);
    sheet.add(row.median_of(Metric::latency_p99_us));
    sheet.add(static_cast<double>(row.errors));
    sheet.add(to_string(row.bottleneck));
    sheet.add(row.all_void ? "void: " + row.void_reason : row.handles);
    sheet.end_row();
}

void write_workload(lxw_workbook* workbook, std::span<const Summary> summaries,
                    const std::string& workload) {
    Sheet sheet(workbook, workload);
    int runs = 0;
    for (const Summary& summary : summaries) {
        if (summary.conditions.workload == workload) {
            runs = std::max(runs, summary.conditions.planned_runs);
        }
    }
    for (const char* const title : kBefore) {
        sheet.header(title);
    }
    for (int run = 0; run < runs; ++run) {
        sheet.header(fmt::format("Run {} (1/s)", run + 1));
    }
    for (const char* const title : kAfter) {
        sheet.header(title);
    }
    sheet.end_row();
    lxw_row_t servers = 0;
    for (const Summary& summary : summaries) {
        if (summary.conditions.workload != workload) {
            continue;
        }
        for (const SummaryRow& row : summary.rows) {
            add_server(sheet, summary, row, runs);
            ++servers;
        }
        for (const Estimate& estimate : summary.estimates) {
            if (const auto value = estimated_requests_per_second(summary, estimate)) {
                sheet.add(estimate.contender + " (estimate)");
                sheet.add(describe(summary.conditions.load));
                sheet.skip(static_cast<std::size_t>(runs));
                sheet.add(value);
                sheet.skip(std::size(kAfter) - 2);
                sheet.add(
                    fmt::format("{:.3f} of {}; {}", estimate.ratio, estimate.of, estimate.source));
                sheet.end_row();
                ++servers;
            }
        }
    }
    sheet.freeze_header();
    if (servers > 0) {
        const auto after = static_cast<lxw_col_t>(kBeforeColumns + runs);
        const auto column = [&](lxw_col_t index) { return static_cast<lxw_col_t>(after + index); };
        add_chart(workbook, sheet, {"Requests per second", column(kMedianAfter), servers, 0});
        add_chart(workbook, sheet, {"CPU per request (us)", column(kCpuAfter), servers, 6});
    }
}

// The words that say which server under which load a row is about.
void add_identity(Sheet& sheet, const Summary& summary, const SummaryRow& row) {
    for (const std::string& text :
         {summary.conditions.workload, describe(summary.conditions.load), row.contender, row.engine,
          row.flags, row.program, row.backend}) {
        sheet.add(text);
    }
}
constexpr const char* kIdentity[]{"Workload", "Load",    "Contender", "Engine",
                                  "Flags",    "Program", "Back end"};

void write_medians(lxw_workbook* workbook, std::span<const Summary> summaries) {
    Sheet sheet(workbook, "Medians");
    for (const char* const title : kIdentity) {
        sheet.header(title);
    }
    sheet.header("Runs");
    for (const MetricRow& metric : kMetrics) {
        sheet.header(titled(metric));
    }
    sheet.end_row();
    for (const Summary& summary : summaries) {
        for (const SummaryRow& row : summary.rows) {
            add_identity(sheet, summary, row);
            sheet.add(static_cast<double>(row.runs));
            for (const MetricRow& metric : kMetrics) {
                sheet.add(row.median_of(metric.metric));
            }
            sheet.end_row();
        }
    }
    sheet.freeze_header();
}

void write_runs(lxw_workbook* workbook, std::span<const Summary> summaries) {
    Sheet sheet(workbook, "Runs");
    for (const char* const title : kIdentity) {
        sheet.header(title);
    }
    sheet.header("Run");
    for (const MetricRow& metric : kMetrics) {
        sheet.header(titled(metric));
    }
    sheet.end_row();
    for (const Summary& summary : summaries) {
        for (const SummaryRow& row : summary.rows) {
            for (int run = 0; run < row.runs; ++run) {
                add_identity(sheet, summary, row);
                sheet.add(static_cast<double>(run + 1));
                for (const MetricRow& metric : kMetrics) {
                    const auto& values = row.of(metric.metric);
                    const auto index = static_cast<std::size_t>(run);
                    sheet.add(index < values.size() ? std::optional(values[index]) : std::nullopt);
                }
                sheet.end_row();
            }
        }
    }
    sheet.freeze_header();
}

void write_absences(lxw_workbook* workbook, std::span<const Summary> summaries) {
    Sheet sheet(workbook, "Absent");
    for (const char* const title : {"Workload", "Contender", "Why"}) {
        sheet.header(title);
    }
    sheet.end_row();
    for (const Summary& summary : summaries) {
        for (const Absence& absence : summary.absences) {
            sheet.add(summary.conditions.workload);
            sheet.add(absence.contender);
            sheet.add(absence.reason);
            sheet.end_row();
        }
    }
}

void write_conditions(lxw_workbook* workbook, std::span<const Summary> summaries) {
    Sheet sheet(workbook, "Conditions");
    const Table table = conditions_table(summaries.front().conditions);
    for (const std::string& title : table.header) {
        sheet.header(title);
    }
    sheet.end_row();
    for (const auto& cells : table.rows) {
        for (const std::string& cell : cells) {
            sheet.add(cell);
        }
        sheet.end_row();
    }
    for (const Summary& summary : summaries) {
        for (const std::string& note : summary.notes) {
            sheet.add("note");
            sheet.add(summary.conditions.workload + ": " + note);
            sheet.end_row();
        }
    }
}

}  // namespace

Result<void, Error> write_xlsx(std::span<const Summary> summaries,
                               const std::filesystem::path& path) {
    lxw_workbook* const workbook = workbook_new(path.c_str());
    if (workbook == nullptr) {
        return fail(Error::internal(fmt::format("writing {}: out of memory", path.string())));
    }
    // The same samples give the same bytes: by default the file would carry the time of its
    // writing.
    lxw_doc_properties properties{};
    properties.created = 1;  // 0 means now
    workbook_set_properties(workbook, &properties);
    std::vector<std::string> workloads;
    for (const Summary& summary : summaries) {
        const std::string& name = summary.conditions.workload;
        if (std::ranges::find(workloads, name) == workloads.end()) {
            workloads.push_back(name);
            write_workload(workbook, summaries, name);
        }
    }
    write_medians(workbook, summaries);
    write_runs(workbook, summaries);
    write_absences(workbook, summaries);
    write_conditions(workbook, summaries);
    if (const lxw_error error = workbook_close(workbook); error != LXW_NO_ERROR) {
        return fail(
            Error::internal(fmt::format("writing {}: {}", path.string(), lxw_strerror(error))));
    }
    return {};
}

}  // namespace wasmax::lab::report
