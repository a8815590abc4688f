// SPDX-License-Identifier: Apache-2.0
#include "simile/report/helper_page.hpp"

#include <algorithm>
#include <cmath>

#include "helper_page.css.hpp"
#include "report/html_page.hpp"
#include "report/html_report_text.hpp"
#include "report_page.css.hpp"

#include "simile/core/text.hpp"
#include "simile/core/units.hpp"
#include "simile/report/plot.hpp"

namespace simile {
namespace {

using report::escape_html;
using report::readable;
using report::shortened;

constexpr std::size_t kTitleCharacters = 200;
constexpr std::size_t kNameCharacters = 60;
constexpr std::size_t kCellCharacters = 14;
constexpr double kPlotWidthPx = 480;  // letters stay legible on a telephone, two stand side by side on a desk

std::string text(std::string_view words, std::size_t limit = kNameCharacters) {
  return escape_html(shortened(words, limit));
}

/// "93.1%", or a dash for a share of nothing.
std::string share_text(double share) {
  if (!std::isfinite(share)) return "\u2013";
  return concat(std::round(1000 * share) / 10, "%");
}

PlotLine line_of(const std::string& label, const std::vector<ShownPoint>& points) {
  PlotLine line{.label = label, .x = {}, .y = {}, .steps = false};
  for (const auto& point : points) {
    line.x.push_back(point.x);
    line.y.push_back(point.y);
  }
  return line;
}

std::string image_of(const std::string& svg, std::string_view alternative) {
  return concat("<img src=\"data:image/svg+xml;base64,", report::base64(svg), "\" alt=\"", alternative, "\">");
}

std::string plots(const HelperPageModel& model) {
  const std::string reliability = reliability_svg(model);
  const std::string curve = learning_curve_svg(model);
  if (reliability.empty() && curve.empty()) return {};
  std::string out = "<section class=\"plots\">";
  if (!curve.empty())
    out += image_of(curve, "Accuracy against the number of labels; learning_curve.csv has the numbers");
  if (!reliability.empty()) {
    out +=
        image_of(reliability, "Share of right predictions against their probability; reliability.csv has the numbers");
  }
  return out + "</section>\n";
}

std::string class_table(const HelperPageModel& model) {
  if (model.classes.empty()) return {};
  std::string out =
      "<section><h2>Classes</h2><table class=\"scores\"><thead><tr><th>class</th><th>labels</th><th>precision</th>"
      "<th>recall</th><th>F1</th></tr></thead><tbody>";
  for (const auto& each : model.classes) {
    out += concat("<tr><td>", text(each.name), "</td><td>", format_count(each.labels), "</td><td>",
                  share_text(each.precision), "</td><td>", share_text(each.recall), "</td><td>", share_text(each.f1),
                  "</td></tr>");
  }
  return out + "</tbody></table></section>\n";
}

std::string confusion(const HelperPageModel& model) {
  if (model.confusion.empty()) return {};
  return concat("<section class=\"confusion\"><h2>Which classes are taken for which</h2>",
                image_of(confusion_svg(model.classes, model.confusion),
                         "Held-out images by their class and the predicted one; confusion.csv has the numbers"),
                "</section>\n");
}

std::string predictions(const HelperPageModel& model, std::string_view heading,
                        const std::vector<ShownPrediction>& shown) {
  if (shown.empty()) return {};
  const std::string prefix = report::safe_link_prefix(model.link_prefix);
  std::string out = concat("<section><h2>", heading, "</h2><ul class=\"predictions\">");
  for (const auto& each : shown) {
    const std::string& id = model.ids[static_cast<std::size_t>(each.item)];
    const auto thumbnail = model.thumbnails.find(each.item);
    const std::string inside =
        thumbnail == model.thumbnails.end()
            ? text(id)
            : concat("<img src=\"data:image/jpeg;base64,", report::base64(thumbnail->second), "\" alt=\"\">");
    out += prefix.empty() ? concat("<li><span class=\"image\">", inside, "</span>")
                          : concat("<li><a href=\"", escape_html(report::link_to(prefix, id)), "\">", inside, "</a>");
    out += concat("<p><b>", text(each.label), "</b> ", share_text(each.probability));
    if (!each.second.empty()) out += concat("<br>then ", text(each.second));
    if (!each.truth.empty() && each.truth != each.label) out += concat("<br>labelled <b>", text(each.truth), "</b>");
    out += concat("<span class=\"file\" title=\"", escape_html(shortened(id, kTitleCharacters)), "\">",
                  text(report::file_name(id)), "</span></p></li>");
  }
  return out + "</ul></section>\n";
}

}  // namespace

std::string reliability_svg(const HelperPageModel& model) {
  if (model.before.empty()) return {};
  Plot plot;
  plot.title = "How often predictions of a probability are right";
  plot.width = kPlotWidthPx;
  plot.x_label = "probability";
  plot.panels = {
      {"share that is right",
       false,
       {line_of("calibrated", model.after), line_of("as trained", model.before), line_of("exact", {{0, 0}, {1, 1}})}}};
  return plot_svg(plot);
}

std::string learning_curve_svg(const HelperPageModel& model) {
  if (model.curve.size() < 2) return {};
  Plot plot;
  plot.title = "What more labels have brought";
  plot.width = kPlotWidthPx;
  plot.x_label = "labels";
  plot.x_max = model.curve.back().x;
  plot.panels = {{"accuracy on held-out images", false, {line_of("accuracy", model.curve)}}};
  return plot_svg(plot);
}

std::string confusion_svg(const std::vector<ShownClass>& classes,
                          const std::vector<std::vector<std::int64_t>>& confusion) {
  constexpr int kCell = 46;
  constexpr int kLeft = 130;
  constexpr int kTop = 110;
  const int side = kCell * static_cast<int>(classes.size());
  std::string out =
      concat("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 ", kLeft + side + 10, " ", kTop + side + 10,
             "\" font-family=\"DejaVu Sans, sans-serif\" font-size=\"12\"><rect width=\"100%\" height=\"100%\" "
             "fill=\"#fff\"/><text x=\"8\" y=\"20\" fill=\"#666\">rows: labelled, columns: predicted</text>\n");
  for (std::size_t row = 0; row < classes.size(); ++row) {
    const int y = kTop + kCell * static_cast<int>(row);
    const int x = kLeft + kCell * static_cast<int>(row);
    const std::string name = text(classes[row].name, kCellCharacters);
    out += concat("<text x=\"", kLeft - 8, "\" y=\"", y + kCell / 2 + 4, "\" text-anchor=\"end\">", name, "</text>");
    out +=
        concat("<text transform=\"translate(", x + kCell / 2 + 4, " ", kTop - 8, ") rotate(-55)\">", name, "</text>\n");
    std::int64_t total = 0;
    for (const auto count : confusion[row]) total += count;
    for (std::size_t column = 0; column < classes.size(); ++column) {
      const std::int64_t count = confusion[row][column];
      const int cell = kLeft + kCell * static_cast<int>(column);
      const double part = total > 0 ? static_cast<double>(count) / static_cast<double>(total) : 0;
      out += concat("<rect x=\"", cell, "\" y=\"", y, "\" width=\"", kCell, "\" height=\"", kCell, "\" fill=\"",
                    row == column ? "#1d6f68" : "#c4572a", "\" fill-opacity=\"", std::round(1000 * part) / 1000,
                    "\" stroke=\"#e3e4df\"/>");
      if (count == 0) continue;
      out += concat("<text x=\"", cell + kCell / 2, "\" y=\"", y + kCell / 2 + 4, "\" text-anchor=\"middle\" fill=\"",
                    part > 0.5 ? "#fff" : "#1c1d1c", "\">", count, "</text>");
    }
    out += '\n';
  }
  return out + "</svg>\n";
}

std::string helper_page(const HelperPageModel& model) {
  std::string facts;
  for (const auto& [label, value] : model.facts) {
    facts +=
        concat("<div><dt>", escape_html(readable(label)), "</dt><dd>", escape_html(readable(value)), "</dd></div>");
  }
  return concat(report::page_head(shortened(model.title, kTitleCharacters), concat(kReportCss, kHelperCss), ""),
                "<div class=\"page\">\n<header class=\"masthead\"><p class=\"kicker\">", escape_html(model.command),
                "</p><h1>", text(model.title, kTitleCharacters), "</h1><p class=\"lead\">",
                escape_html(readable(model.lead)), "</p></header>\n<dl class=\"facts\">", facts, "</dl>\n<main>\n",
                plots(model), confusion(model), class_table(model),
                predictions(model, "Least certain", model.least_certain),
                predictions(model, "Most certain", model.most_certain), predictions(model, "To label next", model.next),
                "</main>\n<footer><p>Made by simile ", escape_html(model.version),
                ". The page loads nothing from elsewhere.</p></footer>\n</div>\n", "</body></html>\n");
}

}  // namespace simile
