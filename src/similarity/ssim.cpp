// SPDX-License-Identifier: Apache-2.0
#include "simile/similarity/ssim.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <vector>

#include "similarity/arithmetic/ssim.hpp"
#include "similarity/simd/kernels.hpp"
#include "similarity/ssim_pools.hpp"

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

// Fewer left images than this are compared without pools: making them for the other side would take longer.
constexpr std::int64_t kFewest = 16;
// Pairs of a tile that are tried first. If pools leave more than half of them, they are not worth their time.
constexpr std::int64_t kSample = 64;
// If pools leave fewer than one in so many pairs of a tile, these are evaluated one by one.
constexpr std::int64_t kSparse = 8;

enum Slot : std::size_t { left_slot, right_slot, scratch_slot, sums_slot, cells_slot, found_slot, deficits_slot };

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

/// Screens the block of a tile: as many left and right images at once as the level takes.
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
    wanted_ = workspace.buffer<std::uint8_t>(cells_slot, num_blocks_ * num_groups());
    std::fill_n(wanted_, num_blocks_ * num_groups(), std::uint8_t{0});
  }

  void want(std::int64_t left, std::int64_t right) {
    const std::int64_t block = (left - tile_.rows.begin) / simd_.lefts;
    wanted_[block * num_groups() + (right - tile_.cols.begin) / simd_.rights] = 1;
  }

  void want_all() {
    for (std::int64_t left = tile_.rows.begin; left < tile_.rows.end; left += simd_.lefts) {
      const std::int64_t last = std::min(left + simd_.lefts, tile_.rows.end) - 1;
      for (std::int64_t right = tile_.cols.begin; right < tile_.cols.end; right += simd_.rights) {
        // Of an upper tile, where one pair of the block lies above the diagonal.
        const std::int64_t right_end = std::min(right + simd_.rights, tile_.cols.end);
        if (!tile_.upper || left + 1 < right_end) want(last, right);
      }
    }
  }

  /// Computes the similarities of the pairs that are wanted.
  void run() {
    std::fill_n(sums_, num_blocks_ * simd_.lefts * row_stride_, 0.0);
    const SsimPatch largest_patch = largest();
    for (std::int64_t row = 0; row < num_rows_; row += largest_patch.rows) {
      for (std::int64_t column = 0; column < num_columns_; column += largest_patch.columns) {
        add_patch(
            {std::min(largest_patch.rows, num_rows_ - row), std::min(largest_patch.columns, num_columns_ - column)},
            row * left_.shape[2] + column);
      }
    }
  }
  double mean(std::int64_t left, std::int64_t right) const {
    return sums_[(left - tile_.rows.begin) * row_stride_ + right - tile_.cols.begin] /
           static_cast<double>(num_rows_ * num_columns_);
  }

 private:
  std::int64_t num_groups() const { return row_stride_ / simd_.rights; }
  SsimPatch largest() const { return {patch_side(num_rows_), patch_side(num_columns_)}; }

  void add_patch(SsimPatch patch, std::int64_t offset) {
    const std::int64_t block_bytes = simd_.left_bytes(patch);
    const std::int64_t width = left_.shape[2];
    for (std::int64_t block = 0; block < num_blocks_; ++block) {
      const auto pixels =
          image_pointers<kMaxImages>(left_, tile_.rows.begin + block * simd_.lefts, tile_.rows.end, offset);
      simd_.prepare_left(pixels.data(), width, patch, left_memory_ + block * block_bytes, scratch_);
    }
    for (std::int64_t group = 0; group < num_groups(); ++group) {
      const std::int64_t begin = tile_.cols.begin + group * simd_.rights;
      bool prepared = false;
      for (std::int64_t block = 0; block < num_blocks_; ++block) {
        if (wanted_[block * num_groups() + group] == 0) continue;
        if (!prepared) prepare_group(patch, begin, offset);
        prepared = true;
        simd_.add_sums(left_memory_ + block * block_bytes, right_memory_, patch, scratch_,
                       sums_ + block * simd_.lefts * row_stride_ + group * simd_.rights, row_stride_);
      }
    }
  }
  void prepare_group(SsimPatch patch, std::int64_t begin, std::int64_t offset) {
    const auto pixels =
        image_pointers<kMaxImages>(right_, begin, std::min(begin + simd_.rights, tile_.cols.end), offset);
    simd_.prepare_right(pixels.data(), left_.shape[2], patch, right_memory_, scratch_);
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
  std::uint8_t* wanted_;  ///< [block, group]
};

