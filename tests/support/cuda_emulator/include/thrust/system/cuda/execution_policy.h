// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <utility>

#include <cuda_runtime.h>

namespace simile::emulator {
cudaError_t enqueue(cudaStream_t stream, std::function<void()> run);
}

/// Where an algorithm runs: queued on a stream. `par` waits for it, `par_nosync` only where the host needs the answer.
/// Algorithms are the standard library's, on the host, with functors called there; what the standard leaves open
/// (order of equal keys, of sums) is not what a plain loop would give.
namespace thrust::cuda {

struct Policy {
  cudaStream_t stream = nullptr;
  bool waits = true;

  Policy on(cudaStream_t other) const { return {other, waits}; }
  template <class Allocator>
  Policy operator()(Allocator&&) const {
    return *this;
  }

  template <class Function>
  void run(Function function) const {
    ::simile::emulator::enqueue(stream, std::function<void()>(std::move(function)));
    if (waits) cudaStreamSynchronize(stream);
  }
  /// With the answer: waits in any case.
  template <class Function>
  auto ask(Function function) const {
    decltype(function()) result{};
    ::simile::emulator::enqueue(stream, [&] { result = function(); });
    cudaStreamSynchronize(stream);
    return result;
  }
};
inline constexpr Policy par{nullptr, true};
inline constexpr Policy par_nosync{nullptr, false};

}  // namespace thrust::cuda
