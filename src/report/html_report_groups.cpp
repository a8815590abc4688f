// SPDX-License-Identifier: Apache-2.0
#include "report/html_report_groups.hpp"

#include <algorithm>
#include <bit>
#include <iterator>
#include <utility>
#include <vector>

#include "report/html_report_text.hpp"

#include "simile/core/text.hpp"
#include "simile/core/units.hpp"

namespace simile::report {
namespace {

constexpr std::size_t kColours = 10;       // as many hues as the eye tells apart; report_page.css has them
constexpr std::size_t kClassesNamed = 5;   // under a group's bar
constexpr std::size_t kClassesInBar = 12;  // the rest is one grey piece
constexpr std::size_t kClassCharacters = 40;
constexpr std::size_t kNameCharacters = 120;

using ClassCounts = std::vector<std::pair<std::string_view, std::int64_t>>;

ClassCounts most_frequent_first(const auto& classes) {
  ClassCounts counts(classes.begin(), classes.end());
  std::stable_sort(counts.begin(), counts.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
  return counts;
}

std::int64_t sum(const ClassCounts& counts) {
  std::int64_t total = 0;
  for (const auto& [name, count] : counts) total += count;
  return total;
}

std::string class_label(std::string_view name, std::int64_t count, std::string_view css) {
  return concat("<li><i class=\"dot ", css, "\"></i>", escape_html(shortened(name, kClassCharacters)), " <b>",
                format_count(count), "</b></li>");
}

double share(std::int64_t part, std::int64_t whole) {
  return whole > 0 ? static_cast<double>(part) / static_cast<double>(whole) : 0;
}

// Position on a bar 1000 wide.
std::int64_t on_bar(std::int64_t part, std::int64_t whole) { return whole > 0 ? part * 1000 / whole : 0; }

// A table with a bar in each row: its own text alternative.
std::string chart_opening(std::string_view caption, std::string_view rows, std::string_view counts,
                          std::string_view more = "") {
  return concat("<table class=\"chart\"><caption>", caption, "</caption><thead><tr><th scope=\"col\">", rows,
                "</th><td></td><th scope=\"col\">", counts, "</th>", more, "</tr></thead><tbody>");
}

std::string chart_row(std::string_view label, std::int64_t count, std::int64_t highest, std::string_view css,
                      std::string_view cells) {
  // Even one among thousands shows.
  const std::int64_t width = count == 0 ? 0 : std::max<std::int64_t>(on_bar(count, highest), 6);
  return concat("<tr><th scope=\"row\">", label, "</th><td><svg viewBox=\"0 0 1000 1\" preserveAspectRatio=\"none\" ",
                "aria-hidden=\"true\"><rect class=\"", css, "\" width=\"", width, "\" height=\"1\"/></svg></td>", cells,
                "</tr>");
}

std::string class_bar(const ClassCounts& counts, const ClassColours& colours) {
  const std::int64_t total = sum(counts);
  std::string out = "<svg class=\"bar\" viewBox=\"0 0 1000 1\" preserveAspectRatio=\"none\" aria-hidden=\"true\">";
  std::int64_t done = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const bool rest = i == kClassesInBar;
    const std::int64_t count = rest ? total - done : counts[i].second;
    const std::int64_t left = on_bar(done, total);
    done += count;
    out += concat("<rect class=\"", rest ? "cx" : colours.css(counts[i].first), "\" x=\"", left, "\" width=\"",
                  on_bar(done, total) - left, "\" height=\"1\"/>");
    if (rest) break;
  }
  return out + "</svg>";
}

std::string class_names(const ClassCounts& counts, const ClassColours& colours) {
  std::string out = "<ul class=\"classes\" aria-label=\"True classes\">";
  for (std::size_t i = 0; i < std::min(counts.size(), kClassesNamed); ++i) {
    out += class_label(counts[i].first, counts[i].second, colours.css(counts[i].first));
  }
  if (counts.size() > kClassesNamed) {
    const auto others = static_cast<std::int64_t>(counts.size() - kClassesNamed);
    out += concat("<li class=\"quiet\">and ", format_counted(others, "other class", "other classes"), "</li>");
  }
  return out + "</ul>";
}

double lowest_similarity(const ReportGroup& group) {
  const auto lower = [](const ReportItem& a, const ReportItem& b) { return a.similarity < b.similarity; };
  const auto lowest = std::min_element(group.items.begin(), group.items.end(), lower);
  return lowest == group.items.end() ? 1 : lowest->similarity;
}

std::string tooltip(const ReportModel& model, const Tile& tile, std::string_view badge) {
  std::string text = shortened(item_id(model, tile.item->index), kNameCharacters);
  if (tile.group == kOutliers) {
    text += "\nin no group";
  } else if (tile.rank == 0) {
    text += badge == "query" ? std::string("\nthe query") : concat("\n", badge, " of its group");
  } else {
    text += concat("\nsimilarity ", similarity_text(tile.item->similarity, 4), " to the ", badge);
  }
  if (!tile.item->truth.empty()) text += concat("\nclass ", shortened(tile.item->truth, kClassCharacters));
  return text;
}

}  // namespace

ClassColours::ClassColours(const ReportModel& model) {
  for (const auto& group : model.groups) {
    for (const auto& [name, count] : group.classes) counts_[name] += count;
  }
  for (const auto& item : model.outliers) {
    if (!item.truth.empty()) ++counts_[item.truth];
  }
  const ClassCounts counts = most_frequent_first(counts_);
  for (std::size_t i = 0; i < std::min(counts.size(), kColours); ++i) colours_.emplace(counts[i].first, i);
}

std::string ClassColours::css(std::string_view name) const {
  const auto found = colours_.find(name);
  return found == colours_.end() ? "cx" : concat('c', found->second);
}

std::string ClassColours::legend() const {
  if (empty()) return {};
  ClassCounts counts = most_frequent_first(counts_);
  std::string others;
  if (counts.size() > kColours) {
    const ClassCounts rest(counts.begin() + kColours, counts.end());
    others = format_counted(std::ssize(rest), "other class", "other classes");
    const std::int64_t images = sum(rest);
    counts.resize(kColours);
    counts.emplace_back(others, images);
  }
  std::int64_t highest = 0;
  for (const auto& [name, count] : counts) highest = std::max(highest, count);
  std::string out = chart_opening("True classes", "Class", "Images");
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const auto& [name, count] = counts[i];
    const std::string colour = i < kColours ? css(name) : "cx";
    const std::string label =
        concat("<i class=\"dot ", colour, "\"></i>", escape_html(shortened(name, kClassCharacters)));
    out += chart_row(label, count, highest, colour, concat("<td>", format_count(count), "</td>"));
  }
  return out + "</tbody></table>";
}