bool same_set(const View<const std::uint8_t, 3>& left, const View<const std::uint8_t, 3>& right) {
  return left.data == right.data && left.shape == right.shape;
}

/// First column of a row's pairs.
std::int64_t first_column(const Tile& tile, std::int64_t row) {
  return tile.upper ? std::max(tile.cols.begin, row + 1) : tile.cols.begin;
}

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
  if (left.shape[0] < kFewest || !SsimPools::pay(left.shape[1], left.shape[2])) return;
  left_pools_ = std::make_shared<const SsimPools>(left);
  right_pools_ = same_set(left, right) ? left_pools_ : std::make_shared<const SsimPools>(right);
}

std::int64_t SsimMetric::resident_bytes() const { return left_.size() + (same_set(left_, right_) ? 0 : right_.size()); }

std::int64_t SsimMetric::kept_bytes() const {
  if (left_pools_ == nullptr) return 0;
  return left_pools_->size_bytes() + (left_pools_ == right_pools_ ? 0 : right_pools_->size_bytes());
}

Cost SsimMetric::cost() const {
  const SsimKernels& simd = kernels().ssim;
  const SsimPatch patch{patch_side(left_.shape[1] - kSsimWindow + 1), patch_side(left_.shape[2] - kSsimWindow + 1)};
  Cost cost;
  cost.preferred_edge = kPreferredEdge;
  cost.bytes_per_row = simd.left_bytes(patch) / simd.lefts;
  cost.bytes_per_column = sizeof(std::int32_t);
  cost.bytes_per_pair = sizeof(double) + 1;
  // The right images of a patch, and what rounding up to whole blocks of images adds on either side.
  cost.fixed_bytes = simd.right_bytes(patch) + simd.scratch_bytes(patch) + simd.left_bytes(patch) +
                     8 * kPreferredEdge * (simd.lefts + simd.rights) + 4096 +
                     sizeof(float) * kSsimPoolGroup * (left_pools_ == nullptr ? 0 : left_pools_->groups()) +
                     sizeof(double) * left_.shape[1];
  return cost;
}

double SsimMetric::exact(std::int64_t left, std::int64_t right) const { return exact(left, right, nullptr); }

double SsimMetric::exact(std::int64_t left, std::int64_t right, const double* least) const {
  const std::int64_t height = left_.shape[1];
  const std::int64_t width = left_.shape[2];
  static thread_local std::vector<std::int32_t> columns;
  static thread_local std::vector<double> row;
  columns.resize(static_cast<std::size_t>(5 * width));
  row.resize(static_cast<std::size_t>(width));
  return kernels().ssim.exact(left_[left].data, right_[right].data, height, width, columns.data(), row.data(), least);
}

MetricItems SsimMetric::items() const { return {GreyItems{GreyItems::Window::uniform, left_, right_}}; }

void SsimMetric::screen_block(const Tile& tile, const Need& need, Workspace& workspace,
                              std::vector<ScoredPair>& out) const {
  if (!pools_help(tile, need)) {
    score_all(tile, need.floor, workspace, out);
    return;
  }
  const std::size_t before = out.size();
  try {
    add_candidates(tile, need.floor, workspace, out);
    const std::span<ScoredPair> candidates(out.begin() + static_cast<std::ptrdiff_t>(before), out.end());
    if (std::ssize(candidates) > tile.count() / kSparse) {
      score_densely(tile, workspace, candidates);
    } else {
      score_one_by_one(need.floor, workspace, candidates);
    }
  } catch (const Error&) {
    out.resize(before);  // candidates without a score are nothing to report
    throw;
  }
  out.erase(std::remove_if(out.begin() + static_cast<std::ptrdiff_t>(before), out.end(),
                           [&](const ScoredPair& pair) { return pair.high < need.floor; }),
            out.end());
}

