// SPDX-License-Identifier: Apache-2.0
// How `simile cluster` groups beside plain components: without chains, and in batches.
#include <cmath>

#include "pipeline/runs.hpp"

namespace simile::test {
namespace {

using testing::HasSubstr;

class Grouping : public Runs {
 protected:
  /// Unit vectors at these angles of a plane.
  std::filesystem::path directions(const std::vector<double>& degrees) const {
    std::vector<float> values;
    for (const double angle : degrees) {
      values.push_back(static_cast<float>(std::cos(angle * 3.14159265358979 / 180)));
      values.push_back(static_cast<float>(std::sin(angle * 3.14159265358979 / 180)));
    }
    return write_array(path("v.npy"), NpyType::float32, {std::ssize(degrees), 2}, bytes_of(values));
  }
  static constexpr double kTenDegrees = 0.9848;
};

TEST_F(Grouping, WithoutChainsHasOnlyGroupsInWhichEveryPairIsAlike) {
  // 0, 8, 17 and 24 degrees chain; the closest pairs are 8 and 9, then 17 and 24.
  const auto npy = directions({0, 8, 9, 17, 24});
  EXPECT_EQ(cluster({.input = npy, .threshold = kTenDegrees, .out = path("chained")}).num_groups, 1);
  const auto summary = cluster({.input = npy, .threshold = kTenDegrees, .no_chain = true, .out = path("whole")});
  EXPECT_EQ(summary.num_groups, 2);
  const auto groups = clusters(path("whole"));
  EXPECT_EQ(groups.at("0"), groups.at("1"));
  EXPECT_EQ(groups.at("1"), groups.at("2"));
  EXPECT_EQ(groups.at("3"), groups.at("4"));
  EXPECT_FALSE(std::filesystem::exists(path("whole") / "similarities.csv"));
  EXPECT_THAT(text_of(path("whole") / "manifest.json"), HasSubstr("\"no_chain\": true"));
}

TEST_F(Grouping, WithoutChainsRefusesLargeComponentsAndLeavesNoListOfPairsBehind) {
  constexpr std::uint32_t kCount = 20'001;
  std::vector<std::uint8_t> codes;  // a Gray code: each differs from the next by one bit
  for (std::uint32_t k = 0; k < kCount; ++k) {
    const std::uint32_t code = k ^ (k >> 1U);
    for (const std::uint32_t byte : {code >> 8U, code & 255U, 0U, 0U, 0U, 0U, 0U, 0U}) {
      codes.push_back(static_cast<std::uint8_t>(byte));
    }
  }
  const auto npy = write_array(path("h.npy"), NpyType::uint8, {kCount, 8}, codes);
  expect_refused({.input = npy, .threshold = 0.98, .no_chain = true, .checkpoint_seconds = 0, .out = out_},
                 ErrorCode::invalid_argument, "--no-chain: a component of 20001 images; allowed are 20000");
}

TEST_F(Grouping, InOneBatchIsThatOfEveryPair) {
  const auto set = photos({4, 3, 2, 1, 1});
  cluster({.input = set, .out = path("all")});
  const auto summary = cluster({.input = set, .batch_size = 100, .out = path("batch")});
  EXPECT_EQ(tables(path("batch")), tables(path("all")));
  EXPECT_EQ(summary.num_batches, 1);
  EXPECT_EQ(summary.share_compared(), 1);
}

TEST_F(Grouping, MergesBatchesByTheirRepresentatives) {
  const auto set = photos({4, 3, 2, 1, 1});  // copies come by turns: every batch of 4 holds one of each group
  cluster({.input = set, .out = path("all")});
  const auto summary = cluster({.input = set, .batch_size = 4, .out = path("batches")});
  EXPECT_EQ(summary.num_batches, 3);
  EXPECT_TRUE(summary.merged);
  EXPECT_EQ(summary.pairs_in_batches, 6 + 6 + 3);
  EXPECT_EQ(summary.compare.pairs, summary.pairs_in_batches + summary.pairs_in_merge);
  EXPECT_EQ(clusters(path("batches")), clusters(path("all")));  // near copies: representatives suffice
}

TEST_F(Grouping, OfBatchesIsTheSameForAnyNumberOfThreads) {
  const auto set = photos({5, 5, 4, 3, 2, 1, 1});
  cluster({.input = set, .batch_size = 5, .out = path("one")}, 1);
  cluster({.input = set, .batch_size = 5, .out = path("four")}, 4);
  EXPECT_EQ(tables(path("one")), tables(path("four")));
}

TEST_F(Grouping, LeavesBatchesApartWhenTold) {
  const auto set = photos({4, 3});
  const auto summary = cluster({.input = set, .batch_size = 4, .merge_batches = false, .out = path("apart")});
  EXPECT_FALSE(summary.merged);
  EXPECT_EQ(summary.pairs_in_merge, 0);
  EXPECT_EQ(summary.num_groups, 3);  // two of the first batch; of the second three copies, 0 and 2 and one of the other
}

TEST_F(Grouping, RefusesWhatDoesNotGoTogether) {
  const auto set = photos({2, 1});
  const auto refuse = [&](ClusterOptions options, const std::string& text) {
    options.out = out_;
    expect_refused(options, ErrorCode::invalid_argument, text);
  };
  refuse({.input = set, .batch_size = 1}, "--batch-size 1");
  refuse({.input = set, .batch_size = 4, .similarities = true}, "--similarities");
  refuse({.input = set, .no_chain = true, .batch_size = 4}, "--no-chain");
  refuse({.input = set, .merge_batches = false}, "--no-merge");
  refuse({.input = set, .min_size = 3, .batch_size = 4, .merge_batches = false}, "--min-size 3");
}

}  // namespace
}  // namespace simile::test
