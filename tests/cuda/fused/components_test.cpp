// SPDX-License-Identifier: Apache-2.0
// The fused path with plain products in place of tensor cores, on the emulated device: waves, lists that overflow,
// tiles that are left out, and the choice of the path.
#include "simile/similarity/components.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <numeric>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <cuda_emulator.hpp>
#include <gtest/gtest.h>

#include "cuda/similarity/backend.hpp"
#include "cuda/similarity/fused/choose.hpp"
#include "cuda/similarity/fused/fused_components.hpp"
#include "cuda/similarity/screen.hpp"
#include "similarity/cpu_backend.hpp"
#include "similarity/hard_vectors.hpp"
#include "support/temporary_folder.hpp"

#include "simile/similarity/cosine.hpp"
#include "simile/similarity/edges.hpp"
#include "simile/similarity/euclidean.hpp"
#include "simile/similarity/mutual_reachability.hpp"

namespace simile::cuda {
namespace {

using Labels = std::vector<std::int64_t>;

struct Outcome {
  Labels labels;
  std::int64_t skipped = 0;
  std::int64_t evaluations = 0;
  std::int64_t repeated = 0;
  std::int64_t rejected = 0;
  std::int64_t waves = 0;
};

const Rejects::Scorers kPlain{[](const HalfSet& set) { return make_plain_scorer(set); },
                              [](const ByteSet& set) { return make_plain_scorer(set); }};

/// Rows around a few directions, some of them the same, some zero.
Array<float, 2> clustered(std::int64_t num_rows, std::int64_t depth, std::uint64_t seed) {
  Random random(seed);
  const auto noise = [&] { return 2 * random.uniform() - 1; };
  std::vector<std::vector<double>> centres(1 + static_cast<std::size_t>(num_rows / 12));
  for (auto& centre : centres) {
    centre.resize(static_cast<std::size_t>(depth));
    for (auto& value : centre) value = noise();
  }
  Array<float, 2> rows({num_rows, depth});
  for (std::int64_t row = 0; row < num_rows; ++row) {
    const auto& centre = centres[random.below(centres.size())];
    const double spread = random.below(3) == 0 ? 0 : 0.8 * random.uniform();
    const double length = row % 29 == 7 ? 0 : std::exp(4 * noise());
    for (std::int64_t k = 0; k < depth; ++k) {
      rows.view()(row, k) = static_cast<float>(length * (centre[static_cast<std::size_t>(k)] + spread * noise()));
    }
  }
  return rows;
}

class Fused : public testing::Test {
 protected:
  Context context(const Device& device, std::int64_t device_bytes = 0) {
    return {.pool = pool_,
            .progress = *progress_,
            .cancellation = cancellation_,
            .memory_bytes = 1LL << 28,
            .device = device,
            .device_memory_bytes = device_bytes};
  }

  Labels by_definition(const Array<float, 2>& rows, double threshold) {
    const CosineMetric metric(rows.view());
    Components components(threshold);
    CpuBackend().compare(Pairs::triangle(rows.shape(0)), metric, components, context({}), nullptr);
    return components.labels();
  }

