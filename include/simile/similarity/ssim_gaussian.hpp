// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "simile/core/view.hpp"
#include "simile/similarity/metric.hpp"

namespace simile {

/// Side of the Gaussian SSIM window.
inline constexpr std::int64_t kGaussianWindow = 11;

/// Structural similarity of grey images [n, height, width], 0..255, in [-1, 1] with the windows of the paper (Wang,
/// Bovik, Sheikh, Simoncelli, IEEE TIP 2004): 11x11 Gaussian weights of sigma 1.5, K1 0.01, K2 0.03, data range 255,
/// covariances not scaled up, mean over the windows inside the image. scikit-image's gaussian_weights=True,
/// use_sample_covariance=False. Identical images give exactly 1.
/// Screen: single precision, with a band that depends on both images; docs/algorithms.md derives it.
class SsimGaussianMetric final : public Metric {
 public:
  /// Throws invalid_argument when the sides differ in size, a side is smaller than the window, or images have more than
  /// 2^31 pixels.
  explicit SsimGaussianMetric(View<const std::uint8_t, 3> images);
  SsimGaussianMetric(View<const std::uint8_t, 3> left, View<const std::uint8_t, 3> right);

  std::string_view name() const override { return "ssim"; }
  std::int64_t num_left() const override { return left_.shape[0]; }
  std::int64_t num_right() const override { return right_.shape[0]; }
  std::int64_t resident_bytes() const override;
  Cost cost() const override;
  double exact(std::int64_t left, std::int64_t right) const override;
  MetricItems items() const override;

 protected:
  void screen_block(const Tile& tile, const Need& need, Workspace& workspace,
                    std::vector<ScoredPair>& out) const override;

 private:
  View<const std::uint8_t, 3> left_;
  View<const std::uint8_t, 3> right_;
};

}  // namespace simile
