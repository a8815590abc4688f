// SPDX-License-Identifier: Apache-2.0
// The same bytes whatever the threads, the tiles (by way of the memory budget) and the SIMD level.
#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "similarity/sink_kinds.hpp"
#include "support/random_images.hpp"

#include "simile/core/text.hpp"
#include "simile/similarity/cosine.hpp"
#include "simile/similarity/hamming.hpp"
#include "simile/similarity/minhash.hpp"
#include "simile/similarity/ssim.hpp"

namespace simile {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::int64_t kItems = 23;  // sanitizers take ten times as long, and least memory means a tile for each pair
#else
constexpr std::int64_t kItems = 67;
#endif

/// Features of groups of near-copies, so that there are components, chains and pairs close to the threshold.
class Determinism : public testing::TestWithParam<std::string> {
 protected:
  Determinism() {
    if (GetParam() == "ssim") {
      std::vector<Array<std::uint8_t, 2>> all;
      for (std::uint64_t k = 0; k < kItems; ++k) {
        all.push_back(k % 6 == 0 ? natural_image(15, 19, k) : near_duplicate(all.back().view(), 25, k));
      }
      images_ = stack(all);
      metric_ = std::make_unique<SsimMetric>(images_.view());
    } else if (GetParam() == "cosine") {
      vectors_ = clustered_unit_vectors(kItems, 37, 9, 0.6, 1);
      metric_ = std::make_unique<CosineMetric>(vectors_.view());
    } else if (GetParam() == "minhash") {
      signatures_ = Array<std::uint32_t, 2>({kItems, 128});
      for (std::int64_t k = 0; k < signatures_.size(); ++k) {
        signatures_.data()[k] = static_cast<std::uint32_t>(k * k * 7 % 253 % 5);
      }
      metric_ = std::make_unique<MinhashMetric>(signatures_.view());
    } else {
      codes_ = Array<std::uint8_t, 2>({kItems, 2});
      for (std::int64_t k = 0; k < codes_.size(); ++k) codes_.data()[k] = static_cast<std::uint8_t>(k * k * 7 % 253);
      metric_ = std::make_unique<HammingMetric>(codes_.view(), 16);
    }
    // The similarity of a pair, exactly, in the upper tail.
    std::vector<double> all;
    for (const auto& [i, j] : all_pairs(Pairs::triangle(kItems))) all.push_back(metric_->exact(i, j));
    std::sort(all.begin(), all.end());
    threshold_ = all[all.size() - kItems];
  }

  std::string result(const Pairs& pairs, int threads, std::int64_t memory_bytes) const {
    Engine engine(threads, memory_bytes);
    std::string text;
    for (const auto& kind : sink_kinds(threshold_, 1)) {
      const auto sink = kind.make();
      engine.compare(pairs, *metric_, *sink);
      text += concat(kind.name, ": ", kind.text(*sink, pairs.num_left()), '\n');
    }
    return text;
  }

  std::int64_t least_memory(int threads) const {
    const Cost cost = metric_->cost();
    return metric_->resident_bytes() + threads * (cost.fixed_bytes + cost.bytes_per_row + cost.bytes_per_column +
                                                  cost.bytes_per_pair + static_cast<std::int64_t>(sizeof(ScoredPair)));
  }

  Array<std::uint8_t, 3> images_;
  Array<float, 2> vectors_;
  Array<std::uint8_t, 2> codes_;
  Array<std::uint32_t, 2> signatures_;
  std::unique_ptr<Metric> metric_;
  double threshold_ = 0;
};

TEST_P(Determinism, GivesTheSameBytesHoweverItRuns) {
  const SimdScope scope;
  std::vector<IndexPair> list;
  for (std::int64_t k = 0; k < 37 * kItems; ++k) list.push_back({k * k % kItems, (k * 31 + k / 7) % kItems});
  for (const Pairs& pairs : {Pairs::triangle(kItems), Pairs::rectangle(kItems, kItems), Pairs::list(list, kItems)}) {
    set_simd_level(SimdLevel::portable);
    const std::string expected = result(pairs, 1, kPlentyOfMemory);
    ASSERT_NE(expected.find('='), std::string::npos) << "there are edges";
    for (const SimdLevel level : supported_simd_levels()) {
      set_simd_level(level);
      for (const int threads : {1, 2, 3, 7}) {
        const std::int64_t least = least_memory(threads);
        for (const std::int64_t memory : {least, least + threads * 4000, least + threads * 60000, kPlentyOfMemory}) {
          ASSERT_EQ(result(pairs, threads, memory), expected)
              << to_string(level) << ", " << threads << " threads, " << memory << " bytes";
        }
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Metrics, Determinism, testing::Values("ssim", "cosine", "hamming", "minhash"),
                         [](const auto& given) { return given.param; });

}  // namespace
}  // namespace simile
