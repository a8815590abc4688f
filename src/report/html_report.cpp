// SPDX-License-Identifier: Apache-2.0
#include "simile/report/html_report.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <iterator>
#include <string_view>

#include "report/html_page.hpp"
#include "report/html_report_data.hpp"
#include "report/html_report_groups.hpp"
#include "report/html_report_plan.hpp"
#include "report/html_report_text.hpp"
#include "report_page.css.hpp"
#include "report_page.js.hpp"
#include "report_page_groups.css.hpp"

#include "simile/core/text.hpp"
#include "simile/core/units.hpp"

namespace simile {
namespace {

using report::escape_html;
using report::kOutliers;
using report::shortened;
using report::Tile;

constexpr std::size_t kTitleCharacters = 200;
constexpr std::size_t kFactCharacters = 200;
constexpr std::size_t kReasonCharacters = 300;
constexpr std::size_t kRowsWithoutScript = 100;  // of the unreadable files; the script pages through the others
constexpr std::int64_t kDataTagBytes = 100;      // around the lists
constexpr std::int64_t kClosingBytes = 4'000;    // sentences whose text depends on what fitted

// At most so much of the room for headings, captions and links around the pictures, ...
constexpr double kFrameShare = 0.5;
// ... and this much of what they leave is the lists' own, should they need it; pictures have the rest.
constexpr double kListShare = 0.25;

std::int64_t part_of(std::int64_t bytes, double share) {
  return static_cast<std::int64_t>(static_cast<double>(bytes) * share);
}

std::string head(const ReportModel& model) {
  return concat(
      report::page_head(shortened(model.title, kTitleCharacters), concat(kReportCss, kReportGroupsCss), kReportJs),
      "<a class=\"skip\" href=\"#groups\">Skip to the groups</a>\n");
}

std::string summary(const ReportModel& model) {
  std::int64_t grouped = 0;
  for (const auto& group : model.groups) grouped += std::ssize(group.items);
  std::string out = grouped == 0 ? std::string("No groups")
                                 : concat(format_counted(grouped, "image", "images"), " in ",
                                          format_counted(std::ssize(model.groups), "group", "groups"));
  if (!model.outliers.empty()) out += concat(", ", format_counted(std::ssize(model.outliers), "outlier", "outliers"));
  if (!model.unreadable.empty()) {
    out += concat(", ", format_counted(std::ssize(model.unreadable), "unreadable file", "unreadable files"));
  }
  return out + '.';
}

std::string masthead(const ReportModel& model, const report::ClassColours& colours) {
  std::string out = concat("<header class=\"masthead\"><p class=\"kicker\">simile report</p><h1>",
                           escape_html(shortened(model.title, kTitleCharacters)), "</h1><p class=\"lead\">",
                           summary(model), "</p><p class=\"terms\"><span>method <b>",
                           escape_html(shortened(model.method, kFactCharacters)), "</b></span>");
  if (!std::isnan(model.threshold)) {
    out += concat("<span>threshold <b>", format_double(model.threshold), "</b></span>");
  }
  out += "</p>";
  if (!model.threshold_reason.empty()) {
    out += concat("<p class=\"quiet\">The threshold was advised from a sample: ",
                  escape_html(shortened(model.threshold_reason, 4 * kFactCharacters)), ".</p>");
  }
  out += "</header>\n";
  if (!model.facts.empty()) {
    out += "<dl class=\"facts\">";
    for (const auto& [label, value] : model.facts) {
      out += concat("<div><dt>", escape_html(shortened(label, kFactCharacters)), "</dt><dd>",
                    escape_html(shortened(value, kFactCharacters)), "</dd></div>");
    }
    out += "</dl>\n";
  }
  const std::string histogram = report::size_histogram(model);
  const std::string legend = colours.legend();
  if (!histogram.empty()) {
    out += concat("<div class=\"overview\">", histogram, legend, "</div>\n");
  }
  return out;
}

// Hidden until the script, which alone makes it work, shows it.
std::string toolbar(const ReportModel& model, const report::ClassColours& colours) {
  if (model.groups.empty() && model.outliers.empty()) return {};
  std::string sorts =
      "<option value=\"largest\">Largest first</option><option value=\"smallest\">Smallest first</option>"
      "<option value=\"loosest\">Least alike first</option>";
  if (!colours.empty()) {
    sorts += "<option value=\"mixed\">Most mixed first</option><option value=\"pure\">Purest first</option>";
  }
  return concat(
      "<div class=\"toolbar\" role=\"search\" aria-label=\"Find and arrange groups\" hidden><label "
      "class=\"find\"><span class=\"sr\">"
      "Find by file name</span><input id=\"find\" type=\"search\" placeholder=\"Find by file name\" "
      "autocomplete=\"off\" spellcheck=\"false\"><kbd>/</kbd></label><label class=\"sort\"><span class=\"sr\">Order of "
      "the groups</span><select id=\"sort\">",
      sorts,
      "</select></label><label class=\"zoom\" title=\"Size of the pictures\"><span class=\"sr\">Size of the pictures"
      "</span><input id=\"zoom\" type=\"range\" min=\"72\" max=\"216\" step=\"12\" value=\"120\"></label>"
      "<button id=\"theme\" type=\"button\" title=\"Light or dark (t)\" aria-label=\"Light or dark\">"
      "<svg viewBox=\"0 0 24 24\" aria-hidden=\"true\"><circle cx=\"12\" cy=\"12\" r=\"8\"/>"
      "<path d=\"M12 4a8 8 0 0 1 0 16z\"/></svg></button>"
      "<button id=\"help\" type=\"button\" title=\"Keys (?)\" aria-label=\"Keys\">?</button>"
      "<output id=\"found\" aria-live=\"polite\"></output></div>\n");
}

std::string key_help() {
  const auto key = [](std::string_view keys, std::string_view meaning) {
    return concat("<div><dt>", keys, "</dt><dd>", meaning, "</dd></div>");
  };
  return concat("<dialog id=\"keys\" aria-labelledby=\"keys-title\"><h2 id=\"keys-title\">Keys</h2><dl>",
                key("<kbd>/</kbd>", "find by file name"), key("<kbd>j</kbd> <kbd>k</kbd>", "next, previous group"),
                key("<kbd>\u2190</kbd> <kbd>\u2192</kbd>", "previous, next image of the group"),
                key("<kbd>Enter</kbd>", "open the image, or the group\u2019s representative"),
                key("<kbd>m</kbd>", "list the group\u2019s further images"), key("<kbd>t</kbd>", "light or dark"),
                key("<kbd>Esc</kbd>", "clear the search, close this"),
                "</dl><form method=\"dialog\"><button>Close</button></form></dialog>\n");
}

/// Decides what fits and writes the groups and the outliers.
class GroupPages {
 public:
  GroupPages(const ReportModel& model, const report::ClassColours& colours)
      : model_(model), colours_(colours), link_prefix_(report::safe_link_prefix(model.link_prefix)) {}

