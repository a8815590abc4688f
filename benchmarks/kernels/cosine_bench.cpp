// SPDX-License-Identifier: Apache-2.0
// Metrics on float vectors.
#include <span>
#include <string>

#include "inputs.hpp"
#include "kernel_bench.hpp"
#include "support/oracle.hpp"

#include "simile/core/text.hpp"
#include "simile/similarity/cosine.hpp"
#include "simile/similarity/euclidean.hpp"

namespace simile {
namespace {

struct Case {
  std::int64_t num_items;
  std::int64_t dimensions;
  double threshold;
};

using Oracle = double (*)(std::span<const float>, std::span<const float>);

template <class VectorMetric>
void register_case(const std::string& metric_name, const Case& given, Oracle oracle) {
  const std::string name =
      concat(metric_name, "/", bench_place(), "/n:", given.num_items, "/d:", given.dimensions, "/t:", given.threshold);
  benchmark::RegisterBenchmark(name.c_str(),
                               [given, oracle](benchmark::State& state) {
                                 const auto vectors = bench_vectors(given.num_items, given.dimensions);
                                 const VectorMetric metric(vectors.view());
                                 const auto row = [&](std::int64_t item) {
                                   return std::span<const float>(vectors.data() + item * given.dimensions,
                                                                 static_cast<std::size_t>(given.dimensions));
                                 };
                                 run_components(state, metric, given.threshold,
                                                given.dimensions * static_cast<std::int64_t>(sizeof(float)),
                                                [&](auto i, auto j) { return oracle(row(i), row(j)); });
                               })
      ->UseRealTime()
      ->Unit(benchmark::kMillisecond);
}

}  // namespace

void register_cosine() {
  for (const Case& given : {Case{10000, 512, 0.9}, Case{10000, 128, 0.9}, Case{30000, 512, 0.9}}) {
    register_case<CosineMetric>("cosine", given, oracle_cosine);
  }
}

void register_euclidean() { register_case<EuclideanMetric>("euclidean", {10000, 512, -0.2}, oracle_euclidean); }

}  // namespace simile
