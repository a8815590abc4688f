// SPDX-License-Identifier: Apache-2.0
// What src/model/learn_library.cpp looks for by name, besides the parts.
#include <cstdlib>

#include <ATen/Context.h>
#include <dlfcn.h>

#include "simile/core/version.hpp"

extern "C" {

const char* simile_learn_version() {
  return simile::kVersion.data();  // of a literal
}

/// Null when LibTorch's CUDA half is open now, else why not. Before the first tensor is made.
const char* simile_learn_open_cuda() {
  // NOLINTBEGIN(concurrency-mt-unsafe): called under the loader's lock, before LibTorch reads them.
  // Memory comes from the device's own pool, which the CUDA backend draws on, too: what one has done with is the
  // other's.
  if (std::getenv("PYTORCH_CUDA_ALLOC_CONF") == nullptr) {
    ::setenv("PYTORCH_ALLOC_CONF", "backend:cudaMallocAsync", /*overwrite=*/0);
  }
  // NOLINTEND(concurrency-mt-unsafe)
  if (::dlopen("libtorch_cuda.so", RTLD_NOW | RTLD_LOCAL) != nullptr) return nullptr;
  return ::dlerror();  // NOLINT(concurrency-mt-unsafe): called under the loader's lock
}

/// GPUs that LibTorch can use.
int simile_learn_num_gpus() { return at::hasCUDA() ? static_cast<int>(at::detail::getCUDAHooks().deviceCount()) : 0; }

}  // extern "C"
