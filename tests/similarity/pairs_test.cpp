// SPDX-License-Identifier: Apache-2.0
#include "simile/similarity/pairs.hpp"

#include <vector>

#include "core/expect_error.hpp"

namespace simile {
namespace {

constexpr std::int64_t kMost = 1LL << 31;

TEST(Pairs, CountsWithoutOverflow) {
  EXPECT_EQ(Pairs::triangle(0).count(), 0);
  EXPECT_EQ(Pairs::triangle(1).count(), 0);
  EXPECT_EQ(Pairs::triangle(2).count(), 1);
  EXPECT_EQ(Pairs::triangle(1'000'000'000).count(), 499'999'999'500'000'000);
  EXPECT_EQ(Pairs::triangle(kMost).count(), kMost / 2 * (kMost - 1));
  EXPECT_EQ(Pairs::rectangle(kMost, kMost).count(), 1LL << 62);
  EXPECT_EQ(Pairs::rectangle(0, 5).count(), 0);
  EXPECT_EQ(Pairs::rectangle(5, 3).count(), 15);
}

TEST(Pairs, NumbersTheNodes) {
  EXPECT_EQ(Pairs::triangle(7).num_nodes(), 7);
  EXPECT_EQ(Pairs::triangle(7).right_node(3), 3);
  EXPECT_EQ(Pairs::rectangle(7, 4).num_nodes(), 11);
  EXPECT_EQ(Pairs::rectangle(7, 4).right_node(3), 10);
  const std::vector<IndexPair> list{{6, 3}};
  EXPECT_EQ(Pairs::list(list, 7).right_node(3), 3);
  EXPECT_EQ(Pairs::list(list, 7, 4).right_node(3), 10);
  EXPECT_FALSE(Pairs::list(list, 7, 4).one_set());
  EXPECT_EQ(Pairs::list(list, 7).count(), 1);
}

TEST(Pairs, RefusesCountsOutOfRange) {
  for (const std::int64_t count : {std::int64_t{-1}, kMost + 1}) {
    expect_error(ErrorCode::invalid_argument, "allowed are 0 to 2147483648", [&] { Pairs::triangle(count); });
    expect_error(ErrorCode::invalid_argument, "items; allowed", [&] { Pairs::rectangle(count, 1); });
    expect_error(ErrorCode::invalid_argument, "items; allowed", [&] { Pairs::rectangle(1, count); });
    expect_error(ErrorCode::invalid_argument, "items; allowed", [&] { Pairs::list({}, count); });
  }
}

TEST(Pairs, RefusesListedItemsOutOfRange) {
  const auto refuses = [](IndexPair bad, std::int64_t num_left, std::int64_t num_right) {
    const std::vector<IndexPair> list{{0, 0}, bad};
    expect_error(ErrorCode::invalid_argument, "is outside", [&] { Pairs::list(list, num_left, num_right); });
  };
  refuses({3, 0}, 3, 5);
  refuses({-1, 0}, 3, 5);
  refuses({0, 5}, 3, 5);
  refuses({0, -1}, 3, 5);
  const std::vector<IndexPair> list{{0, 4}};
  expect_error(ErrorCode::invalid_argument, "pair (0, 4) is outside 4 x 4 items", [&] { Pairs::list(list, 4); });
  EXPECT_NO_THROW(Pairs::list(list, 5));
}

}  // namespace
}  // namespace simile
