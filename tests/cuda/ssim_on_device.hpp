// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "cuda/similarity/backend.hpp"
#include "cuda/similarity/score.cuh"
#include "similarity/sink_kinds.hpp"
#include "support/cuda_emulator/device_array.hpp"
#include "support/random_images.hpp"

namespace simile::cuda {

/// Natural ones, copies of these with more or less noise, flat ones, bright ones with one level of noise,
/// checkerboards.
inline Array<std::uint8_t, 3> mixed_images(std::int64_t count, std::int64_t height, std::int64_t width) {
  std::vector<Array<std::uint8_t, 2>> all;
  for (std::int64_t k = 0; k < count; ++k) {
    const auto seed = static_cast<std::uint64_t>(k);
    switch (k % 8) {
      case 0:
        all.push_back(natural_image(height, width, seed));
        break;
      case 6:
        all.push_back(constant_image(height, width, static_cast<std::uint8_t>(k * 37 % 256)));
        break;
      case 7: {
        Array<std::uint8_t, 2> bright({height, width});
        for (std::int64_t p = 0; p < bright.size(); ++p) {
          bright.data()[p] = static_cast<std::uint8_t>(k % 16 == 7 ? 254 + (p * p + k) % 2 : (p + p / width) % 2 * 255);
        }
        all.push_back(std::move(bright));
        break;
      }
      default:
        all.push_back(near_duplicate(all[static_cast<std::size_t>(k - 1)].view(), static_cast<int>(3 * (k % 8)), seed));
    }
  }
  return stack(all);
}

/// Expects that a kernel shows its sink every pair of a metric's items once, in an interval that holds the definition;
/// `show` launches it for a tile and a sink. `exactly`: an interval of that value alone, else one of some width.
template <class Show>
void expect_intervals(const Metric& metric, Show&& show, bool exactly = false) {
  const std::int64_t rows = metric.num_left();
  const std::int64_t cols = metric.num_right();
  const auto pairs = static_cast<std::size_t>(rows * cols);
  const emulator::DeviceArray<ScoredPair> list(pairs);
  const emulator::DeviceArray<unsigned long long> count(std::vector<unsigned long long>{0});
  Tile tile;
  tile.rows = {0, rows};
  tile.cols = {0, cols};
  show(DeviceTile(tile), DeviceCollect{{list.data(), count.data()}, -INFINITY});
  ASSERT_EQ(count.values()[0], pairs);
  std::vector<char> seen(pairs);
  for (const auto& [i, j, low, high] : list.values()) {
    ASSERT_EQ(seen[static_cast<std::size_t>(i * cols + j)]++, 0) << i << ", " << j;
    const double exact = metric.exact(i, j);
    ASSERT_LE(low, exact) << i << ", " << j;
    ASSERT_GE(high, exact) << i << ", " << j;
    ASSERT_EQ(low == high, exactly) << i << ", " << j;
  }
}

class SsimOnDevice : public testing::Test {
 protected:
  std::string text(const Backend& backend, const Pairs& pairs, const Metric& metric, const SinkKind& kind,
                   std::int64_t device_bytes) {
    const auto sink = kind.make();
    const bool host = backend.name() == "cpu";
    const Context context{.pool = pool_,
                          .progress = *progress_,
                          .cancellation = cancellation_,
                          .memory_bytes = 1 << 26,
                          .device = host ? Device{} : Device{Device::Kind::cuda, 0},
                          .device_memory_bytes = device_bytes};
    stats_ = backend.compare(pairs, metric, *sink, context, nullptr);
    return kind.text(*sink, metric.num_left());
  }
  std::string on_host(const Pairs& pairs, const Metric& metric, const SinkKind& kind) {
    return text(*backends().front(), pairs, metric, kind, 0);
  }
  std::string on_host(const Metric& metric, const SinkKind& kind) {
    return on_host(Pairs::triangle(metric.num_left()), metric, kind);
  }
  std::string on_device(const Pairs& pairs, const Metric& metric, const SinkKind& kind, std::int64_t bytes = 0) {
    return text(CudaBackend(), pairs, metric, kind, bytes);
  }
  std::string on_device(const Metric& metric, const SinkKind& kind, std::int64_t bytes = 0) {
    return on_device(Pairs::triangle(metric.num_left()), metric, kind, bytes);
  }

  ThreadPool pool_{2};
  std::unique_ptr<Progress> progress_ = make_silent_progress();
  Cancellation cancellation_;
  CompareStats stats_;
};

}  // namespace simile::cuda
