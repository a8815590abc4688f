// SPDX-License-Identifier: Apache-2.0
#include "cuda/core/gpu.hpp"

#include <cstddef>
#include <limits>

namespace simile::cuda {
namespace {

// What is left for cuBLAS, the context and other programs.
constexpr double kShareOfFree = 0.85;

cudaMemPool_t default_pool(int device) {
  cudaMemPool_t pool = nullptr;
  check(cudaDeviceGetDefaultMemPool(&pool, device), "cudaDeviceGetDefaultMemPool");
  return pool;
}

std::int64_t pool_bytes(cudaMemPool_t pool, cudaMemPoolAttr attribute) {
  std::uint64_t bytes = 0;
  check(cudaMemPoolGetAttribute(pool, attribute, &bytes), "cudaMemPoolGetAttribute");
  return static_cast<std::int64_t>(bytes);
}

/// Memory that has been given back stays in the pool: taking it again costs nothing then.
void keep_pool(int device) {
  cudaMemPool_t const pool = default_pool(device);
  auto threshold = std::numeric_limits<std::uint64_t>::max();
  check(cudaMemPoolSetAttribute(pool, cudaMemPoolAttrReleaseThreshold, &threshold), "cudaMemPoolSetAttribute");
}

}  // namespace

CurrentDevice::CurrentDevice(int index) {
  check(cudaGetDevice(&before_), "cudaGetDevice");
  check(cudaSetDevice(index), "cudaSetDevice");
}

CurrentDevice::~CurrentDevice() { static_cast<void>(cudaSetDevice(before_)); }

Blas::Blas(const Stream& stream) {
  check(cublasCreate(&handle_), "cublasCreate");
  check(cublasSetStream(handle_, stream.get()), "cublasSetStream");
  // Partial sums must stay in single precision.
  check(cublasSetMathMode(
            handle_, static_cast<cublasMath_t>(CUBLAS_DEFAULT_MATH | CUBLAS_MATH_DISALLOW_REDUCED_PRECISION_REDUCTION)),
        "cublasSetMathMode");
}

Blas::~Blas() { static_cast<void>(cublasDestroy(handle_)); }

DeviceMemory device_memory() {
  std::size_t free = 0;
  std::size_t total = 0;
  check(cudaMemGetInfo(&free, &total), "cudaMemGetInfo");
  int device = 0;
  check(cudaGetDevice(&device), "cudaGetDevice");
  cudaMemPool_t const pool = default_pool(device);
  const std::int64_t kept =
      pool_bytes(pool, cudaMemPoolAttrReservedMemCurrent) - pool_bytes(pool, cudaMemPoolAttrUsedMemCurrent);
  return {static_cast<std::int64_t>(free) + kept, static_cast<std::int64_t>(total)};
}

Gpu::Gpu(std::int64_t budget_bytes)
    : budget_bytes_(budget_bytes > 0
                        ? budget_bytes
                        : static_cast<std::int64_t>(kShareOfFree * static_cast<double>(device_memory().free))) {
  int device = 0;
  int multiprocessors = 0;
  check(cudaGetDevice(&device), "cudaGetDevice");
  check(cudaDeviceGetAttribute(&multiprocessors, cudaDevAttrMultiProcessorCount, device), "cudaDeviceGetAttribute");
  multiprocessors_ = multiprocessors;
  keep_pool(device);
}

cublasHandle_t Gpu::blas() {
  if (!blas_) blas_.emplace(stream_);
  return blas_->get();
}

}  // namespace simile::cuda
