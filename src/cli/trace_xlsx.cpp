// A recording's report as a spreadsheet.

#include "cli/trace_xlsx.h"

#include <string>
#include <string_view>

#include <fmt/core.h>
#include <xlsxwriter.h>

#include "base/error.h"
#include "base/result.h"
#include "cli/trace_report.h"
#include "trace/analysis.h"

namespace wasmax::cli {
namespace {

class Sheet {
public:
    Sheet(lxw_workbook* workbook, const char* name)
        : sheet_(workbook_add_worksheet(workbook, name)), bold_(workbook_add_format(workbook)) {
        format_set_bold(bold_);
        worksheet_set_column(sheet_, 0, 0, 22, nullptr);
        worksheet_set_column(sheet_, 1, 12, 13, nullptr);
        worksheet_freeze_panes(sheet_, 1, 1);
    }
    void title(const char* text) { worksheet_write_string(sheet_, row_, column_++, text, bold_); }
    void add(const std::string& text) {
        worksheet_write_string(sheet_, row_, column_++, text.c_str(), nullptr);
    }
    void add(double number) { worksheet_write_number(sheet_, row_, column_++, number, nullptr); }
    void end_row() {
        ++row_;
        column_ = 0;
    }
    [[nodiscard]] lxw_worksheet* get() const { return sheet_; }

private:
    lxw_worksheet* sheet_;
    lxw_format* bold_;
    lxw_row_t row_ = 0;
    lxw_col_t column_ = 0;
};

constexpr const char* kCalls = "Calls";

void write_calls(lxw_workbook* workbook, const ReportInput& input) {
    Sheet sheet(workbook, kCalls);
    for (const char* const title :
         {"", "calls", "mean busy (µs)", "mean idle (µs)", "mean (µs)", "p50 (µs)", "p99 (µs)",
          "max (µs)", "total (ms)", "wasmax (ms)", "kernel (ms)", "blocked (ms)", "errors"}) {
        sheet.title(*title == '\0' ? input.key_title.c_str() : title);
    }
    sheet.end_row();
    for (const trace::Row& row : input.analysis.rows) {
        const auto calls = static_cast<double>(row.calls);
        const double scale = input.analysis.ns_per_tick / 1e3;
        sheet.add(row.key);
        sheet.add(calls);
        sheet.add(row.busy_ns / calls / 1e3);
        sheet.add(row.idle_ns / calls / 1e3);
        sheet.add(row.mean_ns() / 1e3);
        sheet.add(row.latencies.quantile(0.5) * scale);
        sheet.add(row.latencies.quantile(0.99) * scale);
        sheet.add(row.longest_ns / 1e3);
        sheet.add(row.total_ns / 1e6);
        sheet.add(row.glue_ns / 1e6);
        sheet.add(row.kernel_ns / 1e6);
        sheet.add(row.idle_ns / 1e6);
        sheet.add(errors_text(input.file, row));
        sheet.end_row();
    }
    const auto rows = static_cast<lxw_row_t>(input.analysis.rows.size());
    if (rows == 0) {
        return;
    }
    lxw_chart* const chart = workbook_add_chart(workbook, LXW_CHART_BAR_STACKED);
    for (const lxw_col_t column : {lxw_col_t{2}, lxw_col_t{3}}) {
        lxw_chart_series* const series = chart_add_series(chart, nullptr, nullptr);
        chart_series_set_categories(series, kCalls, 1, 0, rows, 0);
        chart_series_set_values(series, kCalls, 1, column, rows, column);
        chart_series_set_name_range(series, kCalls, 0, column);
    }
    chart_title_set_name(chart, "Mean time per call: busy and idle (µs)");
    chart_axis_set_reverse(chart->y_axis);  // the first row on top
    worksheet_insert_chart(sheet.get(), rows + 2, 0, chart);
}

void write_ledger(lxw_workbook* workbook, const trace::Analysis& analysis) {
    Sheet sheet(workbook, "Ledger");
    for (const char* const title : {"", "wall (ms)", "guest (ms)", "wasmax (ms)", "kernel (ms)",
                                    "blocked (ms)", "tracer (ms)", "error", "calls"}) {
        sheet.title(title);
    }
    sheet.end_row();
    for (const trace::TimeLedger& ledger : analysis.ledgers) {
        sheet.add(ledger.name);
        for (const double ns : {ledger.wall, ledger.guest, ledger.glue, ledger.kernel,
                                ledger.blocked, ledger.tracer}) {
            sheet.add(ns / 1e6);
        }
        sheet.add(ledger.error());
        sheet.add(static_cast<double>(ledger.calls));
        sheet.end_row();
    }
}

void write_notes(lxw_workbook* workbook, const ReportInput& input) {
    Sheet sheet(workbook, "About");
    const auto line = [&](const char* name, const std::string& text) {
        sheet.title(name);
        sheet.add(text);
        sheet.end_row();
    };
    line("command", input.file.recording().command);
    line("window", input.analysis.window);
    line("seconds", fmt::format("{:.3f}", input.analysis.seconds));
    for (const std::string& note : input.analysis.notes) {
        line("note", note);
    }
}

}  // namespace

Result<void, Error> write_xlsx(const ReportInput& input, const std::string& path) {
    lxw_workbook* const workbook = workbook_new(path.c_str());
    if (workbook == nullptr) {
        return fail(Error::internal("writing " + path + ": out of memory"));
    }
    // The same recording gives the same bytes.
    lxw_doc_properties properties{};
    properties.created = 1;
    workbook_set_properties(workbook, &properties);
    write_calls(workbook, input);
    write_ledger(workbook, input.analysis);
    write_notes(workbook, input);
    if (const lxw_error error = workbook_close(workbook); error != LXW_NO_ERROR) {
        return fail(Error::internal(fmt::format("writing {}: {}", path, lxw_strerror(error))));
    }
    return {};
}

}  // namespace wasmax::cli
