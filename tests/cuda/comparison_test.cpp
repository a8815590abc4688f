// SPDX-License-Identifier: Apache-2.0
// Comparisons on the emulated device: little memory, many blocks of items, failing allocations, and what stops and goes
// on. That every metric and sink is right where there is room is tested in conformance.
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <cuda_emulator.hpp>
#include <gtest/gtest.h>

#include "conformance/inputs.hpp"
#include "cuda/similarity/backend.hpp"
#include "similarity/hard_vectors.hpp"
#include "similarity/sink_kinds.hpp"
#include "support/temporary_folder.hpp"

#include "simile/similarity/cosine.hpp"
#include "simile/similarity/euclidean.hpp"
#include "simile/similarity/mutual_reachability.hpp"
#include "simile/similarity/subset.hpp"

namespace simile::cuda {
namespace {

constexpr std::int64_t kHostBytes = 1LL << 24;

/// Text of everything that a comparison finds, and what it did.
struct Outcome {
  std::string text;
  CompareStats stats;
};

/// Stops the run when the first pairs are done.
class Stop final : public Progress {
 public:
  explicit Stop(Cancellation& cancellation) : cancellation_(cancellation) {}
  void begin(std::string_view /*phase*/, std::int64_t /*total*/, std::string_view /*unit*/) override {}
  void advance(std::int64_t /*count*/) override { cancellation_.request(); }
  void resume(std::int64_t /*count*/) override {}
  void end() override {}

 private:
  Cancellation& cancellation_;
};

class OnDevice : public testing::Test {
 protected:
  Context context(std::int64_t device_bytes) {
    return {.pool = pool_,
            .progress = *progress_,
            .cancellation = cancellation_,
            .memory_bytes = kHostBytes,
            .device = {Device::Kind::cuda, 0},
            .device_memory_bytes = device_bytes};
  }
  Outcome on_device(const Pairs& pairs, const Metric& metric, const SinkKind& kind, std::int64_t device_bytes,
                    const Checkpoint* checkpoint = nullptr) {
    const auto sink = kind.make();
    Outcome outcome;
    outcome.stats = CudaBackend().compare(pairs, metric, *sink, context(device_bytes), checkpoint);
    outcome.text = kind.text(*sink, pairs.num_left());
    return outcome;
  }
  std::string on_host(const Pairs& pairs, const Metric& metric, const SinkKind& kind) {
    const auto sink = kind.make();
    Context host = context(0);
    host.device = {};
    backends().front()->compare(pairs, metric, *sink, host, nullptr);
    return kind.text(*sink, pairs.num_left());
  }
  void TearDown() override {
    EXPECT_EQ(emulator::live_allocations(), 0);
    EXPECT_EQ(emulator::live_host_allocations(), 0);
  }

