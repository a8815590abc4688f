// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "simile/similarity/sink.hpp"

namespace simile {

struct HistogramOptions {
  double low = -1;  ///< where the first bin begins; most metrics give values in [-1, 1] or [0, 1]
  double high = 1;  ///< where the last bin ends
  std::int64_t num_bins = 4096;
};

/// How many pairs have which similarity. Bin k holds border(k) <= similarity < border(k + 1), decided by the exact
/// similarity; values below the first border count in the first bin, values from the last border on in the last. Pairs
/// that are alike to nothing (similarity -infinity) are counted apart.
class Histogram final : public Sink {
 public:
  /// Throws invalid_argument unless low < high are finite, there are 1 to 2^24 bins, and each has a width.
  explicit Histogram(const HistogramOptions& options = {});

  std::string_view name() const override { return "histogram"; }
  void begin(const Pairs& pairs, int num_workers) override;
  Need need(const Tile& tile) const override;
  void consume(int worker, const Tile& tile, std::span<const ScoredPair> scored, Exact& exact) override;
  void finish(const Evaluate& evaluate) override;

  std::int64_t num_bins() const { return static_cast<std::int64_t>(borders_.size()) - 1; }
  /// low + (high - low) * (k / num_bins) in double, 0 <= k <= num_bins().
  double border(std::int64_t k) const { return borders_[static_cast<std::size_t>(k)]; }
  /// For a backend that counts elsewhere: adds pairs in every bin and, last, pairs that are alike to nothing; between
  /// begin() and finish(). Throws internal when they are not num_bins() + 1 numbers.
  void add(std::span<const std::int64_t> counts);

  /// Pairs in every bin; after finish().
  const std::vector<std::int64_t>& counts() const { return counts_; }
  /// Pairs with similarity -infinity; after finish().
  std::int64_t num_alike_to_nothing() const { return num_alike_to_nothing_; }

 protected:
  std::string identity() const override;
  void save_state(StateWriter& out) override;
  void load_state(StateReader& in) override;
  void merge_state(const Sink& other, Exact& exact) override;

 private:
  /// Of one worker: the last count is that of the pairs alike to nothing.
  using Counts = std::vector<std::int64_t>;
  std::size_t bin_of(double similarity) const;
  Counts total() const;

  HistogramOptions options_;
  double bins_per_unit_;
  std::vector<double> borders_;
  std::vector<double> ends_;  // border(k + 1) of bin k, infinite for the last
  std::optional<Pairs> pairs_;
  std::vector<Counts> workers_;
  std::vector<std::int64_t> counts_;
  std::int64_t num_alike_to_nothing_ = 0;
};

}  // namespace simile
