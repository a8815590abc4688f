// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace simile {

/// One line of a plot: points by ascending x; a point with a value that is not finite, or not positive on a logarithmic
/// axis, is left out.
struct PlotLine {
  std::string label;
  std::vector<double> x;
  std::vector<double> y;
  bool steps = false;  ///< each value holds until the next point's x, instead of a slope between them
};

/// Lines over a common vertical axis.
struct PlotPanel {
  std::string y_label;
  bool logarithmic = false;
  std::vector<PlotLine> lines;
};

/// Panels one above the other over one horizontal axis.
struct Plot {
  std::string title;
  std::string x_label;
  double x_min = 0;
  double x_max = 1;
  std::vector<PlotPanel> panels;
  double marker = 0;         ///< x of a vertical line through all panels
  std::string marker_label;  ///< empty: no marker
  double width = 860;        ///< of the picture, in SVG units and PNG pixels at scale 1
};

inline constexpr double kPlotLeft = 78;  ///< where x_min lies
/// Where x_max lies.
inline double plot_right(const Plot& plot) { return plot.width - 18; }

/// What stands under the horizontal axis: where, and as what.
std::vector<std::pair<double, std::string>> plot_ticks(const Plot& plot);

/// The plot as an SVG document, or as a PNG of twice that many pixels. Drawn by Cairo in the font DejaVu Sans, or what
/// the system has in its place. Throws internal when Cairo cannot (out of memory).
std::string plot_svg(const Plot& plot);
std::string plot_png(const Plot& plot);

}  // namespace simile