  ThreadPool pool_{2};
  std::unique_ptr<Progress> progress_ = make_silent_progress();
  Cancellation cancellation_;
};

class OnDeviceMetric : public OnDevice, public testing::WithParamInterface<const char*> {};

INSTANTIATE_TEST_SUITE_P(Metrics, OnDeviceMetric,
                         testing::Values("ssim", "ssim_gaussian", "cosine", "euclidean", "template", "hamming",
                                         "minhash", "orb"),
                         [](const auto& metric) { return std::string(metric.param); });

/// A similarity that a few of the pairs reach.
double threshold_of(const Metric& metric, const Pairs& pairs) {
  std::vector<double> all;
  for (const auto& [i, j] : all_pairs(pairs)) all.push_back(metric.exact(i, j));
  const auto at = all.begin() + static_cast<std::ptrdiff_t>(0.97 * static_cast<double>(all.size()));
  std::nth_element(all.begin(), at, all.end());
  return *at;
}

TEST_P(OnDeviceMetric, FindsTheSameWithLittleMemory) {
  for (const bool one_set : {true, false}) {
    const std::int64_t num_right = one_set ? 50 : 41;
    const auto input = make_input(GetParam(), 50, num_right, one_set);
    const Pairs pairs = one_set ? Pairs::triangle(50) : Pairs::rectangle(50, num_right);
    const double threshold = threshold_of(input->metric(), pairs);
    for (const SinkKind& kind : sink_kinds(threshold, 1 << 16)) {
      const std::string expected = on_host(pairs, input->metric(), kind);
      int fitting = 0;
      for (std::int64_t bytes = 1 << 12; bytes < 1 << 20; bytes *= 2) {
        emulator::reset_peak_memory();
        try {
          const Outcome outcome = on_device(pairs, input->metric(), kind, bytes);
          ASSERT_EQ(outcome.text, expected) << kind.name << ", " << bytes;
          EXPECT_EQ(outcome.stats.pairs, pairs.count());
          EXPECT_LE(emulator::peak_memory(), static_cast<std::size_t>(bytes) + 4096) << kind.name << ", " << bytes;
          ++fitting;
        } catch (const Error& error) {
          ASSERT_EQ(error.code(), ErrorCode::out_of_memory) << error.what();
          ASSERT_EQ(fitting, 0) << kind.name << ": " << bytes << " bytes do not suffice, but fewer do";
        }
      }
      ASSERT_GE(fitting, 3);
    }
  }
}

TEST_P(OnDeviceMetric, GoesOnWithSmallerTilesWhenMemoryRunsOut) {
  const auto input = make_input(GetParam(), 70, 70, true);
  const Pairs pairs = Pairs::triangle(70);
  const SinkKind kind = sink_kinds(threshold_of(input->metric(), pairs), 1 << 16).front();
  const std::string expected = on_host(pairs, input->metric(), kind);
  std::int64_t splits = 0;
  for (std::int64_t n = 0; n < 30; ++n) {
    emulator::fail_allocation(n);
    try {
      const Outcome outcome = on_device(pairs, input->metric(), kind, 1 << 24);
      ASSERT_EQ(outcome.text, expected) << n;
      splits += outcome.stats.tiles_split;
    } catch (const Error& error) {
      ASSERT_EQ(error.code(), ErrorCode::out_of_memory) << error.what();
    }
    ASSERT_EQ(emulator::live_allocations(), 0) << n;
  }
  emulator::fail_allocation(-1);
  EXPECT_GT(splits, 0);
}

TEST_P(OnDeviceMetric, TakesLists) {
  std::vector<IndexPair> list;
  for (std::int64_t k = 0; k < 5000; ++k) list.push_back({k * k % 60, (k * 31 + k / 7) % 60});
  const auto input = make_input(GetParam(), 60, 60, true);
  const Pairs pairs = Pairs::list(list, 60);
  for (const SinkKind& kind : sink_kinds(threshold_of(input->metric(), pairs), 1 << 16)) {
    const std::string expected = on_host(pairs, input->metric(), kind);
    for (const std::int64_t bytes : {1 << 10, 1 << 18, 1 << 26}) {  // the least is too little: it is done on the host
      ASSERT_EQ(on_device(pairs, input->metric(), kind, bytes).text, expected) << kind.name << ", " << bytes;
    }
  }
}

TEST_P(OnDeviceMetric, DecidesTheSameInWhateverOrderThreadsRun) {
  const auto input = make_input(GetParam(), 80, 80, true);
  const Pairs pairs = Pairs::triangle(80);
  const double threshold = threshold_of(input->metric(), pairs);
  for (const SinkKind& kind : sink_kinds(threshold, 1 << 16)) {
    const std::string expected = on_host(pairs, input->metric(), kind);
    for (const std::uint64_t seed : {2U, 3U, 4U}) {
      emulator::set_seed(seed);
      ASSERT_EQ(on_device(pairs, input->metric(), kind, 1 << 24).text, expected) << kind.name << ", seed " << seed;
    }
  }
}

TEST_P(OnDeviceMetric, BoundsSimilaritiesByCores) {
  const auto input = make_input(GetParam(), 60, 60, true);
  const Pairs pairs = Pairs::triangle(60);
  std::vector<double> cores;
  for (std::int64_t k = 0; k < 60; ++k) cores.push_back(input->metric().exact(k, (k + 7) % 60));
  const MutualReachability metric(input->metric(), cores);
  for (const SinkKind& kind : sink_kinds(threshold_of(metric, pairs), 1 << 16)) {
    ASSERT_EQ(on_device(pairs, metric, kind, 1 << 20).text, on_host(pairs, metric, kind)) << kind.name;
  }
}

TEST_F(OnDevice, GoesOnWhereTheHostStoppedAndTheOtherWayRound) {
  const test::TemporaryFolder folder;
  const auto input = make_input("cosine", 300, 300, true);
  const Pairs pairs = Pairs::triangle(300);
  for (const SinkKind& kind : sink_kinds(threshold_of(input->metric(), pairs), 1 << 16)) {
    const std::string expected = on_host(pairs, input->metric(), kind);
    for (const bool device_first : {true, false}) {
      const Checkpoint checkpoint{.file = folder.path() / "checkpoint", .interval_seconds = 0, .key = "k"};
      Cancellation stopped;
      Context first = context(1 << 20);
      if (!device_first) first.device = {};
      Stop stop(stopped);
      const Context stopping{.pool = pool_,
                             .progress = stop,
                             .cancellation = stopped,
                             .memory_bytes = kHostBytes,
                             .device = first.device,
                             .device_memory_bytes = 1 << 20};
      const auto sink = kind.make();
      const auto run = [&] {
        if (device_first) {
          CudaBackend().compare(pairs, input->metric(), *sink, stopping, &checkpoint);
        } else {
          backends().front()->compare(pairs, input->metric(), *sink, stopping, &checkpoint);
        }
      };
      EXPECT_THROW(run(), Error);
      ASSERT_TRUE(std::filesystem::exists(checkpoint.file)) << kind.name;
      const auto rest = kind.make();
      Context other = context(1 << 20);
      if (device_first) other.device = {};
      const auto stats = device_first ? backends().front()->compare(pairs, input->metric(), *rest, other, &checkpoint)
                                      : CudaBackend().compare(pairs, input->metric(), *rest, other, &checkpoint);
      EXPECT_GT(stats.pairs_resumed, 0) << kind.name;
      EXPECT_EQ(stats.checkpoint_problem, "");
      EXPECT_EQ(kind.text(*rest, 300), expected) << kind.name << (device_first ? ", device first" : ", host first");
    }
  }
}

TEST_F(OnDevice, DecidesHardVectorsAsTheDefinitionDoes) {
  for (const std::int64_t dimensions : {1, 7, 16, 45, 300, 1000}) {
    const auto vectors = hard_vectors(dimensions, 7);
    const CosineMetric cosine(vectors.view());
    const EuclideanMetric euclidean(vectors.view());
    const Pairs pairs = Pairs::triangle(vectors.shape(0));
    for (const Metric* metric : {static_cast<const Metric*>(&cosine), static_cast<const Metric*>(&euclidean)}) {
      for (const SinkKind& kind : sink_kinds(0.9, 1 << 16)) {
        ASSERT_EQ(on_device(pairs, *metric, kind, 1 << 24).text, on_host(pairs, *metric, kind))
            << metric->name() << ", " << dimensions << ", " << kind.name;
      }
    }
  }
}

/// Rows whose cosine with the first is a threshold give or take a little.
TEST_F(OnDevice, DecidesPairsBesideTheThreshold) {
  constexpr std::int64_t kDimensions = 512;
  constexpr double kThreshold = 0.9;
  std::vector<double> offsets;
  for (const double step : {1e-3, 1e-5, 1e-7, 1e-9, 1e-12}) {
    for (const double sign : {-1.0, 1.0}) offsets.push_back(sign * step);
  }
  Random random(11);
  Array<float, 2> rows({1 + std::ssize(offsets), kDimensions});
  std::vector<double> axis(kDimensions);
  std::vector<double> across(kDimensions);
  const auto normal = [&](std::vector<double>& v) {
    double norm = 0;
    for (const double x : v) norm += x * x;
    for (double& x : v) x /= std::sqrt(norm);
  };
  for (auto& x : axis) x = 2 * random.uniform() - 1;
  normal(axis);
  for (auto& x : across) x = 2 * random.uniform() - 1;
  double along = 0;
  for (std::size_t k = 0; k < axis.size(); ++k) along += axis[k] * across[k];
  for (std::size_t k = 0; k < axis.size(); ++k) across[k] -= along * axis[k];
  normal(across);
  for (std::int64_t row = 0; row < rows.shape(0); ++row) {
    const double cosine = row == 0 ? 1 : kThreshold + offsets[static_cast<std::size_t>(row - 1)];
    for (std::int64_t k = 0; k < kDimensions; ++k) {
      const auto at = static_cast<std::size_t>(k);
      rows.view()(row, k) = static_cast<float>(cosine * axis[at] + std::sqrt(1 - cosine * cosine) * across[at]);
    }
  }
  const CosineMetric metric(rows.view());
  const Pairs pairs = Pairs::triangle(rows.shape(0));
  for (std::int64_t other = 1; other < rows.shape(0); ++other) {
    const double exact = metric.exact(0, other);
    for (const double threshold : {exact, std::nextafter(exact, 2.0), std::nextafter(exact, 0.0), kThreshold}) {
      const SinkKind kind = sink_kinds(threshold, 1 << 16)[1];
      ASSERT_EQ(on_device(pairs, metric, kind, 1 << 24).text, on_host(pairs, metric, kind)) << other;
    }
  }
}

TEST_F(OnDevice, TakesFewRowsAgainstManyColumnsInAFewTiles) {
  constexpr std::int64_t kRows = 3;
  constexpr std::int64_t kColumns = 3000;
  const auto input = make_input("cosine", kRows, kColumns, false);
  const Pairs pairs = Pairs::rectangle(kRows, kColumns);
  for (const SinkKind& kind : sink_kinds(threshold_of(input->metric(), pairs), 1 << 16)) {
    const std::string expected = on_host(pairs, input->metric(), kind);
    const auto before = emulator::launches();
    ASSERT_EQ(on_device(pairs, input->metric(), kind, 1 << 22).text, expected) << kind.name;
    EXPECT_LT(emulator::launches() - before, 100) << kind.name;
    ASSERT_EQ(on_device(pairs, input->metric(), kind, 1 << 17).text, expected) << kind.name;  // items by blocks
  }
}

/// Rows of which the first (of each so many) is alike to none of the others: its floor says nothing of what they need.
Array<float, 2> rows_with_a_stranger(std::int64_t num_rows, std::int64_t among = 1 << 20) {
  constexpr std::int64_t kDimensions = 16;
  Random random(3);
  Array<float, 2> rows({num_rows, kDimensions});
  for (std::int64_t row = 0; row < num_rows; ++row) {
    for (std::int64_t k = 0; k < kDimensions; ++k) {
      const double sign = row % among == 0 && k % 2 == 1 ? -1 : 1;
      rows.view()(row, k) = static_cast<float>(sign * (1 + random.uniform()));
    }
  }
  return rows;
}

TEST_F(OnDevice, BringsHomeWhatReachesTheFloorOfItsOwnRow) {
  const auto rows = rows_with_a_stranger(600);
  const CosineMetric metric(rows.view());
  const auto kinds = sink_kinds(0.9, 1 << 16);
  const auto top_k = std::find_if(kinds.begin(), kinds.end(), [](const auto& kind) { return kind.name == "top_k"; });
  ASSERT_NE(top_k, kinds.end());
  const Array<float, 2> few = rows_with_a_stranger(8);
  const CosineMetric between(few.view(), rows.view());
  const Outcome one_set = on_device(Pairs::triangle(600), metric, *top_k, 1 << 18);
  EXPECT_EQ(one_set.text, on_host(Pairs::triangle(600), metric, *top_k));
  const Outcome two_sets = on_device(Pairs::rectangle(8, 600), between, *top_k, 1 << 16);
  EXPECT_EQ(two_sets.text, on_host(Pairs::rectangle(8, 600), between, *top_k));
  EXPECT_LT(one_set.stats.exact_evaluations, one_set.stats.pairs / 2);
  EXPECT_LT(two_sets.stats.exact_evaluations, two_sets.stats.pairs / 2);
}

/// Rows of few values, of which many are equal, and many more equally far from each other.
Array<float, 2> rows_with_ties(std::int64_t num_rows) {
  Random random(5);
  Array<float, 2> rows({num_rows, 3});
  for (std::int64_t k = 0; k < rows.size(); ++k) rows.data()[k] = static_cast<float>(std::floor(4 * random.uniform()));
  return rows;
}

const SinkKind& kind_of(const std::vector<SinkKind>& kinds, std::string_view name) {
  return *std::find_if(kinds.begin(), kinds.end(), [&](const auto& kind) { return kind.name == name; });
}

TEST_F(OnDevice, LeavesThereWhatTheKnownForestDominates) {
  const auto rows = rows_with_a_stranger(600, 8);  // no tile's floor is above the strangers' links
  const CosineMetric metric(rows.view());
  const auto kinds = sink_kinds(0.9, 1 << 16);
  const SinkKind& tree = kind_of(kinds, "spanning_tree");
  const Pairs pairs = Pairs::triangle(600);
  const Outcome outcome = on_device(pairs, metric, tree, 1 << 18);
  EXPECT_EQ(outcome.text, on_host(pairs, metric, tree));
  EXPECT_LT(outcome.stats.exact_evaluations, outcome.stats.pairs / 2);
}

TEST_F(OnDevice, KeepsTheForestAmongEqualSimilarities) {
  const auto rows = rows_with_ties(180);
  const auto others = rows_with_ties(150);
  for (const char* const name : {"spanning_tree", "spanning_tree_down_to_a_floor", "top_k"}) {
    const auto kinds = sink_kinds(0.97, 1 << 12);
    const SinkKind& kind = kind_of(kinds, name);
    for (const std::uint64_t seed : {1U, 2U}) {
      emulator::set_seed(seed);
      for (const std::int64_t bytes : {1 << 16, 1 << 20}) {
        const CosineMetric cosine(rows.view());
        const EuclideanMetric euclidean(rows.view());
        const EuclideanMetric between(rows.view(), others.view());
        for (const Metric* const metric :
             {static_cast<const Metric*>(&cosine), static_cast<const Metric*>(&euclidean)}) {
          const Outcome one_set = on_device(Pairs::triangle(180), *metric, kind, bytes);
          ASSERT_EQ(one_set.text, on_host(Pairs::triangle(180), *metric, kind)) << name << ", " << metric->name();
        }
        const Outcome two_sets = on_device(Pairs::rectangle(180, 150), between, kind, bytes);
        ASSERT_EQ(two_sets.text, on_host(Pairs::rectangle(180, 150), between, kind)) << name;
      }
    }
  }
}

TEST_F(OnDevice, AddsRowSumsOnTheDeviceWhereTheyHaveRoom) {
  // Distances of all sizes and signs of exponents, rows without a length among them.
  const auto vectors = hard_vectors(7, 7);
  const CosineMetric cosine(vectors.view());
  const EuclideanMetric euclidean(vectors.view());
  const Pairs pairs = Pairs::triangle(vectors.shape(0));
  const auto kinds = sink_kinds(0.9, 1 << 16);
  const SinkKind& sums = kind_of(kinds, "row_sums");
  for (const Metric* const metric : {static_cast<const Metric*>(&cosine), static_cast<const Metric*>(&euclidean)}) {
    const std::string expected = on_host(pairs, *metric, sums);
    for (const auto& [bytes, at_home] : {std::pair{1 << 24, false}, std::pair{1 << 15, true}}) {
      const Outcome outcome = on_device(pairs, *metric, sums, bytes);
      EXPECT_EQ(outcome.text, expected) << metric->name() << ", " << bytes;
      EXPECT_EQ(outcome.stats.exact_evaluations > 0, at_home) << bytes;  // what is listed comes home
    }
  }
}

TEST_F(OnDevice, CountsMoreBinsThanABlockKeeps) {
  const auto rows = rows_with_ties(300);
  const CosineMetric metric(rows.view());
  for (const std::int64_t bins : {1, 4095, 4096, 4097, 5000}) {
    Histogram on_gpu({-1, 1, bins});
    Histogram expected({-1, 1, bins});
    CudaBackend().compare(Pairs::triangle(300), metric, on_gpu, context(1 << 18), nullptr);
    Context host = context(0);
    host.device = {};
    backends().front()->compare(Pairs::triangle(300), metric, expected, host, nullptr);
    EXPECT_EQ(on_gpu.counts(), expected.counts()) << bins;
    EXPECT_EQ(on_gpu.num_alike_to_nothing(), expected.num_alike_to_nothing()) << bins;
  }
}

TEST_F(OnDevice, SelectsTheNeighboursOfOneAmongMany) {
  constexpr std::int64_t kMany = 4000;
  const auto kinds = sink_kinds(0.9, 1 << 16);
  const SinkKind& top_k = kind_of(kinds, "top_k");
  const Pairs pairs = Pairs::rectangle(1, kMany);
  for (const char* const metric : {"cosine", "hamming", "template"}) {
    const auto input = make_input(metric, 1, kMany, false);
    const std::string expected = on_host(pairs, input->metric(), top_k);
    const std::int64_t before = emulator::bytes_to_host();
    const Outcome outcome = on_device(pairs, input->metric(), top_k, 1 << 28);
    EXPECT_EQ(outcome.text, expected) << metric;
    EXPECT_LT(emulator::bytes_to_host() - before, 32 * kMany / 20) << metric;  // of 32 bytes a pair
    if (metric == std::string("hamming")) continue;                            // is exact: all pairs are listed first
    EXPECT_LT(outcome.stats.exact_evaluations, kMany / 20) << metric;
  }
}

TEST_F(OnDevice, BringsHomeWhatOneOfTheRowsMayStillWant) {
  const auto kinds = sink_kinds(0.9, 1 << 16);
  const SinkKind& top_k = kind_of(kinds, "top_k");
  const Pairs pairs = Pairs::triangle(300);
  for (const char* const metric : {"cosine", "hamming", "ssim", "orb"}) {
    const auto input = make_input(metric, 300, 300, true);
    const std::int64_t before = emulator::bytes_to_host();
    EXPECT_EQ(on_device(pairs, input->metric(), top_k, 1 << 24).text, on_host(pairs, input->metric(), top_k)) << metric;
    EXPECT_LT(emulator::bytes_to_host() - before, 32 * pairs.count() / 4) << metric;
  }
}

TEST_F(OnDevice, LeavesWhatItDoesNotKnowToTheHost) {
  const FunctionMetric metric(50, 50, hashed_similarity);
  const Pairs pairs = Pairs::triangle(50);
  const auto launches = emulator::launches();
  for (const SinkKind& kind : sink_kinds(0.9, 1 << 16)) {
    EXPECT_EQ(on_device(pairs, metric, kind, 1 << 20).text, on_host(pairs, metric, kind));
  }
  EXPECT_EQ(emulator::launches(), launches);
}

TEST_F(OnDevice, SkipsTilesThatAreSettled) {
  Array<float, 2> rows({600, 8});
  for (std::int64_t k = 0; k < rows.size(); ++k) rows.data()[k] = 1;
  const CosineMetric metric(rows.view());
  Components components(0.5);
  const auto stats = CudaBackend().compare(Pairs::triangle(600), metric, components, context(1 << 18), nullptr);
  EXPECT_EQ(components.labels(), std::vector<std::int64_t>(600, 0));
  EXPECT_GT(stats.pairs_skipped, stats.pairs / 2);
}

}  // namespace
}  // namespace simile::cuda