std::string group_opening(const ReportGroup& group, std::int64_t number, const ClassColours& colours) {
  const ClassCounts counts = most_frequent_first(group.classes);
  const double lowest = lowest_similarity(group);
  const double purity = counts.empty() ? 0 : share(counts[0].second, sum(counts));
  std::string out = concat("<section class=\"group\" id=\"g", number, "\" tabindex=\"-1\" aria-labelledby=\"h", number,
                           "\" data-list=\"", number, "\" data-size=\"", group.items.size(), "\" data-lowest=\"",
                           similarity_text(lowest, 6), '"');
  if (!counts.empty()) out += concat(" data-purity=\"", format_double(purity), '"');
  out += concat("><header><h3 id=\"h", number, "\"><a href=\"#g", number, "\">Group ", number, "</a></h3><p>",
                format_counted(std::ssize(group.items), "image", "images"));
  if (group.items.size() > 1) {
    out += concat("<span title=\"Lowest similarity to the representative\">",
                  lowest == 1 ? "similarity 1 throughout" : concat("similarity from ", similarity_text(lowest, 3)),
                  "</span>");
  }
  if (!counts.empty()) {
    out += concat("<span class=\"purity\" title=\"Share of the most frequent true class\">", percent(purity),
                  " pure</span>");
  }
  out += "</p></header>";
  if (!counts.empty()) out += class_bar(counts, colours) + class_names(counts, colours);
  return out + "<ul class=\"tiles\">";
}

