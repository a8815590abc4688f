// SPDX-License-Identifier: Apache-2.0
#include "similarity/ssim_pools.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <numeric>
#include <utility>

#include "similarity/arithmetic/ssim.hpp"
#include "similarity/simd/kernels.hpp"

#include "simile/similarity/ssim.hpp"

namespace simile {
namespace {

// Items that are made at once.
constexpr std::int64_t kBlock = 64;
// Windows a side of a pool: then the sums of larger images take about as much memory as their pixels. On photos of 64
// px and from 0.8 on, pools of four leave half as many pairs as those of five and take 1.6 times the time and memory.
constexpr std::int64_t kPoolWindows = 5;
// Below 24 px whole groups of pools are the larger part; their images are compared fast enough without.
constexpr double kMostBytesPerPixel = 1.5;
// Products of three sums stay below 2^114 then (pool_deficit).
constexpr std::int64_t kMostWindows = 1 << 20;

std::int64_t num_parts(std::int64_t windows) {
  return std::min(kSsimMaxPools, (windows + kPoolWindows - 1) / kPoolWindows);
}

std::vector<std::int64_t> even_ends(std::int64_t windows) {
  const std::int64_t parts = num_parts(windows);
  std::vector<std::int64_t> ends;
  for (std::int64_t part = 1; part <= parts; ++part) ends.push_back(windows * part / parts);
  return ends;
}

/// Pools [rows, columns] by their distance from the middle.
std::vector<std::int64_t> from_the_middle(std::int64_t rows, std::int64_t columns) {
  std::vector<std::int64_t> order(static_cast<std::size_t>(rows * columns));
  std::iota(order.begin(), order.end(), 0);
  const auto distance = [rows, columns](std::int64_t pool) {
    return std::max(std::abs(2 * (pool / columns) + 1 - rows) * columns,
                    std::abs(2 * (pool % columns) + 1 - columns) * rows);
  };
  std::sort(order.begin(), order.end(),
            [&](auto a, auto b) { return std::pair(distance(a), a) < std::pair(distance(b), b); });
  return order;
}

}  // namespace

SsimPools::SsimPools(View<const std::uint8_t, 3> images)
    : images_(images),
      row_ends_(even_ends(images.shape[1] - kSsimWindow + 1)),
      column_ends_(even_ends(images.shape[2] - kSsimWindow + 1)),
      order_(from_the_middle(std::ssize(row_ends_), std::ssize(column_ends_))) {
  static_assert(kGroupFloats == kSsimPoolSums * kSsimPoolGroup);
  const std::int64_t num_blocks = (images.shape[0] + kBlock - 1) / kBlock;
  made_ = std::make_unique<std::once_flag[]>(static_cast<std::size_t>(num_blocks));
}

bool SsimPools::pay(std::int64_t height, std::int64_t width) {
  const std::int64_t rows = num_parts(height - kSsimWindow + 1);
  const std::int64_t columns = num_parts(width - kSsimWindow + 1);
  const std::int64_t groups = (rows * columns + kSsimPoolGroup - 1) / kSsimPoolGroup;
  const auto bytes = static_cast<double>(groups * kGroupFloats) * sizeof(float);
  return bytes <= kMostBytesPerPixel * static_cast<double>(height) * static_cast<double>(width) &&
         (height / rows + 1) * (width / columns + 1) <= kMostWindows;
}

std::int64_t SsimPools::groups() const { return (std::ssize(order_) + kSsimPoolGroup - 1) / kSsimPoolGroup; }

std::int64_t SsimPools::size_bytes() const {
  return images_.shape[0] * stride() * static_cast<std::int64_t>(sizeof(float));
}

SsimPoolGrid SsimPools::grid() const {
  return {images_.shape[1],         images_.shape[2], std::ssize(row_ends_),
          std::ssize(column_ends_), row_ends_.data(), column_ends_.data()};
}

void SsimPools::prepare(Range items) const {
  std::call_once(allocated_, [this] { sums_ = Array<float, 2>({images_.shape[0], stride()}); });
  for (std::int64_t block = items.begin / kBlock; block * kBlock < items.end; ++block) {
    std::call_once(made_[static_cast<std::size_t>(block)], [this, block] { prepare_block(block); });
  }
}

void SsimPools::prepare_block(std::int64_t block) const {
  const SsimPoolGrid pools = grid();
  Array<std::int32_t, 1> scratch({4 * pools.width});
  Array<double, 1> columns({kSsimPoolSums * pools.width});
  Array<double, 2> exact({pools.rows * pools.columns, kSsimPoolSums});
  const std::int64_t end = std::min((block + 1) * kBlock, images_.shape[0]);
  for (std::int64_t item = block * kBlock; item < end; ++item) {
    kernels().ssim.pool_image(images_[item].data, pools, scratch.data(), columns.data(), exact.data());
    float* const stored = sums_.data() + item * stride();
    for (std::int64_t place = 0; place < groups() * kSsimPoolGroup; ++place) {
      float* const to = stored + place / kSsimPoolGroup * kGroupFloats + place % kSsimPoolGroup;
      if (place >= std::ssize(order_)) {
        to[kSsimPoolGroup] = to[3 * kSsimPoolGroup] = 1;  // no pool: a deficit of 0 / 1
        continue;
      }
      const std::int64_t pool = order_[static_cast<std::size_t>(place)];
      const auto row = static_cast<std::size_t>(pool / pools.columns);
      const auto column = static_cast<std::size_t>(pool % pools.columns);
      const auto num_windows =
          static_cast<double>((row_ends_[row] - (row == 0 ? 0 : row_ends_[row - 1])) *
                              (column_ends_[column] - (column == 0 ? 0 : column_ends_[column - 1])));
      double* const sums = exact.data() + pool * kSsimPoolSums;
      sums[1] += num_windows * kSsimC1 / 2;
      sums[3] += num_windows * kSsimC2 / 2;
      for (int k = 0; k < kSsimPoolSums; ++k) to[k * kSsimPoolGroup] = static_cast<float>(sums[k]);
    }
  }
}

float SsimPools::limit(double floor) const {
  const auto count = static_cast<double>(row_ends_.back() * column_ends_.back());
  const double most = (1 - floor + kSsimPoolBand) * count;
  // A float that is not too small: rounded to nearest, then one up. Beyond its range nothing is rejected.
  return std::nextafter(static_cast<float>(most), std::numeric_limits<float>::infinity());
}

void SsimPools::least_sums(const float* deficits, double floor, double* least) const {
  const auto columns = std::ssize(column_ends_);
  const auto rows = std::ssize(row_ends_);
  std::vector<double> of_row(static_cast<std::size_t>(rows));
  for (std::size_t place = 0; place < order_.size(); ++place) {
    of_row[static_cast<std::size_t>(order_[place] / columns)] += static_cast<double>(deficits[place]);
  }
  const double width = static_cast<double>(column_ends_.back());
  const double count = width * static_cast<double>(row_ends_.back());
  std::fill_n(least, row_ends_.back(), -std::numeric_limits<double>::infinity());
  double rest = 0;  // deficits of the rows below
  for (auto row = rows; row-- > 0;) {
    const std::int64_t end = row_ends_[static_cast<std::size_t>(row)];
    const double to_come = width * static_cast<double>(row_ends_.back() - end) - rest;
    least[end - 1] = (floor - kSsimPoolBand) * count - to_come;
    rest += of_row[static_cast<std::size_t>(row)];
  }
}

}  // namespace simile
