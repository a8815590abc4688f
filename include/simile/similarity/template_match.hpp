// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "simile/core/view.hpp"
#include "simile/similarity/metric.hpp"

namespace simile {

/// Template matching of colour images [n, height, width, 3], 0..255, of one size, in [0, 1]:
/// 1 - min(1, sum (x - y)^2 / sqrt(sum x^2 sum y^2)), OpenCV's matchTemplate with TM_SQDIFF_NORMED. Identical images
/// give 1, two black ones too; one black image is 0. Sums are exact integers; only the last four operations round.
/// Tiles are exact matrix products of bytes, so every interval is a point. Keeps a copy of the images as bytes.
class TemplateMetric final : public Metric {
 public:
  /// Throws invalid_argument when the sides differ in size, images are empty, not of three channels, or beyond 2^37
  /// values.
  explicit TemplateMetric(View<const std::uint8_t, 4> images);
  TemplateMetric(View<const std::uint8_t, 4> left, View<const std::uint8_t, 4> right);
  ~TemplateMetric() override;

  std::string_view name() const override { return "template"; }
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
  struct Side;
  struct Products;
  /// Adds the products of the values from `begin` to `end`, at most kMaxProductDepth of them since the last multiple.
  void multiply(const Products& products, std::int64_t begin, std::int64_t end, Workspace& workspace) const;
  /// Decides the tile when few pairs are left after the first values: a difference only grows.
  bool screen_first_values(const Tile& tile, double floor, const Products& products, Workspace& workspace,
                           std::vector<ScoredPair>& out) const;
  const Side& right_side() const { return right_side_ ? *right_side_ : *left_side_; }

  View<const std::uint8_t, 4> left_;
  View<const std::uint8_t, 4> right_;
  std::int64_t values_;  // of an image
  std::unique_ptr<const Side> left_side_;
  std::unique_ptr<const Side> right_side_;  // none for one set
};

}  // namespace simile
