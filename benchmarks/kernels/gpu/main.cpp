// SPDX-License-Identifier: Apache-2.0
// simile_bench_gpu: times kernels by the device's own events. Exit code 1 when a result is not the CPU's, or there is
// no device. `--quick`: small inputs, for a device that is not one (tests/support/cuda_emulator).
#include <algorithm>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <string_view>

#include <benchmark/benchmark.h>

#include "cases.hpp"
#include "device_work.hpp"

namespace {

int run(bool quick) {
  const std::string device = simile::cuda::device_name();
  if (device.empty()) {
    std::cerr << "simile_bench_gpu: there is no GPU\n";
    return 1;
  }
  benchmark::AddCustomContext("device", device);
  if (const char* const commit = std::getenv("SIMILE_COMMIT")) benchmark::AddCustomContext("commit", commit);
  simile::cuda::register_cases(quick);
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return simile::cuda::any_failed() ? 1 : 0;
}

}  // namespace

int main(int argc, char** argv) {
  char** const end = std::remove_if(argv, argv + argc, [](std::string_view word) { return word == "--quick"; });
  const bool quick = end != argv + argc;
  argc = static_cast<int>(end - argv);
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  try {
    return run(quick);
  } catch (const std::exception& error) {
    std::cerr << "simile_bench_gpu: " << error.what() << '\n';
    return 1;
  }
}