  Outcome fused(const Array<float, 2>& rows, double threshold, std::int64_t capacity = FusedComponents::kLeastCapacity,
                std::int64_t first_wave = 1 << 10) {
    const CosineMetric metric(rows.view());
    const std::int64_t count = rows.shape(0);
    const MetricItems items = metric.items();
    Gpu gpu(1 << 28);
    const MemoryPlan plan{.tile_edge = 256, .block_edge = count, .all_resident = true};
    const auto screen = make_vectors(std::get<VectorItems>(items.sides))->make(gpu, Pairs::triangle(count), plan);
    const ResidentRows all_rows = screen->resident_rows().value();
    const auto scorer = make_plain_scorer(all_rows.halves);
    std::optional<Rejects> rejects;
    if (with_rejects_) rejects.emplace(gpu, all_rows, kPlain, 1 << 28);
    std::vector<std::int32_t> nodes(static_cast<std::size_t>(count));
    std::iota(nodes.begin(), nodes.end(), 0);
    const DeviceBuffer<std::int32_t> there(count, gpu.stream());
    copy_to_device(there.data(), nodes.data(), count, gpu.stream());
    const Tile whole{.rows = {0, count}, .cols = {0, count}, .upper = true, .list = {}};
    const auto decide = [&](const PairList& list) {
      screen->decide(whole.count(), Cores{}, DeviceComponents{list, threshold, {there.data()}, 0});
    };
    FusedComponents all({gpu,
                         all_rows.halves,
                         threshold,
                         {there.data()},
                         *scorer,
                         capacity,
                         rejects ? std::span(rejects->passes()) : std::span<const RejectPass>{},
                         decide,
                         first_wave});
    Outcome outcome;
    for (; !all.done(); ++outcome.waves) all.advance();
    EXPECT_EQ(all.share_done(), 1);
    copy_to_host(nodes.data(), there.data(), count, gpu.stream());
    gpu.stream().synchronize();
    // A parent is smaller, so its root is known already.
    for (auto& node : nodes) node = nodes[static_cast<std::size_t>(node)];
    outcome.labels.assign(nodes.begin(), nodes.end());
    outcome.skipped = all.pairs_skipped();
    outcome.evaluations = all.exact_evaluations();
    outcome.repeated = all.tiles_repeated();
    outcome.rejected = all.tiles_rejected();
    return outcome;
  }

  void TearDown() override {
    EXPECT_EQ(emulator::live_allocations(), 0);
    EXPECT_EQ(emulator::live_host_allocations(), 0);
  }