  /// Chooses the tiles, most important first, as long as their frames fit into `budget_bytes`; returns what they take.
  std::int64_t choose_tiles(std::int64_t budget_bytes) {
    shown_.assign(model_.groups.size(), 0);
    std::int64_t used = 0;
    for (const Tile& tile : report::planned_tiles(model_)) {
      std::int64_t bytes = std::ssize(frame(tile)) + std::ssize(report::placeholder_html(model_, *tile.item));
      if (tile.group != kOutliers && tile.rank == 0)
        bytes += std::ssize(opening(tile.group)) + std::ssize(closing(tile.group, 0));
      // A group without its section has no place for further tiles either.
      const bool homeless = tile.rank > 0 && tile.group >= num_sections_;
      if (used + bytes > budget_bytes || homeless) break;
      used += bytes;
      tiles_.push_back(tile);
      num_sections_ = std::max(num_sections_, tile.group + 1);
      ++(tile.group == kOutliers ? shown_outliers_ : shown_[static_cast<std::size_t>(tile.group)]);
    }
    return used;
  }

  /// Puts pictures into the tiles, most important first, as long as they fit.
  void choose_pictures(std::int64_t budget_bytes) {
    std::int64_t used = 0;
    bool full = false;
    for (const Tile& tile : tiles_) {
      const auto thumbnail = model_.thumbnails.find(tile.item->index);
      std::string picture;
      if (thumbnail != model_.thumbnails.end() && !thumbnail->second.empty()) {
        if (!full) picture = report::picture_html(thumbnail->second);
        full = full || used + std::ssize(picture) > budget_bytes;
        if (full) picture.clear();
        // Instead of the placeholder, which the frame has counted.
        if (!full) used += std::ssize(picture) - std::ssize(report::placeholder_html(model_, *tile.item));
        num_left_out_ += full ? 1 : 0;
      }
      pictures_.push_back(std::move(picture));
    }
  }

