// SPDX-License-Identifier: Apache-2.0
#include "support/feature_oracle.hpp"

#include <algorithm>
#include <cstddef>
#include <functional>
#include <set>
#include <utility>

namespace simile {
namespace {

/// A plane of whole numbers (doubles hold those of this size exactly) that goes on beyond its borders as a mirror does.
struct Plane {
  std::int64_t height = 0;
  std::int64_t width = 0;
  std::vector<double> values;

  static std::int64_t mirrored(std::int64_t index, std::int64_t extent) {
    while (index < 0 || index >= extent) index = extent == 1 ? 0 : index < 0 ? -index : 2 * (extent - 1) - index;
    return index;
  }
  double at(std::int64_t y, std::int64_t x) const {
    return values[static_cast<std::size_t>(mirrored(y, height) * width + mirrored(x, width))];
  }
  static Plane of(std::int64_t height, std::int64_t width,
                  const std::function<double(std::int64_t, std::int64_t)>& at) {
    Plane plane{height, width, {}};
    for (std::int64_t y = 0; y < height; ++y) {
      for (std::int64_t x = 0; x < width; ++x) plane.values.push_back(at(y, x));
    }
    return plane;
  }
  /// Sum over rows y + dy, columns x + dx of weights given row by row.
  double weighted(std::int64_t y, std::int64_t x, const std::vector<std::vector<double>>& weights) const {
    double sum = 0;
    for (std::size_t row = 0; row < weights.size(); ++row) {
      for (std::size_t column = 0; column < weights[row].size(); ++column) {
        sum += weights[row][column] *
               at(y - 1 + static_cast<std::int64_t>(row), x - 1 + static_cast<std::int64_t>(column));
      }
    }
    return sum;
  }
};

}  // namespace

std::vector<std::uint32_t> oracle_corner_cells(View<const std::uint8_t, 2> grey) {
  const auto height = grey.shape[0];
  const auto width = grey.shape[1];
  const auto plane = [&](const auto& at) { return Plane::of(height, width, at); };
  const Plane pixels = plane([&](auto y, auto x) { return static_cast<double>(grey(y, x)); });
  const Plane along_x =
      plane([&](auto y, auto x) { return pixels.weighted(y, x, {{-1, 0, 1}, {-2, 0, 2}, {-1, 0, 1}}); });
  const Plane along_y =
      plane([&](auto y, auto x) { return pixels.weighted(y, x, {{-1, -2, -1}, {0, 0, 0}, {1, 2, 1}}); });
  const auto block_sum = [&](const Plane& a, const Plane& b) {
    const Plane products = plane([&](auto y, auto x) { return a.at(y, x) * b.at(y, x); });
    return plane([&](auto y, auto x) { return products.weighted(y, x, {{1, 1}, {1, 1}}); });
  };
  const Plane xx = block_sum(along_x, along_x);
  const Plane xy = block_sum(along_x, along_y);
  const Plane yy = block_sum(along_y, along_y);

  std::vector<std::pair<double, std::int64_t>> corners;  // minus the response, 25-fold to be whole; index
  for (std::int64_t y = 0; y < height; ++y) {
    for (std::int64_t x = 0; x < width; ++x) {
      const double determinant = xx.at(y, x) * yy.at(y, x) - xy.at(y, x) * xy.at(y, x);
      const double trace = xx.at(y, x) + yy.at(y, x);
      const double response = 25 * determinant - trace * trace;
      if (response > 0) corners.emplace_back(-response, y * width + x);
    }
  }
  std::sort(corners.begin(), corners.end());
  std::set<std::uint32_t> cells;
  for (std::size_t k = 0; k < corners.size() && k < 100; ++k) {
    const auto y = corners[k].second / width;
    const auto x = corners[k].second % width;
    cells.insert(static_cast<std::uint32_t>(y / 4 * ((width + 3) / 4) + x / 4));
  }
  return {cells.begin(), cells.end()};
}

}  // namespace simile
