// SPDX-License-Identifier: Apache-2.0
#include "simile/similarity/compare.hpp"

#include <array>
#include <atomic>
#include <initializer_list>
#include <new>
#include <span>
#include <stdexcept>
#include <string_view>
#include <vector>

#include "core/expect_error.hpp"
#include "similarity/engine.hpp"
#include "support/random_images.hpp"

#include "simile/similarity/cosine.hpp"
#include "simile/similarity/hamming.hpp"
#include "simile/similarity/ssim.hpp"
#include "simile/similarity/subset.hpp"

namespace simile {
namespace {

/// Has room for tiles of at most `max_pairs` pairs.
class CrampedMetric : public FunctionMetric<double (*)(std::int64_t, std::int64_t)> {
 public:
  enum class Kind { error, bad_alloc, after_reporting };
  CrampedMetric(std::int64_t n, std::int64_t max_pairs, Kind kind)
      : FunctionMetric(n, n, hashed_similarity), max_pairs_(max_pairs), kind_(kind) {}

 protected:
  void screen_block(const Tile& tile, const Need& need, Workspace& workspace,
                    std::vector<ScoredPair>& out) const override {
    if (tile.count() > max_pairs_) {
      if (kind_ == Kind::bad_alloc) throw std::bad_alloc();
      if (kind_ == Kind::after_reporting) {  // as when the list of pairs itself cannot grow
        out.push_back({tile.rows.begin, tile.cols.end - 1, 1, 1});
        throw std::bad_alloc();
      }
      throw Error(ErrorCode::out_of_memory, "too cramped");
    }
    FunctionMetric::screen_block(tile, need, workspace, out);
  }

 private:
  std::int64_t max_pairs_;
  Kind kind_;
};

TEST(Compare, CutsTilesThatDoNotFitIntoMemory) {
  Engine engine(2);
  const Pairs pairs = Pairs::triangle(70);
  for (const auto kind :
       {CrampedMetric::Kind::error, CrampedMetric::Kind::bad_alloc, CrampedMetric::Kind::after_reporting}) {
    for (const std::int64_t max_pairs : {1, 3, 100}) {
      const CrampedMetric metric(70, max_pairs, kind);
      Edges edges(0.5, {});
      const auto stats = engine.compare(pairs, metric, edges);
      EXPECT_GT(stats.tiles_split, 0);
      ASSERT_EQ(edges_of(edges), expected_edges(pairs, metric, 0.5));
      ASSERT_EQ(labels_of(engine, pairs, metric, 0.97), expected_labels(pairs, metric, 0.97));
    }
  }
}

TEST(Compare, GivesUpWhereNotEvenOnePairFits) {
  Engine engine(2);
  const CrampedMetric error(70, 0, CrampedMetric::Kind::error);
  const CrampedMetric bad_alloc(70, 0, CrampedMetric::Kind::bad_alloc);
  Components components(0.5);
  expect_error(ErrorCode::out_of_memory, "too cramped",
               [&] { engine.compare(Pairs::triangle(70), error, components); });
  expect_error(ErrorCode::out_of_memory, "a single pair",
               [&] { engine.compare(Pairs::triangle(70), bad_alloc, components); });
}

/// The three metrics at sizes where one pair costs little.
struct Metrics {
  Array<std::uint8_t, 3> images;
  Array<float, 2> vectors = clustered_unit_vectors(40, 300, 5, 0.3, 1);
  Array<std::uint8_t, 2> codes{std::array<std::int64_t, 2>{40, 8}};

