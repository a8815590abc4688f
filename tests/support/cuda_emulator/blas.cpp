// SPDX-License-Identifier: Apache-2.0
#include <cstring>
#include <type_traits>
#include <vector>

#include <cublas_v2.h>
#include <cuda_fp16.h>

#include "fatal.hpp"
#include "memory.hpp"
#include "products.hpp"
#include "streams.hpp"

struct cublasContext {
  cudaStream_t stream = nullptr;
  cublasPointerMode_t pointer_mode = CUBLAS_POINTER_MODE_HOST;
};

namespace {

using simile::emulator::Memory;

struct Matrix {
  const void* data;
  cudaDataType type;
  int leading;
  long long stride;
  bool transposed;
};
struct Call {
  int m, n, k, batch;
  Matrix a, b;
  void* c;
  cudaDataType c_type;
  int c_leading;
  long long c_stride;
  cublasComputeType_t compute;
  double alpha, beta;
};

std::size_t size_of(cudaDataType type) {
  switch (type) {
    case CUDA_R_64F:
      return 8;
    case CUDA_R_32F:
    case CUDA_R_32I:
      return 4;
    case CUDA_R_16F:
    case CUDA_R_16BF:
      return 2;
    default:
      return 1;
  }
}

/// Rows of op(A) or columns of op(B), one after the other: [count, k].
template <class Element, class Wide>
std::vector<Wide> packed(const Matrix& matrix, int batch, int count, int k, bool k_down) {
  const auto* data = static_cast<const Element*>(matrix.data) + batch * matrix.stride;
  std::vector<Wide> result(static_cast<std::size_t>(count) * static_cast<std::size_t>(k));
  std::size_t at = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    for (std::int64_t j = 0; j < k; ++j) {
      result[at++] = static_cast<Wide>(k_down ? data[i * matrix.leading + j] : data[j * matrix.leading + i]);
    }
  }
  return result;
}

/// alpha * op(A) op(B) + beta * C; C is not read for beta = 0.
template <class Element, class Wide, class Result, class Scale, class Product>
void multiply(const Call& call, Product product) {
  const auto alpha = static_cast<Scale>(call.alpha);
  const auto beta = static_cast<Scale>(call.beta);
  for (int batch = 0; batch < call.batch; ++batch) {
    const auto a = packed<Element, Wide>(call.a, batch, call.m, call.k, call.a.transposed);
    const auto b = packed<Element, Wide>(call.b, batch, call.n, call.k, !call.b.transposed);
    auto* const c = static_cast<Result*>(call.c) + batch * call.c_stride;
    for (std::int64_t j = 0; j < call.n; ++j) {
      for (std::int64_t i = 0; i < call.m; ++i) {
        Result& cell = c[j * call.c_leading + i];
        Scale value = alpha * static_cast<Scale>(product(a.data() + i * call.k, b.data() + j * call.k, call.k));
        if (beta != Scale(0)) value += beta * static_cast<Scale>(cell);
        cell = static_cast<Result>(value);
      }
    }
  }
}

constexpr auto kPlain = [](const auto* a, const auto* b, std::int64_t k) { return simile::emulator::product(a, b, k); };

/// The function for the types of the call; null where there is none.
using Run = void (*)(const Call&);
Run find_run(const Call& call) {
  const auto is = [&](cudaDataType ab, cudaDataType c) {
    return call.a.type == ab && call.b.type == ab && call.c_type == c;
  };
  switch (call.compute) {
    case CUBLAS_COMPUTE_32F:
    case CUBLAS_COMPUTE_32F_PEDANTIC:
      if (is(CUDA_R_16F, CUDA_R_32F)) {
        return [](const Call& c) { multiply<__half, float, float, float>(c, simile::emulator::product_of_halves); };
      }
      if (is(CUDA_R_16F, CUDA_R_16F)) {
        return [](const Call& c) { multiply<__half, float, __half, float>(c, simile::emulator::product_of_halves); };
      }
      if (is(CUDA_R_32F, CUDA_R_32F)) return [](const Call& c) { multiply<float, float, float, float>(c, kPlain); };
      return nullptr;
    case CUBLAS_COMPUTE_64F:
    case CUBLAS_COMPUTE_64F_PEDANTIC:
      if (is(CUDA_R_64F, CUDA_R_64F)) return [](const Call& c) { multiply<double, double, double, double>(c, kPlain); };
      return nullptr;
    case CUBLAS_COMPUTE_32I:
    case CUBLAS_COMPUTE_32I_PEDANTIC:
      if (is(CUDA_R_8I, CUDA_R_32I)) {
        return [](const Call& c) { multiply<std::int8_t, std::int8_t, std::int32_t, std::int32_t>(c, kPlain); };
      }
      return nullptr;
    default:
      return nullptr;
  }
}

