// SPDX-License-Identifier: Apache-2.0
// What is timed of the device: of each metric one tile, of which every item meets every other and itself; and the
// components of a list of edges. Labels are the CPU's before anything is timed.
#include "cases.hpp"

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>

#include "device_work.hpp"
#include "inputs.hpp"

#include "simile/core/error.hpp"
#include "simile/core/random.hpp"
#include "simile/core/text.hpp"
#include "simile/similarity/compare.hpp"
#include "simile/similarity/components.hpp"
#include "simile/similarity/cosine.hpp"
#include "simile/similarity/euclidean.hpp"
#include "simile/similarity/hamming.hpp"
#include "simile/similarity/minhash.hpp"
#include "simile/similarity/orb.hpp"
#include "simile/similarity/ssim.hpp"
#include "simile/similarity/ssim_gaussian.hpp"
#include "simile/similarity/template_match.hpp"

namespace simile::cuda {
namespace {

constexpr std::int64_t kMemoryBytes = 8LL << 30;

bool failed = false;

/// Items of a metric, the same on both sides.
struct Input {
  std::shared_ptr<const void> features;
  std::shared_ptr<const Metric> metric;
  double item_bytes;  ///< as its kernels read them
};

/// A variable of the environment as long as it lives, where one is named.
class Way {
 public:
  explicit Way(const char* way) {
    if (way == nullptr) return;
    const std::string text(way);
    name_ = text.substr(0, text.find('='));
    ::setenv(name_.c_str(), text.c_str() + name_.size() + 1, /*overwrite=*/1);
  }
  Way(const Way&) = delete;
  Way& operator=(const Way&) = delete;
  ~Way() {
    if (!name_.empty()) ::unsetenv(name_.c_str());
  }

