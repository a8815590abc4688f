// SPDX-License-Identifier: Apache-2.0
// Runs at once on one cache, as two programs are.
#include <thread>

#include <gtest/gtest.h>

#include "image/derived_images.hpp"

namespace simile {
namespace {

class DeriveAtOnce : public test::DerivedImages {};

TEST_F(DeriveAtOnce, GivesEveryRunTheSame) {
  constexpr int kRounds = 12;  // segments are merged in between
  constexpr int kRuns = 3;
  write_photos(10);
  for (int round = 0; round < kRounds; ++round) {
    write_photo(10 + round, round);
    const auto expected = run({}).made;
    std::vector<Run> runs(kRuns);
    std::vector<std::thread> threads;
    for (auto& outcome : runs) threads.emplace_back([&] { outcome = run(cache_); });
    for (auto& thread : threads) thread.join();
    for (const auto& outcome : runs) {
      EXPECT_EQ(outcome.made, expected);
      EXPECT_EQ(outcome.notes, "");
    }
  }
  EXPECT_EQ(run(cache_).num_made, 0);
}

}  // namespace
}  // namespace simile
