// SPDX-License-Identifier: Apache-2.0
// What src/model/learn_library.cpp looks for by name, besides the parts.
#include <ATen/Context.h>
#include <dlfcn.h>

#include "simile/core/version.hpp"

extern "C" {

const char* simile_learn_version() {
  return simile::kVersion.data();  // of a literal
}

/// Null when LibTorch's CUDA half is open now, else why not. Before the first tensor is made.
const char* simile_learn_open_cuda() {
  if (::dlopen("libtorch_cuda.so", RTLD_NOW | RTLD_LOCAL) != nullptr) return nullptr;
  return ::dlerror();  // NOLINT(concurrency-mt-unsafe): called under the loader's lock
}

/// GPUs that LibTorch can use.
int simile_learn_num_gpus() { return at::hasCUDA() ? static_cast<int>(at::detail::getCUDAHooks().deviceCount()) : 0; }

}  // extern "C"
