#pragma once

#include <span>
#include <string>
#include <vector>

#include "chart/figure.h"
#include "lab/summary.h"

namespace wasmax::lab {

/// A figure and the file, without ending, that holds it.
struct NamedFigure {
    std::string name;  ///< `chart-close`
    std::string workload;
    chart::Figure figure;
};

/// One figure per workload, in the order of their first summaries: bars where the workload was
/// measured under one load, lines over connections or rate where it was under several. Estimates
/// are hatched, void runs say so. Pure.
[[nodiscard]] std::vector<NamedFigure> figures_of(std::span<const Summary> summaries);

}  // namespace wasmax::lab