  [[nodiscard]] std::string html() const {
    std::vector<std::string> tiles_of(static_cast<std::size_t>(num_sections_));
    std::string outlier_tiles;
    for (std::size_t i = 0; i < tiles_.size(); ++i) {
      const Tile& tile = tiles_[i];
      const std::string picture = pictures_[i].empty() ? report::placeholder_html(model_, *tile.item) : pictures_[i];
      auto& list = tile.group == kOutliers ? outlier_tiles : tiles_of[static_cast<std::size_t>(tile.group)];
      list += report::tile_html(model_, tile, link_prefix_, colours_, picture);
    }
    std::string out = "<main id=\"groups\"><h2 class=\"sr\">Groups</h2>\n<div id=\"list\">\n";
    for (std::int64_t group = 0; group < num_sections_; ++group) {
      const auto at = static_cast<std::size_t>(group);
      out += concat(opening(group), tiles_of[at], closing(group, shown_[at]));
    }
    out += "</div>\n";
    if (model_.groups.empty()) out += "<p class=\"empty\">No two images are alike enough to form a group.</p>\n";
    return out + further_groups() + outliers(outlier_tiles) + "</main>\n";
  }

  [[nodiscard]] const std::string& link_prefix() const { return link_prefix_; }
  [[nodiscard]] std::int64_t num_sections() const { return num_sections_; }
  [[nodiscard]] std::int64_t num_left_out() const { return num_left_out_; }

 private:
  [[nodiscard]] std::string frame(const Tile& tile) const {
    return report::tile_html(model_, tile, link_prefix_, colours_, "");
  }

  [[nodiscard]] std::string opening(std::int64_t group) const {
    return report::group_opening(model_.groups[static_cast<std::size_t>(group)], group, colours_);
  }

  [[nodiscard]] std::string closing(std::int64_t group, std::int64_t shown) const {
    const auto size = std::ssize(model_.groups[static_cast<std::size_t>(group)].items);
    return report::more_names(std::to_string(group), size, shown);
  }

  [[nodiscard]] std::string further_groups() const {
    const std::int64_t further = std::ssize(model_.groups) - num_sections_;
    if (further == 0) return {};
    return concat("<section class=\"further\" id=\"further\" tabindex=\"-1\"><header><h3>",
                  format_counted(further, "further group", "further groups"),
                  "</h3><p>the smallest ones, without pictures</p></header><div id=\"further-list\"></div>"
                  "<noscript><p>clusters.csv lists them.</p></noscript></section>\n");
  }

  [[nodiscard]] std::string outliers(std::string_view tiles) const {
    if (model_.outliers.empty()) return {};
    return concat(
        "<section class=\"group outliers\" id=\"outliers\" tabindex=\"-1\" aria-labelledby=\"ho\" "
        "data-list=\"outliers\"><header><h3 id=\"ho\"><a href=\"#outliers\">Outliers</a></h3><p>",
        format_counted(std::ssize(model_.outliers), "image", "images"),
        "<span>in no group</span></p></header>"
        "<ul class=\"tiles\">",
        tiles, report::more_names("outliers", std::ssize(model_.outliers), shown_outliers_));
  }

