// SPDX-License-Identifier: Apache-2.0
#include "simile/report/plot.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>

#include <cairo-svg.h>
#include <cairo.h>

#include "simile/core/error.hpp"
#include "simile/core/text.hpp"
#include "simile/core/units.hpp"

namespace simile {
namespace {

constexpr double kTop = 58;
constexpr double kPanelHeight = 150;
constexpr double kPanelGap = 34;
constexpr double kBottom = 52;
constexpr double kPngScale = 2;
constexpr double kFontSize = 12;
constexpr double kTickGap = 76;

struct Colour {
  double red, green, blue;
};
constexpr Colour kInk{0.11, 0.114, 0.11};
constexpr Colour kQuiet{0.4, 0.42, 0.404};
constexpr Colour kHairline{0.89, 0.894, 0.875};
constexpr Colour kMarker{0.77, 0.34, 0.16};
constexpr std::array<Colour, 4> kLineColours{
    {{0.114, 0.435, 0.408}, {0.77, 0.34, 0.16}, {0.33, 0.38, 0.67}, {0.5, 0.5, 0.5}}};

/// The next of 1, 2, 5 x 10^k from `step` on.
double round_step(double step) {
  if (!(step > 0)) return 1;
  const double decade = std::pow(10, std::floor(std::log10(step)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * decade >= step * (1 - 1e-9)) return factor * decade;
  }
  return 10 * decade;
}

double height(const Plot& plot) {
  const auto panels = static_cast<double>(plot.panels.size());
  return kTop + panels * kPanelHeight + (panels - 1) * kPanelGap + kBottom;
}

double panel_top(std::size_t panel) { return kTop + static_cast<double>(panel) * (kPanelHeight + kPanelGap); }

/// The vertical axis of a panel: values map to pixels, logarithmic ones by their decimal logarithm.
class Axis {
 public:
  Axis(const PlotPanel& panel, double top) : logarithmic_(panel.logarithmic), top_(top) {
    low_ = logarithmic_ ? 0 : std::min(0.0, least(panel));
    high_ = greatest(panel);
    if (logarithmic_) high_ = std::ceil(high_ - 1e-9);
    step_ = logarithmic_ ? std::max(1.0, std::ceil((high_ - low_) / 4)) : round_step((high_ - low_) / 4);
    if (!(high_ > low_)) high_ = low_ + step_;
    if (!logarithmic_) high_ = std::ceil(high_ / step_ - 1e-9) * step_;
  }

  bool shows(double value) const { return std::isfinite(value) && (!logarithmic_ || value > 0); }
  double pixel(double value) const {
    const double scaled = logarithmic_ ? std::max(low_, std::log10(value)) : value;
    return top_ + kPanelHeight * (1 - (scaled - low_) / (high_ - low_));
  }
  std::vector<double> ticks() const {
    std::vector<double> values;
    for (int k = 0; low_ + k * step_ <= high_ * (1 + 1e-9); ++k) {
      values.push_back(logarithmic_ ? std::pow(10, low_ + k * step_) : low_ + k * step_);
    }
    return values;
  }

 private:
  double scaled(double value) const { return logarithmic_ ? std::log10(value) : value; }
  double greatest(const PlotPanel& panel) const {
    double most = logarithmic_ ? 1 : 0;
    for (const auto& line : panel.lines) {
      for (const double value : line.y) {
        if (shows(value)) most = std::max(most, scaled(value));
      }
    }
    return most;
  }
  double least(const PlotPanel& panel) const {
    double value = 0;
    for (const auto& line : panel.lines) {
      for (const double y : line.y) {
        if (std::isfinite(y)) value = std::min(value, y);
      }
    }
    return value;
  }
  bool logarithmic_;
  double top_;
  double low_ = 0;
  double high_ = 1;
  double step_ = 1;
};

/// "0.5", "2,500", "1 M".
std::string tick_label(double value) {
  if (value >= 1e6) return format_rate(value);
  if (value == std::floor(value)) return format_count(static_cast<std::int64_t>(value));
  return format_double(std::round(value * 1e9) / 1e9);  // 0.6, not three times 0.2
}

enum class Align { left, centre, right };

/// Draws one plot onto one Cairo surface.
class Drawing {
 public:
  Drawing(const Plot& plot, cairo_t* cairo) : plot_(plot), cairo_(cairo) {}