 private:
  std::string name_;
};

/// Work, what the CPU finds, and what the counters are made of.
struct Timed {
  Input input;
  std::unique_ptr<const Way> way;
  std::unique_ptr<DeviceWork> work;
  std::vector<std::int64_t> expected;
  const char* unit;  ///< "pairs" or "edges"
  double count;
  double bytes;  ///< that must be read and written: items and labels
};

/// Gives use(context) the CPU.
template <class Use>
auto on_host(Use&& use) {
  const char* const threads = std::getenv("SIMILE_BENCH_THREADS");
  ThreadPool pool(threads == nullptr ? 2 : std::max(1, std::atoi(threads)));
  const auto progress = make_silent_progress();
  const Cancellation cancellation;
  return use(Context{pool, *progress, cancellation, kMemoryBytes});
}

struct Size {
  std::int64_t items;
  std::int64_t depth;  ///< dimensions, side in pixels, bits, minima or descriptors of an item
};

template <class Of, class Features, class... Options>
Input input_of(Features features, double item_bytes, Options... options) {
  const auto kept = std::make_shared<const Features>(std::move(features));
  return {kept, std::make_shared<const Of>(kept->view(), kept->view(), options...), item_bytes};
}

template <class Of, int kBytes>
Input vectors(const Size& size) {
  return input_of<Of>(bench_vectors(size.items, size.depth), static_cast<double>(kBytes * size.depth));
}
template <class Of>
Input grey_images(const Size& size) {
  return input_of<Of>(bench_images(size.items, size.depth), static_cast<double>(size.depth * size.depth));
}
Input colour_images(const Size& size) {
  return input_of<TemplateMetric>(bench_colour_images(size.items, size.depth),
                                  static_cast<double>(3 * size.depth * size.depth));
}
Input codes(const Size& size) {
  return input_of<HammingMetric>(bench_codes(size.items, size.depth), static_cast<double>(size.depth) / 8, size.depth);
}
Input signatures(const Size& size) {
  return input_of<MinhashMetric>(bench_signatures(size.items), 4 * static_cast<double>(kSignatureLength));
}
Input descriptors(const Size& size) {
  const auto kept = std::make_shared<const BenchDescriptors>(bench_descriptors(size.items, size.depth));
  const auto rows = kept->rows.view();
  return {kept, std::make_shared<const OrbMetric>(rows, kept->offsets, rows, kept->offsets),
          static_cast<double>(kDescriptorBytes * size.depth)};
}

struct Case {
  const char* name;  ///< begins with the metric's
  const char* depth;
  Input (*make)(const Size&);
  Size size;
  Size quick;
  double threshold;
  Need need;                  ///< of the tile; its default: every pair to the end
  const char* way = nullptr;  ///< VARIABLE=value of the environment
};

constexpr Need kEveryPair{};
constexpr Need kNarrow{.max_width = 1e-5};
constexpr Need above(double floor) { return {.floor = floor}; }
constexpr const char* kPlainSsim = "SIMILE_GPU_SSIM=";
constexpr const char* kTensorSsim = "SIMILE_GPU_SSIM=tensor";
constexpr const char* kPlainHamming = "SIMILE_GPU_HAMMING=";
constexpr const char* kTensorHamming = "SIMILE_GPU_HAMMING=tensor";

const Case kCases[] = {
    {"cosine", "d", vectors<CosineMetric, 2>, {8192, 512}, {40, 24}, 0.9, above(0.9)},
    {"cosine_floats", "d", vectors<CosineMetric, 4>, {8192, 512}, {40, 24}, 0.9, kNarrow},
    {"euclidean", "d", vectors<EuclideanMetric, 2>, {8192, 512}, {40, 24}, -0.2, above(-0.2)},
    {"ssim_dense", "px", grey_images<SsimMetric>, {2048, 64}, {20, 28}, 0.8, kEveryPair, kPlainSsim},
    {"ssim_dense", "px", grey_images<SsimMetric>, {256, 256}, {10, 40}, 0.8, kEveryPair, kPlainSsim},
    {"ssim_tensor", "px", grey_images<SsimMetric>, {2048, 64}, {20, 28}, 0.8, kEveryPair, kTensorSsim},
    {"ssim_tensor", "px", grey_images<SsimMetric>, {256, 256}, {10, 40}, 0.8, kEveryPair, kTensorSsim},
    {"ssim_pools", "px", grey_images<SsimMetric>, {2048, 64}, {20, 28}, 0.8, above(0.8), kPlainSsim},
    {"ssim_pools", "px", grey_images<SsimMetric>, {256, 256}, {10, 40}, 0.8, above(0.8), kPlainSsim},
    {"ssim_gaussian", "px", grey_images<SsimGaussianMetric>, {256, 64}, {8, 16}, 0.8, above(0.8)},
    {"template", "px", colour_images, {1024, 64}, {30, 12}, 0.98, above(0.98)},
    {"hamming", "bits", codes, {8192, 256}, {70, 256}, 0.9, kEveryPair, kPlainHamming},
    {"hamming_prefix", "bits", codes, {8192, 256}, {70, 256}, 0.9, above(0.9), kPlainHamming},
    {"hamming", "bits", codes, {8192, 4096}, {70, 1024}, 0.9, kEveryPair, kPlainHamming},
    {"hamming_prefix", "bits", codes, {8192, 4096}, {70, 1024}, 0.9, above(0.9), kPlainHamming},
    {"hamming_tensor", "bits", codes, {8192, 256}, {70, 256}, 0.9, kEveryPair, kTensorHamming},
    {"hamming_tensor_prefix", "bits", codes, {8192, 256}, {70, 256}, 0.9, above(0.9), kTensorHamming},
    {"hamming_tensor", "bits", codes, {8192, 4096}, {70, 1024}, 0.9, kEveryPair, kTensorHamming},
    {"hamming_tensor_prefix", "bits", codes, {8192, 4096}, {70, 1024}, 0.9, above(0.9), kTensorHamming},
    {"minhash", "minima", signatures, {4096, kSignatureLength}, {70, kSignatureLength}, 0.5, above(0.5)},
    {"orb", "descriptors", descriptors, {128, 500}, {8, 20}, 0.5, above(0.5)},
};

Timed tile_of(const Case& given, Input input) {
  const Metric& metric = *input.metric;
  const std::int64_t items = metric.num_left();
  auto expected = on_host([&](const Context& host) {
    Components components(given.threshold);
    compare(Pairs::rectangle(items, items), metric, components, host);
    return components.labels();
  });
  auto way = std::make_unique<const Way>(given.way);
  auto work = make_tile_work(metric, given.threshold, given.need);
  const auto count = static_cast<double>(items);
  const double bytes = 2 * count * (input.item_bytes + sizeof(std::int32_t));
  return {std::move(input), std::move(way), std::move(work), std::move(expected), "pairs", count * count, bytes};
}

/// A random graph with as many edges as `degree` a node.
Timed random_graph(std::int64_t num_nodes, std::int64_t degree) {
  Array<std::int32_t, 2> edges({num_nodes * degree, 2});
  Random random(1);
  for (std::int64_t k = 0; k < edges.size(); ++k) {
    edges.data()[k] = static_cast<std::int32_t>(random.below(static_cast<std::uint64_t>(num_nodes)));
  }
  auto expected = on_host([&](const Context& host) {
    return edge_components(EdgeList(View<const std::int32_t, 2>(edges.view())), num_nodes, host);
  });
  const double bytes = static_cast<double>(edges.size_bytes()) + 12 * static_cast<double>(num_nodes);
  return {{},
          nullptr,
          make_edge_work(edges.view(), num_nodes),
          std::move(expected),
          "edges",
          static_cast<double>(edges.shape(0)),
          bytes};
}

void fail(benchmark::State& state, const char* why) {
  failed = true;
  state.SkipWithError(why);
}

void measure(benchmark::State& state, const Timed& timed) {
  timed.work->run();
  if (timed.work->labels() != timed.expected) {
    fail(state, "labels differ from the CPU's");
    return;
  }
  for (auto _ : state) state.SetIterationTime(timed.work->run());
  const auto iterations = static_cast<double>(state.iterations());
  using benchmark::Counter;
  state.counters[concat(timed.unit, "/s")] = Counter(timed.count * iterations, Counter::kIsRate);
  state.counters["bytes/s"] = Counter(timed.bytes * iterations, Counter::kIsRate, Counter::kIs1024);
  state.counters["exact"] = static_cast<double>(timed.work->evaluations()) / timed.count;
}

void add(const std::string& name, bool quick, const std::function<Timed()>& make) {
  const auto run = [make](benchmark::State& state) {
    try {
      measure(state, make());
    } catch (const Error& error) {
      fail(state, error.what());
    }
  };
  // A number of its own, not found by trying: inputs and what the CPU finds are made once.
  benchmark::RegisterBenchmark(name.c_str(), run)
      ->UseManualTime()
      ->Unit(benchmark::kMillisecond)
      ->Iterations(quick ? 2 : 20);
}

}  // namespace

void register_cases(bool quick) {
  for (const Case& given : kCases) {
    const Size size = quick ? given.quick : given.size;
    add(concat(given.name, "/device/n:", size.items, '/', given.depth, ':', size.depth), quick,
        [&given, size] { return tile_of(given, given.make(size)); });
  }
  for (const std::int64_t degree : {1, 10}) {
    const std::int64_t num_nodes = quick ? 500 : 1'000'000;
    add(concat("edge_components/device/n:", num_nodes, "/degree:", degree), quick,
        [num_nodes, degree] { return random_graph(num_nodes, degree); });
  }
}

bool any_failed() { return failed; }

}  // namespace simile::cuda
