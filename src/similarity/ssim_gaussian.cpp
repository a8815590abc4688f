// SPDX-License-Identifier: Apache-2.0
#include "simile/similarity/ssim_gaussian.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "similarity/arithmetic/ssim_gaussian.hpp"
#include "similarity/simd/kernels.hpp"

#include "simile/core/error.hpp"
#include "simile/core/text.hpp"

namespace simile {
namespace {

// Preparing an image costs what comparing it with a few does; larger tiles would leave threads without work on small
// sets.
constexpr std::int64_t kPreferredEdge = 128;
// Windows a side of a patch: what the right images need then (0.15 MB with AVX2) fits the second level cache, and the
// rows of sums fit the first. (On two busy AVX2 cores one patch of 54 windows took 10 to 20 % longer than four of 27.)
constexpr std::int64_t kPatch = kGaussianRowSum;
constexpr std::int64_t kMaxImages = 16;         // that any level compares at once
constexpr std::int64_t kMaxPixels = 1LL << 31;  // the definition's error bound is proven up to here

enum Slot : std::size_t { left_slot, right_slot, scratch_slot, sums_slot, reach_slot };

std::int64_t round_up(std::int64_t value, std::int64_t unit) { return (value + unit - 1) / unit * unit; }

/// Windows a side of a patch when `windows` are cut into even parts.
std::int64_t patch_side(std::int64_t windows) {
  const std::int64_t parts = (windows + kPatch - 1) / kPatch;
  return std::min(windows, round_up((windows + parts - 1) / parts, 2));
}

/// Screens the block of a tile.
class DenseScreen {
 public:
  DenseScreen(const View<const std::uint8_t, 3>& left, const View<const std::uint8_t, 3>& right, const Tile& tile,
              Workspace& workspace)
      : simd_(kernels().ssim_gaussian),
        left_(left),
        right_(right),
        tile_(tile),
        num_rows_(left.shape[1] - kGaussianWindow + 1),
        num_columns_(left.shape[2] - kGaussianWindow + 1),
        stride_(round_up(tile.cols.size(), simd_.rights)) {
    const GaussianPatch patch = largest();
    left_memory_ = workspace.buffer<std::uint8_t>(left_slot, tile.rows.size() * simd_.left_bytes(patch));
    right_memory_ = workspace.buffer<std::uint8_t>(right_slot, simd_.right_bytes(patch));
    scratch_ = workspace.buffer<std::uint8_t>(scratch_slot, simd_.scratch_bytes(patch));
    sums_ = workspace.buffer<double>(sums_slot, tile.rows.size() * stride_);
    row_reach_ = workspace.buffer<double>(reach_slot, tile.rows.size() + stride_);
    column_reach_ = row_reach_ + tile.rows.size();
  }

  void run() {
    std::fill_n(sums_, tile_.rows.size() * stride_, 0.0);
    std::fill_n(row_reach_, tile_.rows.size() + stride_, 0.0);
    const GaussianPatch whole = largest();
    for (std::int64_t row = 0; row < num_rows_; row += whole.rows) {
      for (std::int64_t column = 0; column < num_columns_; column += whole.columns) {
        add_patch({std::min(whole.rows, num_rows_ - row), std::min(whole.columns, num_columns_ - column)},
                  row * left_.shape[2] + column);
      }
    }
    const auto count = static_cast<double>(num_rows_ * num_columns_);
    for (std::int64_t k = 0; k < tile_.rows.size() * stride_; ++k) sums_[k] /= count;
    // Sums of rounded variances: never taken for less than nothing, whose root would be no number.
    for (std::int64_t k = 0; k < tile_.rows.size() + stride_; ++k) {
      row_reach_[k] = std::sqrt(std::max(0.0, row_reach_[k]) / count);
    }
  }
  /// Of a pair of the tile (of an upper one: with row < column), after run().
  double mean(std::int64_t row, std::int64_t column) const {
    return sums_[(row - tile_.rows.begin) * stride_ + column - tile_.cols.begin];
  }
  double band(std::int64_t row, std::int64_t column) const {
    return gaussian_band(row_reach_[row - tile_.rows.begin], column_reach_[column - tile_.cols.begin]);
  }

 private:
  GaussianPatch largest() const { return {patch_side(num_rows_), patch_side(num_columns_)}; }

