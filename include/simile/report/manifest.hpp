// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "simile/report/transfer.hpp"
#include "simile/similarity/compare.hpp"

namespace simile {

/// Headline of a clustering; what `--json` prints and manifest.json keeps.
struct ClusterSummary {
  std::string input;   ///< as the user wrote it
  std::string output;  ///< result folder
  std::string kind;    ///< of input: "folder", "IDX images", ...
  std::string method;
  std::string window;  ///< of ssim
  double threshold = 0;
  std::string threshold_reason;  ///< why, where it was advised; empty where it was given
  std::int64_t min_size = 2;
  bool no_chain = false;  ///< every pair of a group is alike
  std::uint64_t seed = 0;
  std::int64_t num_items = 0;            ///< in the catalogue
  std::int64_t num_repeats = 0;          ///< lines of a list that named an item again
  std::int64_t num_links = 0;            ///< symbolic links in a folder, left out
  std::int64_t num_earlier_results = 0;  ///< result folders below a folder, left out
  std::int64_t num_unreadable = 0;
  std::int64_t num_groups = 0;
  std::int64_t num_grouped = 0;  ///< items in groups
  std::int64_t num_outliers = 0;
  std::int64_t largest_group = 0;
  std::int64_t num_sampled_representatives = 0;
  Transfer transfer = Transfer::none;
  std::int64_t num_moved = 0;  ///< files, by Transfer::move
  std::int64_t num_transfer_errors = 0;
  std::int64_t num_kept = 0;  ///< items that were not read, since the cache had their features
  bool has_truth = false;
  std::int64_t num_judged = 0;  ///< grouped items with a true class
  double purity = 0;
  std::string device;
  int threads = 0;
  std::string simd;
  CompareStats compare;
  std::int64_t num_batches = 0;  ///< 0: every pair was compared
  bool merged = false;           ///< batches were, by representatives
  std::int64_t pairs_in_batches = 0;
  std::int64_t pairs_in_merge = 0;
  std::vector<std::string> merged_from;  ///< result folders whose batches were merged, by a run of its own
  double threshold_in_batches = 0;       ///< of those; `threshold` is that of merging
  double plain_loop_seconds = 0;         ///< estimate: every pair by its definition, one after the other on one thread
  std::vector<std::pair<std::string, double>> seconds;  ///< by phase, in order

  double share_grouped() const;
  /// Of these, what was compared; less than 1 with batches.
  double share_compared() const;
  /// Pairs that comparing all readable items would take.
  std::int64_t num_all_pairs() const;
  double pairs_per_second() const;
  /// Pairs that were scored and decided by certified bounds, without their definition.
  std::int64_t pairs_by_bounds() const;
};

/// One JSON object, keys in a fixed order, ends with a line break. Bytes that are not UTF-8 are percent-encoded.
std::string to_json(const ClusterSummary& summary);

/// manifest.json: version, command line, summary (a JSON object, as to_json() gives it), and the SHA-256 of every other
/// file directly in `folder`, but for the journal of moves. `batches`, unless empty: a JSON object that read_batches()
/// gives back. Throws io.
void write_manifest(const std::filesystem::path& folder, const std::string& summary,
                    const std::vector<std::string>& arguments, const std::string& batches = {});

}  // namespace simile
