// SPDX-License-Identifier: Apache-2.0
#include <iostream>
#include <string>

#include "kernel_bench.hpp"

#include "simile/core/error.hpp"
#include "simile/core/simd.hpp"
#include "simile/similarity/compare.hpp"

namespace {

int run() {
  benchmark::AddCustomContext("threads", std::to_string(simile::bench_threads()));
  benchmark::AddCustomContext("simd", std::string(simile::to_string(simile::simd_level())));
  benchmark::AddCustomContext("cpu", simile::backends().front()->devices().front().description);
  benchmark::AddCustomContext("device", to_string(simile::bench_device()));
  simile::register_ssim();
  simile::register_cosine();
  simile::register_euclidean();
  simile::register_search();
  simile::register_template();
  simile::register_hamming();
  simile::register_minhash();
  simile::register_orb();
  simile::register_sinks();
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  try {
    return run();
  } catch (const simile::Error& error) {
    std::cerr << "simile_bench_kernels: " << error.what() << '\n';
    return 1;
  }
}