  Metrics() {
    std::vector<Array<std::uint8_t, 2>> all;
    for (std::uint64_t k = 0; k < 40; ++k) {
      all.push_back(k % 4 == 0 ? natural_image(20, 24, k) : near_duplicate(all[k / 4 * 4].view(), 30, k));
    }
    images = stack(all);
    for (std::int64_t k = 0; k < codes.size(); ++k) codes.data()[k] = static_cast<std::uint8_t>(k * k % 251);
  }
};

TEST(Compare, WorksWithTheLeastMemoryItNamesAndSaysSoBelow) {
  const Metrics inputs;
  const SsimMetric ssim(inputs.images.view());
  const CosineMetric cosine(inputs.vectors.view());
  const HammingMetric hamming(inputs.codes.view(), 64);
  for (const Metric* metric : std::initializer_list<const Metric*>{&ssim, &cosine, &hamming}) {
    for (const int threads : {1, 3}) {
      const Cost cost = metric->cost();
      const std::int64_t least =
          metric->resident_bytes() + threads * (cost.fixed_bytes + cost.bytes_per_row + cost.bytes_per_column +
                                                cost.bytes_per_pair + static_cast<std::int64_t>(sizeof(ScoredPair)));
      const Pairs pairs = Pairs::triangle(40);
      for (const std::int64_t memory : {least, 2 * least, 20 * least}) {
        Engine engine(threads, memory);
        Edges edges(0.4, {});
        const auto stats = engine.compare(pairs, *metric, edges);
        EXPECT_EQ(stats.tiles_split, 0) << metric->name() << ": the plan asked for too little";
        ASSERT_EQ(edges_of(edges), expected_edges(pairs, *metric, 0.4)) << metric->name();
      }
      Engine engine(threads, least - 1);
      Components components(0.5);
      expect_error(ErrorCode::out_of_memory, "needs at least ", [&] { engine.compare(pairs, *metric, components); });
      engine.memory_bytes = 0;
      expect_error(ErrorCode::out_of_memory, "; 0 B are left (raise --memory)",
                   [&] { engine.compare(pairs, *metric, components); });
    }
  }
}

TEST(Compare, CountsItsWork) {
  Engine engine(2);
  const FunctionMetric metric(50, 50, hashed_similarity);
  Components components(2);
  const auto stats = engine.compare(Pairs::triangle(50), metric, components);
  EXPECT_EQ(stats.pairs, 1225);
  EXPECT_EQ(stats.exact_evaluations, 0) << "scored once, exactly, by the screen";
  EXPECT_EQ(stats.tiles_split, 0);
  EXPECT_GE(stats.seconds, 0);
  EXPECT_LT(stats.seconds, 60);
}

class CountingProgress final : public Progress {
 public:
  void begin(std::string_view /*phase*/, std::int64_t total, std::string_view /*unit*/) override { total_ = total; }
  void advance(std::int64_t count) override { done_ += count; }
  void end() override { ++ended_; }
  std::int64_t total_ = 0;
  std::atomic<std::int64_t> done_{0};
  int ended_ = 0;
};

TEST(Compare, ReportsEveryPairAsProgressOnce) {
  for (const Pairs& pairs : {Pairs::triangle(45), Pairs::rectangle(45, 45)}) {
    Engine engine(3);
    const CrampedMetric metric(45, 20, CrampedMetric::Kind::error);
    Components components(0.5);
    CountingProgress progress;
    compare(pairs, metric, components, {engine.pool, progress, engine.cancellation, kPlentyOfMemory, engine.device});
    EXPECT_EQ(progress.total_, pairs.count());
    EXPECT_EQ(progress.done_, pairs.count());
    EXPECT_EQ(progress.ended_, 1);
  }
}

TEST(Compare, RefusesPairsOfAnotherSize) {
  Engine engine;
  const FunctionMetric metric(5, 6, hashed_similarity);
  Components components(0.5);
  expect_error(ErrorCode::invalid_argument, "pairs of 6 x 6 items, but the metric has 5 x 6",
               [&] { engine.compare(Pairs::triangle(6), metric, components); });
  expect_error(ErrorCode::invalid_argument, "pairs of 5 x 5 items",
               [&] { engine.compare(Pairs::triangle(5), metric, components); });
}

TEST(Compare, StopsInTheMiddleWhenCancelled) {
  Engine engine(2);
  std::atomic<std::int64_t> evaluations{0};
  const FunctionMetric metric(400, 400, [&](std::int64_t i, std::int64_t j) {
    if (++evaluations == 5000) engine.cancellation.request();
    return hashed_similarity(i, j);
  });
  Components components(2);
  expect_error(ErrorCode::cancelled, "interrupted", [&] { engine.compare(Pairs::triangle(400), metric, components); });
  EXPECT_LT(evaluations, 7000) << "at most the tiles that were under way";
}

class FailingSink final : public Sink {
 public:
  explicit FailingSink(ErrorCode code) : code_(code) {}
  std::string_view name() const override { return "failing"; }
  void begin(const Pairs& /*pairs*/, int /*num_workers*/) override {}
  Need need(const Tile& /*tile*/) const override { return {}; }
  void consume(int /*worker*/, const Tile& /*tile*/, std::span<const ScoredPair> /*scored*/,
               Exact& /*exact*/) override {
    ++consumed_;
    throw Error(code_, "the sink is full");
  }
  void finish(const Evaluate& /*evaluate*/) override { ADD_FAILURE() << "finished after a failure"; }
  std::atomic<int> consumed_{0};

