// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "similarity/simd/ssim_kernels.hpp"

#include "simile/core/array.hpp"
#include "simile/core/view.hpp"
#include "simile/similarity/tile.hpp"

namespace simile {

/// Images [n, height, width] by pools of SSIM windows: what an upper bound of the mean SSIM of two of them takes
/// (arithmetic/ssim.hpp). Made when first asked for, block by block, by whichever thread asks. Only screens depend on
/// it.
class SsimPools {
 public:
  explicit SsimPools(View<const std::uint8_t, 3> images);

  /// Whether pools of such images take little memory beside the pixels, and their sums stay within float's range.
  static bool pay(std::int64_t height, std::int64_t width);

  /// Taken by the first prepare().
  std::int64_t size_bytes() const;
  std::int64_t groups() const;
  std::int64_t stride() const { return groups() * kGroupFloats; }
  /// Must come before of(): makes what is not there yet. Throws out_of_memory.
  void prepare(Range items) const;
  const float* of(std::int64_t item) const { return sums_.data() + item * stride(); }

  /// What pools there are; pool order()[place] is stored at `place`, 16 to a group.
  SsimPoolGrid grid() const;
  std::span<const std::int64_t> order() const { return order_; }

  /// Deficits that add up to more say that a pair is surely below the floor.
  float limit(double floor) const;
  /// least[row of windows]: a pair with these deficits [pool as stored] is surely below the floor if the similarities
  /// up to the row's end add up to less.
  void least_sums(const float* deficits, double floor, double* least) const;

 private:
  static constexpr std::int64_t kGroupFloats = 7 * 16;

  void prepare_block(std::int64_t block) const;

  View<const std::uint8_t, 3> images_;
  std::vector<std::int64_t> row_ends_;
  std::vector<std::int64_t> column_ends_;
  std::vector<std::int64_t>
      order_;                     ///< pools as stored: those in the middle of the image first, where images differ most
  mutable Array<float, 2> sums_;  ///< [item, group x sum x pool of the group]
  mutable std::once_flag allocated_;
  std::unique_ptr<std::once_flag[]> made_;  ///< a block of items each
};

}  // namespace simile
