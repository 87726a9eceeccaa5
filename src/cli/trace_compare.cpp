// `report --against`: a guest and its native twin, side by side.

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/core.h>

#include "cli/trace_report.h"
#include "trace/analysis.h"

namespace wasmax::cli {
namespace {

const trace::Row* find(const trace::Analysis& analysis, std::string_view key) {
    for (const trace::Row& row : analysis.rows) {
        if (row.key == key) {
            return &row;
        }
    }
    return nullptr;
}

double per_call(double ns, const trace::Row& row) {
    return row.calls == 0 ? 0 : ns / static_cast<double>(row.calls);
}

/// Rates and the bound. A request's time on the CPU without the guest's layer is what is left.
std::string bound_text(const trace::Analysis& analysis) {
    const trace::TimeLedger& ledger = analysis.ledgers.front();
    const double busy = ledger.guest + ledger.glue + ledger.kernel;
    if (analysis.requests == 0 || analysis.seconds <= 0 || busy <= ledger.glue) {
        return "no requests were counted: no bound on their rate\n";
    }
    const auto requests = static_cast<double>(analysis.requests);
    const double rate = requests / analysis.seconds;
    const double busy_us = busy / requests / 1e3;
    const double glue_us = ledger.glue / requests / 1e3;
    return fmt::format(
        "{:.0f} requests per second were served ({} was counted), each {:.2f} us on the CPU, of "
        "which wasmax {:.2f} us.\n"
        "Upper bound if the layer cost nothing: {:.0f} requests per second at the same use of the "
        "CPU ({:+.1f} %);\n"
        "on a CPU of its own {:.0f} instead of {:.0f}.\n",
        rate, analysis.request_call, busy_us, glue_us, rate * busy_us / (busy_us - glue_us),
        100 * glue_us / (busy_us - glue_us), 1e6 / (busy_us - glue_us), 1e6 / busy_us);
}

}  // namespace

std::string comparison_report(const ReportInput& input, const trace::Analysis& native) {
    const trace::Analysis& guest = input.analysis;
    std::string text = fmt::format("{}: {}\nagainst its native twin: {}\n\n",
                                   input.file.recording().command, guest.window, native.window);
    text += fmt::format("{:<18}{:>10}{:>10}{:>14}{:>14}{:>14}{:>16}\n", input.key_title, "calls",
                        "native", "busy, guest", "busy, native", "layer adds", "wasmax's share");
    for (const trace::Row& row : guest.rows) {
        const trace::Row* const twin = find(native, row.key);
        const double busy = per_call(row.busy_ns, row);
        const double glue = per_call(row.glue_ns, row);
        if (twin == nullptr) {
            text += fmt::format("{:<18}{:>10}{:>10}{:>11.0f} ns{:>14}{:>14}{:>13.0f} ns\n", row.key,
                                row.calls, 0, busy, "-", "-", glue);
            continue;
        }
        const double native_busy = per_call(twin->busy_ns, *twin);
        text += fmt::format("{:<18}{:>10}{:>10}{:>11.0f} ns{:>11.0f} ns{:>+11.0f} ns{:>13.0f} ns\n",
                            row.key, row.calls, twin->calls, busy, native_busy, busy - native_busy,
                            glue);
    }
    for (const trace::Row& row : native.rows) {
        if (find(guest, row.key) == nullptr) {
            text += fmt::format("{:<18}{:>10}{:>10}{:>14}{:>11.0f} ns\n", row.key, 0, row.calls,
                                "-", per_call(row.busy_ns, row));
        }
    }
    const auto rest = [](const trace::Analysis& analysis) {
        const trace::TimeLedger& ledger = analysis.ledgers.front();
        return analysis.calls == 0 ? 0.0 : ledger.guest / static_cast<double>(analysis.calls);
    };
    text += fmt::format(
        "\nbusy is time on the CPU per call, means. `layer adds` is the difference of the two; it "
        "has the noise of both\nrecordings in it. `wasmax's share` is what was measured between "
        "the guest's call and the kernel's, and back.\nBetween calls the guest ran {:.0f} ns, the "
        "native program {:.0f} ns.\nEach recording's own cost per call is subtracted: {:.0f} ns "
        "and {:.0f} ns.\n\n",
        rest(guest), rest(native), guest.cost_ns.guest + guest.cost_ns.glue + guest.cost_ns.kernel,
        native.cost_ns.guest + native.cost_ns.glue + native.cost_ns.kernel);
    return text + bound_text(guest);
}

}  // namespace wasmax::cli
