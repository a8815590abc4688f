// SPDX-License-Identifier: Apache-2.0
#include "simile/similarity/ssim.hpp"

#include <algorithm>
#include <vector>

#include "similarity/arithmetic/ssim.hpp"
#include "similarity/simd/kernels.hpp"

#include "simile/core/error.hpp"
#include "simile/core/text.hpp"

namespace simile {
namespace {

// Prepared left images of a tile share the second and third level cache; larger images take fewer of them, but never so
// few that preparing costs more than comparing.
constexpr std::int64_t kLeftCacheBytes = 8 << 20;
constexpr std::int64_t kMinEdge = 64;
constexpr std::int64_t kMaxEdge = 256;
constexpr std::int64_t kMaxLanes = 16;
constexpr std::int64_t kMaxWidth = 1 << 24;  // the screen's error bound is proven up to here

enum Slot : std::size_t { left_slot, right_slot, scratch_slot };

std::int64_t num_windows(const View<const std::uint8_t, 3>& images) {
  return (images.shape[1] - kSsimWindow + 1) * (images.shape[2] - kSsimWindow + 1);
}
std::int64_t num_pixels(const View<const std::uint8_t, 3>& images) { return images.shape[1] * images.shape[2]; }

/// Four bytes a pixel for products, twelve a window for statistics.
std::int64_t left_bytes(const View<const std::uint8_t, 3>& images) {
  return 4 * num_pixels(images) + 12 * num_windows(images);
}

SsimLeft left_at(std::int32_t* memory, const View<const std::uint8_t, 3>& images) {
  const std::int64_t windows = num_windows(images);
  auto* const floats = reinterpret_cast<float*>(memory + num_pixels(images) + windows);
  return {memory, memory + num_pixels(images), floats, floats + windows};
}

std::int32_t pack_halves(std::int32_t low, std::int32_t high) {
  return static_cast<std::int32_t>((static_cast<std::uint32_t>(high) << 16) |
                                   (static_cast<std::uint32_t>(low) & 0xffffu));
}

/// Calls visit(pixel, entering value, leaving value or 0) for every pixel of an image.
template <class Visit>
void for_each_product(const std::uint8_t* image, std::int64_t height, std::int64_t width, Visit&& visit) {
  const std::int64_t lag = kSsimWindow * width;
  for (std::int64_t pixel = 0; pixel < height * width; ++pixel) {
    visit(pixel, image[pixel], pixel >= lag ? image[pixel - lag] : 0);
  }
}

void prepare_left(const Kernels& simd, const std::uint8_t* image, std::int64_t height, std::int64_t width,
                  const SsimLeft& left, std::int32_t* scratch) {
  for_each_product(image, height, width, [&](std::int64_t pixel, std::int32_t entering, std::int32_t leaving) {
    left.products[pixel] = pack_halves(49 * entering, -49 * leaving);
  });
  const std::int64_t windows = (height - kSsimWindow + 1) * (width - kSsimWindow + 1);
  std::int32_t* const variances = scratch + 2 * width;
  simd.ssim_statistics(image, height, width, left.sums, variances, scratch);
  for (std::int64_t k = 0; k < windows; ++k) {
    left.luminance[k] = static_cast<float>(left.sums[k] * left.sums[k]) + static_cast<float>(kSsimC1);
    left.structure[k] = static_cast<float>(variances[k]) + static_cast<float>(kSsimC2);
  }
}

void prepare_right(const Kernels& simd, const std::uint8_t* image, std::int64_t height, std::int64_t width, int lane,
                   const SsimRight& right, std::int32_t* scratch) {
  const std::int64_t lanes = simd.lanes;
  for_each_product(image, height, width, [&](std::int64_t pixel, std::int32_t entering, std::int32_t leaving) {
    right.products[pixel * lanes + lane] = pack_halves(entering, leaving);
  });
  const std::int64_t windows = (height - kSsimWindow + 1) * (width - kSsimWindow + 1);
  std::int32_t* const variances = scratch + 2 * width;
  std::int32_t* const sums = variances + windows;
  simd.ssim_statistics(image, height, width, sums, variances, scratch);
  for (std::int64_t k = 0; k < windows; ++k) {
    right.sums[k * lanes + lane] = sums[k];
    right.variances[k * lanes + lane] = static_cast<float>(variances[k]);
  }
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
  if (left.shape[2] > kMaxWidth) {
    throw Error(ErrorCode::invalid_argument, concat("images of ", left.shape[2], "x", left.shape[1],
                                                    " pixels are wider than ", kMaxWidth, " pixels"));
  }
}

std::int64_t SsimMetric::resident_bytes() const {
  return left_.size() + (left_.data == right_.data ? 0 : right_.size());
}

Cost SsimMetric::cost() const {
  Cost cost;
  const std::int64_t bytes = left_bytes(left_);
  cost.preferred_edge = std::clamp(kLeftCacheBytes / bytes / kMaxLanes * kMaxLanes, kMinEdge, kMaxEdge);
  cost.bytes_per_row = bytes;
  // One group of lanes on the right, and the scratch of statistics and column sums.
  cost.fixed_bytes = kMaxLanes * (4 * num_pixels(left_) + 8 * num_windows(left_)) + 8 * num_windows(left_) +
                     4 * (kMaxLanes + 2) * left_.shape[2] + 4096;
  return cost;
}

double SsimMetric::exact(std::int64_t left, std::int64_t right) const {
  const std::int64_t height = left_.shape[1];
  const std::int64_t width = left_.shape[2];
  static thread_local std::vector<std::int32_t> columns;
  static thread_local std::vector<double> row;
  columns.resize(static_cast<std::size_t>(5 * width));
  row.resize(static_cast<std::size_t>(width));
  return kernels().ssim_exact(left_[left].data, right_[right].data, height, width, columns.data(), row.data());
}

void SsimMetric::screen_block(const Tile& tile, const Need& need, Workspace& workspace,
                              std::vector<ScoredPair>& out) const {
  const Kernels& simd = kernels();
  const std::int64_t height = left_.shape[1];
  const std::int64_t width = left_.shape[2];
  const std::int64_t pixels = num_pixels(left_);
  const std::int64_t windows = num_windows(left_);
  const std::int64_t stride = left_bytes(left_) / 4;

  auto* const left_memory = workspace.buffer<std::int32_t>(left_slot, tile.rows.size() * stride);
  auto* const right_memory = workspace.buffer<std::int32_t>(right_slot, simd.lanes * (pixels + 2 * windows));
  auto* const scratch =
      workspace.buffer<std::int32_t>(scratch_slot, std::max(2 * width + 2 * windows, width * simd.lanes));
  const SsimRight right{right_memory, right_memory + simd.lanes * pixels,
                        reinterpret_cast<float*>(right_memory + simd.lanes * (pixels + windows))};

  for (std::int64_t row = 0; row < tile.rows.size(); ++row) {
    prepare_left(simd, left_[tile.rows.begin + row].data, height, width, left_at(left_memory + row * stride, left_),
                 scratch);
  }
  const double band = ssim_band(width - kSsimWindow + 1);
  double means[kMaxLanes];
  for (std::int64_t group = tile.cols.begin; group < tile.cols.end; group += simd.lanes) {
    const std::int64_t group_end = std::min(group + simd.lanes, tile.cols.end);
    for (int lane = 0; lane < simd.lanes; ++lane) {
      // Lanes beyond the last image repeat it; their results are not read.
      prepare_right(simd, right_[std::min(group + lane, group_end - 1)].data, height, width, lane, right, scratch);
    }
    const std::int64_t row_end = tile.upper ? std::min(tile.rows.end, group_end - 1) : tile.rows.end;
    for (std::int64_t row = tile.rows.begin; row < row_end; ++row) {
      const SsimLeft left = left_at(left_memory + (row - tile.rows.begin) * stride, left_);
      simd.ssim_means(left, right, height, width, scratch, means);
      for (std::int64_t col = tile.upper ? std::max(group, row + 1) : group; col < group_end; ++col) {
        const double mean = means[col - group];
        if (mean + band >= need.floor) out.push_back({row, col, mean - band, mean + band});
      }
    }
  }
}

}  // namespace simile
