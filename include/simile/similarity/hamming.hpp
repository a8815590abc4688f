// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "simile/core/array.hpp"
#include "simile/core/view.hpp"
#include "simile/similarity/metric.hpp"

namespace simile {

/// Share of equal bits of two codes, (bits - differing) / bits, in [0, 1].
/// Codes are rows of bytes [n, ceil(bits / 8)]; bits after the last one must be 0.
class HammingMetric final : public Metric {
 public:
  /// Copies the codes into padded 64-bit words. Throws invalid_argument when `bits` and the rows' length do not fit, or
  /// a bit after the last one is set (naming the row).
  HammingMetric(View<const std::uint8_t, 2> codes, std::int64_t bits);
  HammingMetric(View<const std::uint8_t, 2> left, View<const std::uint8_t, 2> right, std::int64_t bits);

  std::string_view name() const override { return "hamming"; }
  std::int64_t num_left() const override { return num_left_; }
  std::int64_t num_right() const override { return num_right_; }
  std::int64_t resident_bytes() const override { return words_.size_bytes(); }
  Cost cost() const override;
  double exact(std::int64_t left, std::int64_t right) const override;
  MetricItems items() const override;

 protected:
  void screen_block(const Tile& tile, const Need& need, Workspace& workspace,
                    std::vector<ScoredPair>& out) const override;

 private:
  /// Every distance of the tile, by counting bits.
  void count_all(const Tile& tile, std::int64_t reach, Workspace& workspace, std::vector<ScoredPair>& out) const;
  /// Looks only at pairs of which a piece is equal; false, and nothing is done, where those would be many.
  bool count_by_pieces(const Tile& tile, std::int64_t reach, std::int64_t slices, Workspace& workspace,
                       std::vector<ScoredPair>& out) const;
  /// Counts the bits of many codes at once, and of those that stay within `reach` once more.
  void count_slices(const Tile& tile, std::int64_t reach, std::int64_t slices, Workspace& workspace,
                    std::vector<ScoredPair>& out) const;
  const std::uint64_t* left_code(std::int64_t item) const { return words_.data() + item * words_per_code_; }
  const std::uint64_t* right_code(std::int64_t item) const { return left_code(right_begin_ + item); }

  std::int64_t bits_;
  std::int64_t num_left_;
  std::int64_t num_right_;
  std::int64_t right_begin_;
  std::int64_t words_per_code_;
  Array<std::uint64_t, 2> words_;
};

}  // namespace simile
