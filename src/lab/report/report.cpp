#include "lab/report/report.h"

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <ios>
#include <string>

#include <fmt/core.h>

#include "base/error.h"
#include "base/result.h"
#include "chart/svg.h"
#include "lab/figures.h"
#include "lab/report/xlsx.h"
#include "lab/summary.h"

namespace wasmax::lab::report {

namespace {

Result<void, Error> write_file(const std::filesystem::path& path, const std::string& text) {
    std::ofstream file(path, std::ios::binary);
    file << text;
    file.close();
    if (!file) {
        return fail(Error::from_errno(errno, fmt::format("writing {}", path.string())));
    }
    return {};
}

}  // namespace

Result<void, Error> write_all(const Summary& summary, const std::filesystem::path& directory) {
    TRY(write_file(directory / "chart.svg", chart::to_svg(founding_figure(summary))));
    TRY(write_file(directory / "summary.md", to_markdown(summary)));
    return write_xlsx(summary, directory / "results.xlsx");
}

}  // namespace wasmax::lab::report
