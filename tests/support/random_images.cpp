// SPDX-License-Identifier: Apache-2.0
#include "support/random_images.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include "simile/core/error.hpp"
#include "simile/core/random.hpp"

namespace simile {
namespace {

/// Adds `strength` times random values on a grid of `cells` x `cells`, interpolated linearly between its nodes.
void add_octave(Array<double, 2>& sum, std::int64_t cells, double strength, Random& random) {
  Array<double, 2> grid({cells + 1, cells + 1});
  std::generate_n(grid.data(), grid.size(), [&] { return random.uniform(); });
  const auto nodes = grid.view();
  for (std::int64_t y = 0; y < sum.shape(0); ++y) {
    const double v = static_cast<double>(y * cells) / static_cast<double>(sum.shape(0));
    const auto row = static_cast<std::int64_t>(v);
    const double down = v - static_cast<double>(row);
    for (std::int64_t x = 0; x < sum.shape(1); ++x) {
      const double u = static_cast<double>(x * cells) / static_cast<double>(sum.shape(1));
      const auto column = static_cast<std::int64_t>(u);
      const double right = u - static_cast<double>(column);
      const double upper = nodes(row, column) * (1 - right) + nodes(row, column + 1) * right;
      const double lower = nodes(row + 1, column) * (1 - right) + nodes(row + 1, column + 1) * right;
      sum.view()(y, x) += strength * (upper * (1 - down) + lower * down);
    }
  }
}

/// Near enough to a normal distribution for tests, and the same on every machine.
double bell(Random& random) {
  double sum = -6;
  for (int k = 0; k < 12; ++k) sum += random.uniform();
  return sum;
}

void normalise(std::span<float> row) {
  double square = 0;
  for (const float value : row) square += static_cast<double>(value) * value;
  for (float& value : row) value = static_cast<float>(value / std::sqrt(square));
}

}  // namespace

Array<std::uint8_t, 2> constant_image(std::int64_t height, std::int64_t width, std::uint8_t level) {
  Array<std::uint8_t, 2> image({height, width});
  std::fill_n(image.data(), image.size(), level);
  return image;
}

Array<std::uint8_t, 2> gradient_image(std::int64_t height, std::int64_t width) {
  Array<std::uint8_t, 2> image({height, width});
  const auto steps = std::max<std::int64_t>(1, height + width - 2);
  for (std::int64_t y = 0; y < height; ++y) {
    for (std::int64_t x = 0; x < width; ++x) image.view()(y, x) = static_cast<std::uint8_t>(255 * (x + y) / steps);
  }
  return image;
}

Array<std::uint8_t, 2> noise_image(std::int64_t height, std::int64_t width, std::uint64_t seed, std::uint8_t low,
                                   std::uint8_t high) {
  ensure(low <= high, "noise_image: low beyond high");
  Array<std::uint8_t, 2> image({height, width});
  Random random(seed);
  const auto num_levels = std::uint64_t{1} + high - low;
  std::generate_n(image.data(), image.size(),
                  [&] { return static_cast<std::uint8_t>(low + random.below(num_levels)); });
  return image;
}

Array<std::uint8_t, 2> natural_image(std::int64_t height, std::int64_t width, std::uint64_t seed) {
  Array<double, 2> sum({height, width});
  Random random(seed);
  double strength = 128;
  for (std::int64_t cells = 2; cells <= 64; cells *= 2) {
    add_octave(sum, cells, strength, random);
    strength /= 2;
  }
  Array<std::uint8_t, 2> image({height, width});
  std::transform(sum.data(), sum.data() + sum.size(), image.data(),
                 [](double value) { return static_cast<std::uint8_t>(value); });
  return image;
}

Array<std::uint8_t, 2> near_duplicate(View<const std::uint8_t, 2> image, int max_change, std::uint64_t seed) {
  ensure(max_change >= 0, "near_duplicate: negative change");
  Array<std::uint8_t, 2> copy(image.shape);
  Random random(seed);
  const auto num_changes = 2 * static_cast<std::uint64_t>(max_change) + 1;
  for (std::int64_t y = 0; y < image.shape[0]; ++y) {
    for (std::int64_t x = 0; x < image.shape[1]; ++x) {
      const int change = static_cast<int>(random.below(num_changes)) - max_change;
      copy.view()(y, x) = static_cast<std::uint8_t>(std::clamp(image(y, x) + change, 0, 255));
    }
  }
  return copy;
}

Array<std::uint8_t, 3> stack(std::span<const Array<std::uint8_t, 2>> images) {
  ensure(!images.empty(), "stack: no images");
  const auto& shape = images.front().shape();
  Array<std::uint8_t, 3> all({static_cast<std::int64_t>(images.size()), shape[0], shape[1]});
  auto* target = all.data();
  for (const auto& image : images) {
    ensure(image.shape() == shape, "stack: images of unequal size");
    target = std::copy_n(image.data(), image.size(), target);
  }
  return all;
}

Array<float, 2> clustered_unit_vectors(std::int64_t num_rows, std::int64_t dimensions, std::int64_t num_clusters,
                                       double spread, std::uint64_t seed) {
  ensure(dimensions >= 1 && num_clusters >= 1, "clustered_unit_vectors: no dimensions or no clusters");
  Random random(seed);
  const auto length = static_cast<std::size_t>(dimensions);
  Array<float, 2> directions({num_clusters, dimensions});
  for (std::int64_t cluster = 0; cluster < num_clusters; ++cluster) {
    const std::span row(directions.data() + cluster * dimensions, length);
    std::generate(row.begin(), row.end(), [&] { return static_cast<float>(bell(random)); });
    normalise(row);
  }
  // Spread over the dimensions, so that a row's distance to its direction is about `spread`.
  const double step = spread / std::sqrt(static_cast<double>(dimensions));
  Array<float, 2> rows({num_rows, dimensions});
  for (std::int64_t k = 0; k < num_rows; ++k) {
    const std::span row(rows.data() + k * dimensions, length);
    const auto* direction = directions.data() + k % num_clusters * dimensions;
    std::transform(direction, direction + dimensions, row.begin(),
                   [&](float value) { return static_cast<float>(value + step * bell(random)); });
    normalise(row);
  }
  return rows;
}

}  // namespace simile
