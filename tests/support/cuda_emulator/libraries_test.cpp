// SPDX-License-Identifier: Apache-2.0
// cuBLAS and Thrust.
#include <cmath>
#include <random>
#include <type_traits>
#include <utility>
#include <vector>

#include <cublas_v2.h>
#include <cuda_fp16.h>
#include <thrust/copy.h>
#include <thrust/iterator/counting_iterator.h>
#include <thrust/reduce.h>
#include <thrust/remove.h>
#include <thrust/scan.h>
#include <thrust/sequence.h>
#include <thrust/sort.h>
#include <thrust/unique.h>

#include "cuda_emulator.hpp"
#include "support/cuda_emulator/device_array.hpp"

namespace simile::emulator {
namespace {

/// A column-major matrix with space below its columns.
template <class T>
struct Matrix {
  int rows;
  int leading;
  std::vector<T> values;

  Matrix(int num_rows, int num_columns) : rows(num_rows), leading((num_rows + 7) / 4 * 4) {
    values.resize(static_cast<std::size_t>(leading) * static_cast<std::size_t>(num_columns));
  }
  T& at(int row, int column) { return values[static_cast<std::size_t>(column * leading + row)]; }
};

/// Products of m x k and k x n elements in all four transpositions against sums in double. `bound` is for one sum.
template <class T, class Result, class Scale>
void compare_products(cudaDataType type, cudaDataType result_type, cublasComputeType_t compute, double bound) {
  cublasHandle_t handle = nullptr;
  ASSERT_EQ(cublasCreate(&handle), CUBLAS_STATUS_SUCCESS);
  ASSERT_EQ(cublasSetStream(handle, nullptr), CUBLAS_STATUS_SUCCESS);
  const int m = 5;
  const int n = 9;
  const int k = 37;
  std::mt19937 random(3);
  std::uniform_int_distribution<int> draw(-120, 120);
  const auto element = [&] {
    const auto drawn = static_cast<float>(draw(random));
    return static_cast<T>(std::is_integral_v<T> ? drawn : drawn / 128);
  };
  for (const bool transpose_a : {false, true}) {
    for (const bool transpose_b : {false, true}) {
      Matrix<T> a(transpose_a ? k : m, transpose_a ? m : k);
      Matrix<T> b(transpose_b ? n : k, transpose_b ? k : n);
      Matrix<Result> c(m, n);
      for (T& value : a.values) value = element();
      for (T& value : b.values) value = element();
      for (Result& value : c.values) value = static_cast<Result>(draw(random));
      const DeviceArray<T> device_a(a.values);
      const DeviceArray<T> device_b(b.values);
      const DeviceArray<Result> device_c(c.values);
      const Scale alpha = 2;
      const Scale beta = 3;
      ASSERT_EQ(cublasGemmEx(handle, transpose_a ? CUBLAS_OP_T : CUBLAS_OP_N, transpose_b ? CUBLAS_OP_T : CUBLAS_OP_N,
                             m, n, k, &alpha, device_a.data(), type, a.leading, device_b.data(), type, b.leading, &beta,
                             device_c.data(), result_type, c.leading, compute, CUBLAS_GEMM_DEFAULT),
                CUBLAS_STATUS_SUCCESS);
      EXPECT_EQ(pending_operations(), 1);
      Matrix<Result> found = c;
      found.values = device_c.values();
      for (int j = 0; j < n; ++j) {
        for (int i = 0; i < c.leading; ++i) {
          double expected = static_cast<double>(c.at(i, j));
          if (i < m) {
            double sum = 0;
            for (int l = 0; l < k; ++l) {
              sum += static_cast<double>(transpose_a ? a.at(l, i) : a.at(i, l)) *
                     static_cast<double>(transpose_b ? b.at(j, l) : b.at(l, j));
            }
            expected = 2 * sum + 3 * expected;
          }
          EXPECT_NEAR(static_cast<double>(found.at(i, j)), expected, i < m ? bound : 0) << i << ", " << j;
        }
      }
    }
  }
  EXPECT_EQ(cublasDestroy(handle), CUBLAS_STATUS_SUCCESS);
}

TEST(EmulatedBlas, ProductsOfHalves) {
  compare_products<__half, float, float>(CUDA_R_16F, CUDA_R_32F, CUBLAS_COMPUTE_32F, 2e-4);
}
TEST(EmulatedBlas, ProductsOfFloats) {
  compare_products<float, float, float>(CUDA_R_32F, CUDA_R_32F, CUBLAS_COMPUTE_32F_PEDANTIC, 2e-4);
}
TEST(EmulatedBlas, ProductsOfDoubles) {
  compare_products<double, double, double>(CUDA_R_64F, CUDA_R_64F, CUBLAS_COMPUTE_64F, 1e-11);
}
TEST(EmulatedBlas, ProductsOfBytes) {
  compare_products<std::int8_t, std::int32_t, std::int32_t>(CUDA_R_8I, CUDA_R_32I, CUBLAS_COMPUTE_32I, 0);
}

/// a [k] times b [k] in half precision, beta 0 over a C that is NaN.
float inner_product(const std::vector<__half>& a, const std::vector<__half>& b) {
  cublasHandle_t handle = nullptr;
  EXPECT_EQ(cublasCreate(&handle), CUBLAS_STATUS_SUCCESS);
  const DeviceArray<__half> device_a(a);
  const DeviceArray<__half> device_b(b);
  const DeviceArray<float> c(std::vector<float>{std::nanf("")});
  const int k = static_cast<int>(a.size());
  const float alpha = 1;
  const float beta = 0;
  EXPECT_EQ(
      cublasGemmEx(handle, CUBLAS_OP_T, CUBLAS_OP_N, 1, 1, k, &alpha, device_a.data(), CUDA_R_16F, k, device_b.data(),
                   CUDA_R_16F, k, &beta, c.data(), CUDA_R_32F, 1, CUBLAS_COMPUTE_32F, CUBLAS_GEMM_DEFAULT),
      CUBLAS_STATUS_SUCCESS);
  EXPECT_EQ(cublasDestroy(handle), CUBLAS_STATUS_SUCCESS);
  return c.values()[0];
}

TEST(EmulatedBlas, HalvesAreTruncatedToTheLargestTermOfTheirGroup) {
  // 2^12 and 15 terms just below 2^-11, its unit: all of them vanish in the group, none in groups of their own.
  std::vector<__half> a(32, __half(0.0f));
  std::vector<__half> b(32, __half(1.0f));
  a[0] = __half(4096.0f);
  for (std::size_t i = 1; i < 16; ++i) a[i] = __half(0x1.ffcp-12f);
  EXPECT_EQ(inner_product(a, b), 4096.0f);
  for (std::size_t i = 1; i < 16; ++i) std::swap(a[i], a[16 + i]);
  EXPECT_EQ(inner_product(a, b), 4096.0f);  // the accumulator is a term as well
  std::swap(a[0], a[31]);
  a[16] = __half(0.0f);
  for (std::size_t i = 1; i < 16; ++i) std::swap(a[i], a[16 + i]);
  std::swap(a[15], a[31]);
  EXPECT_GE(inner_product(a, b), 4096.0f);
  // Negative ones are cut toward zero, too.
  std::vector<__half> c(16, __half(-0x1.ffcp-12f));
  c[0] = __half(4096.0f);
  EXPECT_EQ(inner_product(c, std::vector<__half>(16, __half(1.0f))), 4096.0f);
}

TEST(EmulatedBlas, HalvesKeepTheBoundOfTheScreens) {
  std::mt19937 random(11);
  std::normal_distribution<float> draw(0, 0.05f);
  for (int round = 0; round < 50; ++round) {
    std::vector<__half> a(512);
    std::vector<__half> b(512);
    double exact = 0;
    double norm_a = 0;
    double norm_b = 0;
    for (std::size_t i = 0; i < 512; ++i) {
      a[i] = __half(draw(random));
      b[i] = __half(draw(random));
      exact += static_cast<double>(a[i]) * static_cast<double>(b[i]);
      norm_a += static_cast<double>(a[i]) * static_cast<double>(a[i]);
      norm_b += static_cast<double>(b[i]) * static_cast<double>(b[i]);
    }
    EXPECT_NEAR(inner_product(a, b), exact, 1.25 * 512 * 0x1p-23 * std::sqrt(norm_a * norm_b));
  }
}

TEST(EmulatedBlas, BadCallsAreRefused) {
  cublasHandle_t handle = nullptr;
  ASSERT_EQ(cublasCreate(&handle), CUBLAS_STATUS_SUCCESS);
  const DeviceArray<float> a(64);
  const float one = 1;
  const auto call = [&](cudaDataType type, int lda, int k, cublasComputeType_t compute) {
    return cublasGemmEx(handle, CUBLAS_OP_N, CUBLAS_OP_N, 4, 4, k, &one, a.data(), type, lda, a.data(), type, 4, &one,
                        a.data(), CUDA_R_32F, 4, compute, CUBLAS_GEMM_DEFAULT);
  };
  EXPECT_EQ(call(CUDA_R_32F, 3, 4, CUBLAS_COMPUTE_32F), CUBLAS_STATUS_INVALID_VALUE);
  EXPECT_EQ(call(CUDA_R_32F, 4, -1, CUBLAS_COMPUTE_32F), CUBLAS_STATUS_INVALID_VALUE);
  EXPECT_EQ(call(CUDA_R_8I, 4, 4, CUBLAS_COMPUTE_32F), CUBLAS_STATUS_NOT_SUPPORTED);
  EXPECT_EQ(call(CUDA_R_32F, 4, 4, CUBLAS_COMPUTE_16F), CUBLAS_STATUS_NOT_SUPPORTED);
  EXPECT_EQ(call(CUDA_R_32F, 4, 4, CUBLAS_COMPUTE_32F), CUBLAS_STATUS_SUCCESS);
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(call(CUDA_R_32F, 40, 4, CUBLAS_COMPUTE_32F), "matrix A \\[4, 4\\], leading dimension 40, does not lie");
  EXPECT_EQ(cublasDestroy(handle), CUBLAS_STATUS_SUCCESS);
}

TEST(EmulatedThrust, RemovesInPlace) {
  const DeviceArray<int> values(std::vector<int>{5, 2, 4, 1, 3});
  int* const v = values.data();
  const auto odd = [](int value) { return value % 2 != 0; };
  EXPECT_EQ(thrust::remove_if(thrust::cuda::par_nosync.on(nullptr), v, v + 5, odd) - v, 2);
  const auto left = values.values();
  EXPECT_EQ(std::vector<int>(left.begin(), left.begin() + 2), (std::vector<int>{2, 4}));
}

TEST(EmulatedThrust, RunsOnAStreamInOrder) {
  const DeviceArray<int> keys(std::vector<int>{5, 3, 5, 1, 3, 5});
  const DeviceArray<int> values(std::vector<int>{0, 1, 2, 3, 4, 5});
  int* const k = keys.data();
  int* const v = values.data();
  const auto policy = thrust::cuda::par_nosync.on(nullptr);
  thrust::stable_sort_by_key(policy, k, k + 6, v);
  EXPECT_EQ(pending_operations(), 1);
  EXPECT_EQ(keys.values(), (std::vector<int>{1, 3, 3, 5, 5, 5}));
  EXPECT_EQ(values.values(), (std::vector<int>{3, 1, 4, 0, 2, 5}));
  thrust::sort_by_key(policy, k, k + 6, v, thrust::greater<int>());
  EXPECT_EQ(keys.values(), (std::vector<int>{5, 5, 5, 3, 3, 1}));
  EXPECT_EQ(values.values(), (std::vector<int>{5, 2, 0, 4, 1, 3}));
  EXPECT_EQ(thrust::reduce(policy, k, k + 6), 22);
  EXPECT_EQ(thrust::reduce(policy, k, k + 6, 0, thrust::maximum<int>()), 5);
  EXPECT_EQ(thrust::unique(policy, k, k + 6) - k, 3);
  thrust::sort(policy, k, k + 3);
  thrust::inclusive_scan(policy, k, k + 3, k);
  thrust::exclusive_scan(policy, k, k + 3, v, 100);
  thrust::sequence(policy, k + 3, k + 6, 7);
  EXPECT_EQ(keys.values(), (std::vector<int>{1, 4, 9, 7, 8, 9}));
  const std::vector<int> scanned = values.values();
  EXPECT_EQ(std::vector<int>(scanned.begin(), scanned.begin() + 3), (std::vector<int>{100, 101, 105}));
  const auto numbers = thrust::make_counting_iterator(10);
  EXPECT_EQ(thrust::copy_if(thrust::cuda::par.on(nullptr), numbers, numbers + 6, k, v, [](int x) { return x > 7; }) - v,
            3);
  EXPECT_EQ(values.values()[1], 14);
}

}  // namespace
}  // namespace simile::emulator
