// SPDX-License-Identifier: Apache-2.0
// Components of more items than a GPU's tiles hold, whose answer is known by how they are made: chains, each item close
// to the one before only, scattered over the set. On a GPU only, where 200,000 items take no time; the CPU's tiles are
// smaller than what the other tests have.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <optional>
#include <vector>

#include <gtest/gtest.h>

#include "simile/core/array.hpp"
#include "simile/core/random.hpp"
#include "simile/similarity/compare.hpp"
#include "simile/similarity/components.hpp"
#include "simile/similarity/cosine.hpp"
#include "simile/similarity/hamming.hpp"

namespace simile {
namespace {

#ifdef SIMILE_EMULATED_LIBRARY
constexpr std::int64_t kItems = 2000;
#else
constexpr std::int64_t kItems = 200'000;
#endif
constexpr std::int64_t kChain = 100;

std::optional<Device> gpu() {
  for (const Backend* backend : backends()) {
    for (const auto& info : backend->devices()) {
      if (info.device.kind == Device::Kind::cuda) return info.device;
    }
  }
  return std::nullopt;
}

/// Where the k-th item in the order of the chains lies in the set.
std::int64_t place(std::int64_t k) { return k * 7'919 % kItems; }

std::vector<std::int64_t> labels_of_chains() {
  std::vector<std::int64_t> labels(kItems);
  for (std::int64_t first = 0; first < kItems; first += kChain) {
    std::int64_t smallest = kItems;
    for (std::int64_t k = first; k < first + kChain; ++k) smallest = std::min(smallest, place(k));
    for (std::int64_t k = first; k < first + kChain; ++k) labels[static_cast<std::size_t>(place(k))] = smallest;
  }
  return labels;
}

class GpuWithManyItems : public testing::Test {
 protected:
  void SetUp() override {
    if (!gpu()) GTEST_SKIP() << "NO GPU";
  }
  std::vector<std::int64_t> components(const Metric& metric, double threshold) {
    Components components(threshold);
    simile::compare(Pairs::triangle(kItems), metric, components,
                    {pool_, *progress_, cancellation_, std::int64_t{4} << 30, *gpu()});
    return components.labels();
  }

  ThreadPool pool_{2};
  std::unique_ptr<Progress> progress_ = make_silent_progress();
  Cancellation cancellation_;
};

TEST_F(GpuWithManyItems, FindsTheChainsOfCodes) {
  constexpr std::int64_t kBytes = 32;
  Random random(1);
  Array<std::uint8_t, 2> codes({kItems, kBytes});
  for (std::int64_t k = 0; k < kItems; ++k) {
    for (std::int64_t byte = 0; byte < kBytes; ++byte) {
      codes.view()(place(k), byte) =
          k % kChain == 0 ? static_cast<std::uint8_t>(random.below(256)) : codes.view()(place(k - 1), byte);
    }
    // Of the item before, ten bits differ; of unrelated ones about 128.
    const auto first = random.below(256);
    for (std::uint64_t bit = first; bit < first + 10; ++bit) {
      const std::uint64_t at = bit * 25 % 256;
      codes.view()(place(k), static_cast<std::int64_t>(at / 8)) ^= static_cast<std::uint8_t>(1U << (at % 8));
    }
  }
  const HammingMetric metric(codes.view(), 256);
  const double reach = metric.exact(place(0), place(1));
  EXPECT_EQ(components(metric, reach), labels_of_chains());
}

TEST_F(GpuWithManyItems, FindsTheChainsOfVectors) {
  constexpr std::int64_t kDepth = 64;
  constexpr double kStep = 0.09;  // cosine 0.996; of unrelated ones far below
  Random random(2);
  Array<float, 2> rows({kItems, kDepth});
  for (std::int64_t k = 0; k < kItems; ++k) {
    std::vector<double> noise(kDepth);
    double squares = 0;
    for (auto& value : noise) {
      value = 2 * random.uniform() - 1;
      squares += value * value;
    }
    for (std::int64_t i = 0; i < kDepth; ++i) {
      const double unit = noise[static_cast<std::size_t>(i)] / std::sqrt(squares);
      const double before = k % kChain == 0 ? 0 : static_cast<double>(rows.view()(place(k - 1), i));
      rows.view()(place(k), i) =
          static_cast<float>(k % kChain == 0 ? unit : std::sqrt(1 - kStep * kStep) * before + kStep * unit);
    }
  }
  EXPECT_EQ(components(CosineMetric(rows.view()), 0.97), labels_of_chains());
}

}  // namespace
}  // namespace simile
