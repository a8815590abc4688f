// SPDX-License-Identifier: Apache-2.0
#include "simile/report/chain_page.hpp"

#include <algorithm>
#include <cmath>

#include "chain_page.css.hpp"
#include "report/html_page.hpp"
#include "report/html_report_groups.hpp"
#include "report/html_report_text.hpp"
#include "report_page.css.hpp"

#include "simile/core/text.hpp"
#include "simile/core/units.hpp"

namespace simile {
namespace {

using report::escape_html;
using report::shortened;

constexpr std::size_t kTitleCharacters = 200;
constexpr std::size_t kNameCharacters = 120;
constexpr int kDigits = 4;

std::string shown(double similarity) {
  return std::isfinite(similarity) ? report::similarity_text(similarity, kDigits) : std::string("alike to nothing");
}

std::string image(const ChainPageModel& model, const ChainPageModel::Item& item, const std::string& prefix) {
  const auto thumbnail = model.thumbnails.find(item.index);
  const std::string name = escape_html(shortened(item.id, kNameCharacters));
  const std::string picture = thumbnail == model.thumbnails.end() ? name : report::picture_html(thumbnail->second);
  const std::string frame =
      prefix.empty()
          ? concat("<span class=\"image\">", picture, "</span>")
          : concat("<a class=\"image\" href=\"", escape_html(report::link_to(prefix, item.id)), "\">", picture, "</a>");
  return concat("<li>", frame, "<p>", name, "</p></li>");
}

std::string lead(const ChainPageModel& model) {
  const std::string direct = concat("Compared with each other, the two: ", shown(model.direct), ".");
  if (model.items.size() < 2) return "An image is alike to itself.";
  if (model.similarities.empty()) return concat("Nothing joins the two. ", direct);
  const double weakest = *std::min_element(model.similarities.begin(), model.similarities.end());
  return concat("Thresholds up to <b>", shown(weakest), "</b> put the two into one group, over ",
                format_counted(std::ssize(model.similarities), "pair", "pairs"), ". ", direct);
}

}  // namespace

std::string chain_page(const ChainPageModel& model) {
  const std::string prefix = report::safe_link_prefix(model.link_prefix);
  std::string page =
      concat(report::page_head(concat(shortened(model.title, kTitleCharacters), ", explained"),
                               concat(kReportCss, kChainCss), ""),
             "<div class=\"page\">\n<header class=\"masthead\"><p class=\"kicker\">simile explain</p><h1>",
             escape_html(shortened(model.title, kTitleCharacters)), "</h1><p class=\"lead\">", lead(model),
             "</p><p class=\"terms\"><span>method <b>", escape_html(model.method),
             "</b></span></p></header>\n<main><ol class=\"chain\">");
  const auto weakest = std::min_element(model.similarities.begin(), model.similarities.end());
  for (std::size_t k = 0; k < model.items.size(); ++k) {
    page += image(model, model.items[k], prefix);
    if (k >= model.similarities.size()) continue;
    const bool is_weakest = weakest - model.similarities.begin() == static_cast<std::ptrdiff_t>(k);
    page += concat("<li class=\"pair", is_weakest ? " weakest\" title=\"the weakest pair" : "", "\">",
                   shown(model.similarities[k]), "</li>");
  }
  return page + concat("</ol></main>\n<footer><p>Made by simile ", escape_html(model.version),
                       ". The page loads nothing from elsewhere.</p></footer>\n</div>\n</body></html>\n");
}

}  // namespace simile
