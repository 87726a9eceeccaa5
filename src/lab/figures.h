#pragma once

#include "chart/figure.h"
#include "lab/summary.h"

namespace wasmax::lab {

/// Requests per second and CPU per request of every contender. Pure.
[[nodiscard]] chart::Figure founding_figure(const Summary& summary);

}  // namespace wasmax::lab
