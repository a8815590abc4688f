// SPDX-License-Identifier: Apache-2.0
#include "simile/similarity/orb.hpp"

#include <cstdint>
#include <string>
#include <vector>

#include "core/expect_error.hpp"
#include "similarity/intervals.hpp"
#include "support/oracle.hpp"
#include "support/reference_data.hpp"

#include "simile/core/random.hpp"

namespace simile {
namespace {

constexpr std::int64_t kDescriptorBytes = 32;

/// What the bytes of a descriptor may be: anything, or so little that most distances are equal.
enum class Content { random, ties };

/// Images with given numbers of descriptors. Every second image holds changed copies of the one before.
struct Images {
  Images(const std::vector<std::int64_t>& counts, Content content, std::uint64_t seed) {
    for (const auto count : counts) offsets.push_back(offsets.back() + count);
    descriptors = Array<std::uint8_t, 2>({offsets.back(), kDescriptorBytes});
    Random random(seed);
    for (std::size_t image = 0; image < counts.size(); ++image) {
      for (std::int64_t k = offsets[image]; k < offsets[image + 1]; ++k) {
        const bool copied = image % 2 == 1 && counts[image - 1] > 0 && k % 3 != 0;
        const std::int64_t before = copied ? offsets[image - 1] + (k - offsets[image]) * 7 % counts[image - 1] : 0;
        for (std::int64_t byte = 0; byte < kDescriptorBytes; ++byte) {
          std::uint8_t& value = descriptors.view()(k, byte);
          if (content == Content::ties) {
            value = byte % 11 == 0 ? static_cast<std::uint8_t>(random.below(4) << 6) : 0xa5;
          } else if (copied) {
            value = descriptors.view()(before, byte);
            if (random.below(9) == 0) value ^= static_cast<std::uint8_t>(random.below(256));
          } else {
            value = static_cast<std::uint8_t>(random.below(256));
          }
        }
      }
    }
  }
  std::int64_t size() const { return static_cast<std::int64_t>(offsets.size()) - 1; }
  View<const std::uint8_t, 2> operator[](std::int64_t image) const {
    const auto k = static_cast<std::size_t>(image);
    return {descriptors.data() + offsets[k] * kDescriptorBytes, {offsets[k + 1] - offsets[k], kDescriptorBytes}};
  }