  bool with_rejects_ = false;
  ThreadPool pool_{2};
  std::unique_ptr<Progress> progress_ = make_silent_progress();
  Cancellation cancellation_;
};

TEST_F(Fused, FindsWhatTheDefinitionSaysOfSetsOfEverySize) {
  int depth_index = 0;
  constexpr std::int64_t kDepths[] = {1, 2, 15, 64, 65, 130, 300};
  for (const std::int64_t count : {1, 2, 3, 31, 127, 128, 129, 255, 256, 257, 385}) {
    const std::int64_t depth = kDepths[depth_index++ % 7];
    const auto rows = clustered(count, depth, static_cast<std::uint64_t>(count));
    for (const double threshold : {0.8, 0.97, 1.0}) {
      ASSERT_EQ(fused(rows, threshold).labels, by_definition(rows, threshold)) << count << " x " << depth;
    }
  }
}

TEST_F(Fused, FindsWhatTheDefinitionSaysOfRowsOfEveryLength) {
  for (const std::int64_t depth : {1, 3, 8, 16, 17, 100, 513, 600}) {
    const auto rows = clustered(150, depth, static_cast<std::uint64_t>(depth));
    for (const double threshold : {-1.0, 0.0, 0.9}) {
      ASSERT_EQ(fused(rows, threshold).labels, by_definition(rows, threshold)) << depth << ", " << threshold;
    }
  }
}

TEST_F(Fused, DecidesHardVectorsAsTheDefinitionDoes) {
  for (const std::int64_t dimensions : {1, 7, 16, 45, 300, 1000}) {
    const auto rows = hard_vectors(dimensions, 7);
    for (const double threshold : {-1.0, 0.5, 0.9, 0.9999999, 1.0}) {
      ASSERT_EQ(fused(rows, threshold).labels, by_definition(rows, threshold)) << dimensions << ", " << threshold;
    }
  }
}

/// Rows in pairs: pairs across are far below the threshold, partners at it, give or take a little.
TEST_F(Fused, DecidesPairsBesideTheThreshold) {
  constexpr std::int64_t kCount = 300;
  constexpr std::int64_t kDepth = 512;
  constexpr double kThreshold = 0.9;
  Random random(3);
  Array<float, 2> rows({kCount, kDepth});
  const auto x = rows.view();
  for (std::int64_t first = 0; first < kCount / 2; ++first) {
    const std::int64_t second = kCount - 1 - first;
    std::vector<double> along(kDepth);
    std::vector<double> across(kDepth);
    double squares = 0;
    double product = 0;
    for (auto& value : along) {
      value = 2 * random.uniform() - 1;
      squares += value * value;
    }
    for (auto& value : across) value = 2 * random.uniform() - 1;
    for (std::size_t k = 0; k < along.size(); ++k) product += along[k] * across[k];
    for (std::size_t k = 0; k < along.size(); ++k) across[k] -= product / squares * along[k];
    double across_squares = 0;
    for (const double value : across) across_squares += value * value;
    const double step = std::pow(10.0, -7 - static_cast<double>(random.below(4)));
    const double cosine = kThreshold + (random.below(2) == 0 ? step : -step);
    for (std::int64_t k = 0; k < kDepth; ++k) {
      const auto at = static_cast<std::size_t>(k);
      x(first, k) = static_cast<float>(along[at]);
      x(second, k) = static_cast<float>(cosine * along[at] / std::sqrt(squares) +
                                        std::sqrt(1 - cosine * cosine) * across[at] / std::sqrt(across_squares));
    }
  }
  for (const bool with_rejects : {false, true}) {
    with_rejects_ = with_rejects;
    const Outcome outcome = fused(rows, kThreshold);
    EXPECT_EQ(outcome.labels, by_definition(rows, kThreshold));
    EXPECT_GE(outcome.evaluations, kCount / 2);
  }
}

/// Rows in four groups that lie one after the other, each around a direction of its own: few tiles have pairs that are
/// alike. Two rows of different groups are alike nevertheless.
Array<float, 2> grouped(std::int64_t num_rows, std::int64_t depth) {
  Random random(12);
  Array<float, 2> rows({num_rows, depth});
  const auto x = rows.view();
  for (std::int64_t row = 0; row < num_rows; ++row) {
    const std::int64_t group = 4 * row / num_rows;
    for (std::int64_t k = 0; k < depth; ++k) {
      const double wave = std::sin(static_cast<double>((group + 1) * (k + 1)));
      x(row, k) = static_cast<float>(wave + 0.6 * (2 * random.uniform() - 1));
    }
  }
  for (std::int64_t k = 0; k < depth; ++k) x(num_rows - 1, k) = 2 * x(0, k);
  return rows;
}

TEST_F(Fused, RejectsTilesAndLosesNothing) {
  const auto rows = grouped(1024, 128);
  for (const double threshold : {0.5, 0.83}) {
    const Labels expected = by_definition(rows, threshold);
    with_rejects_ = false;
    EXPECT_EQ(fused(rows, threshold).rejected, 0);
    with_rejects_ = true;
    const Outcome outcome = fused(rows, threshold);
    EXPECT_EQ(outcome.labels, expected) << threshold;
    // Of 10 tiles those of two groups, but for the one in the corner.
    EXPECT_EQ(outcome.rejected, 5) << threshold;
  }
}

TEST_F(Fused, DecidesTheSameInWhateverOrderThreadsRun) {
  const auto rows = clustered(300, 40, 9);
  const Labels expected = by_definition(rows, 0.9);
  for (const std::uint64_t seed : {2U, 3U, 4U, 5U}) {
    emulator::set_seed(seed);
    ASSERT_EQ(fused(rows, 0.9).labels, expected) << seed;
  }
}

/// Rows of which every two have nearly the same cosine, in the band of the threshold: few reach it.
Array<float, 2> equidistant(std::int64_t num_rows, std::int64_t depth) {
  Random random(8);
  Array<float, 2> rows({num_rows, depth});
  for (std::int64_t row = 0; row < num_rows; ++row) {
    for (std::int64_t k = 0; k < depth; ++k) {
      rows.view()(row, k) = static_cast<float>(1 + 1e-5 * (2 * random.uniform() - 1));
    }
  }
  return rows;
}

TEST_F(Fused, LosesNothingWhereTheListOverflows) {
  const std::int64_t count = 700;
  const auto rows = equidistant(count, 24);
  const CosineMetric metric(rows.view());
  std::vector<double> all;
  for (std::int64_t j = 1; j < count; ++j) {
    for (std::int64_t i = 0; i < j; ++i) all.push_back(metric.exact(i, j));
  }
  // 60 pairs of 244,650 reach it.
  std::nth_element(all.begin(), all.end() - 60, all.end());
  const double threshold = *(all.end() - 60);
  const Labels expected = by_definition(rows, threshold);
  ASSERT_NE(expected, by_definition(rows, 1.0));
  for (const std::int64_t capacity : {FusedComponents::kLeastCapacity, 2 * FusedComponents::kLeastCapacity + 5}) {
    for (const std::int64_t first_wave : {1, 1024}) {
      const Outcome outcome = fused(rows, threshold, capacity, first_wave);
      EXPECT_EQ(outcome.labels, expected) << capacity << ", " << first_wave;
      EXPECT_EQ(outcome.repeated > 0, first_wave > capacity / FusedComponents::kLeastCapacity);
      EXPECT_GE(outcome.evaluations, count * (count - 1) / 2 - 60 * 60);
    }
  }
}

TEST_F(Fused, HasAListOfAllPairsInRoomForAll) {
  const auto rows = equidistant(700, 24);
  const Outcome outcome = fused(rows, 1.0, 1 << 18);
  EXPECT_EQ(outcome.labels, by_definition(rows, 1.0));
  EXPECT_EQ(outcome.repeated, 0);
  EXPECT_EQ(outcome.waves, 1);
}

TEST_F(Fused, RefusesAListThatCannotHoldATile) {
  const auto rows = clustered(10, 4, 1);
  EXPECT_THROW(fused(rows, 0.9, FusedComponents::kLeastCapacity - 1), Error);
}

TEST_F(Fused, LeavesOutTilesThatAreSettled) {
  Array<float, 2> rows({1100, 3});
  for (std::int64_t k = 0; k < rows.size(); ++k) rows.data()[k] = 1;
  const Outcome outcome = fused(rows, 0.9, FusedComponents::kLeastCapacity, 2);
  EXPECT_EQ(outcome.labels, Labels(1100, 0));
  // Waves of 2, 4, 8 and 1 tiles of 5 x 5 blocks: the first settles the second block, the third the last one.
  EXPECT_EQ(outcome.skipped, 256 * 255 / 2 + 76 * 75 / 2);
  // One that is apart: none of its tiles may be left out.
  for (const std::int64_t other : {0, 300, 1099}) {
    for (std::int64_t k = 0; k < 3; ++k) rows.view()(other, k) = k == 0 ? 1.0F : -1.0F;
    EXPECT_EQ(fused(rows, 0.9, FusedComponents::kLeastCapacity, 2).labels, by_definition(rows, 0.9));
    for (std::int64_t k = 0; k < 3; ++k) rows.view()(other, k) = 1;
  }
}

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

class AskedForByName : public Fused {
 protected:
  void SetUp() override { ask("plain"); }
  void TearDown() override {
    ::unsetenv("SIMILE_GPU_FUSED");
    Fused::TearDown();
  }
  static void ask(const char* how) { ::setenv("SIMILE_GPU_FUSED", how, /*overwrite=*/1); }
  /// Kernels that a comparison launches.
  std::int64_t launches(const Metric& metric, const Pairs& pairs, Sink& sink, std::int64_t device_bytes = 1 << 26) {
    const auto before = emulator::launches();
    CudaBackend().compare(pairs, metric, sink, context({Device::Kind::cuda, 0}, device_bytes), nullptr);
    return emulator::launches() - before;
  }
};

TEST_F(AskedForByName, ComparesByTheFusedPath) {
  const auto rows = clustered(400, 20, 4);
  const CosineMetric metric(rows.view());
  const Pairs pairs = Pairs::triangle(400);
  Components by_fused(0.9);
  const auto fused_launches = launches(metric, pairs, by_fused);
  ask("0");
  Components by_tiles(0.9);
  // Halves, errors; then the six kernels of a wave.
  EXPECT_NE(launches(metric, pairs, by_tiles), fused_launches);
  EXPECT_EQ(fused_launches, 2 + 5);
  EXPECT_EQ(by_fused.labels(), by_tiles.labels());
  EXPECT_EQ(by_fused.labels(), by_definition(rows, 0.9));
}

TEST_F(AskedForByName, TakesTheSimplePathForAllElse) {
  const auto rows = clustered(300, 20, 5);
  const CosineMetric metric(rows.view());
  const Pairs triangle = Pairs::triangle(300);
  const auto expect_simple = [&](const Pairs& pairs, const auto& make, std::int64_t device_bytes) {
    ask("plain");
    auto asked = make();
    const auto with = launches(metric, pairs, asked, device_bytes);
    ask("0");
    auto simple = make();
    EXPECT_EQ(with, launches(metric, pairs, simple, device_bytes));
  };
  expect_simple(triangle, [] { return Edges(0.9, {}); }, 1 << 26);
  expect_simple(triangle, [] { return Components(1.5); }, 1 << 26);
  expect_simple(triangle, [] { return Components(0.9); }, 1 << 18);  // no room
  const EuclideanMetric euclidean(rows.view());
  const std::vector<double> cores(300, 0.95);
  const MutualReachability bounded(metric, cores);
  const CosineMetric two_sets(rows.view(), rows.view());
  for (const Metric* other : {static_cast<const Metric*>(&euclidean), static_cast<const Metric*>(&bounded),
                              static_cast<const Metric*>(&two_sets)}) {
    const Pairs pairs = other == &two_sets ? Pairs::rectangle(300, 300) : triangle;
    ask("plain");
    Components asked(other == &euclidean ? -0.5 : 0.9);
    const auto with = launches(*other, pairs, asked);
    ask("0");
    Components simple(asked.threshold());
    EXPECT_EQ(with, launches(*other, pairs, simple)) << other->name();
  }
}

TEST_F(AskedForByName, TakesTheSimplePathWhereNotAllIsResident) {
  const auto rows = clustered(300, 20, 5);
  const CosineMetric metric(rows.view());
  const Pairs pairs = Pairs::triangle(300);
  const MetricItems items = metric.items();
  for (const bool all_resident : {false, true}) {
    Gpu gpu(1 << 26);
    const auto maker = make_vectors(std::get<VectorItems>(items.sides));
    const ScreenCost cost = maker->cost();
    const MemoryPlan plan{.tile_edge = 512, .block_edge = 300, .all_resident = all_resident};
    const auto screen = maker->make(gpu, pairs, plan);
    Components components(0.9);
    components.begin(pairs, 1);
    std::vector<Exact> exact(2, Exact(metric));
    const Context here = context({Device::Kind::cuda, 0});
    const auto driver = make_sink_driver({gpu, pairs, components, here, exact, 1 << 20});
    driver->begin();
    CompareStats stats;
    ProgressPhase phase(*progress_, "comparing", pairs.count(), "pairs");
    EXPECT_EQ(compare_fused({gpu, pairs, items, plan, cost.tile, *screen, *driver, components, here}, phase, stats),
              all_resident);
  }
}

TEST_F(AskedForByName, StopsAndGoesOn) {
  const test::TemporaryFolder folder;
  const auto rows = clustered(400, 20, 6);
  const CosineMetric metric(rows.view());
  const Pairs pairs = Pairs::triangle(400);
  const Checkpoint checkpoint{.file = folder.path() / "checkpoint", .interval_seconds = 0, .key = "k"};
  Cancellation stopped;
  Stop stop(stopped);
  const Context stopping{.pool = pool_,
                         .progress = stop,
                         .cancellation = stopped,
                         .memory_bytes = 1LL << 28,
                         .device = {Device::Kind::cuda, 0},
                         .device_memory_bytes = 1 << 26};
  stopped.request();
  Components first(0.9);
  EXPECT_THROW(CudaBackend().compare(pairs, metric, first, stopping, &checkpoint), Error);
  ASSERT_TRUE(std::filesystem::exists(checkpoint.file));
  Components second(0.9);
  CudaBackend().compare(pairs, metric, second, context({Device::Kind::cuda, 0}, 1 << 26), &checkpoint);
  EXPECT_EQ(second.labels(), by_definition(rows, 0.9));
}

TEST_F(AskedForByName, FallsBackWhereMemoryRunsOut) {
  const auto rows = clustered(300, 20, 7);
  const CosineMetric metric(rows.view());
  const Labels expected = by_definition(rows, 0.9);
  int failed = 0;
  for (std::int64_t n = 0; n < 20; ++n) {
    emulator::fail_allocation(n);
    Components components(0.9);
    try {
      launches(metric, Pairs::triangle(300), components);
      EXPECT_EQ(components.labels(), expected) << n;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::out_of_memory) << error.what();
      ++failed;
    }
  }
  emulator::fail_allocation(-1);
  EXPECT_LT(failed, 12);
}

}  // namespace
}  // namespace simile::cuda
