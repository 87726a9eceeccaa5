#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include <fmt/core.h>

#include "chart/svg.h"
#include "lab/experiment.h"
#include "lab/figures.h"
#include "lab/report/report.h"
#include "lab/summary.h"

namespace wasmax::lab::report {

namespace {

constexpr std::string_view kStyle = R"(
:root{color-scheme:light dark;--back:#fff;--text:#1a1a1a;--faint:#555;--line:#ddd;--tip:#1a1a1a;--tiptext:#fff}
body{font:15px/1.5 system-ui,'DejaVu Sans',sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem;
  background:var(--back);color:var(--text)}
svg{max-width:100%;height:auto;display:block}
svg [data-tip]:hover,svg [data-tip]:focus{outline:none;stroke:var(--text);stroke-width:2}
.wide{overflow-x:auto}
table{border-collapse:collapse;font-size:13px;font-variant-numeric:tabular-nums;margin:1rem 0}
th,td{padding:.25rem .5rem;border-bottom:1px solid var(--line);text-align:right;vertical-align:top}
.result td{white-space:nowrap}
th:first-child,td:first-child,.facts td,.facts th{text-align:left}
.note{color:var(--faint)}
#tip{position:fixed;display:none;pointer-events:none;white-space:pre-line;max-width:26rem;background:var(--tip);
  color:var(--tiptext);padding:.4rem .6rem;border-radius:.3rem;font-size:13px;z-index:1}
h2,h3{break-after:avoid}
@media print{@page{margin:1.5cm}body{margin:0;padding:0;max-width:none;font-size:12px}#tip{display:none!important}
  h1,h2,h3{margin:.6rem 0 .3rem}svg{max-height:21cm;margin:0 auto;break-inside:avoid}
  .wide{overflow:visible}table{font-size:9px;margin:.3rem 0}.result,tr{break-inside:avoid}th,td{padding:.15rem .3rem}}
)";

// The tooltip follows the pointer, or stands at a mark that has the focus.
constexpr std::string_view kScript = R"(
const tip = document.getElementById('tip');
function show(mark, x, y) {
  tip.textContent = mark.dataset.tip;
  tip.style.display = 'block';
  tip.style.left = Math.max(4, Math.min(x + 14, innerWidth - tip.offsetWidth - 8)) + 'px';
  tip.style.top = Math.max(4, Math.min(y + 14, innerHeight - tip.offsetHeight - 8)) + 'px';
}
function hide() { tip.style.display = 'none'; }
document.addEventListener('pointermove', (event) => {
  const mark = event.target.closest && event.target.closest('[data-tip]');
  if (mark) show(mark, event.clientX, event.clientY); else hide();
});
document.addEventListener('focusin', (event) => {
  if (!event.target.dataset || !event.target.dataset.tip) return hide();
  const box = event.target.getBoundingClientRect();
  show(event.target, box.right, box.bottom);
});
document.addEventListener('keydown', (event) => { if (event.key === 'Escape') hide(); });
)";

std::string table_html(const Table& table, std::string_view style) {
    std::string html = fmt::format("<div class=\"wide\"><table class=\"{}\">\n", style);
    const auto add = [&](std::string_view cell, const std::vector<std::string>& cells) {
        html += "<tr>";
        for (const std::string& text : cells) {
            html += fmt::format("<{0}>{1}</{0}>", cell, chart::escape_markup(text));
        }
        html += "</tr>\n";
    };
    add("th", table.header);
    for (const auto& row : table.rows) {
        add("td", row);
    }
    return html + "</table></div>\n";
}

std::string section(const Summary& summary) {
    std::string html =
        fmt::format("<h3>{}</h3>\n", chart::escape_markup(describe(summary.conditions.load)));
    html += table_html(result_table(summary), "result");
    const auto note = [&](const std::string& text) {
        if (!text.empty()) {
            html += fmt::format("<p class=\"note\">{}</p>\n", chart::escape_markup(text));
        }
    };
    note(interval_note(summary));
    for (const std::string& text : summary.notes) {
        note(text);
    }
    if (!summary.absences.empty()) {
        html += table_html(absence_table(summary), "facts");
    }
    return html;
}

}  // namespace

std::string to_html(std::span<const Summary> summaries) {
    const Conditions& conditions = summaries.front().conditions;
    std::string html = fmt::format(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
        "<meta name=\"viewport\" content=\"width=device-width\">\n"
        "<link rel=\"icon\" href=\"data:,\">\n<title>{}</title>\n<style>{}{}\n"
        "@media (prefers-color-scheme: dark){{\n"
        ":root{{--back:#1b1d20;--text:#e8e8e8;--faint:#a8a8a8;--line:#3a3d42;--tip:#e8e8e8;"
        "--tiptext:#1a1a1a}}\n{}}}\n"
        // Paper is white, whatever the screen is.
        "@media print{{:root{{--back:#fff;--text:#1a1a1a;--faint:#555;--line:#ddd}}{}}}\n"
        "</style>\n</head>\n<body>\n<h1>{}</h1>\n",
        chart::escape_markup(conditions.experiment), kStyle, chart::svg_rules(chart::Theme::light),
        chart::svg_rules(chart::Theme::dark), chart::svg_rules(chart::Theme::light),
        chart::escape_markup(conditions.experiment));
    for (const NamedFigure& named : figures_of(summaries)) {
        html +=
            fmt::format("<section>\n<h2>Workload {}</h2>\n", chart::escape_markup(named.workload));
        html += chart::to_svg(named.figure, chart::Place::page, named.name);
        for (const Summary& summary : summaries) {
            if (summary.conditions.workload == named.workload) {
                html += section(summary);
            }
        }
        html += "</section>\n";
    }
    html += "<section>\n<h2>Conditions</h2>\n" + table_html(conditions_table(conditions), "facts") +
            "</section>\n";
    html += fmt::format(
        "<div id=\"tip\" role=\"status\"></div>\n<script>{}</script>\n</body>\n"
        "</html>\n",
        kScript);
    return html;
}

}  // namespace wasmax::lab::report