  const ReportModel& model_;
  const report::ClassColours& colours_;
  std::string link_prefix_;
  std::vector<Tile> tiles_;
  std::vector<std::string> pictures_;  // of tiles_; empty: a placeholder
  std::vector<std::int64_t> shown_;    // tiles of each group
  std::int64_t shown_outliers_ = 0;
  std::int64_t num_sections_ = 0;  // so many groups, from the first, have a section
  std::int64_t num_left_out_ = 0;  // pictures there are but that did not fit
};

std::string unreadable(const ReportModel& model) {
  if (model.unreadable.empty()) return {};
  std::string out =
      concat("<section class=\"unreadable\" id=\"unreadable\" aria-labelledby=\"hu\"><header><h3 id=\"hu\">",
             format_counted(std::ssize(model.unreadable), "unreadable file", "unreadable files"),
             "</h3></header><div class=\"scroll\"><table><thead><tr><th scope=\"col\">File</th>"
             "<th scope=\"col\">Reason</th></tr></thead><tbody>");
  const std::size_t rows = std::min(model.unreadable.size(), kRowsWithoutScript);
  for (std::size_t i = 0; i < rows; ++i) {
    const auto& [id, reason] = model.unreadable[i];
    out += concat("<tr><td class=\"name\">", escape_html(shortened(id, kReasonCharacters)), "</td><td>",
                  escape_html(shortened(reason, kReasonCharacters)), "</td></tr>");
  }
  out += "</tbody></table></div>";
  if (rows < model.unreadable.size()) {
    out += concat("<div id=\"unreadable-pages\"></div><noscript><p>and ",
                  format_count(std::ssize(model.unreadable) - static_cast<std::int64_t>(rows)),
                  " more in unreadable.csv.</p></noscript>");
  }
  return out + "</section>\n";
}

std::string footer(const ReportModel& model, std::int64_t num_left_out) {
  std::string out = "<footer>";
  if (!model.representative_note.empty()) {
    out += concat("<p>", escape_html(shortened(model.representative_note, 4 * kFactCharacters)), "</p>");
  }
  if (num_left_out > 0) {
    out += concat("<p>", format_counted(num_left_out, "thumbnail was", "thumbnails were"),
                  " left out to keep this page under ", kMaxReportBytes / 1'000'000, " MB.</p>");
  }
  return out +
         concat("<p>Made by simile ", escape_html(shortened(model.version, kFactCharacters)),
                ". The page loads nothing from elsewhere; clusters.csv beside it has every image.</p></footer>\n");
}

}  // namespace

std::string html_report(const ReportModel& model) {
  const report::ClassColours colours(model);
  std::string page = concat(head(model), "<div class=\"page\">\n", masthead(model, colours),
                            "<noscript><p class=\"quiet\">Searching, sorting and the lists of further images need "
                            "JavaScript; clusters.csv has every image.</p></noscript>\n",
                            toolbar(model, colours));
  const std::string after = unreadable(model);

  // First the frames, then the pictures, then as many names as fit.
  std::int64_t left = kMaxReportBytes - std::ssize(page) - std::ssize(after) - std::ssize(key_help()) - kClosingBytes;
  GroupPages groups(model, colours);
  left -= groups.choose_tiles(part_of(left, kFrameShare));
  const report::NameLists lists(model);
  groups.choose_pictures(left - std::min(lists.total_bytes() + kClosingBytes, part_of(left, kListShare)));

  page.reserve(static_cast<std::size_t>(kMaxReportBytes));
  page += groups.html();
  page += after;
  page += footer(model, groups.num_left_out());
  page += "</div>\n";
  page += key_help();
  left = kMaxReportBytes - std::ssize(page) - kDataTagBytes;
  page += concat("<script type=\"application/json\" id=\"data\">",
                 lists.json(groups.link_prefix(), groups.num_sections(), left), "</script>\n</body></html>\n");
  return page;
}

}  // namespace simile