bool SsimMetric::pools_help(const Tile& tile, const Need& need) const {
  // From -1 down there is nothing to reject.
  if (left_pools_ == nullptr || !need.keep || !(need.floor > -1)) return false;
  left_pools_->prepare(tile.rows);
  right_pools_->prepare(tile.cols);
  const float limit = left_pools_->limit(need.floor);
  std::int64_t tried = 0;
  std::int64_t remaining = 0;
  for (std::int64_t k = 0; k < kSample; ++k) {
    const std::int64_t row = tile.rows.begin + tile.rows.size() * k / kSample;
    const std::int64_t col = tile.cols.begin + tile.cols.size() * (37 * k % kSample) / kSample;
    if (tile.upper && col <= row) continue;
    std::int32_t found = 0;
    remaining += kernels().ssim.pool_candidates(left_pools_->of(row), right_pools_->of(col), 0, 1,
                                                left_pools_->groups(), limit, &found);
    ++tried;
  }
  return 2 * remaining <= tried;
}

void SsimMetric::add_candidates(const Tile& tile, double floor, Workspace& workspace,
                                std::vector<ScoredPair>& out) const {
  auto* const found = workspace.buffer<std::int32_t>(found_slot, tile.cols.size());
  for (std::int64_t row = tile.rows.begin; row < tile.rows.end; ++row) {
    const std::int64_t first = first_column(tile, row);
    if (first >= tile.cols.end) continue;
    const std::int64_t count =
        kernels().ssim.pool_candidates(left_pools_->of(row), right_pools_->of(first), right_pools_->stride(),
                                       tile.cols.end - first, left_pools_->groups(), left_pools_->limit(floor), found);
    for (std::int64_t k = 0; k < count; ++k) out.push_back({row, first + found[k], 0, 0});
  }
}

void SsimMetric::score_all(const Tile& tile, double floor, Workspace& workspace, std::vector<ScoredPair>& out) const {
  DenseScreen dense(left_, right_, tile, workspace);
  dense.want_all();
  dense.run();
  for (std::int64_t row = tile.rows.begin; row < tile.rows.end; ++row) {
    for (std::int64_t col = first_column(tile, row); col < tile.cols.end; ++col) {
      const double mean = dense.mean(row, col);
      if (mean + kSsimBand >= floor) out.push_back({row, col, mean - kSsimBand, mean + kSsimBand});
    }
  }
}

void SsimMetric::score_densely(const Tile& tile, Workspace& workspace, std::span<ScoredPair> pairs) const {
  DenseScreen dense(left_, right_, tile, workspace);
  for (const auto& pair : pairs) dense.want(pair.left, pair.right);
  dense.run();
  for (auto& pair : pairs) {
    const double mean = dense.mean(pair.left, pair.right);
    pair.low = mean - kSsimBand;
    pair.high = mean + kSsimBand;
  }
}

void SsimMetric::score_one_by_one(double floor, Workspace& workspace, std::span<ScoredPair> pairs) const {
  if (pairs.empty()) return;
  auto* const deficits = workspace.buffer<float>(deficits_slot, left_pools_->groups() * kSsimPoolGroup);
  auto* const least = workspace.buffer<double>(sums_slot, left_.shape[1]);
  for (auto& pair : pairs) {
    kernels().ssim.pool_deficits(left_pools_->of(pair.left), right_pools_->of(pair.right), left_pools_->groups(),
                                 deficits);
    left_pools_->least_sums(deficits, floor, least);
    pair.low = pair.high = exact(pair.left, pair.right, least);
  }
}

}  // namespace simile
