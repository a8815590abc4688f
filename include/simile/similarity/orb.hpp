// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <vector>

#include "simile/core/array.hpp"
#include "simile/core/view.hpp"
#include "simile/similarity/metric.hpp"

namespace simile {

/// Share of good matches between the ORB descriptors of two images (Rublee et al., ICCV 2011), in [0, 1]. A match is a
/// pair of descriptors of which each is the other's nearest by Hamming distance, ties to the lowest index; it is good
/// when its distance is below 0.75 of the largest distance among the matches. Largest distance 0: similarity 1. An
/// image without descriptors is alike to nothing (similarity -infinity, also to itself). Symmetric.
/// There is no screen: the definition is evaluated for every pair.
class OrbMetric final : public Metric {
 public:
  /// Descriptors of all images [m, 32]; image k has those from offsets[k] to offsets[k + 1], of n + 1 offsets. Copies
  /// them. Throws invalid_argument when a descriptor has not 32 bytes, or offsets do not ascend from 0 to m (naming the
  /// first that is wrong).
  OrbMetric(View<const std::uint8_t, 2> descriptors, std::span<const std::int64_t> offsets);
  OrbMetric(View<const std::uint8_t, 2> left, std::span<const std::int64_t> left_offsets,
            View<const std::uint8_t, 2> right, std::span<const std::int64_t> right_offsets);

  std::string_view name() const override { return "orb"; }
  std::int64_t num_left() const override { return left_.num_images(); }
  std::int64_t num_right() const override { return right().num_images(); }
  std::int64_t resident_bytes() const override;
  Cost cost() const override;
  double exact(std::int64_t left, std::int64_t right) const override;
  MetricItems items() const override;

 protected:
  void screen_block(const Tile& tile, const Need& need, Workspace& workspace,
                    std::vector<ScoredPair>& out) const override;

 private:
  /// One image's descriptors as codes of kWords words: 30 bits in each half word, as slices count them.
  struct Codes {
    const std::uint64_t* codes;
    std::int64_t count;
  };
  struct Side {
    Side() = default;
    Side(View<const std::uint8_t, 2> descriptors, std::span<const std::int64_t> offsets);
    std::int64_t num_images() const { return static_cast<std::int64_t>(offsets.size()) - 1; }
    Codes operator[](std::int64_t image) const;
    std::int64_t size_bytes() const;
    DescriptorItems::Side items() const;

    Array<std::uint64_t, 2> codes;
    std::vector<std::int64_t> offsets{0};
    std::int64_t most = 0;  ///< descriptors of one image
  };
  struct Scratch;

  const Side& right() const { return one_set_ ? left_ : right_; }
  Scratch scratch(Workspace& workspace) const;
  static void slice(const Codes& image, std::uint32_t* slices);
  static double similarity(const Codes& rows, const Codes& columns, const std::uint32_t* slices,
                           const Scratch& scratch);

  Side left_;
  Side right_;
  bool one_set_;
};

}  // namespace simile
