#include "chart/svg.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <fmt/core.h>

#include "chart/axis.h"
#include "chart/figure.h"

namespace wasmax::chart {

namespace {

// Lengths in CSS pixels.
constexpr double kWidth = 840;
constexpr double kMargin = 24;
constexpr double kLabelWidth = 190;
constexpr double kValueWidth = 110;
constexpr double kLeft = kMargin + kLabelWidth;
constexpr double kBarHeight = 24;
constexpr double kBarPitch = 40;
constexpr double kLinesHeight = 260;
constexpr double kFooterPitch = 16;
constexpr std::size_t kFooterColumns = 120;
constexpr std::size_t kLabelColumns = 26;
constexpr std::size_t kSeriesColours = 6;

// The Okabe-Ito palette, for marks on white and on dark grey.
struct Palette {
    std::string_view page, text, faint, grid, baseline;
    std::array<std::string_view, kSeriesColours> series;
};
constexpr Palette kLight{
    "#fff", "#1a1a1a", "#555",
    "#ddd", "#b8b8b8", {"#0072b2", "#e69f00", "#009e73", "#d55e00", "#cc79a7", "#56b4e9"}};
constexpr Palette kDark{
    "#1b1d20", "#e8e8e8", "#a8a8a8",
    "#3a3d42", "#7d7d7d", {"#56b4e9", "#e69f00", "#2fbf98", "#f0752e", "#d993ba", "#3f9be0"}};

constexpr std::string_view kShapes =
    "text{font-family:system-ui,'DejaVu Sans',sans-serif}"
    ".title{font-size:20px;font-weight:600}"
    ".heading{font-size:15px;font-weight:600}"
    ".label{font-size:14px}"
    ".note{font-size:11px}"
    ".series{fill:none;stroke-width:2}";

std::string colours(const Palette& palette) {
    std::string rules = fmt::format(
        ".page{{fill:{0}}}text{{fill:{1}}}.note{{fill:{2}}}.grid{{stroke:{3}}}"
        ".run{{fill:{0};stroke:{1}}}.whisker{{stroke:{1};fill:none}}.bar.baseline{{fill:{4}}}"
        ".bar.invalid{{fill:{0};stroke:{4};stroke-width:2}}.estimate{{stroke:{1};stroke-dasharray:"
        "4 3}}.hatch{{stroke:{2}}}",
        palette.page, palette.text, palette.faint, palette.grid, palette.baseline);
    for (std::size_t i = 0; i < kSeriesColours; ++i) {
        rules += fmt::format(".c{0}{{fill:{1}}}.series.c{0}{{fill:none;stroke:{1}}}", i,
                             palette.series[i]);
    }
    return rules;
}

std::size_t columns_of(std::string_view text) {
    return static_cast<std::size_t>(std::ranges::count_if(
        text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

// At most `columns` characters, the last an ellipsis when some were left out.
std::string shortened(std::string_view text, std::size_t columns) {
    if (columns_of(text) <= columns) {
        return std::string(text);
    }
    std::size_t end = 0;
    for (std::size_t seen = 0; end < text.size(); ++end) {
        const bool starts = (static_cast<unsigned char>(text[end]) & 0xC0U) != 0x80U;
        if (starts && ++seen == columns) {
            break;
        }
    }
    return std::string(text.substr(0, end)) + "…";
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

double largest_of(const BarChart& chart) {
    double largest = 0;
    for (const Bar& bar : chart.bars) {
        largest = std::max(largest, bar.value());
        for (const double run : bar.runs) {
            largest = std::max(largest, run);
        }
    }
    return largest;
}

// Writes elements from top to bottom.
class Drawing {
public:
    Drawing(Place place, std::string_view id) : place_(place), id_(id) {}

    void text(std::string_view style, double x, double y, std::string_view anchor,
              std::string_view content) {
        body_ += fmt::format(R"(<text class="{}" x="{:g}" y="{:g}" text-anchor="{}">{}</text>)"
                             "\n",
                             style, x, y, anchor, escape_markup(content));
    }
    void heading(std::string_view style, double height, std::string_view content) {
        y_ += height;
        text(style, kMargin, y_, "start", content);
    }
    void draw(const BarChart& chart);
    void draw(const LineChart& chart);
    [[nodiscard]] std::string document(const std::string& title) const;

private:
    struct Scale {
        std::vector<double> ticks;
        double pixels_per_unit = 0;
    };

    void begin(std::string_view title, std::string_view better) {
        body_ += fmt::format("<g class=\"chart\" data-title=\"{}\">\n", escape_markup(title));
        heading("heading", 36,
                better.empty() ? std::string(title) : fmt::format("{} ({})", title, better));
        y_ += 14;
    }
    void end() { body_ += "</g>\n"; }
    void legend(const std::vector<std::string>& names);
    void bar(const BarChart& chart, const Bar& bar, double pixels_per_unit);
    void parts(const BarChart& chart, const Bar& bar, double pixels_per_unit,
               std::string_view label);
    void line(const LineChart& chart, std::size_t index, const Scale& x, const Scale& y);

    // A mark: `shape` is its element without the end, followed by how it tells what it stands for.
    void mark(std::string_view element, std::string_view shape, std::string_view tip) {
        const std::string escaped = escape_markup(tip);
        if (place_ == Place::page) {
            body_ +=
                fmt::format("<{} {} tabindex=\"0\" data-tip=\"{}\"/>\n", element, shape, escaped);
        } else {
            body_ += fmt::format("<{0} {1}><title>{2}</title></{0}>\n", element, shape, escaped);
        }
    }

    Place place_;
    std::string_view id_;
    std::string body_;
    double y_ = kMargin / 2;
};

std::string Drawing::document(const std::string& title) const {
    const double height = y_ + kMargin;
    const std::string style = place_ == Place::page
                                  ? std::string()
                                  : fmt::format("<style>{}{}</style>\n", kShapes, colours(kLight));
    return fmt::format(
        R"(<svg xmlns="http://www.w3.org/2000/svg" width="{0:g}" height="{1:g}" )"
        R"(viewBox="0 0 {0:g} {1:g}" role="img">)"
        "\n<title>{2}</title>\n{3}"
        R"(<defs><pattern id="{4}-hatch" width="7" height="7" patternUnits="userSpaceOnUse" )"
        R"s(patternTransform="rotate(45)"><path class="hatch" d="M0 0V7" stroke-width="3"/>)s"
        R"(</pattern></defs>)"
        "\n"
        R"(<rect class="page" width="100%" height="100%"/>)"
        "\n{5}</svg>\n",
        kWidth, height, escape_markup(title), style, id_, body_);
}

void Drawing::legend(const std::vector<std::string>& names) {
    double x = kMargin;
    y_ += 4;
    for (std::size_t i = 0; i < names.size(); ++i) {
        // A colour's second series has a broken line, and a split square here.
        body_ += fmt::format(R"(<path class="c{}" d="M{:g} {:g}{}"/>)"
                             "\n",
                             i % kSeriesColours, x, y_ - 10,
                             i < kSeriesColours ? "h12v12h-12z" : "h5v12h-5zm7 0h5v12h-5z");
        text("note", x + 17, y_, "start", names[i]);
        x += 34 + 6.5 * static_cast<double>(columns_of(names[i]));
        if (x > kWidth - 160 && i + 1 < names.size()) {
            x = kMargin;
            y_ += kFooterPitch;
        }
    }
    y_ += 16;
}

void Drawing::parts(const BarChart& chart, const Bar& bar, double pixels_per_unit,
                    std::string_view label) {
    double from = 0;
    for (std::size_t i = 0; i < bar.parts.size(); ++i) {
        const std::string value = format_number(bar.parts[i], chart.decimals) + chart.unit;
        std::string tip = bar.tip.empty() ? fmt::format("{}: {}", label, value) : bar.tip;
        if (bar.parts.size() > 1 && i < chart.series.size()) {
            tip = fmt::format("{}, {}: {}", label, chart.series[i], value);
        }
        const std::string place = fmt::format(R"(x="{:.1f}" y="{:g}" width="{:.1f}" height="{:g}")",
                                              kLeft + from * pixels_per_unit, y_,
                                              bar.parts[i] * pixels_per_unit, kBarHeight);
        switch (bar.look) {
            case Look::plain:
                mark("rect", fmt::format(R"(class="bar c{}" {})", i % kSeriesColours, place), tip);
                break;
            case Look::baseline:
                mark("rect", fmt::format(R"(class="bar baseline" {})", place), tip);
                break;
            case Look::invalid:
                mark("rect", fmt::format(R"(class="bar invalid" {})", place), tip);
                break;
            case Look::estimate:
                mark("rect",
                     fmt::format(R"s(class="bar estimate" {} fill="url(#{}-hatch)")s", place, id_),
                     tip);
                break;
        }
        from += bar.parts[i];
    }
}

void Drawing::bar(const BarChart& chart, const Bar& bar, double pixels_per_unit) {
    const double middle = y_ + kBarHeight / 2;
    text("label", kLeft - 10, bar.note.empty() ? middle + 5 : middle - 1, "end",
         shortened(bar.label, kLabelColumns));
    if (!bar.note.empty()) {
        text("note", kLeft - 10, middle + 13, "end", bar.note);
    }
    parts(chart, bar, pixels_per_unit, bar.label);
    double farthest = bar.value();
    if (bar.range) {
        farthest = std::max(farthest, bar.range->high);
        const double low = kLeft + bar.range->low * pixels_per_unit;
        const double high = kLeft + bar.range->high * pixels_per_unit;
        body_ += fmt::format(R"(<path class="whisker" d="M{0:.1f} {2:g}v8m0 -4H{1:.1f}m0 -4v8"/>)"
                             "\n",
                             low, high, middle - 4);
    }
    for (const double run : bar.runs) {
        farthest = std::max(farthest, run);
        mark("circle",
             fmt::format(R"(class="run" cx="{:.1f}" cy="{:g}" r="3")",
                         kLeft + run * pixels_per_unit, middle),
             fmt::format("{}, one run: {}", bar.label,
                         format_number(run, chart.decimals) + chart.unit));
    }
    text("label", kLeft + farthest * pixels_per_unit + 9, middle + 5, "start",
         (bar.look == Look::estimate ? "≈ " : "") + format_number(bar.value(), chart.decimals) +
             chart.unit);
    y_ += kBarPitch;
}

void Drawing::draw(const BarChart& chart) {
    begin(chart.title, chart.better);
    if (!chart.series.empty()) {
        legend(chart.series);
    }
    const double largest = largest_of(chart);
    if (!(largest > 0) || !std::isfinite(largest)) {
        heading("note", kFooterPitch, "nothing was measured");
        end();
        return;
    }
    const std::vector<double> ticks = axis_ticks(largest);
    const double pixels_per_unit = (kWidth - kLeft - kMargin - kValueWidth) / ticks.back();
    const double bottom = y_ + static_cast<double>(chart.bars.size()) * kBarPitch - 8;
    for (const double tick : ticks) {
        const double x = kLeft + tick * pixels_per_unit;
        body_ +=
            fmt::format(R"(<line class="grid" x1="{0:.1f}" y1="{1:g}" x2="{0:.1f}" y2="{2:g}"/>)"
                        "\n",
                        x, y_ - 6, bottom);
        text("note", x, bottom + 14, "middle", format_number(tick, tick_decimals(ticks)));
    }
    for (const Bar& bar : chart.bars) {
        this->bar(chart, bar, pixels_per_unit);
    }
    y_ = bottom + 14;
    end();
}

void Drawing::line(const LineChart& chart, std::size_t index, const Scale& x, const Scale& y) {
    const Line& line = chart.lines[index];
    const std::size_t colour = index % kSeriesColours;
    const double bottom = y_ + kLinesHeight;
    std::string path;
    for (const Point& point : line.points) {
        path += fmt::format("{}{:.1f} {:.1f}", path.empty() ? "M" : "L",
                            kMargin + 60 + point.x * x.pixels_per_unit,
                            bottom - point.y * y.pixels_per_unit);
    }
    body_ += fmt::format("<path class=\"series c{}\"{} d=\"{}\"/>\n", colour,
                         index < kSeriesColours ? "" : " stroke-dasharray=\"7 4\"", path);
    for (const Point& point : line.points) {
        const std::string value = format_number(point.y, chart.decimals) + chart.unit;
        mark("circle",
             fmt::format(R"(class="point c{}" cx="{:.1f}" cy="{:.1f}" r="4")", colour,
                         kMargin + 60 + point.x * x.pixels_per_unit,
                         bottom - point.y * y.pixels_per_unit),
             point.tip.empty() ? fmt::format("{}: {}", line.name, value) : point.tip);
    }
}

void Drawing::draw(const LineChart& chart) {
    begin(chart.title, chart.better);
    double x_largest = 0;
    double y_largest = 0;
    std::vector<std::string> names;
    for (const Line& line : chart.lines) {
        names.push_back(line.name);
        for (const Point& point : line.points) {
            x_largest = std::max(x_largest, point.x);
            y_largest = std::max(y_largest, point.y);
        }
    }
    if (!(x_largest > 0) || !(y_largest > 0) || !std::isfinite(y_largest)) {
        heading("note", kFooterPitch, "nothing was measured");
        end();
        return;
    }
    legend(names);
    constexpr double kAxis = kMargin + 60;
    Scale x{.ticks = axis_ticks(x_largest)};
    x.pixels_per_unit = (kWidth - kAxis - kMargin - 20) / x.ticks.back();
    Scale y{.ticks = axis_ticks(y_largest)};
    y.pixels_per_unit = kLinesHeight / y.ticks.back();
    const double bottom = y_ + kLinesHeight;
    for (const double tick : y.ticks) {
        const double at = bottom - tick * y.pixels_per_unit;
        body_ += fmt::format(R"(<line class="grid" x1="{:g}" y1="{:.1f}" x2="{:g}" y2="{:.1f}"/>)"
                             "\n",
                             kAxis, at, kWidth - kMargin, at);
        text("note", kAxis - 6, at + 4, "end",
             format_number(tick, tick_decimals(y.ticks)) + chart.unit);
    }
    for (const double tick : x.ticks) {
        text("note", kAxis + tick * x.pixels_per_unit, bottom + 16, "middle",
             format_number(tick, tick_decimals(x.ticks)));
    }
    for (std::size_t i = 0; i < chart.lines.size(); ++i) {
        line(chart, i, x, y);
    }
    y_ = bottom + 32;
    text("note", (kWidth + kAxis) / 2, y_, "middle", chart.x_title);
    end();
}

}  // namespace

double Bar::value() const { return std::accumulate(parts.begin(), parts.end(), 0.0); }

std::string escape_markup(std::string_view text) {
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
            case '\n':
                escaped += "&#10;";
                break;
            default:
                escaped += static_cast<unsigned char>(c) < ' ' ? ' ' : c;
        }
    }
    return escaped;
}

std::string svg_rules(Theme theme) {
    return std::string(kShapes) + colours(theme == Theme::light ? kLight : kDark);
}

std::string to_svg(const Figure& figure, Place place, std::string_view id) {
    Drawing drawing(place, id);
    drawing.heading("title", 26, figure.title);
    if (!figure.subtitle.empty()) {
        drawing.heading("label", 22, figure.subtitle);
    }
    for (const Chart& chart : figure.charts) {
        std::visit([&](const auto& one) { drawing.draw(one); }, chart);
    }
    if (!figure.footer.empty()) {
        drawing.heading("note", 12, "");
    }
    for (const std::string& sentence : figure.footer) {
        for (const std::string& line : wrap(sentence)) {
            drawing.heading("note", kFooterPitch, line);
        }
    }
    return drawing.document(figure.title);
}

}  // namespace wasmax::chart
