// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cublas_v2.h>
#include <cuda_runtime.h>

namespace simile::cuda {

/// Throws unless the call succeeded: out_of_memory when the device has not got what was asked, else cuda, with the
/// call's name and the runtime's own words.
void check(cudaError_t result, const char* call);
void check(cublasStatus_t result, const char* call);
/// Throws ErrorCode::cuda whatever the reason.
void check_launch(cudaError_t result);

}  // namespace simile::cuda
