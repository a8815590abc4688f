// SPDX-License-Identifier: Apache-2.0
#include "cuda/core/gpu.hpp"

#include <algorithm>
#include <cstddef>
#include <limits>

#include "simile/core/error.hpp"
#include "simile/core/text.hpp"

namespace simile::cuda {
namespace {

// What is left for cuBLAS, the context and other programs.
constexpr double kShareOfFree = 0.85;
// cuBLAS's code and workspace take less.
constexpr std::int64_t kBlasBytes = 512 << 20;

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

int attribute_of(int device, cudaDeviceAttr attribute) {
  int value = 0;
  check(cudaDeviceGetAttribute(&value, attribute, device), "cudaDeviceGetAttribute");
  return value;
}

/// Whether something of this process is on the device already. Only the driver's interface can be asked for that.
bool in_use(int device) {
  void* found = nullptr;
  cudaDriverEntryPointQueryResult result{};
  constexpr unsigned kSince = 7000;  // the interface's version of CUDA 7
  if (cudaGetDriverEntryPointByVersion("cuDevicePrimaryCtxGetState", &found, kSince, cudaEnableDefault, &result) !=
          cudaSuccess ||
      result != cudaDriverEntryPointSuccess) {
    static_cast<void>(cudaGetLastError());
    return false;
  }
  unsigned flags = 0;
  int active = 0;
  const auto ask = reinterpret_cast<int (*)(int device, unsigned* flags, int* active)>(found);
  return ask(device, &flags, &active) == 0 && active != 0;
}

/// Memory that has been given back stays in the pool: taking it again costs nothing then.
void keep_pool(int device) {
  cudaMemPool_t const pool = default_pool(device);
  auto threshold = std::numeric_limits<std::uint64_t>::max();
  check(cudaMemPoolSetAttribute(pool, cudaMemPoolAttrReleaseThreshold, &threshold), "cudaMemPoolSetAttribute");
}

}  // namespace

CurrentDevice::CurrentDevice(int index) : index_(index) {
  check(cudaGetDevice(&before_), "cudaGetDevice");
  check(cudaSetDevice(index), "cudaSetDevice");
}

CurrentDevice::CurrentDevice(int index, std::nothrow_t) noexcept : before_(index), index_(index) {
  static_cast<void>(cudaGetDevice(&before_));
  static_cast<void>(cudaSetDevice(index));
}

CurrentDevice::~CurrentDevice() {
  if (before_ != index_ && in_use(before_)) static_cast<void>(cudaSetDevice(before_));
}

Blas::Blas(const Stream& stream) {
  const cublasStatus_t result = cublasCreate(&handle_);
  if (result == CUBLAS_STATUS_NOT_INITIALIZED && device_memory().free < kBlasBytes) {
    throw Error(ErrorCode::out_of_memory,
                concat("cublasCreate: ", cublasGetStatusString(result), ", and the GPU's memory is full"));
  }
  check(result, "cublasCreate");
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
  check(cudaGetDevice(&device), "cudaGetDevice");
  multiprocessors_ = attribute_of(device, cudaDevAttrMultiProcessorCount);
  singles_per_double_ = std::max(1, attribute_of(device, cudaDevAttrSingleToDoublePrecisionPerfRatio));
  keep_pool(device);
}

cublasHandle_t Gpu::blas() {
  if (!blas_) blas_.emplace(stream_);
  return blas_->get();
}

}  // namespace simile::cuda
