// SPDX-License-Identifier: Apache-2.0
#include "cuda/core/check.hpp"

#include "simile/core/error.hpp"
#include "simile/core/text.hpp"

namespace simile::cuda {

void check(cudaError_t result, const char* call) {
  if (result == cudaSuccess) return;
  // Errors that do not break the context would be reported again by the next call that asks.
  static_cast<void>(cudaGetLastError());
  throw Error(result == cudaErrorMemoryAllocation ? ErrorCode::out_of_memory : ErrorCode::cuda,
              concat(call, ": ", cudaGetErrorString(result)));
}

void check_launch(cudaError_t result) {
  if (result == cudaSuccess) return;
  static_cast<void>(cudaGetLastError());
  throw Error(ErrorCode::cuda, concat("a kernel's launch: ", cudaGetErrorString(result)));
}

void check(cublasStatus_t result, const char* call) {
  if (result == CUBLAS_STATUS_SUCCESS) return;
  throw Error(result == CUBLAS_STATUS_ALLOC_FAILED ? ErrorCode::out_of_memory : ErrorCode::cuda,
              concat(call, ": ", cublasGetStatusString(result)));
}

}  // namespace simile::cuda
