// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <vector>

#include "inputs.hpp"
#include "kernel_bench.hpp"
#include "support/oracle.hpp"

#include "simile/core/text.hpp"
#include "simile/similarity/ssim.hpp"
#include "simile/similarity/ssim_gaussian.hpp"

namespace simile {
namespace {

struct Case {
  std::int64_t num_items;
  std::int64_t side_px;
  double threshold;
};

template <class Of, class Oracle>
void register_cases(const std::string& metric_name, const std::vector<Case>& cases, Oracle oracle) {
  for (const Case& given : cases) {
    const std::string name =
        concat(metric_name, "/", bench_place(), "/n:", given.num_items, "/px:", given.side_px, "/t:", given.threshold);
    benchmark::RegisterBenchmark(name.c_str(),
                                 [given, oracle](benchmark::State& state) {
                                   const auto images = bench_images(given.num_items, given.side_px);
                                   const Of metric(images.view());
                                   run_components(
                                       state, metric, given.threshold, given.side_px * given.side_px,
                                       [&](auto i, auto j) { return oracle(images.view()[i], images.view()[j]); });
                                 })
        ->UseRealTime()
        ->Unit(benchmark::kMillisecond);
  }
}

}  // namespace

void register_ssim() {
  register_cases<SsimMetric>("ssim", {{10000, 28, 0.8}, {2000, 64, 0.8}, {256, 256, 0.8}}, oracle_ssim);
  register_cases<SsimGaussianMetric>("ssim_gaussian", {{10000, 28, 0.8}, {2000, 64, 0.8}, {256, 256, 0.8}},
                                     oracle_ssim_gaussian);
}

}  // namespace simile
