#pragma once

#include <string>

#include "lab/chart.h"

namespace wasmax::lab::report {

/// The figure as a self-contained SVG document: horizontal bars with their values beside them, so
/// that it reads in black and white, and colours that stay apart for colour-blind people.
[[nodiscard]] std::string to_svg(const Figure& figure);

}  // namespace wasmax::lab::report
