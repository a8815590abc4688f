// SPDX-License-Identifier: Apache-2.0
#include "simile/report/threshold_page.hpp"

#include <algorithm>
#include <cmath>

#include "report/html_page.hpp"
#include "report/html_report_text.hpp"
#include "report_page.css.hpp"
#include "threshold_page.css.hpp"
#include "threshold_page.js.hpp"

#include "simile/core/text.hpp"
#include "simile/core/units.hpp"

namespace simile {
namespace {

using report::escape_html;
using report::json_string;
using report::shortened;

constexpr std::size_t kTitleCharacters = 200;
constexpr double kStep = 0.05;  // the axis starts at a multiple of it

double lowest(const std::vector<CurvePoint>& curve) {
  if (curve.empty()) return 0;
  return std::min(1 - 4 * kStep, std::floor(curve.back().threshold / kStep) * kStep);
}

/// [value, ...] of a member of every point.
template <class Point, class Value>
std::string json_values(const std::vector<Point>& points, Value&& value) {
  std::string out = "[";
  for (const auto& point : points) out += concat(out.size() > 1 ? "," : "", value(point));
  return out + "]";
}

std::string data_json(const ThresholdPageModel& model) {
  const Plot plot;  // as wide as threshold_plot()'s
  const auto& curve = model.curve;
  std::string out = concat("{\"t\":", json_values(curve, [](const auto& p) { return p.threshold; }),
                           ",\"counted\":", json_values(model.counts, [](const auto& p) { return p.threshold; }),
                           ",\"pairs\":", json_values(model.counts, [](const auto& p) { return p.pairs; }),
                           ",\"groups\":", json_values(curve, [](const auto& p) { return p.groups; }),
                           ",\"grouped\":", json_values(curve, [](const auto& p) { return p.grouped; }),
                           ",\"largest\":", json_values(curve, [](const auto& p) { return p.largest; }),
                           ",\"scale\":", format_double(pair_scale(model.num_items, model.num_sampled)),
                           ",\"sampled\":", model.num_sampled, ",\"advice\":", format_double(model.advice.threshold),
                           ",\"left\":", format_double(kPlotLeft / plot.width),
                           ",\"right\":", format_double(plot_right(plot) / plot.width), ",\"examples\":[");
  std::map<std::int64_t, std::size_t> shown;
  for (std::size_t k = 0; k < model.examples.size(); ++k) {
    const auto& pair = model.examples[k];
    const std::size_t left = shown.emplace(pair.left, shown.size()).first->second;
    const std::size_t right = shown.emplace(pair.right, shown.size()).first->second;
    out += concat(k > 0 ? "," : "", "[", format_double(pair.similarity), ",", left, ",", right, "]");
  }
  std::vector<std::int64_t> items(shown.size());
  for (const auto& [item, place] : shown) items[place] = item;
  out += "],\"items\":[";
  for (std::size_t k = 0; k < items.size(); ++k) {
    const std::string& id = model.ids[static_cast<std::size_t>(items[k])];
    const auto thumbnail = model.thumbnails.find(items[k]);
    const std::string prefix = report::safe_link_prefix(model.link_prefix);
    out += concat(k > 0 ? "," : "", "[", json_string(report::readable(id)), ",",
                  json_string(prefix.empty() ? std::string() : report::link_to(prefix, id)), ",\"",
                  thumbnail == model.thumbnails.end() ? std::string() : report::base64(thumbnail->second), "\"]");
  }
  return out + "]}";
}

std::string masthead(const ThresholdPageModel& model) {
  return concat("<header class=\"masthead\"><p class=\"kicker\">simile threshold</p><h1>",
                escape_html(shortened(model.title, kTitleCharacters)), "</h1><p class=\"lead\">Advice: <b>",
                format_double(model.advice.threshold), "</b>, because ", escape_html(model.advice.reason),
                ".</p><p class=\"terms\"><span>method <b>", escape_html(model.method), "</b></span><span>images <b>",
                format_count(model.num_items), "</b></span><span>compared <b>", format_count(model.num_sampled),
                model.num_sampled < model.num_items ? " at random</b></span>" : ", all of them</b></span>",
                "</p></header>\n");
}

std::string slider(const ThresholdPageModel& model) {
  return concat(
      "<div class=\"slider\" hidden><label for=\"threshold\">Threshold</label><output id=\"value\"></output>"
      "<input id=\"threshold\" type=\"range\" step=\"any\" min=\"",
      format_double(lowest(model.curve)), "\" max=\"1\" value=\"", format_double(model.advice.threshold),
      "\" aria-describedby=\"keys\"><button id=\"advised\" type=\"button\">Advice</button>"
      "<span id=\"keys\" class=\"sr\">Arrow keys move to the next change</span></div>\n");
}

std::string facts(const ThresholdPageModel& model) {
  const bool all = model.num_sampled >= model.num_items;
  const auto fact = [](std::string_view label, std::string_view id) {
    return concat("<div><dt>", label, "</dt><dd id=\"", id, "\"></dd></div>");
  };
  return concat("<dl class=\"facts\" aria-live=\"polite\" hidden>",
                fact(all ? "Similar pairs" : "Similar pairs to expect", "pairs"),
                fact(all ? "Groups" : "Groups in the sample", "groups"),
                fact(all ? "Grouped images" : "Grouped in the sample", "grouped"), fact("Largest group", "largest"),
                "</dl>\n");
}

}  // namespace

double pair_scale(std::int64_t num_items, std::int64_t num_sampled) {
  if (num_sampled < 2) return 1;
  const auto pairs = [](std::int64_t count) {
    return 0.5 * static_cast<double>(count) * static_cast<double>(count - 1);
  };
  return pairs(num_items) / pairs(num_sampled);
}

Plot threshold_plot(const ThresholdPageModel& model) {
  Plot plot;
  const bool all = model.num_sampled >= model.num_items;
  plot.title = all ? concat(format_count(model.num_items), " images compared by ", model.method)
                   : concat(format_count(model.num_sampled), " of ", format_count(model.num_items),
                            " images compared by ", model.method);
  plot.x_label = "threshold";
  plot.x_min = lowest(model.curve);
  plot.x_max = 1;
  plot.marker = model.advice.threshold;
  plot.marker_label = concat("advice ", format_double(model.advice.threshold));
  PlotLine pairs{.label = "pairs", .x = {}, .y = {}, .steps = true};
  PlotLine groups{.label = "groups", .x = {}, .y = {}, .steps = true};
  PlotLine grouped{.label = "grouped images", .x = {}, .y = {}, .steps = true};
  PlotLine largest{.label = "largest group", .x = {}, .y = {}, .steps = true};
  const double scale = pair_scale(model.num_items, model.num_sampled);
  // Highest first: what is found at a similarity holds for thresholds from there down to the next one.
  for (const auto& point : model.curve) {
    for (PlotLine* line : {&groups, &grouped, &largest}) line->x.push_back(point.threshold);
    groups.y.push_back(static_cast<double>(point.groups));
    grouped.y.push_back(static_cast<double>(point.grouped));
    largest.y.push_back(static_cast<double>(point.largest));
  }
  for (const auto& point : model.counts) {
    pairs.x.push_back(point.threshold);
    pairs.y.push_back(scale * static_cast<double>(point.pairs));
  }
  plot.panels = {{all ? "similar pairs" : "similar pairs to expect in the whole set", true, {pairs}},
                 {all ? "groups" : "groups in the sample", false, {groups}},
                 {all ? "images" : "images of the sample", false, {grouped, largest}}};
  return plot;
}

std::string threshold_page(const ThresholdPageModel& model) {
  const std::string svg = report::base64(plot_svg(threshold_plot(model)));
  return concat(
      report::page_head(concat(shortened(model.title, kTitleCharacters), ", threshold"),
                        concat(kReportCss, kThresholdCss), kThresholdJs),
      "<div class=\"page\">\n", masthead(model), slider(model), facts(model),
      "<noscript><p class=\"quiet\">The slider needs JavaScript; threshold.csv has the curve, pairs.csv pairs near the "
      "advice.</p></noscript>\n<div class=\"plot\"><img src=\"data:image/svg+xml;base64,",
      svg,
      "\" alt=\"Expected similar pairs, groups and grouped images against the threshold; threshold.csv has the "
      "numbers\">"
      "<i id=\"needle\" hidden></i></div>\n<main class=\"sides\" hidden><section><h2>Just above: alike</h2><ul "
      "id=\"above\" class=\"pairs\"></ul></section><section><h2>Just below: not alike</h2><ul id=\"below\" "
      "class=\"pairs\"></ul></section></main>\n<footer><p>Made by simile ",
      escape_html(model.version), ". The page loads nothing from elsewhere.</p></footer>\n</div>\n",
      "<script type=\"application/json\" id=\"data\">", data_json(model), "</script>\n</body></html>\n");
}

}  // namespace simile
