// SPDX-License-Identifier: Apache-2.0
#include "simile/report/predictions_page.hpp"

#include "predictions_page.css.hpp"
#include "report/html_page.hpp"
#include "report/html_report_groups.hpp"
#include "report/html_report_text.hpp"
#include "report_page.css.hpp"
#include "report_page_groups.css.hpp"

#include "simile/core/text.hpp"

namespace simile {
namespace {

using report::escape_html;
using report::shortened;

constexpr std::size_t kTitleCharacters = 200;
constexpr std::size_t kNameCharacters = 120;
constexpr std::size_t kLabelCharacters = 60;

std::string span(const char* css, const std::string& text) {
  return concat("<span class=\"", css, "\">", escape_html(text), "</span>");
}

/// A picture, or its name where there is none, with what was predicted.
std::string tile(const PredictionsPageModel& model, const PredictionsPageModel::Item& item, const std::string& prefix) {
  const bool wrong = !item.truth.empty() && item.truth != item.label;
  const std::string name = shortened(item.id, kNameCharacters);
  const auto thumbnail = model.thumbnails.find(item.index);
  const std::string picture = thumbnail == model.thumbnails.end()
                                  ? span("placeholder", shortened(report::file_name(item.id), kLabelCharacters))
                                  : report::picture_html(thumbnail->second);
  const std::string title = concat(" title=\"", escape_html(name), "\">");
  const std::string frame = concat("<span class=\"picture\">", picture, "</span>");
  std::string out = concat("<li", wrong ? " class=\"wrong\">" : ">");
  out += prefix.empty() ? concat("<span class=\"tile\"", title, frame, "</span>")
                        : concat("<a class=\"tile\" href=\"", escape_html(report::link_to(prefix, item.id)),
                                 "\" target=\"_blank\" rel=\"noopener\"", title, frame, "</a>");
  out += concat("<p class=\"prediction\">", span("label", shortened(item.label, kLabelCharacters)), " ",
                span("probability", report::percent(item.probability)));
  if (wrong) out += span("truth", concat("is ", shortened(item.truth, kLabelCharacters)));
  if (!wrong && !item.second.empty()) out += span("second", concat("or ", shortened(item.second, kLabelCharacters)));
  return out + "</p></li>";
}

std::string section(const PredictionsPageModel& model, const PredictionsPageModel::Section& part,
                    const std::string& prefix) {
  std::string out = concat("<section class=\"group\"><header><h3>", escape_html(part.title), "</h3><p class=\"about\">",
                           escape_html(part.about), "</p></header><ul class=\"tiles\">");
  for (const auto& item : part.items) out += tile(model, item, prefix);
  return out + "</ul></section>\n";
}

}  // namespace

std::string predictions_page(const PredictionsPageModel& model) {
  const std::string prefix = report::safe_link_prefix(model.link_prefix);
  const std::string title = shortened(model.title, kTitleCharacters);
  std::string page = concat(
      report::page_head(concat(title, ", predicted"), concat(kReportCss, kReportGroupsCss, kPredictionsCss), ""),
      "<div class=\"page\">\n<header class=\"masthead\"><p class=\"kicker\">simile predict</p><h1>", escape_html(title),
      "</h1><p class=\"lead\">", escape_html(model.lead), "</p></header>\n<dl class=\"facts\">");
  for (const auto& [name, value] : model.facts) {
    page += concat("<div><dt>", escape_html(name), "</dt><dd>", escape_html(value), "</dd></div>");
  }
  page += "</dl>\n<main>\n";
  for (const auto& part : model.sections) {
    if (!part.items.empty()) page += section(model, part, prefix);
  }
  return page + concat("</main>\n<footer><p>Made by simile ", escape_html(model.version),
                       ". The page loads nothing from elsewhere.</p></footer>\n</div>\n</body></html>\n");
}

}  // namespace simile
