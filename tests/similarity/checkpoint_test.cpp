// SPDX-License-Identifier: Apache-2.0
// Comparisons that stop and go on.
#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/expect_error.hpp"
#include "similarity/sink_kinds.hpp"
#include "support/temporary_folder.hpp"

#include "simile/core/atomic_file.hpp"

namespace simile {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::int64_t kItems = 45;
constexpr double kThreshold = 0.9;

double similarity_of(std::int64_t i, std::int64_t j) { return i % 11 == 7 ? -kInfinity : hashed_similarity(i, j); }

/// Does something whenever a tile is screened or a pair evaluated.
class WatchedMetric : public IntervalMetric<double (*)(std::int64_t, std::int64_t)> {
 public:
  WatchedMetric() : IntervalMetric(kItems, kItems, 0.01, similarity_of) { edge = 8; }
  Cost cost() const override {
    Cost cost = IntervalMetric::cost();
    cost.fixed_bytes = 1000;
    return cost;
  }
  double exact(std::int64_t left, std::int64_t right) const override {
    watch(++events_);
    return IntervalMetric::exact(left, right);
  }
  std::int64_t events() const { return events_; }
  std::function<void(std::int64_t events)> watch = [](auto) {};

 protected:
  void screen_block(const Tile& tile, const Need& need, Workspace& workspace,
                    std::vector<ScoredPair>& out) const override {
    watch(++events_);
    IntervalMetric::screen_block(tile, need, workspace, out);
  }

 private:
  mutable std::atomic<std::int64_t> events_{0};
};

class CheckpointOf : public testing::TestWithParam<SinkKind> {
 protected:
  CheckpointOf() {
    for (std::int64_t k = 0; k < 9000; ++k) list_.push_back({k * k % kItems, (k * 31 + k / 7) % kItems});
    shapes_ = {Pairs::triangle(kItems), Pairs::rectangle(kItems, kItems), Pairs::list(list_, kItems)};
  }

  std::string expected(const Pairs& pairs) const {
    Engine engine(2);
    const auto sink = GetParam().make();
    engine.compare(pairs, WatchedMetric(), *sink);
    return GetParam().text(*sink, kItems);
  }

  /// Runs to the end and returns the result as text.
  std::string finished(const Pairs& pairs, const Metric& metric, int threads = 2) {
    Engine engine(threads);
    const auto sink = GetParam().make();
    stats_ = compare(engine, pairs, metric, *sink);
    return GetParam().text(*sink, kItems);
  }

  CompareStats compare(Engine& engine, const Pairs& pairs, const Metric& metric, Sink& sink) const {
    return simile::compare(pairs, metric, sink,
                           {engine.pool, *engine.progress, engine.cancellation, engine.memory_bytes, engine.device},
                           &checkpoint_);
  }

  bool file_is_there() const { return std::filesystem::exists(checkpoint_.file); }

  test::TemporaryFolder folder_;
  Checkpoint checkpoint_{.file = folder_.path() / "state", .interval_seconds = 0, .key = "features 1"};
  std::vector<IndexPair> list_;
  std::vector<Pairs> shapes_;
  CompareStats stats_;
};

// Each run is cancelled in its first tiles, has its own number of threads, and its own size of tiles.
TEST_P(CheckpointOf, GoesOnWhereItWasCancelled) {
  for (const Pairs& pairs : shapes_) {
    const std::string expected = this->expected(pairs);
    bool done = false;
    int runs = 0;
    for (; !done && runs < 20; ++runs) {
      Engine engine(runs % 3 + 1, runs % 3 == 1 ? 5000 : kPlentyOfMemory);
      WatchedMetric metric;
      if (runs < 12) metric.watch = [&](auto) { engine.cancellation.request(); };
      const auto sink = GetParam().make();
      try {
        const auto stats = compare(engine, pairs, metric, *sink);
        EXPECT_GT(stats.pairs_resumed, 0);
        EXPECT_THAT(stats.checkpoint_problem, IsEmpty());
        EXPECT_EQ(GetParam().text(*sink, kItems), expected);
        done = true;
      } catch (const Error& error) {
        ASSERT_EQ(error.code(), ErrorCode::cancelled) << error.what();
        ASSERT_TRUE(file_is_there());
      }
    }
    EXPECT_TRUE(done);
    EXPECT_FALSE(file_is_there()) << "removed in the end";
  }
}

// As when the process is killed: nothing is written any more, and the last file counts.
TEST_P(CheckpointOf, GoesOnFromTheLastFileAfterACrash) {
  for (const Pairs& pairs : {shapes_[0], shapes_[1]}) {
    const std::string expected = this->expected(pairs);
    const WatchedMetric whole;
    finished(pairs, whole, 1);
    int resumed = 0;
    for (const std::int64_t percent : {0, 1, 20, 40, 60, 80, 100}) {
      const std::int64_t crash = 1 + whole.events() * percent / 110;
      WatchedMetric failing;
      failing.watch = [&](std::int64_t events) {
        if (events == crash) throw std::runtime_error("crash");
      };
      Engine engine(2);
      const auto sink = GetParam().make();
      EXPECT_THROW(compare(engine, pairs, failing, *sink), std::runtime_error) << crash;
      resumed += file_is_there() ? 1 : 0;
      ASSERT_EQ(finished(pairs, WatchedMetric()), expected) << "crashed at " << crash;
    }
    EXPECT_GT(resumed, 2);
  }
}

INSTANTIATE_TEST_SUITE_P(Sinks, CheckpointOf, testing::ValuesIn(sink_kinds(kThreshold, 1)),
                         [](const auto& given) { return given.param.name; });

/// What does not depend on the sink.
class CheckpointFileTest : public testing::Test {
 protected:
  CompareStats run(Sink& sink, const Pairs& pairs = Pairs::triangle(kItems)) {
    const WatchedMetric metric;
    return simile::compare(
        pairs, metric, sink,
        {engine_.pool, *engine_.progress, engine_.cancellation, engine_.memory_bytes, engine_.device}, &checkpoint_);
  }
  CompareStats run() {
    Histogram histogram;
    const CompareStats stats = run(histogram);
    EXPECT_EQ(histogram.counts(), right_counts());
    return stats;
  }
  std::vector<std::int64_t> right_counts() {
    Histogram histogram;
    engine_.compare(Pairs::triangle(kItems), WatchedMetric(), histogram);
    return histogram.counts();
  }
  /// A file of the whole comparison.
  void leave_a_file() {
    checkpoint_.keep = true;
    run();
    ASSERT_TRUE(std::filesystem::exists(checkpoint_.file));
  }
  void write(std::string_view bytes) {
    AtomicFile file(checkpoint_.file);
    file.write(bytes);
    file.commit();
  }

