#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "chart/figure.h"

namespace wasmax::chart {

/// Where the SVG will stand.
enum class Place : std::uint8_t {
    file,  ///< a document of its own, black on white, with `<title>` as tooltips
    page,  ///< inside HTML that has svg_rules(); every mark has `data-tip` and can have the focus
};

enum class Theme : std::uint8_t { light, dark };

/// A figure as SVG. `id` begins the ids of its parts, so that several may stand in one page.
/// Every bar is one or more `rect.bar`, every point a `circle.point`. Pure.
[[nodiscard]] std::string to_svg(const Figure& figure, Place place = Place::file,
                                 std::string_view id = "figure");

/// The CSS rules for such SVG in a page.
[[nodiscard]] std::string svg_rules(Theme theme);

/// Text as it may stand in XML and HTML, also in attributes with double quotes.
[[nodiscard]] std::string escape_markup(std::string_view text);

}  // namespace wasmax::chart