  void draw() {
    colour({1, 1, 1});
    cairo_paint(cairo_);
    cairo_select_font_face(cairo_, "DejaVu Sans", CAIRO_FONT_SLANT_NORMAL, CAIRO_FONT_WEIGHT_NORMAL);
    cairo_set_font_size(cairo_, kFontSize + 2);
    colour(kInk);
    text(kPlotLeft, 24, plot_.title, Align::left);
    cairo_set_font_size(cairo_, kFontSize);
    for (std::size_t k = 0; k < plot_.panels.size(); ++k) panel(plot_.panels[k], panel_top(k));
    horizontal_axis();
    marker();
  }

 private:
  double right() const { return plot_right(plot_); }
  double bottom() const { return panel_top(plot_.panels.size() - 1) + kPanelHeight; }
  double pixel(double x) const {
    return kPlotLeft + (right() - kPlotLeft) * (x - plot_.x_min) / (plot_.x_max - plot_.x_min);
  }
  void colour(const Colour& c) { cairo_set_source_rgb(cairo_, c.red, c.green, c.blue); }

  void text(double x, double y, const std::string& words, Align align) {
    cairo_text_extents_t extents;
    cairo_text_extents(cairo_, words.c_str(), &extents);
    const double shift = align == Align::left ? 0 : align == Align::right ? extents.x_advance : extents.x_advance / 2;
    cairo_move_to(cairo_, x - shift, y);
    cairo_show_text(cairo_, words.c_str());
  }

  void hairline(double x1, double y1, double x2, double y2) {
    cairo_set_line_width(cairo_, 1);
    cairo_move_to(cairo_, x1, y1);
    cairo_line_to(cairo_, x2, y2);
    cairo_stroke(cairo_);
  }

  void panel(const PlotPanel& panel, double top) {
    const Axis axis(panel, top);
    for (const double tick : axis.ticks()) {
      const double y = axis.pixel(tick);
      colour(kHairline);
      hairline(kPlotLeft, y, right(), y);
      colour(kQuiet);
      text(kPlotLeft - 8, y + 4, tick_label(tick), Align::right);
    }
    double legend = right();
    for (std::size_t k = panel.lines.size(); k-- > 0;) {
      colour(kLineColours[k % kLineColours.size()]);
      line(panel.lines[k], axis);
      if (panel.lines.size() > 1) {
        cairo_text_extents_t extents;
        cairo_text_extents(cairo_, panel.lines[k].label.c_str(), &extents);
        text(legend, top - 7, panel.lines[k].label, Align::right);
        legend -= extents.x_advance + 18;
      }
    }
    colour(kInk);
    text(kPlotLeft, top - 7, panel.y_label, Align::left);
  }

  void line(const PlotLine& line, const Axis& axis) {
    cairo_set_line_width(cairo_, 1.8);
    cairo_set_line_join(cairo_, CAIRO_LINE_JOIN_ROUND);
    bool drawing = false;
    double last = 0;
    for (std::size_t k = 0; k < line.x.size(); ++k) {
      if (!axis.shows(line.y[k]) || line.x[k] < plot_.x_min || line.x[k] > plot_.x_max) continue;
      const double x = pixel(line.x[k]);
      const double y = axis.pixel(line.y[k]);
      if (!drawing) {
        cairo_move_to(cairo_, x, y);
      } else {
        if (line.steps) cairo_line_to(cairo_, x, last);
        cairo_line_to(cairo_, x, y);
      }
      drawing = true;
      last = y;
    }
    cairo_stroke(cairo_);
  }

