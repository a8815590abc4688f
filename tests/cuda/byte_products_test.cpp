// SPDX-License-Identifier: Apache-2.0
// A warp's products of matrices of bytes, as the emulated device has them, against plain sums.
#include "cuda/core/byte_products.cuh"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "support/cuda_emulator/device_array.hpp"

namespace simile::cuda {
namespace {

constexpr int kRows = 16;
constexpr int kColumns = 8;
constexpr int kDepth = 32;

/// a [warps, kRows, kDepth], b [warps, kColumns, kDepth], sums [warps, kRows, kColumns]: added to `times`.
template <class Byte>
__global__ void multiply(const Byte* a, const Byte* b, std::int32_t* sums, int times) {
  const int thread = static_cast<int>(threadIdx.y * blockDim.x + threadIdx.x);
  const int warp = thread / 32;
  const int group = thread % 32 >> 2;
  const int in_group = thread % 32 & 3;
  // As the instruction's manual numbers them: element i of a thread's 16 of a, 8 of b and 4 of the sums.
  unsigned of_a[4] = {};
  unsigned of_b[2] = {};
  std::int32_t of_sums[4];
  for (int i = 0; i < 16; ++i) {
    const int row = i < 4 || (i >= 8 && i < 12) ? group : group + 8;
    const int column = in_group * 4 + (i & 3) + (i < 8 ? 0 : 16);
    const auto value = static_cast<std::uint8_t>(a[(warp * kRows + row) * kDepth + column]);
    of_a[i / 4] |= static_cast<unsigned>(value) << 8 * (i & 3);
  }
  for (int i = 0; i < 8; ++i) {
    const int row = in_group * 4 + (i & 3) + (i < 4 ? 0 : 16);
    const auto value = static_cast<std::uint8_t>(b[(warp * kColumns + group) * kDepth + row]);
    of_b[i / 4] |= static_cast<unsigned>(value) << 8 * (i & 3);
  }
  const auto place = [&](int i) {
    return (warp * kRows + (i < 2 ? group : group + 8)) * kColumns + in_group * 2 + (i & 1);
  };
  for (int i = 0; i < 4; ++i) of_sums[i] = sums[place(i)];
  for (int k = 0; k < times; ++k) {
    if constexpr (std::numeric_limits<Byte>::is_signed) {
      multiply_signed_bytes(of_sums, of_a, of_b);
    } else {
      multiply_unsigned_bytes(of_sums, of_a, of_b);
    }
  }
  for (int i = 0; i < 4; ++i) sums[place(i)] = of_sums[i];
}

template <class Byte>
class ProductsOf : public testing::Test {
 protected:
  static constexpr int kWarps = 4;
  using Limits = std::numeric_limits<Byte>;

  /// Both matrices' bytes are drawn from `values`, sums from -1e6 .. 1e6.
  void expect_plain_sums(const std::vector<Byte>& values, int times) {
    const auto draw_bytes = [&](int rows) {
      std::vector<Byte> bytes(static_cast<std::size_t>(kWarps * rows * kDepth));
      for (Byte& byte : bytes) byte = values[random_() % values.size()];
      return bytes;
    };
    const std::vector<Byte> a = draw_bytes(kRows);
    const std::vector<Byte> b = draw_bytes(kColumns);
    std::vector<std::int32_t> expected(static_cast<std::size_t>(kWarps * kRows * kColumns));
    for (std::int32_t& sum : expected) sum = static_cast<std::int32_t>(random_() % 2000001) - 1000000;
    const emulator::DeviceArray<Byte> on_device_a(a);
    const emulator::DeviceArray<Byte> on_device_b(b);
    const emulator::DeviceArray<std::int32_t> sums(expected);
    emulator::run(dim3(1), dim3(16, 2 * kWarps), multiply<Byte>, static_cast<const Byte*>(on_device_a.data()),
                  static_cast<const Byte*>(on_device_b.data()), sums.data(), times);
    for (std::size_t at = 0; at < expected.size(); ++at) {
      const std::size_t row = at / kColumns;
      const std::size_t column = at / (kRows * kColumns) * kColumns + at % kColumns;
      for (std::size_t k = 0; k < kDepth; ++k) expected[at] += times * a[row * kDepth + k] * b[column * kDepth + k];
    }
    EXPECT_EQ(sums.values(), expected);
  }

  std::mt19937 random_{7};
};

using Bytes = testing::Types<std::uint8_t, std::int8_t>;
TYPED_TEST_SUITE(ProductsOf, Bytes);

TYPED_TEST(ProductsOf, RandomBytesArePlainSums) {
  std::vector<TypeParam> all;
  for (int value = TestFixture::Limits::min(); value <= TestFixture::Limits::max(); ++value) {
    all.push_back(static_cast<TypeParam>(value));
  }
  this->expect_plain_sums(all, 1);
  this->expect_plain_sums(all, 3);
}

TYPED_TEST(ProductsOf, ExtremeBytesArePlainSums) {
  const TypeParam least = TestFixture::Limits::min();
  const TypeParam most = TestFixture::Limits::max();
  this->expect_plain_sums({least}, 2);
  this->expect_plain_sums({most}, 2);
  this->expect_plain_sums({least, 0, 1, most}, 2);
}

}  // namespace
}  // namespace simile::cuda
