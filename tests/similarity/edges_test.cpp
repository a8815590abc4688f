// SPDX-License-Identifier: Apache-2.0
#include "simile/similarity/edges.hpp"

#include <cstdlib>
#include <limits>
#include <string>
#include <vector>

#include <sys/mount.h>
#include <sys/resource.h>

#include "core/expect_error.hpp"
#include "similarity/engine.hpp"
#include "support/temporary_folder.hpp"

namespace simile {
namespace {

using test::TemporaryFolder;

class EdgesOf : public testing::TestWithParam<std::int64_t> {};
INSTANTIATE_TEST_SUITE_P(Items, EdgesOf, testing::Values(0, 1, 2, 15, 16, 17, 97), testing::PrintToStringParamName());

TEST_P(EdgesOf, EqualPlainLoops) {
  Engine engine(3);
  const FunctionMetric metric(GetParam(), GetParam(), hashed_similarity);
  for (const Pairs& pairs : {Pairs::triangle(GetParam()), Pairs::rectangle(GetParam(), GetParam())}) {
    for (const double threshold : {-kInfinity, 0.5, 0.99, kInfinity}) {
      Edges edges(threshold, {});
      engine.compare(pairs, metric, edges);
      const auto expected = expected_edges(pairs, metric, threshold);
      ASSERT_EQ(edges_of(edges), expected);
      ASSERT_EQ(edges.count(), static_cast<std::int64_t>(expected.size()));
    }
  }
}

TEST(Edges, KeepRepeatsOfAList) {
  Engine engine;
  const std::vector<IndexPair> list{{4, 2}, {1, 3}, {4, 2}, {0, 0}};
  const FunctionMetric metric(5, 5, [](auto, auto) { return 0.5; });
  EXPECT_EQ(edges_of(engine, Pairs::list(list, 5), metric, 0.5),
            (std::vector<Edge>{{0, 0, 0.5}, {1, 3, 0.5}, {4, 2, 0.5}, {4, 2, 0.5}}));
}

TEST(Edges, SpillManySortedRunsAndReadThemAgainAndAgain) {
  const TemporaryFolder folder;
  Engine engine(2);
  const FunctionMetric metric(300, 300, hashed_similarity);
  const Pairs pairs = Pairs::triangle(300);
  Edges edges(0.1, {.max_edges = 1'000'000, .memory_bytes = 1, .spill_folder = folder.path()});
  engine.compare(pairs, metric, edges);
  EXPECT_EQ(folder.size(), 0) << "spill files have no name";
  const auto expected = expected_edges(pairs, metric, 0.1);
  EXPECT_GT(expected.size(), 30000U) << "about 30 runs";
  EXPECT_EQ(edges_of(edges), expected);
  EXPECT_EQ(edges_of(edges), expected);
  // A second comparison starts from nothing.
  engine.compare(pairs, metric, edges);
  EXPECT_EQ(edges_of(edges), expected);
}

// Processes commonly may have 1024 files open; a run each would soon be more.
TEST(Edges, SpillWithFewOpenFiles) {
  Engine engine(2);
  const FunctionMetric metric(500, 500, hashed_similarity);
  const Pairs pairs = Pairs::triangle(500);
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit few{32, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
  EXPECT_NO_THROW({
    Edges edges(0, {.max_edges = 1'000'000, .memory_bytes = 1, .spill_folder = {}});
    engine.compare(pairs, metric, edges);
    EXPECT_EQ(edges_of(edges), expected_edges(pairs, metric, 0));
  });
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
}

TEST(Edges, NameTheFlagWhenThereAreTooMany) {
  Engine engine;
  const FunctionMetric metric(20, 20, [](auto, auto) { return 1.0; });
  const auto run = [&](std::int64_t max_edges) {
    Edges edges(0.5, {.max_edges = max_edges, .spill_folder = {}});
    engine.compare(Pairs::triangle(20), metric, edges);
  };
  EXPECT_NO_THROW(run(190));
  expect_error(ErrorCode::out_of_memory, "more than 189 pairs reach the threshold 0.5", [&] { run(189); });
  expect_error(ErrorCode::out_of_memory, "--max-edges", [&] { run(0); });
}

TEST(Edges, NameAFolderThatTakesNoSpillFiles) {
  Engine engine;
  const FunctionMetric metric(100, 100, [](auto, auto) { return 1.0; });
  Edges edges(0.5, {.memory_bytes = 1, .spill_folder = "/no/such/folder"});
  expect_error(ErrorCode::not_found, "cannot write temporary files in '/no/such/folder'",
               [&] { engine.compare(Pairs::triangle(100), metric, edges); });
}

TEST(Edges, ReportAFullDisk) {
  const TemporaryFolder folder;
  if (::mount("tmpfs", folder.path().c_str(), "tmpfs", 0, "size=64k") != 0) {
    GTEST_SKIP() << "no right to mount a small disk";
  }
  Engine engine;
  const FunctionMetric metric(200, 200, [](auto, auto) { return 1.0; });
  {
    Edges edges(0.5, {.memory_bytes = 1, .spill_folder = folder.path()});
    expect_error(ErrorCode::io, "No space left", [&] { engine.compare(Pairs::triangle(200), metric, edges); });
  }
  EXPECT_EQ(::umount(folder.path().c_str()), 0);
}

TEST(Edges, ReportThatThereIsNoFolderForTemporaryFiles) {
  const char* const before = std::getenv("TMPDIR");
  const std::string kept = before == nullptr ? "" : before;
  ::setenv("TMPDIR", "/no/such/folder", 1);
  expect_error(ErrorCode::io, "TMPDIR", [] { Edges(0.5, {}); });
  if (before == nullptr) {
    ::unsetenv("TMPDIR");
  } else {
    ::setenv("TMPDIR", kept.c_str(), 1);
  }
}

TEST(Edges, RefuseAThresholdThatIsNoNumber) {
  expect_error(ErrorCode::invalid_argument, "a threshold must be a number",
               [] { Edges(std::numeric_limits<double>::quiet_NaN(), {}); });
}

}  // namespace
}  // namespace simile