double scale_of(const void* value, cublasComputeType_t compute) {
  const auto as = [value](auto zero) {
    std::memcpy(&zero, value, sizeof(zero));
    return static_cast<double>(zero);
  };
  switch (compute) {
    case CUBLAS_COMPUTE_64F:
    case CUBLAS_COMPUTE_64F_PEDANTIC:
      return as(double{});
    case CUBLAS_COMPUTE_32I:
    case CUBLAS_COMPUTE_32I_PEDANTIC:
      return as(std::int32_t{});
    default:
      return as(float{});
  }
}

void check_place(const char* name, const void* data, cudaDataType type, int rows, int columns, int leading,
                 long long stride, int batch) {
  const std::size_t one =
      static_cast<std::size_t>(columns - 1) * static_cast<std::size_t>(leading) + static_cast<std::size_t>(rows);
  const std::size_t bytes =
      (one + static_cast<std::size_t>(batch - 1) * static_cast<std::size_t>(stride)) * size_of(type);
  if (!Memory::instance().on_device(data, bytes)) {
    simile::emulator::fail("a product's matrix ", name, " [", rows, ", ", columns, "], leading dimension ", leading,
                           ", does not lie in one allocation of device memory (", bytes, " bytes)");
  }
}

cublasStatus_t queue(cublasHandle_t handle, const Call& call) {
  if (handle == nullptr) return CUBLAS_STATUS_NOT_INITIALIZED;
  const Run run = find_run(call);
  if (run == nullptr || handle->pointer_mode != CUBLAS_POINTER_MODE_HOST) return CUBLAS_STATUS_NOT_SUPPORTED;
  if (call.m < 0 || call.n < 0 || call.k < 0 || call.batch < 0) return CUBLAS_STATUS_INVALID_VALUE;
  const int a_rows = call.a.transposed ? call.k : call.m;
  const int b_rows = call.b.transposed ? call.n : call.k;
  if (call.a.leading < std::max(1, a_rows) || call.b.leading < std::max(1, b_rows) ||
      call.c_leading < std::max(1, call.m)) {
    return CUBLAS_STATUS_INVALID_VALUE;
  }
  if (call.a.type == CUDA_R_8I) {  // as the manual asks of integer products
    const auto odd = [](const Matrix& matrix) {
      return matrix.leading % 4 != 0 || reinterpret_cast<std::uintptr_t>(matrix.data) % 4 != 0;
    };
    if (odd(call.a) || odd(call.b)) return CUBLAS_STATUS_NOT_SUPPORTED;
  }
  if (call.m == 0 || call.n == 0 || call.batch == 0) return CUBLAS_STATUS_SUCCESS;
  const auto lock = simile::emulator::lock_device();
  if (call.k > 0) {
    check_place("A", call.a.data, call.a.type, a_rows, call.a.transposed ? call.m : call.k, call.a.leading,
                call.a.stride, call.batch);
    check_place("B", call.b.data, call.b.type, b_rows, call.b.transposed ? call.k : call.n, call.b.leading,
                call.b.stride, call.batch);
  }
  check_place("C", call.c, call.c_type, call.m, call.n, call.c_leading, call.c_stride, call.batch);
  return simile::emulator::enqueue(handle->stream, [run, call] { run(call); }) == cudaSuccess
             ? CUBLAS_STATUS_SUCCESS
             : CUBLAS_STATUS_EXECUTION_FAILED;
}

}  // namespace