 protected:
  std::string identity() const override { return {}; }
  void save_state(StateWriter& /*out*/) override {}
  void load_state(StateReader& /*in*/) override {}
  void merge_state(const Sink& /*other*/, Exact& /*exact*/) override {}

 private:
  ErrorCode code_;
};

// out_of_memory from a sink must not be taken for a tile that is too large.
TEST(Compare, PassesOnWhatTheSinkThrows) {
  for (const ErrorCode code : {ErrorCode::io, ErrorCode::out_of_memory}) {
    Engine engine(2);
    const FunctionMetric metric(100, 100, hashed_similarity);
    FailingSink sink(code);
    expect_error(code, "the sink is full", [&] { engine.compare(Pairs::triangle(100), metric, sink); });
    EXPECT_LE(sink.consumed_, 2);
    EXPECT_EQ(labels_of(engine, Pairs::triangle(100), metric, 2).size(), 100U) << "the pool works on";
  }
}

TEST(Compare, PassesOnWhatTheMetricThrows) {
  Engine engine(2);
  const FunctionMetric metric(100, 100, [](std::int64_t i, std::int64_t j) -> double {
    if (i == 30 && j == 70) throw std::runtime_error("no such pair");
    return 0;
  });
  Components components(0.5);
  EXPECT_THROW(engine.compare(Pairs::triangle(100), metric, components), std::runtime_error);
}

TEST(Compare, TakesSubsetsOfAMetric) {
  Engine engine(2);
  const FunctionMetric whole(50, 50, hashed_similarity);
  const std::vector<std::int64_t> left{49, 3, 3, 17};
  const std::vector<std::int64_t> right{0, 49};
  const SubsetMetric metric(whole, left, right);
  std::vector<Edge> expected;
  for (std::int64_t i = 0; i < 4; ++i) {
    for (std::int64_t j = 0; j < 2; ++j) {
      expected.push_back(
          {i, j, hashed_similarity(left[static_cast<std::size_t>(i)], right[static_cast<std::size_t>(j)])});
    }
  }
  EXPECT_EQ(edges_of(engine, Pairs::rectangle(4, 2), metric, 0), expected);
}

TEST(ResolveDevice, KnowsTheCpu) {
  EXPECT_EQ(resolve_device("cpu"), Device{});
  const Device automatic = resolve_device("auto");
  bool present = false;
  for (const Backend* backend : backends()) {
    for (const auto& info : backend->devices()) present = present || info.device == automatic;
  }
  EXPECT_TRUE(present);
}

TEST(ResolveDevice, RefusesWhatIsNoDevice) {
  for (const char* text :
       {"", "gpu", "CPU", "cpu:0", "cuda:", "cuda:x", "cuda:-1", "cuda:1x", "cuda: 1", "cuda:+1", "cuda:99999999999"}) {
    expect_error(ErrorCode::invalid_argument, "allowed are auto, cpu, cuda, cuda:N", [&] { resolve_device(text); });
  }
}

TEST(ResolveDevice, NeverFallsBack) {
  expect_error(ErrorCode::invalid_argument, "device 'cuda:77' is not there; this machine has cpu",
               [] { resolve_device("cuda:77"); });
  Engine engine;
  engine.device = {Device::Kind::cuda, 77};
  const FunctionMetric metric(5, 5, hashed_similarity);
  Components components(0.5);
  expect_error(ErrorCode::invalid_argument, "no backend runs on cuda:77",
               [&] { engine.compare(Pairs::triangle(5), metric, components); });
}

TEST(Backends, StartWithTheCpus) {
  ASSERT_FALSE(backends().empty());
  EXPECT_EQ(backends().front()->name(), "cpu");
  const auto devices = backends().front()->devices();
  ASSERT_EQ(devices.size(), 1U);
  EXPECT_THAT(devices[0].description, testing::HasSubstr(" thread"));
  EXPECT_GT(devices[0].memory_bytes, 0);
}

}  // namespace
}  // namespace simile
