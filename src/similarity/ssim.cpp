// SPDX-License-Identifier: Apache-2.0
#include "simile/similarity/ssim.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include "similarity/arithmetic/ssim.hpp"
#include "similarity/simd/kernels.hpp"

#include "simile/core/error.hpp"
#include "simile/core/text.hpp"

namespace simile {
namespace {

// At 64 px, preparing takes a tenth of the time then; larger tiles would leave threads without work on small sets.
constexpr std::int64_t kPreferredEdge = 128;
// Windows a side of a patch: what 16 right images need then (1 MB) fits the second level cache. Smaller ones lose more
// to the six pixels by which they overlap than they gain (measured: 32 a side 13 % slower).
constexpr std::int64_t kPatch = kSsimRowSum;
constexpr std::int64_t kMaxImages = 16;         // that any level compares at once, on one side
constexpr std::int64_t kMaxPixels = 1LL << 31;  // the definition's error bound is proven up to here

enum Slot : std::size_t { left_slot, right_slot, scratch_slot, sums_slot };

std::int64_t round_up(std::int64_t value, std::int64_t unit) { return (value + unit - 1) / unit * unit; }

/// Windows a side of a patch when `windows` are cut into even parts.
std::int64_t patch_side(std::int64_t windows) {
  const std::int64_t parts = (windows + kPatch - 1) / kPatch;
  return std::min(windows, round_up((windows + parts - 1) / parts, 2));
}

/// Where the images first .. first + count - 1 begin; the last one is repeated until the end.
template <std::size_t size>
std::array<const std::uint8_t*, size> image_pointers(const View<const std::uint8_t, 3>& images, std::int64_t first,
                                                     std::int64_t end, std::int64_t offset) {
  std::array<const std::uint8_t*, size> pointers;
  for (std::size_t k = 0; k < size; ++k) {
    pointers[k] = images[std::min(first + static_cast<std::int64_t>(k), end - 1)].data + offset;
  }
  return pointers;
}

/// Screens the block of a tile.
class DenseScreen {
 public:
  DenseScreen(const View<const std::uint8_t, 3>& left, const View<const std::uint8_t, 3>& right, const Tile& tile,
              Workspace& workspace)
      : simd_(kernels().ssim),
        left_(left),
        right_(right),
        tile_(tile),
        num_rows_(left.shape[1] - kSsimWindow + 1),
        num_columns_(left.shape[2] - kSsimWindow + 1),
        row_stride_(round_up(tile.cols.size(), simd_.rights)),
        num_blocks_(round_up(tile.rows.size(), simd_.lefts) / simd_.lefts) {
    const SsimPatch patch = largest();
    left_memory_ = workspace.buffer<std::uint8_t>(left_slot, num_blocks_ * simd_.left_bytes(patch));
    right_memory_ = workspace.buffer<std::uint8_t>(right_slot, simd_.right_bytes(patch));
    scratch_ = workspace.buffer<std::uint8_t>(scratch_slot, simd_.scratch_bytes(patch));
    sums_ = workspace.buffer<double>(sums_slot, num_blocks_ * simd_.lefts * row_stride_);
  }

  /// Mean similarities [row, stride()] of the tile's pairs; of an upper tile, at least those with row < column.
  const double* means() {
    std::fill_n(sums_, num_blocks_ * simd_.lefts * row_stride_, 0.0);
    const SsimPatch largest_patch = largest();
    for (std::int64_t row = 0; row < num_rows_; row += largest_patch.rows) {
      for (std::int64_t column = 0; column < num_columns_; column += largest_patch.columns) {
        add_patch(
            {std::min(largest_patch.rows, num_rows_ - row), std::min(largest_patch.columns, num_columns_ - column)},
            row * left_.shape[2] + column);
      }
    }
    const auto count = static_cast<double>(num_rows_ * num_columns_);
    for (std::int64_t k = 0; k < num_blocks_ * simd_.lefts * row_stride_; ++k) sums_[k] /= count;
    return sums_;
  }
  std::int64_t stride() const { return row_stride_; }

 private:
  SsimPatch largest() const { return {patch_side(num_rows_), patch_side(num_columns_)}; }