  void add_patch(GaussianPatch patch, std::int64_t offset) {
    const std::int64_t image_bytes = simd_.left_bytes(patch);
    const std::int64_t width = left_.shape[2];
    for (std::int64_t row = 0; row < tile_.rows.size(); ++row) {
      simd_.prepare_left(left_[tile_.rows.begin + row].data + offset, width, patch, left_memory_ + row * image_bytes,
                         scratch_, row_reach_ + row);
    }
    for (std::int64_t group = tile_.cols.begin; group < tile_.cols.end; group += simd_.rights) {
      const std::int64_t group_end = std::min(group + simd_.rights, tile_.cols.end);
      // The last image stands for those that a group lacks.
      std::array<const std::uint8_t*, kMaxImages> pixels;
      for (std::int64_t k = 0; k < simd_.rights; ++k) {
        pixels[static_cast<std::size_t>(k)] = right_[std::min(group + k, group_end - 1)].data + offset;
      }
      const std::int64_t first = group - tile_.cols.begin;
      simd_.prepare_right(pixels.data(), width, patch, right_memory_, scratch_, column_reach_ + first);
      // Of an upper tile only rows below the group's last column have pairs here.
      const std::int64_t row_end = tile_.upper ? std::min(tile_.rows.end, group_end - 1) : tile_.rows.end;
      for (std::int64_t row = 0; row < row_end - tile_.rows.begin; ++row) {
        simd_.add_sums(left_memory_ + row * image_bytes, right_memory_, patch, scratch_, sums_ + row * stride_ + first);
      }
    }
  }

  const SsimGaussianKernels& simd_;
  const View<const std::uint8_t, 3>& left_;
  const View<const std::uint8_t, 3>& right_;
  const Tile& tile_;
  std::int64_t num_rows_;  // of windows
  std::int64_t num_columns_;
  std::int64_t stride_;  // of sums_
  std::uint8_t* left_memory_;
  std::uint8_t* right_memory_;
  std::uint8_t* scratch_;
  double* sums_;
  double* row_reach_;
  double* column_reach_;
};

void check_sizes(const View<const std::uint8_t, 3>& left, const View<const std::uint8_t, 3>& right) {
  ensure(left.contiguous() && right.contiguous(), "SSIM takes contiguous images");
  const auto size = concat(left.shape[2], "x", left.shape[1]);
  if (left.shape[1] != right.shape[1] || left.shape[2] != right.shape[2]) {
    throw Error(ErrorCode::invalid_argument,
                concat("SSIM compares images of one size, not ", size, " and ", right.shape[2], "x", right.shape[1]));
  }
  if (left.shape[1] < kGaussianWindow || left.shape[2] < kGaussianWindow) {
    throw Error(ErrorCode::invalid_argument,
                concat("images of ", size, " pixels are smaller than SSIM's Gaussian window of 11x11"));
  }
  if (left.shape[1] > kMaxPixels / left.shape[2]) {
    throw Error(ErrorCode::invalid_argument, concat("images of ", size, " pixels have more than 2^31 pixels"));
  }
}

}  // namespace

SsimGaussianMetric::SsimGaussianMetric(View<const std::uint8_t, 3> images) : SsimGaussianMetric(images, images) {}

SsimGaussianMetric::SsimGaussianMetric(View<const std::uint8_t, 3> left, View<const std::uint8_t, 3> right)
    : left_(left), right_(right) {
  check_sizes(left, right);
}

std::int64_t SsimGaussianMetric::resident_bytes() const {
  return left_.size() + (left_.data == right_.data ? 0 : right_.size());
}

Cost SsimGaussianMetric::cost() const {
  const SsimGaussianKernels& simd = kernels().ssim_gaussian;
  const GaussianPatch patch{patch_side(left_.shape[1] - kGaussianWindow + 1),
                            patch_side(left_.shape[2] - kGaussianWindow + 1)};
  Cost cost;
  cost.preferred_edge = kPreferredEdge;
  cost.bytes_per_row = simd.left_bytes(patch) + static_cast<std::int64_t>(sizeof(double));
  cost.bytes_per_column = sizeof(double);
  cost.bytes_per_pair = sizeof(double);
  // The right images of a patch, and what rounding up to whole groups of them adds.
  cost.fixed_bytes =
      simd.right_bytes(patch) + simd.scratch_bytes(patch) + 8 * (kPreferredEdge + 1) * simd.rights + 4096;
  return cost;
}

double SsimGaussianMetric::exact(std::int64_t left, std::int64_t right) const {
  const std::int64_t height = left_.shape[1];
  const std::int64_t width = left_.shape[2];
  static thread_local std::vector<double> scratch;
  scratch.resize(static_cast<std::size_t>(kGaussianExactRows * width));
  return kernels().ssim_gaussian.exact(left_[left].data, right_[right].data, height, width, scratch.data());
}

MetricItems SsimGaussianMetric::items() const { return {GreyItems{GreyItems::Window::gaussian, left_, right_}}; }

void SsimGaussianMetric::screen_block(const Tile& tile, const Need& need, Workspace& workspace,
                                      std::vector<ScoredPair>& out) const {
  DenseScreen dense(left_, right_, tile, workspace);
  dense.run();
  for (std::int64_t row = tile.rows.begin; row < tile.rows.end; ++row) {
    for (std::int64_t col = tile.upper ? std::max(tile.cols.begin, row + 1) : tile.cols.begin; col < tile.cols.end;
         ++col) {
      const double mean = dense.mean(row, col);
      const double band = dense.band(row, col);
      if (mean + band >= need.floor) out.push_back({row, col, mean - band, mean + band});
    }
  }
}

}  // namespace simile
