// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <span>

#include "simile/core/view.hpp"
#include "simile/similarity/metric.hpp"

namespace simile {

class SsimPools;

/// Side of the uniform SSIM window.
inline constexpr std::int64_t kSsimWindow = 7;

/// Structural similarity of grey images [n, height, width], 0..255, in [-1, 1] (Wang, Bovik, Sheikh, Simoncelli, IEEE
/// TIP 2004) with scikit-image's defaults: 7x7 uniform window, K1 0.01, K2 0.03, data range 255, sample covariance,
/// mean over the windows inside the image. Window sums are exact integers; only the last operations of a window round.
/// Screen: pairs that sums over pools of windows bound below the floor are rejected, others decided one by one, or,
/// where many are left, in single precision from exact integer covariances, with the band that docs/algorithms.md
/// derives.
class SsimMetric final : public Metric {
 public:
  /// Throws invalid_argument when the sides differ in size, a side is smaller than the window, or an image has more
  /// than 2^31 pixels.
  explicit SsimMetric(View<const std::uint8_t, 3> images);
  SsimMetric(View<const std::uint8_t, 3> left, View<const std::uint8_t, 3> right);

  std::string_view name() const override { return "ssim"; }
  std::int64_t num_left() const override { return left_.shape[0]; }
  std::int64_t num_right() const override { return right_.shape[0]; }
  std::int64_t resident_bytes() const override;
  std::int64_t kept_bytes() const override;
  Cost cost() const override;
  double exact(std::int64_t left, std::int64_t right) const override;
  MetricItems items() const override;

 protected:
  void screen_block(const Tile& tile, const Need& need, Workspace& workspace,
                    std::vector<ScoredPair>& out) const override;

 private:
  /// As exact(), or -infinity once the sum of a row and those above is below least[row].
  double exact(std::int64_t left, std::int64_t right, const double* least) const;
  /// Whether pools are worth their time in a tile; they are ready then.
  bool pools_help(const Tile& tile, const Need& need) const;
  /// Appends the pairs that pools do not reject.
  void add_candidates(const Tile& tile, double floor, Workspace& workspace, std::vector<ScoredPair>& out) const;
  void score_all(const Tile& tile, double floor, Workspace& workspace, std::vector<ScoredPair>& out) const;
  void score_densely(const Tile& tile, Workspace& workspace, std::span<ScoredPair> pairs) const;
  void score_one_by_one(double floor, Workspace& workspace, std::span<ScoredPair> pairs) const;

  View<const std::uint8_t, 3> left_;
  View<const std::uint8_t, 3> right_;
  std::shared_ptr<const SsimPools> left_pools_;  ///< null where they would not pay
  std::shared_ptr<const SsimPools> right_pools_;
};

}  // namespace simile
