#include "lab/report/report.h"

#include <cerrno>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <ios>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/core.h>

#include "base/error.h"
#include "base/result.h"
#include "chart/svg.h"
#include "lab/figures.h"
#include "lab/interrupt.h"
#include "lab/process.h"
#include "lab/progress.h"
#include "lab/report/xlsx.h"
#include "lab/summary.h"

namespace wasmax::lab::report {

namespace {

namespace fs = std::filesystem;

constexpr std::chrono::seconds kDrawingLimit{20};

Result<void, Error> write_file(const fs::path& path, const std::string& text) {
    std::ofstream file(path, std::ios::binary);
    file << text;
    file.close();
    if (!file) {
        return fail(Error::from_errno(errno, fmt::format("writing {}", path.string())));
    }
    return {};
}

// Draws PNGs of the SVGs with what is installed. That there are none is worth a word, not a
// failure.
void draw_pngs(const std::vector<fs::path>& charts, Interrupt& interrupt, Progress& progress) {
    if (!find_program("rsvg-convert")) {
        progress.step(
            "No PNG charts: rsvg-convert is not installed; `apt-get install librsvg2-bin` "
            "installs it, and `wasmax bench report` draws them then.");
        return;
    }
    for (const fs::path& svg : charts) {
        const fs::path png = fs::path(svg).replace_extension(".png");
        const auto drawn =
            capture({.launch = {.command = {"rsvg-convert", "--zoom", "2", "--output", png, svg}},
                     .limit = kDrawingLimit},
                    interrupt);
        if (!drawn || !drawn->exit.success()) {
            progress.step(fmt::format("No {}: {}", png.string(),
                                      drawn                 ? drawn->text
                                      : drawn.error().error ? drawn.error().error->message
                                                            : "interrupted"));
            return;
        }
    }
}

}  // namespace

Result<void, Error> write_all(std::span<const Summary> summaries, const fs::path& directory,
                              Interrupt& interrupt, Progress& progress) {
    std::vector<fs::path> charts;
    for (const NamedFigure& named : figures_of(summaries)) {
        charts.push_back(directory / (named.name + ".svg"));
        TRY(write_file(charts.back(), chart::to_svg(named.figure)));
    }
    TRY(write_file(directory / "summary.md", to_markdown(summaries)));
    TRY(write_file(directory / "report.html", to_html(summaries)));
    TRY(write_xlsx(summaries, directory / "results.xlsx"));
    draw_pngs(charts, interrupt, progress);
    return {};
}

}  // namespace wasmax::lab::report