  void horizontal_axis() {
    for (const auto& [x, label] : plot_ticks(plot_)) {
      colour(kQuiet);
      hairline(pixel(x), bottom(), pixel(x), bottom() + 5);
      text(pixel(x), bottom() + 19, label, Align::centre);
    }
    colour(kInk);
    text((kPlotLeft + right()) / 2, bottom() + 40, plot_.x_label, Align::centre);
  }

  void marker() {
    if (plot_.marker_label.empty() || plot_.marker < plot_.x_min || plot_.marker > plot_.x_max) return;
    colour(kMarker);
    const std::array<double, 2> dashes{5, 4};
    cairo_set_dash(cairo_, dashes.data(), static_cast<int>(dashes.size()), 0);
    hairline(pixel(plot_.marker), kTop, pixel(plot_.marker), bottom());
    cairo_set_dash(cairo_, nullptr, 0, 0);
    const bool leftwards = pixel(plot_.marker) > (kPlotLeft + right()) / 2;
    text(pixel(plot_.marker) + (leftwards ? -6 : 6), kTop + 14, plot_.marker_label,
         leftwards ? Align::right : Align::left);
  }

  const Plot& plot_;
  cairo_t* cairo_;
};

using Surface = std::unique_ptr<cairo_surface_t, decltype(&cairo_surface_destroy)>;

cairo_status_t append(void* target, const unsigned char* bytes, unsigned length) {
  static_cast<std::string*>(target)->append(reinterpret_cast<const char*>(bytes), length);
  return CAIRO_STATUS_SUCCESS;
}

void check(cairo_status_t status) {
  if (status != CAIRO_STATUS_SUCCESS) {
    throw Error(ErrorCode::internal, concat("drawing a plot: ", cairo_status_to_string(status)));
  }
}

void check(const Plot& plot) {
  ensure(!plot.panels.empty() && plot.x_max > plot.x_min, "a plot has a panel and an axis");
  for (const auto& panel : plot.panels) {
    for (const auto& line : panel.lines) ensure(line.x.size() == line.y.size(), "a line has as many x as y");
  }
}

void draw_on(const Plot& plot, cairo_surface_t* surface, double scale) {
  const std::unique_ptr<cairo_t, decltype(&cairo_destroy)> cairo(cairo_create(surface), &cairo_destroy);
  cairo_scale(cairo.get(), scale, scale);
  Drawing(plot, cairo.get()).draw();
  check(cairo_status(cairo.get()));
}

}  // namespace

std::vector<std::pair<double, std::string>> plot_ticks(const Plot& plot) {
  std::vector<std::pair<double, std::string>> ticks;
  const double step = round_step((plot.x_max - plot.x_min) / std::floor((plot_right(plot) - kPlotLeft) / kTickGap));
  for (double k = std::ceil(plot.x_min / step - 1e-9); k * step <= plot.x_max + 1e-9; ++k) {
    const double x = k * step + 0.0;  // not -0
    ticks.emplace_back(x, format_double(std::round(x * 1e6) / 1e6 + 0.0));
  }
  return ticks;
}

std::string plot_svg(const Plot& plot) {
  check(plot);
  std::string svg;
  const Surface surface(cairo_svg_surface_create_for_stream(append, &svg, plot.width, height(plot)),
                        &cairo_surface_destroy);
  draw_on(plot, surface.get(), 1);
  cairo_surface_finish(surface.get());
  check(cairo_surface_status(surface.get()));
  return svg;
}

std::string plot_png(const Plot& plot) {
  check(plot);
  std::string png;
  const Surface surface(cairo_image_surface_create(CAIRO_FORMAT_RGB24, static_cast<int>(kPngScale * plot.width),
                                                   static_cast<int>(kPngScale * height(plot))),
                        &cairo_surface_destroy);
  draw_on(plot, surface.get(), kPngScale);
  check(cairo_surface_write_to_png_stream(surface.get(), append, &png));
  return png;
}

}  // namespace simile