std::string more_names(std::string_view list, std::int64_t size, std::int64_t shown) {
  std::string out = "</ul>";
  if (size > shown) {
    out += concat("<details class=\"more\" data-list=\"", list, "\" data-from=\"", shown, "\"><summary>",
                  shown > 0 ? concat(format_count(size - shown), " more") : format_counted(size, "image", "images"),
                  "</summary></details>");
  }
  return out + "</section>\n";
}

std::string tile_html(const ReportModel& model, const Tile& tile, std::string_view link_prefix,
                      const ClassColours& colours, std::string_view picture, std::string_view badge) {
  const ReportItem& item = *tile.item;
  const std::string id = item_id(model, item.index);
  const bool representative = tile.group != kOutliers && tile.rank == 0;
  const std::string title = concat(" title=\"", escape_html(tooltip(model, tile, badge)), '"');
  std::string out = representative ? "<li class=\"representative\">" : "<li>";
  out += link_prefix.empty() ? concat("<span class=\"tile\" tabindex=\"-1\"", title, '>')
                             : concat("<a class=\"tile\" href=\"", escape_html(link_to(link_prefix, id)),
                                      "\" target=\"_blank\" rel=\"noopener\"", title, '>');
  out += concat("<span class=\"picture\">", picture, representative ? concat("<b>", badge, "</b>") : std::string(),
                "</span>");
  out += "<span class=\"caption\">";
  if (!item.truth.empty()) out += concat("<i class=\"dot ", colours.css(item.truth), "\"></i>");
  out += concat("<span class=\"name\">", escape_html(shortened(file_name(id), kNameCharacters)), "</span>");
  if (tile.group != kOutliers && !representative) {
    out += concat("<span class=\"score\">", similarity_text(item.similarity, 3), "</span>");
  }
  return out + (link_prefix.empty() ? "</span></span></li>" : "</span></a></li>");
}

std::string picture_html(std::string_view jpeg) {
  return concat("<img alt=\"\" loading=\"lazy\" decoding=\"async\" src=\"data:image/jpeg;base64,", base64(jpeg), "\">");
}

std::string placeholder_html(const ReportModel& model, const ReportItem& item) {
  const std::string id = item_id(model, item.index);
  return concat("<span class=\"placeholder\" aria-hidden=\"true\">", escape_html(shortened(file_name(id), 40)),
                "</span>");
}

std::string size_histogram(const ReportModel& model) {
  struct Bin {
    std::int64_t groups = 0;
    std::int64_t images = 0;
  };
  std::map<int, Bin> bins;  // by the exponent of the largest power of two in the size
  std::int64_t highest = 0;
  for (const auto& group : model.groups) {
    Bin& bin = bins[static_cast<int>(std::bit_width(group.items.size())) - 1];
    highest = std::max(highest, ++bin.groups);
    bin.images += std::ssize(group.items);
  }
  if (bins.empty()) return {};
  std::string out = chart_opening("How large the groups are", "Size", "Groups", "<th scope=\"col\">Images</th>");
  for (int exponent = std::max(bins.begin()->first, 0); exponent <= bins.rbegin()->first; ++exponent) {
    const std::int64_t low = std::int64_t{1} << exponent;
    const Bin& bin = bins[exponent];
    const std::string sizes = low == 1 ? "1" : concat(format_count(low), "\u2013", format_count(2 * low - 1));
    out += chart_row(sizes, bin.groups, highest, "bin",
                     concat("<td>", format_count(bin.groups), "</td><td>", format_count(bin.images), "</td>"));
  }
  return out + "</tbody></table>";
}

}  // namespace simile::report