  std::vector<std::int64_t> offsets{0};
  Array<std::uint8_t, 2> descriptors;
};

double similarity_of(View<const std::uint8_t, 2> a, View<const std::uint8_t, 2> b) {
  const std::vector<std::int64_t> offsets_a{0, a.shape[0]};
  const std::vector<std::int64_t> offsets_b{0, b.shape[0]};
  return OrbMetric(a, offsets_a, b, offsets_b).exact(0, 0);
}

TEST(Orb, EqualsOpenCvAtEveryLevel) {
  const SimdScope scope;
  for (const auto& reference : orb_match_references()) {
    for (const SimdLevel level : supported_simd_levels()) {
      set_simd_level(level);
      EXPECT_EQ(similarity_of(reference.a.view(), reference.b.view()), reference.similarity)
          << reference.name << ", " << to_string(level);
      EXPECT_EQ(similarity_of(reference.b.view(), reference.a.view()), reference.similarity)
          << reference.name << ", " << to_string(level);
    }
  }
}

class OrbOf : public testing::TestWithParam<Content> {};
INSTANTIATE_TEST_SUITE_P(Contents, OrbOf, testing::Values(Content::random, Content::ties), [](const auto& given) {
  return std::string(given.param == Content::random ? "random" : "ties");
});

// Counts on both sides of a block of every level (128, 256, 512), of the rows that are counted together, and so unequal
// that sides are exchanged.
TEST_P(OrbOf, EqualsTheOracleForAnyNumberOfDescriptorsAtEveryLevel) {
  const Images images({1, 2, 31, 33, 127, 129, 255, 257, 300, 511, 513, 600}, GetParam(), 1);
  const OrbMetric metric(images.descriptors.view(), images.offsets);
  Tile tile;
  tile.rows = tile.cols = {0, images.size()};
  std::vector<double> expected;
  for (std::int64_t i = 0; i < images.size(); ++i) {
    for (std::int64_t j = 0; j < images.size(); ++j) {
      expected.push_back(j < i ? expected[static_cast<std::size_t>(j * images.size() + i)]
                               : oracle_orb(images[i], images[j]));
    }
  }
  const SimdScope scope;
  for (const SimdLevel level : supported_simd_levels()) {
    set_simd_level(level);
    Workspace workspace(kPlentyOfMemory);
    std::vector<ScoredPair> scored;
    metric.screen(tile, {}, workspace, scored);
    ASSERT_EQ(scored.size(), expected.size());
    for (const auto& [left, right, low, high] : scored) {
      const double truth = expected[static_cast<std::size_t>(left * images.size() + right)];
      ASSERT_EQ(low, truth) << to_string(level) << ": images " << left << ", " << right;
      ASSERT_EQ(high, truth);
      if (right < 4) {
        ASSERT_EQ(metric.exact(left, right), truth) << to_string(level) << ": images " << left << ", " << right;
      }
    }
  }
}

TEST_P(OrbOf, ScreensExactlyAndKeepsWhatReachesTheFloor) {
  const Images images({5, 3, 0, 8, 12, 7, 0, 1, 9, 9, 20, 2}, GetParam(), 2);
  const OrbMetric metric(images.descriptors.view(), images.offsets);
  check_exact_everywhere(metric, true);
  IntervalUse use;
  check_intervals(metric, use);
  EXPECT_EQ(use.worst, 0);
  check_floors(metric);
  for (std::int64_t k = 0; k < images.size(); ++k) {
    EXPECT_EQ(metric.exact(2, k), -kInfinity) << "image 2 has no descriptors";
    if (k != 2 && k != 6) {
      EXPECT_EQ(metric.exact(k, k), 1.0) << k;
    }
  }
}

TEST(Orb, HasMatchesOfTheLargestDistanceThereIs) {
  Array<std::uint8_t, 2> descriptors({3, kDescriptorBytes});
  for (std::int64_t byte = 0; byte < kDescriptorBytes; ++byte) descriptors.view()(1, byte) = 0xff;
  const std::vector<std::int64_t> offsets{0, 1, 2, 3};
  const OrbMetric metric(descriptors.view(), offsets);
  EXPECT_EQ(metric.exact(0, 1), 0.0) << "one match, 256 bits apart: not good";
  EXPECT_EQ(metric.exact(0, 2), 1.0) << "largest distance 0";
}

TEST(Orb, GivesTheSameEdgesHoweverItRuns) {
  std::vector<std::int64_t> counts;
  for (std::int64_t k = 0; k < 19; ++k) counts.push_back(1 + k * 11 % 17);
  const Images images(counts, Content::random, 3);
  const OrbMetric metric(images.descriptors.view(), images.offsets);
  const Pairs pairs = Pairs::triangle(images.size());
  const auto expected = expected_edges(pairs, metric, 0.3);
  ASSERT_FALSE(expected.empty());
  const SimdScope scope;
  for (const SimdLevel level : supported_simd_levels()) {
    set_simd_level(level);
    for (const int threads : {1, 3}) {
      const std::int64_t least = metric.resident_bytes() + threads * (metric.cost().fixed_bytes + 100);
      for (const std::int64_t memory : {least, kPlentyOfMemory}) {
        Engine engine(threads, memory);
        ASSERT_EQ(edges_of(engine, pairs, metric, 0.3), expected) << to_string(level) << ", " << threads << " threads";
      }
    }
  }
}

TEST(Orb, RefusesOffsetsThatDoNotFit) {
  const Array<std::uint8_t, 2> rows({4, kDescriptorBytes});
  const auto expect = [&](const std::vector<std::int64_t>& offsets, std::string_view part) {
    expect_error(ErrorCode::invalid_argument, part, [&] { OrbMetric metric(rows.view(), offsets); });
  };
  expect({}, "offsets are missing");
  expect({0, 2}, "offsets from 0 to 2; they go from 0 to the 4");
  expect({1, 4}, "offsets from 1 to 4");
  expect({0, 5}, "offsets from 0 to 5");
  expect({0, 3, 2, 4}, "offset 2 is 2 after 3");
  expect({0, -1, 4}, "offset 1 is -1 after 0");
  expect({0, 5, 4}, "offset 2 is 4 after 5");
  EXPECT_EQ(OrbMetric(rows.view(), std::vector<std::int64_t>{0, 0, 4, 4}).num_left(), 3);
  const Array<std::uint8_t, 2> none({0, kDescriptorBytes});
  EXPECT_EQ(OrbMetric(none.view(), std::vector<std::int64_t>{0}).num_left(), 0);
}

TEST(Orb, RefusesDescriptorsOfAnotherLength) {
  const Array<std::uint8_t, 2> rows({4, 31});
  expect_error(ErrorCode::invalid_argument, "ORB descriptors of 31 bytes; they have 32",
               [&] { OrbMetric metric(rows.view(), std::vector<std::int64_t>{0, 4}); });
}

}  // namespace
}  // namespace simile
