#include "lab/report/xlsx.h"

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include <fmt/core.h>
#include <xlsxwriter.h>

#include "base/error.h"
#include "base/result.h"
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
    Sheet(lxw_workbook* workbook, const char* name)
        : sheet_(workbook_add_worksheet(workbook, name)), bold_(workbook_add_format(workbook)) {
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
    [[nodiscard]] lxw_worksheet* get() const { return sheet_; }

private:
    lxw_worksheet* sheet_;
    lxw_format* bold_;
    lxw_row_t row_ = 0;
    lxw_col_t column_ = 0;
};

std::string titled(const MetricRow& metric) {
    return metric.unit == "1" ? std::string(metric.title)
                              : fmt::format("{} ({})", metric.title, metric.unit);
}

constexpr const char* kResults = "Results";
constexpr lxw_col_t kFirstMetricColumn = 3;  // after contender, runs and saturated

void add_ratio(Sheet& sheet, const std::optional<Ratio>& ratio) {
    const bool has_interval = ratio && ratio->interval;
    sheet.add(ratio ? std::optional(ratio->value) : std::nullopt);
    sheet.add(has_interval ? std::optional(ratio->interval->low) : std::nullopt);
    sheet.add(has_interval ? std::optional(ratio->interval->high) : std::nullopt);
}

// A bar chart of one metric's column of the results.
void add_chart(lxw_workbook* workbook, const Sheet& sheet, Metric metric, lxw_row_t contenders,
               lxw_col_t at_column) {
    const auto column = static_cast<lxw_col_t>(kFirstMetricColumn + static_cast<lxw_col_t>(metric));
    lxw_chart* const chart = workbook_add_chart(workbook, LXW_CHART_BAR);
    lxw_chart_series* const series = chart_add_series(chart, nullptr, nullptr);
    chart_series_set_categories(series, kResults, 1, 0, contenders, 0);
    chart_series_set_values(series, kResults, 1, column, contenders, column);
    chart_series_set_labels(series);
    chart_title_set_name(chart, titled(row(metric)).c_str());
    chart_legend_set_position(chart, LXW_CHART_LEGEND_NONE);
    chart_axis_set_reverse(chart->y_axis);  // the first contender on top
    worksheet_insert_chart(sheet.get(), contenders + 2, at_column, chart);
}

void write_results(lxw_workbook* workbook, const Summary& summary) {
    Sheet sheet(workbook, kResults);
    for (const char* const title : {"Contender", "Runs", "Saturated"}) {
        sheet.header(title);
    }
    for (const MetricRow& metric : kMetrics) {
        sheet.header(titled(metric));
    }
    for (const char* const quantity : {"Requests per second", "CPU per request"}) {
        sheet.header(fmt::format("{} to {}", quantity, summary.conditions.baseline));
        sheet.header("from");
        sheet.header("to");
    }
    sheet.end_row();
    for (const SummaryRow& row : summary.rows) {
        sheet.add(row.contender);
        sheet.add(static_cast<double>(row.runs));
        sheet.add(to_string(row.bottleneck));
        for (const MetricRow& metric : kMetrics) {
            sheet.add(row.median_of(metric.metric));
        }
        add_ratio(sheet, row.throughput_ratio);
        add_ratio(sheet, row.cpu_ratio);
        sheet.end_row();
    }
    sheet.freeze_header();
    if (!summary.rows.empty()) {
        const auto contenders = static_cast<lxw_row_t>(summary.rows.size());
        add_chart(workbook, sheet, Metric::requests_per_second, contenders, 0);
        add_chart(workbook, sheet, Metric::cpu_us_per_request, contenders, 5);
    }
}

void write_runs(lxw_workbook* workbook, const Summary& summary) {
    Sheet sheet(workbook, "Runs");
    for (const char* const title : {"Contender", "Engine", "Flags", "Program", "Back end", "Run"}) {
        sheet.header(title);
    }
    for (const MetricRow& metric : kMetrics) {
        sheet.header(titled(metric));
    }
    sheet.end_row();
    for (const SummaryRow& row : summary.rows) {
        for (int run = 0; run < row.runs; ++run) {
            for (const std::string& text :
                 {row.contender, row.engine, row.flags, row.program, row.backend}) {
                sheet.add(text);
            }
            sheet.add(static_cast<double>(run + 1));
            for (const MetricRow& metric : kMetrics) {
                const auto& values = row.of(metric.metric);
                const auto index = static_cast<std::size_t>(run);
                sheet.add(index < values.size() ? std::optional(values[index]) : std::nullopt);
            }
            sheet.end_row();
        }
    }
    sheet.freeze_header();
}

void write_conditions(lxw_workbook* workbook, const Summary& summary) {
    Sheet sheet(workbook, "Conditions");
    const Table table = conditions_table(summary.conditions);
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
    for (const std::string& note : summary.notes) {
        sheet.add("note");
        sheet.add(note);
        sheet.end_row();
    }
}

}  // namespace

Result<void, Error> write_xlsx(const Summary& summary, const std::filesystem::path& path) {
    lxw_workbook* const workbook = workbook_new(path.c_str());
    if (workbook == nullptr) {
        return fail(Error::internal(fmt::format("writing {}: out of memory", path.string())));
    }
    // The same samples give the same bytes: by default the file would carry the time of its
    // writing.
    lxw_doc_properties properties{};
    properties.created = 1;  // 0 means now
    workbook_set_properties(workbook, &properties);
    write_results(workbook, summary);
    write_runs(workbook, summary);
    write_conditions(workbook, summary);
    if (const lxw_error error = workbook_close(workbook); error != LXW_NO_ERROR) {
        return fail(
            Error::internal(fmt::format("writing {}: {}", path.string(), lxw_strerror(error))));
    }
    return {};
}

}  // namespace wasmax::lab::report
