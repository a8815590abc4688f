// SPDX-License-Identifier: Apache-2.0
// The one place that knows which backends a build has.
#include <array>

#include "similarity/cpu_backend.hpp"
#include "similarity/cuda_library.hpp"

#include "simile/similarity/compare.hpp"

namespace simile {

std::span<const Backend* const> backends() {
  static const CpuBackend kCpu;
  static const CudaLibrary kCuda;
  static const std::array<const Backend*, 2> kBackends{&kCpu, &kCuda};
  return kBackends;
}

}  // namespace simile