  test::TemporaryFolder folder_;
  Checkpoint checkpoint_{.file = folder_.path() / "state", .interval_seconds = 0, .key = "features 1"};
  Engine engine_{2};
};

TEST_F(CheckpointFileTest, StaysWhereTheCallerWantsItAndSavesAllWork) {
  leave_a_file();
  const auto stats = run();
  EXPECT_EQ(stats.pairs_resumed, stats.pairs);
  EXPECT_EQ(stats.pairs_scored(), 0);
  EXPECT_THAT(stats.checkpoint_problem, IsEmpty());
}

TEST_F(CheckpointFileTest, IsNotWrittenBeforeTheIntervalHasPassed) {
  checkpoint_.interval_seconds = 1e6;
  checkpoint_.keep = true;
  run();
  EXPECT_FALSE(std::filesystem::exists(checkpoint_.file));
}

TEST_F(CheckpointFileTest, OfAnotherComparisonIsIgnoredAndReplaced) {
  const auto expect_refused = [&](const char* what) {
    const auto stats = run();
    EXPECT_EQ(stats.pairs_resumed, 0) << what;
    EXPECT_THAT(stats.checkpoint_problem, HasSubstr("cannot be continued from")) << what;
    EXPECT_EQ(run().pairs_resumed, stats.pairs) << what << ": replaced";
  };
  leave_a_file();
  checkpoint_.key = "features 2";
  expect_refused("other features");
  Histogram other({0, 1, 10});
  run(other);
  expect_refused("another sink's parameters");
  Components components(0.5);
  run(components);
  expect_refused("another sink");
  Histogram of_two_sets;
  run(of_two_sets, Pairs::rectangle(kItems, kItems));
  expect_refused("other pairs");
}

TEST_F(CheckpointFileTest, OfAnotherListIsIgnored) {
  checkpoint_.keep = true;
  std::vector<IndexPair> list{{1, 2}, {3, 4}};
  Histogram first;
  run(first, Pairs::list(list, kItems));
  Histogram again;
  EXPECT_EQ(run(again, Pairs::list(list, kItems)).pairs_resumed, 2);
  list[1].right = 5;
  Histogram second;
  EXPECT_EQ(run(second, Pairs::list(list, kItems)).pairs_resumed, 0);
}

TEST_F(CheckpointFileTest, DamagedIsIgnoredAndReplaced) {
  leave_a_file();
  const std::string whole = read_file(checkpoint_.file, 1 << 20);
  std::vector<std::string> damaged{"", "no checkpoint", whole + "12345678"};
  for (std::size_t size = 1; size < whole.size(); size += 1 + whole.size() / 50)
    damaged.push_back(whole.substr(0, size));
  for (std::size_t at = 0; at < whole.size(); at += 1 + whole.size() / 50) {
    damaged.push_back(whole);
    damaged.back()[at] = static_cast<char>(damaged.back()[at] ^ 4);
  }
  for (const auto& bytes : damaged) {
    write(bytes);
    const auto stats = run();
    ASSERT_EQ(stats.pairs_resumed, 0) << bytes.size();
    ASSERT_THAT(stats.checkpoint_problem, HasSubstr("cannot be continued from"));
  }
  EXPECT_EQ(run().pairs_resumed, Pairs::triangle(kItems).count());
}

TEST_F(CheckpointFileTest, ThatCannotBeWrittenDoesNotEndTheRun) {
  checkpoint_.file = folder_.path() / "no such folder" / "state";
  EXPECT_THAT(run().checkpoint_problem, HasSubstr("no checkpoint was written: cannot write"));
  checkpoint_.file = folder_.path();
  EXPECT_THAT(run().checkpoint_problem, HasSubstr("no checkpoint was written"));
}

}  // namespace
}  // namespace simile
