// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "kernel_bench.hpp"

#include "simile/core/simd.hpp"
#include "simile/similarity/compare.hpp"

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::AddCustomContext("threads", std::to_string(simile::bench_threads()));
  benchmark::AddCustomContext("simd", std::string(simile::to_string(simile::simd_level())));
  benchmark::AddCustomContext("cpu", simile::backends().front()->devices().front().description);
  simile::register_ssim();
  simile::register_cosine();
  simile::register_euclidean();
  simile::register_search();
  simile::register_template();
  simile::register_hamming();
  simile::register_sinks();
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}
