// SPDX-License-Identifier: Apache-2.0
#include "simile/report/manifest.hpp"

#include <algorithm>
#include <ctime>

#include <nlohmann/json.hpp>

#include "report/move_journal.hpp"

#include "simile/core/atomic_file.hpp"
#include "simile/core/sha256.hpp"
#include "simile/core/text.hpp"
#include "simile/core/version.hpp"

namespace simile {
namespace {

using nlohmann::ordered_json;

std::string utc_now() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  char text[32];
  const std::size_t length = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return {text, length};
}

ordered_json summary_json(const ClusterSummary& summary) {
  ordered_json json;
  json["input"] = to_valid_utf8(summary.input);
  json["output"] = to_valid_utf8(summary.output);
  json["kind"] = summary.kind;
  json["method"] = summary.method;
  if (!summary.window.empty()) json["window"] = summary.window;
  json["threshold"] = summary.threshold;
  if (!summary.threshold_reason.empty()) json["threshold_reason"] = summary.threshold_reason;
  json["min_size"] = summary.min_size;
  if (summary.no_chain) json["no_chain"] = true;
  json["seed"] = summary.seed;
  json["images"] = summary.num_items;
  json["repeats"] = summary.num_repeats;
  json["links"] = summary.num_links;
  json["earlier_results"] = summary.num_earlier_results;
  json["unreadable"] = summary.num_unreadable;
  json["groups"] = summary.num_groups;
  json["grouped"] = summary.num_grouped;
  json["outliers"] = summary.num_outliers;
  json["largest_group"] = summary.largest_group;
  json["share_grouped"] = summary.share_grouped();
  json["sampled_representatives"] = summary.num_sampled_representatives;
  if (summary.transfer == Transfer::move) json["moved"] = summary.num_moved;
  json["transfer_errors"] = summary.num_transfer_errors;
  if (summary.has_truth) {
    json["judged"] = summary.num_judged;
    if (summary.num_judged > 0) json["purity"] = summary.purity;
  }
  json["from_cache"] = summary.num_kept;
  json["device"] = summary.device;
  json["threads"] = summary.threads;
  json["simd"] = summary.simd;
  json["pairs"] = summary.compare.pairs;
  json["all_pairs"] = summary.num_all_pairs();
  if (summary.num_batches > 0) {
    json["batches"] = summary.num_batches;
    json["merged"] = summary.merged;
    json["pairs_in_batches"] = summary.pairs_in_batches;
    json["pairs_in_merge"] = summary.pairs_in_merge;
  }
  if (!summary.merged_from.empty()) {
    for (const auto& folder : summary.merged_from) json["merged_from"].push_back(to_valid_utf8(folder));
    json["threshold_in_batches"] = summary.threshold_in_batches;
  }
  json["pairs_resumed"] = summary.compare.pairs_resumed;
  json["pairs_skipped"] = summary.compare.pairs_skipped;
  json["exact_evaluations"] = summary.compare.exact_evaluations;
  json["tiles_split"] = summary.compare.tiles_split;
  json["pairs_by_bounds"] = summary.pairs_by_bounds();
  json["pairs_per_second"] = summary.pairs_per_second();
  json["plain_loop_seconds"] = summary.plain_loop_seconds;
  for (const auto& [phase, seconds] : summary.seconds) json["seconds"][phase] = seconds;
  return json;
}

}  // namespace

double ClusterSummary::share_grouped() const {
  const std::int64_t readable = num_grouped + num_outliers;
  return readable > 0 ? static_cast<double>(num_grouped) / static_cast<double>(readable) : 0;
}

std::int64_t ClusterSummary::num_all_pairs() const { return Pairs::triangle(num_grouped + num_outliers).count(); }

double ClusterSummary::share_compared() const {
  const auto all = static_cast<double>(num_all_pairs());
  return all > 0 ? static_cast<double>(compare.pairs) / all : 1;
}

double ClusterSummary::pairs_per_second() const {
  return compare.seconds > 0 ? static_cast<double>(compare.pairs - compare.pairs_resumed) / compare.seconds : 0;
}

std::int64_t ClusterSummary::pairs_by_bounds() const {
  return std::max<std::int64_t>(0, compare.pairs_scored() - compare.exact_evaluations);
}

std::string to_json(const ClusterSummary& summary) { return summary_json(summary).dump(2) + "\n"; }

void write_manifest(const std::filesystem::path& folder, const std::string& summary,
                    const std::vector<std::string>& arguments, const std::string& batches) {
  ordered_json json;
  json["simile"] = kVersion;
  json["finished"] = utc_now();
  json["arguments"] = ordered_json::array();
  for (const auto& argument : arguments) json["arguments"].push_back(to_valid_utf8(argument));
  json["summary"] = ordered_json::parse(summary);
  if (!batches.empty()) json["batches"] = ordered_json::parse(batches);
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    // The journal of moves goes on to be written.
    if (entry.is_regular_file() && entry.path().filename() != report::kJournalName) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  for (const auto& file : files) json["sha256"][file.filename().native()] = sha256_of_file(file);
  write_text(folder / "manifest.json", json.dump(2) + "\n");
}

}  // namespace simile
