// SPDX-License-Identifier: Apache-2.0
#include "report/html_report_data.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <iterator>

#include "report/html_report_plan.hpp"
#include "report/html_report_text.hpp"

#include "simile/core/text.hpp"

namespace simile::report {
namespace {

constexpr std::string_view kSharedLengths = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::int64_t kNameFrameBytes = 2;   // the commas after a name and its detail
constexpr std::int64_t kDocumentBytes = 200;  // keys and brackets around the lists
constexpr double kSimilarityUnits = 10'000;   // similarities travel as whole numbers of 1e-4

struct Shared {
  std::size_t bytes = 0;
  std::size_t units = 0;  // as JavaScript counts: UTF-16
};

// Ends between characters, also where bytes are not UTF-8.
Shared shared_beginning(std::string_view a, std::string_view b) {
  Shared shared;
  while (!a.empty()) {
    const std::size_t length = utf8_length(a);
    const std::size_t bytes = std::max<std::size_t>(length, 1);
    const std::size_t units = length == 4 ? 2 : 1;
    if (utf8_length(b) != length || a.substr(0, bytes) != b.substr(0, bytes)) break;
    if (shared.units + units >= kSharedLengths.size()) break;
    shared.bytes += bytes;
    shared.units += units;
    a.remove_prefix(bytes);
    b.remove_prefix(bytes);
  }
  return shared;
}

// "[size,[],[]],"
std::int64_t list_frame_bytes(std::int64_t size) { return 9 + std::ssize(std::to_string(size)); }

std::string similarity_json(double similarity) {
  if (!std::isfinite(similarity) || std::abs(similarity) > 1e12) return "null";
  auto units = std::llround(similarity * kSimilarityUnits);
  if (similarity < 1 && units == std::llround(kSimilarityUnits)) --units;  // only 1 is written as 1
  return std::to_string(units);
}

}  // namespace

NameLists::NameLists(const ReportModel& model) : model_(model), num_lists_(std::ssize(model.groups) + 2) {
  for (std::int64_t list = 0; list < num_lists_; ++list) {
    std::string previous;
    for (std::int64_t rank = 0; rank < size(list); ++rank) {
      const std::int64_t bytes = std::ssize(coded_name(list, rank, previous)) + std::ssize(detail(list, rank)) +
                                 kNameFrameBytes + (rank == 0 ? list_frame_bytes(size(list)) : 0);
      if (rank >= std::ssize(bytes_at_rank_)) bytes_at_rank_.push_back(0);
      bytes_at_rank_[static_cast<std::size_t>(rank)] += bytes;
      total_bytes_ += bytes;
      previous = name(list, rank);
    }
  }
}

std::int64_t NameLists::size(std::int64_t list) const {
  if (list < std::ssize(model_.groups)) return std::ssize(model_.groups[static_cast<std::size_t>(list)].items);
  return list + 1 < num_lists_ ? std::ssize(model_.outliers) : std::ssize(model_.unreadable);
}

std::string NameLists::name(std::int64_t list, std::int64_t rank) const {
  const auto at = static_cast<std::size_t>(rank);
  if (list + 1 == num_lists_) return model_.unreadable[at].first;
  const bool outlier = list + 2 == num_lists_;
  const auto& items = outlier ? model_.outliers : model_.groups[static_cast<std::size_t>(list)].items;
  return item_id(model_, items[at].index);
}

// Similarity of a member, reason of an unreadable file, nothing of an outlier.
std::string NameLists::detail(std::int64_t list, std::int64_t rank) const {
  const auto at = static_cast<std::size_t>(rank);
  if (list + 1 == num_lists_) return json_string(model_.unreadable[at].second);
  if (list + 2 == num_lists_) return {};
  return similarity_json(model_.groups[static_cast<std::size_t>(list)].items[at].similarity);
}

std::string NameLists::coded_name(std::int64_t list, std::int64_t rank, std::string_view previous) const {
  const std::string text = name(list, rank);
  const Shared shared = shared_beginning(text, previous);
  std::string coded = json_string(std::string_view(text).substr(shared.bytes));
  coded.insert(1, 1, kSharedLengths[shared.units]);
  return coded;
}

NameLists::Cut NameLists::cut(std::int64_t budget_bytes) const {
  std::int64_t left = budget_bytes - kDocumentBytes;
  Cut cut;
  while (cut.length < std::ssize(bytes_at_rank_)) {
    const std::int64_t bytes = bytes_at_rank_[static_cast<std::size_t>(cut.length)];
    if (bytes > left) break;
    left -= bytes;
    ++cut.length;
  }
  if (cut.length == std::ssize(bytes_at_rank_)) return cut;
  for (; cut.longer < num_lists_; ++cut.longer) {
    if (size(cut.longer) <= cut.length) continue;
    const std::string previous = cut.length > 0 ? name(cut.longer, cut.length - 1) : std::string();
    left -= std::ssize(coded_name(cut.longer, cut.length, previous)) + std::ssize(detail(cut.longer, cut.length)) +
            kNameFrameBytes + (cut.length == 0 ? list_frame_bytes(size(cut.longer)) : 0);
    if (left < 0) break;
  }
  return cut;
}

std::string NameLists::list_json(std::int64_t list, std::int64_t length) const {
  std::string names;
  std::string details;
  std::string previous;
  for (std::int64_t rank = 0; rank < std::min(length, size(list)); ++rank) {
    if (rank > 0) names += ',';
    names += coded_name(list, rank, previous);
    const std::string more = detail(list, rank);
    if (rank > 0 && !more.empty()) details += ',';
    details += more;
    previous = name(list, rank);
  }
  return concat('[', size(list), ",[", names, "],[", details, "]]");
}

std::string NameLists::json(std::string_view link_prefix, std::int64_t num_sections, std::int64_t budget_bytes) const {
  const Cut cut = this->cut(budget_bytes - std::ssize(link_prefix));
  const auto length = [&](std::int64_t list) { return cut.length + (list < cut.longer ? 1 : 0); };
  std::string out = concat("{\"link\":", json_string(link_prefix), ",\"sections\":", num_sections,
                           ",\"total\":", model_.groups.size(), ",\"groups\":[");
  for (std::int64_t list = 0; list < std::ssize(model_.groups) && length(list) > 0; ++list) {
    if (list > 0) out += ',';
    out += list_json(list, length(list));
  }
  out += concat("],\"outliers\":", list_json(num_lists_ - 2, length(num_lists_ - 2)),
                ",\"unreadable\":", list_json(num_lists_ - 1, length(num_lists_ - 1)), '}');
  return out;
}

}  // namespace simile::report
