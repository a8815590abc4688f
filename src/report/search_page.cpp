// SPDX-License-Identifier: Apache-2.0
#include "simile/report/search_page.hpp"

#include "report/html_page.hpp"
#include "report/html_report_groups.hpp"
#include "report/html_report_text.hpp"
#include "report_page.css.hpp"
#include "report_page_groups.css.hpp"

#include "simile/core/text.hpp"
#include "simile/core/units.hpp"

namespace simile {
namespace {

using report::escape_html;
using report::shortened;

constexpr std::size_t kTitleCharacters = 200;

std::string section(const ReportModel& model, std::int64_t number, const std::string& prefix,
                    const report::ClassColours& colours) {
  const auto& items = model.groups[static_cast<std::size_t>(number)].items;
  const std::string& query = model.ids[static_cast<std::size_t>(items.front().index)];
  std::string out = concat("<section class=\"group\"><header><h3>", escape_html(shortened(query, kTitleCharacters)),
                           "</h3><p>", format_counted(std::ssize(items) - 1, "image", "images"),
                           ", most alike first</p></header><ul class=\"tiles\">");
  for (std::size_t rank = 0; rank < items.size(); ++rank) {
    const auto thumbnail = model.thumbnails.find(items[rank].index);
    const std::string picture = thumbnail == model.thumbnails.end() ? report::placeholder_html(model, items[rank])
                                                                    : report::picture_html(thumbnail->second);
    out += report::tile_html(model, {number, static_cast<std::int64_t>(rank), &items[rank]}, prefix, colours, picture,
                             "query");
  }
  return out + "</ul></section>\n";
}

}  // namespace

std::string search_page(const ReportModel& model) {
  const std::string prefix = report::safe_link_prefix(model.link_prefix);
  const report::ClassColours colours(model);
  std::string page =
      concat(report::page_head(concat(shortened(model.title, kTitleCharacters), ", search"),
                               concat(kReportCss, kReportGroupsCss), ""),
             "<div class=\"page\">\n<header class=\"masthead\"><p class=\"kicker\">simile search</p><h1>",
             escape_html(shortened(model.title, kTitleCharacters)), "</h1><p class=\"terms\"><span>method <b>",
             escape_html(model.method), "</b></span></p></header>\n<main>\n");
  for (std::int64_t k = 0; k < std::ssize(model.groups); ++k) page += section(model, k, prefix, colours);
  return page + concat("</main>\n<footer><p>Made by simile ", escape_html(model.version),
                       ". The page loads nothing from elsewhere.</p></footer>\n</div>\n</body></html>\n");
}

}  // namespace simile
