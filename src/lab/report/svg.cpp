#include "lab/report/svg.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/core.h>

#include "lab/chart.h"

namespace wasmax::lab::report {

namespace {

// Lengths in CSS pixels.
constexpr double kWidth = 840;
constexpr double kMargin = 24;
constexpr double kLabelWidth = 150;
constexpr double kValueWidth = 110;
constexpr double kBarHeight = 26;
constexpr double kBarPitch = 44;
constexpr double kFooterPitch = 16;
constexpr std::size_t kFooterColumns = 120;
// Blue of the Okabe-Ito palette, and a light grey: also apart in black and white.
constexpr std::string_view kBarColour = "#0072b2";
constexpr std::string_view kBaselineColour = "#b8b8b8";
constexpr std::string_view kStyle =
    "text{font-family:system-ui,sans-serif;fill:#1a1a1a}"
    ".title{font-size:20px;font-weight:600}"
    ".chart{font-size:15px;font-weight:600}"
    ".label{font-size:14px}"
    ".note{font-size:11px;fill:#555}"
    ".grid{stroke:#ddd}"
    ".run{fill:#fff;stroke:#1a1a1a}";

std::string escape(std::string_view text) {
    std::string escaped;
    for (const char c : text) {
        switch (c) {
            case '&':
                escaped += "&amp;";
                break;
            case '<':
                escaped += "&lt;";
                break;
            case '>':
                escaped += "&gt;";
                break;
            case '"':
                escaped += "&quot;";
                break;
            default:
                escaped += static_cast<unsigned char>(c) < ' ' ? ' ' : c;
        }
    }
    return escaped;
}

// Lines of at most kFooterColumns, broken at spaces where there are any.
std::vector<std::string> wrap(std::string_view text) {
    std::vector<std::string> lines;
    while (text.size() > kFooterColumns) {
        const std::size_t space = text.rfind(' ', kFooterColumns);
        const std::size_t end =
            space == std::string_view::npos || space == 0 ? kFooterColumns : space;
        lines.emplace_back(text.substr(0, end));
        text.remove_prefix(end);
        text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
    }
    lines.emplace_back(text);
    return lines;
}

// Writes elements from top to bottom.
class Drawing {
public:
    void text(std::string_view style, double x, double y, std::string_view anchor,
              std::string_view content) {
        body_ += fmt::format(R"(<text class="{}" x="{:g}" y="{:g}" text-anchor="{}">{}</text>)"
                             "\n",
                             style, x, y, anchor, escape(content));
    }
    void heading(std::string_view style, double height, std::string_view content) {
        y_ += height;
        text(style, kMargin, y_, "start", content);
    }
    void chart(const BarChart& chart);

    [[nodiscard]] std::string document(const std::string& title) const {
        const double height = y_ + kMargin;
        return fmt::format(
            R"(<svg xmlns="http://www.w3.org/2000/svg" width="{0:g}" height="{1:g}" )"
            R"(viewBox="0 0 {0:g} {1:g}" role="img">)"
            "\n<title>{2}</title>\n<style>{3}</style>\n"
            R"(<rect width="100%" height="100%" fill="#fff"/>)"
            "\n{4}</svg>\n",
            kWidth, height, escape(title), kStyle, body_);
    }

private:
    void bar(const BarChart& chart, const Bar& bar, double pixels_per_unit);

    std::string body_;
    double y_ = kMargin / 2;
};

void Drawing::bar(const BarChart& chart, const Bar& bar, double pixels_per_unit) {
    constexpr double kLeft = kMargin + kLabelWidth;
    const double middle = y_ + kBarHeight / 2;
    text("label", kLeft - 10, bar.note.empty() ? middle + 5 : middle - 1, "end", bar.label);
    if (!bar.note.empty()) {
        text("note", kLeft - 10, middle + 13, "end", bar.note);
    }
    const std::string value = format_number(bar.value, chart.decimals) + chart.unit;
    body_ +=
        fmt::format(R"(<rect x="{:g}" y="{:g}" width="{:.1f}" height="{:g}" fill="{}">)"
                    "<title>{}: {}</title></rect>\n",
                    kLeft, y_, bar.value * pixels_per_unit, kBarHeight,
                    bar.baseline ? kBaselineColour : kBarColour, escape(bar.label), escape(value));
    double farthest = bar.value;
    for (const double run : bar.runs) {
        farthest = std::max(farthest, run);
        body_ += fmt::format(R"(<circle class="run" cx="{:.1f}" cy="{:g}" r="3">)"
                             "<title>{}</title></circle>\n",
                             kLeft + run * pixels_per_unit, middle,
                             escape(format_number(run, chart.decimals) + chart.unit));
    }
    text("label", kLeft + farthest * pixels_per_unit + 9, middle + 5, "start", value);
    y_ += kBarPitch;
}

void Drawing::chart(const BarChart& chart) {
    heading("chart", 40, fmt::format("{} ({})", chart.title, chart.better));
    y_ += 14;
    double maximum = 0;
    for (const Bar& bar : chart.bars) {
        maximum = std::max(maximum, bar.value);
        for (const double run : bar.runs) {
            maximum = std::max(maximum, run);
        }
    }
    if (maximum <= 0) {
        heading("note", kFooterPitch, "nothing was measured");
        return;
    }
    constexpr double kLeft = kMargin + kLabelWidth;
    const std::vector<double> ticks = axis_ticks(maximum);
    const double pixels_per_unit = (kWidth - kLeft - kMargin - kValueWidth) / ticks.back();
    const double bottom = y_ + static_cast<double>(chart.bars.size()) * kBarPitch - 8;
    const int tick_decimals = ticks[1] < 1 ? 2 : 0;
    for (const double tick : ticks) {
        const double x = kLeft + tick * pixels_per_unit;
        body_ +=
            fmt::format(R"(<line class="grid" x1="{0:.1f}" y1="{1:g}" x2="{0:.1f}" y2="{2:g}"/>)"
                        "\n",
                        x, y_ - 6, bottom);
        text("note", x, bottom + 14, "middle", format_number(tick, tick_decimals));
    }
    for (const Bar& bar : chart.bars) {
        this->bar(chart, bar, pixels_per_unit);
    }
    y_ = bottom + 14;
}

}  // namespace

std::string to_svg(const Figure& figure) {
    Drawing drawing;
    drawing.heading("title", 26, figure.title);
    drawing.heading("label", 22, figure.subtitle);
    for (const BarChart& chart : figure.charts) {
        drawing.chart(chart);
    }
    drawing.heading("note", 12, "");
    for (const std::string& sentence : figure.footer) {
        for (const std::string& line : wrap(sentence)) {
            drawing.heading("note", kFooterPitch, line);
        }
    }
    return drawing.document(figure.title);
}

}  // namespace wasmax::lab::report
