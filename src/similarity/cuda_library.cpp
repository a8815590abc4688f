// SPDX-License-Identifier: Apache-2.0
#include "similarity/cuda_library.hpp"

#include <cstdlib>
#include <mutex>

#include "core/optional_library.hpp"

#include "simile/core/error.hpp"

namespace simile {
namespace {

constexpr const char* kVariable = "SIMILE_CUDA_LIBRARY";

/// Set where a library is named, which may bring a device of its own.
bool is_named() {
  const char* const named = std::getenv(kVariable);  // NOLINT(concurrency-mt-unsafe)
  return named != nullptr && *named != '\0';
}

/// The library's backend, or why there is none; found out once.
struct Opened {
  Opened() {
    if (!is_named() && !has_nvidia_driver()) {
      problem = "there is no NVIDIA driver here";
      return;
    }
    OptionalLibrary library(
        {"libsimile_cuda.so", kVariable, "SIMILE_WITH_CUDA", "simile_cuda_version", ErrorCode::cuda});
    try {
      library.open();
      // Of before the first allocation: LibTorch then draws on the same pool.
      ::setenv("PYTORCH_ALLOC_CONF", "backend:cudaMallocAsync", /*overwrite=*/0);  // NOLINT(concurrency-mt-unsafe)
      backend = library.function<const Backend*()>("simile_cuda_backend")();
    } catch (const Error& error) {
      problem = error.what();
    }
  }

  const Backend* backend = nullptr;
  std::string problem;
};

const Opened& opened() {
  static const Opened state;
  return state;
}

const Backend& backend() {
  const Opened& state = opened();
  if (state.backend == nullptr) throw Error(ErrorCode::cuda, state.problem);
  return *state.backend;
}

}  // namespace

std::vector<DeviceInfo> CudaLibrary::devices() const {
  const Backend* const backend = opened().backend;
  return backend == nullptr ? std::vector<DeviceInfo>{} : backend->devices();
}

std::string CudaLibrary::problem() const {
  const Opened& state = opened();
  return state.backend == nullptr ? state.problem : state.backend->problem();
}

CompareStats CudaLibrary::compare(const Pairs& pairs, const Metric& metric, Sink& sink, const Context& context,
                                  const Checkpoint* checkpoint) const {
  return backend().compare(pairs, metric, sink, context, checkpoint);
}

std::vector<std::int64_t> CudaLibrary::edge_components(const EdgeList& edges, std::int64_t num_nodes,
                                                       const Context& context) const {
  return backend().edge_components(edges, num_nodes, context);
}

}  // namespace simile