  void add_patch(SsimPatch patch, std::int64_t offset) {
    const std::int64_t block_bytes = simd_.left_bytes(patch);
    const std::int64_t width = left_.shape[2];
    for (std::int64_t block = 0; block < num_blocks_; ++block) {
      const auto pixels =
          image_pointers<kMaxImages>(left_, tile_.rows.begin + block * simd_.lefts, tile_.rows.end, offset);
      simd_.prepare_left(pixels.data(), width, patch, left_memory_ + block * block_bytes, scratch_);
    }
    for (std::int64_t group = tile_.cols.begin; group < tile_.cols.end; group += simd_.rights) {
      const std::int64_t group_end = std::min(group + simd_.rights, tile_.cols.end);
      const auto pixels = image_pointers<kMaxImages>(right_, group, group_end, offset);
      simd_.prepare_right(pixels.data(), width, patch, right_memory_, scratch_);
      // Of an upper tile only rows below the group's last column have pairs here.
      const std::int64_t row_end = tile_.upper ? std::min(tile_.rows.end, group_end - 1) : tile_.rows.end;
      const std::int64_t block_end = round_up(row_end - tile_.rows.begin, simd_.lefts) / simd_.lefts;
      for (std::int64_t block = 0; block < block_end; ++block) {
        simd_.add_sums(left_memory_ + block * block_bytes, right_memory_, patch, scratch_,
                       sums_ + block * simd_.lefts * row_stride_ + (group - tile_.cols.begin), row_stride_);
      }
    }
  }

  const SsimKernels& simd_;
  const View<const std::uint8_t, 3>& left_;
  const View<const std::uint8_t, 3>& right_;
  const Tile& tile_;
  std::int64_t num_rows_;  // of windows
  std::int64_t num_columns_;
  std::int64_t row_stride_;
  std::int64_t num_blocks_;  // of left images
  std::uint8_t* left_memory_;
  std::uint8_t* right_memory_;
  std::uint8_t* scratch_;
  double* sums_;
};

}  // namespace

SsimMetric::SsimMetric(View<const std::uint8_t, 3> images) : SsimMetric(images, images) {}

SsimMetric::SsimMetric(View<const std::uint8_t, 3> left, View<const std::uint8_t, 3> right)
    : left_(left), right_(right) {
  ensure(left.contiguous() && right.contiguous(), "SSIM takes contiguous images");
  if (left.shape[1] != right.shape[1] || left.shape[2] != right.shape[2]) {
    throw Error(ErrorCode::invalid_argument, concat("SSIM compares images of one size, not ", left.shape[2], "x",
                                                    left.shape[1], " and ", right.shape[2], "x", right.shape[1]));
  }
  if (left.shape[1] < kSsimWindow || left.shape[2] < kSsimWindow) {
    throw Error(ErrorCode::invalid_argument, concat("images of ", left.shape[2], "x", left.shape[1],
                                                    " pixels are smaller than SSIM's window of 7x7"));
  }
  if (left.shape[1] > kMaxPixels / left.shape[2]) {
    throw Error(ErrorCode::invalid_argument,
                concat("images of ", left.shape[2], "x", left.shape[1], " pixels have more than 2^31 pixels"));
  }
}

std::int64_t SsimMetric::resident_bytes() const {
  return left_.size() + (left_.data == right_.data ? 0 : right_.size());
}

Cost SsimMetric::cost() const {
  const SsimKernels& simd = kernels().ssim;
  const SsimPatch patch{patch_side(left_.shape[1] - kSsimWindow + 1), patch_side(left_.shape[2] - kSsimWindow + 1)};
  Cost cost;
  cost.preferred_edge = kPreferredEdge;
  cost.bytes_per_row = simd.left_bytes(patch) / simd.lefts;
  cost.bytes_per_pair = sizeof(double);
  // The right images of a patch, and what rounding up to whole blocks of images adds on either side.
  cost.fixed_bytes = simd.right_bytes(patch) + simd.scratch_bytes(patch) + simd.left_bytes(patch) +
                     8 * kPreferredEdge * (simd.lefts + simd.rights) + 4096;
  return cost;
}

double SsimMetric::exact(std::int64_t left, std::int64_t right) const {
  const std::int64_t height = left_.shape[1];
  const std::int64_t width = left_.shape[2];
  static thread_local std::vector<std::int32_t> columns;
  static thread_local std::vector<double> row;
  columns.resize(static_cast<std::size_t>(5 * width));
  row.resize(static_cast<std::size_t>(width));
  return kernels().ssim.exact(left_[left].data, right_[right].data, height, width, columns.data(), row.data());
}

void SsimMetric::screen_block(const Tile& tile, const Need& need, Workspace& workspace,
                              std::vector<ScoredPair>& out) const {
  DenseScreen dense(left_, right_, tile, workspace);
  const double* const means = dense.means();
  for (std::int64_t row = tile.rows.begin; row < tile.rows.end; ++row) {
    const double* const row_means = means + (row - tile.rows.begin) * dense.stride() - tile.cols.begin;
    for (std::int64_t col = tile.upper ? std::max(tile.cols.begin, row + 1) : tile.cols.begin; col < tile.cols.end;
         ++col) {
      const double mean = row_means[col];
      if (mean + kSsimBand >= need.floor) out.push_back({row, col, mean - kSsimBand, mean + kSsimBand});
    }
  }
}

}  // namespace simile