cublasStatus_t cublasCreate(cublasHandle_t* handle) {
  *handle = new cublasContext;
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasDestroy(cublasHandle_t handle) {
  delete handle;
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasSetStream(cublasHandle_t handle, cudaStream_t stream) {
  handle->stream = stream;
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasGetStream(cublasHandle_t handle, cudaStream_t* stream) {
  *stream = handle->stream;
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasSetMathMode(cublasHandle_t, cublasMath_t) { return CUBLAS_STATUS_SUCCESS; }
cublasStatus_t cublasSetPointerMode(cublasHandle_t handle, cublasPointerMode_t mode) {
  handle->pointer_mode = mode;
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasSetWorkspace(cublasHandle_t, void* workspace, size_t bytes) {
  const auto lock = simile::emulator::lock_device();
  return bytes == 0 || Memory::instance().on_device(workspace, bytes) ? CUBLAS_STATUS_SUCCESS
                                                                      : CUBLAS_STATUS_INVALID_VALUE;
}
cublasStatus_t cublasGetVersion(cublasHandle_t, int* version) {
  *version = 130000;
  return CUBLAS_STATUS_SUCCESS;
}

const char* cublasGetStatusName(cublasStatus_t status) {
  switch (status) {
    case CUBLAS_STATUS_SUCCESS:
      return "CUBLAS_STATUS_SUCCESS";
    case CUBLAS_STATUS_NOT_INITIALIZED:
      return "CUBLAS_STATUS_NOT_INITIALIZED";
    case CUBLAS_STATUS_ALLOC_FAILED:
      return "CUBLAS_STATUS_ALLOC_FAILED";
    case CUBLAS_STATUS_INVALID_VALUE:
      return "CUBLAS_STATUS_INVALID_VALUE";
    case CUBLAS_STATUS_ARCH_MISMATCH:
      return "CUBLAS_STATUS_ARCH_MISMATCH";
    case CUBLAS_STATUS_MAPPING_ERROR:
      return "CUBLAS_STATUS_MAPPING_ERROR";
    case CUBLAS_STATUS_EXECUTION_FAILED:
      return "CUBLAS_STATUS_EXECUTION_FAILED";
    case CUBLAS_STATUS_INTERNAL_ERROR:
      return "CUBLAS_STATUS_INTERNAL_ERROR";
    case CUBLAS_STATUS_NOT_SUPPORTED:
      return "CUBLAS_STATUS_NOT_SUPPORTED";
    case CUBLAS_STATUS_LICENSE_ERROR:
      return "CUBLAS_STATUS_LICENSE_ERROR";
  }
  return "unknown status";
}
const char* cublasGetStatusString(cublasStatus_t status) { return cublasGetStatusName(status); }

cublasStatus_t cublasGemmStridedBatchedEx(cublasHandle_t handle, cublasOperation_t transa, cublasOperation_t transb,
                                          int m, int n, int k, const void* alpha, const void* a, cudaDataType a_type,
                                          int lda, long long int stride_a, const void* b, cudaDataType b_type, int ldb,
                                          long long int stride_b, const void* beta, void* c, cudaDataType c_type,
                                          int ldc, long long int stride_c, int batch, cublasComputeType_t compute,
                                          cublasGemmAlgo_t) {
  if (alpha == nullptr || beta == nullptr) return CUBLAS_STATUS_INVALID_VALUE;
  return queue(handle, {m,
                        n,
                        k,
                        batch,
                        {a, a_type, lda, stride_a, transa != CUBLAS_OP_N},
                        {b, b_type, ldb, stride_b, transb != CUBLAS_OP_N},
                        c,
                        c_type,
                        ldc,
                        stride_c,
                        compute,
                        scale_of(alpha, compute),
                        scale_of(beta, compute)});
}

cublasStatus_t cublasGemmEx(cublasHandle_t handle, cublasOperation_t transa, cublasOperation_t transb, int m, int n,
                            int k, const void* alpha, const void* a, cudaDataType a_type, int lda, const void* b,
                            cudaDataType b_type, int ldb, const void* beta, void* c, cudaDataType c_type, int ldc,
                            cublasComputeType_t compute, cublasGemmAlgo_t algorithm) {
  return cublasGemmStridedBatchedEx(handle, transa, transb, m, n, k, alpha, a, a_type, lda, 0, b, b_type, ldb, 0, beta,
                                    c, c_type, ldc, 0, 1, compute, algorithm);
}

cublasStatus_t cublasSgemm(cublasHandle_t handle, cublasOperation_t transa, cublasOperation_t transb, int m, int n,
                           int k, const float* alpha, const float* a, int lda, const float* b, int ldb,
                           const float* beta, float* c, int ldc) {
  return cublasGemmEx(handle, transa, transb, m, n, k, alpha, a, CUDA_R_32F, lda, b, CUDA_R_32F, ldb, beta, c,
                      CUDA_R_32F, ldc, CUBLAS_COMPUTE_32F, CUBLAS_GEMM_DEFAULT);
}
cublasStatus_t cublasDgemm(cublasHandle_t handle, cublasOperation_t transa, cublasOperation_t transb, int m, int n,
                           int k, const double* alpha, const double* a, int lda, const double* b, int ldb,
                           const double* beta, double* c, int ldc) {
  return cublasGemmEx(handle, transa, transb, m, n, k, alpha, a, CUDA_R_64F, lda, b, CUDA_R_64F, ldb, beta, c,
                      CUDA_R_64F, ldc, CUBLAS_COMPUTE_64F, CUBLAS_GEMM_DEFAULT);
}
