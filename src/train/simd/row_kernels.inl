// SPDX-License-Identifier: Apache-2.0
// The kernels, as one source for every instruction set; see similarity/simd/kernels.inl for what may not stand here. A
// file per level defines SIMILE_ROW_KERNELS (the table's name) and includes this.

#include <cstdint>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "train/simd/row_kernels.hpp"

namespace simile {
namespace {

#include "core/simd/vector.inl"

// 2 x 5 products keep ten sums, two rows and one of the few in 16 registers, and leave no lane idle at ten classes.
constexpr int kRowsAtOnce = 2;
constexpr int kFewAtOnce = 5;

inline float lane_sum(Float lanes) {
  float sum = 0;
  for (int lane = 0; lane < kLanes; ++lane) sum += lanes[lane];
  return sum;
}

template <int Rows, int Few>
inline void product_tile(const FloatBlock& rows, std::int64_t row, const FloatBlock& few, std::int64_t first,
                         std::int64_t depth, float* out, std::int64_t out_stride) {
  Float sums[Rows][Few] = {};
  const float* const left = rows.data + row * rows.stride;
  const float* const right = few.data + first * few.stride;
  for (std::int64_t k = 0; k < depth; k += kLanes) {
    Float values[Rows];
#pragma GCC unroll 16
    for (int r = 0; r < Rows; ++r) values[r] = load(left + r * rows.stride + k);
#pragma GCC unroll 16
    for (int f = 0; f < Few; ++f) {
      const Float other = load(right + f * few.stride + k);
#pragma GCC unroll 16
      for (int r = 0; r < Rows; ++r) sums[r][f] = multiply_add(values[r], other, sums[r][f]);
    }
  }
#pragma GCC unroll 16
  for (int f = 0; f < Few; ++f) {
#pragma GCC unroll 16
    for (int r = 0; r < Rows; ++r) out[(first + f) * out_stride + row + r] = lane_sum(sums[r][f]);
  }
}

template <int Rows>
inline void product_rows(const FloatBlock& rows, std::int64_t row, const FloatBlock& few, std::int64_t depth,
                         float* out, std::int64_t out_stride) {
  std::int64_t f = 0;
  for (; f + kFewAtOnce <= few.count; f += kFewAtOnce) {
    product_tile<Rows, kFewAtOnce>(rows, row, few, f, depth, out, out_stride);
  }
  switch (few.count - f) {
    case 4:
      return product_tile<Rows, 4>(rows, row, few, f, depth, out, out_stride);
    case 3:
      return product_tile<Rows, 3>(rows, row, few, f, depth, out, out_stride);
    case 2:
      return product_tile<Rows, 2>(rows, row, few, f, depth, out, out_stride);
    case 1:
      return product_tile<Rows, 1>(rows, row, few, f, depth, out, out_stride);
    default:
      return;
  }
}

void products(const FloatBlock& rows, const FloatBlock& few, std::int64_t depth, float* out, std::int64_t out_stride) {
  std::int64_t row = 0;
  for (; row + kRowsAtOnce <= rows.count; row += kRowsAtOnce) {
    product_rows<kRowsAtOnce>(rows, row, few, depth, out, out_stride);
  }
  for (; row < rows.count; ++row) product_rows<1>(rows, row, few, depth, out, out_stride);
}

/// Vectors in kRowStep floats, at most the two that a tile keeps.
constexpr int kVectors = kLanes >= kRowStep ? 1 : 2;
constexpr std::int64_t kTileWidth = kVectors * kLanes;
constexpr int kSumsAtOnce = kVectors == 1 ? 2 * kFewAtOnce : kFewAtOnce;

template <int Few>
inline void accumulate_tile(const FloatBlock& rows, const float* factors, std::int64_t factor_stride, std::int64_t j,
                            float* out, std::int64_t out_stride) {
  Float sums[Few][kVectors];
#pragma GCC unroll 16
  for (int f = 0; f < Few; ++f) {
    for (int v = 0; v < kVectors; ++v) sums[f][v] = load(out + f * out_stride + j + v * kLanes);
  }
  const float* values = rows.data + j;
  for (std::int64_t r = 0; r < rows.count; ++r, values += rows.stride) {
    Float row[kVectors];
    for (int v = 0; v < kVectors; ++v) row[v] = load(values + v * kLanes);
#pragma GCC unroll 16
    for (int f = 0; f < Few; ++f) {
      const Float factor = splat(factors[f * factor_stride + r]);
      for (int v = 0; v < kVectors; ++v) sums[f][v] = multiply_add(factor, row[v], sums[f][v]);
    }
  }
#pragma GCC unroll 16
  for (int f = 0; f < Few; ++f) {
    for (int v = 0; v < kVectors; ++v) store(out + f * out_stride + j + v * kLanes, sums[f][v]);
  }
}

void accumulate(const FloatBlock& rows, const float* factors, std::int64_t num_factors, std::int64_t factor_stride,
                std::int64_t width, float* out, std::int64_t out_stride) {
  for (std::int64_t j = 0; j < width; j += kTileWidth) {
    std::int64_t f = 0;
    const auto tile = [&]<int Few>() {
      for (; f + Few <= num_factors; f += Few) {
        accumulate_tile<Few>(rows, factors + f * factor_stride, factor_stride, j, out + f * out_stride, out_stride);
      }
    };
    tile.template operator()<kSumsAtOnce>();
    tile.template operator()<3>();
    tile.template operator()<1>();
  }
}

template <int Rows>
inline void gram_tile(const FloatBlock& rows, std::int64_t i, std::int64_t j, float* c, std::int64_t c_stride) {
  Float sums[Rows][kVectors] = {};
  const float* values = rows.data;
  for (std::int64_t r = 0; r < rows.count; ++r, values += rows.stride) {
    Float right[kVectors];
    for (int v = 0; v < kVectors; ++v) right[v] = load(values + j + v * kLanes);
#pragma GCC unroll 16
    for (int k = 0; k < Rows; ++k) {
      const Float left = splat(values[i + k]);
      for (int v = 0; v < kVectors; ++v) sums[k][v] = multiply_add(left, right[v], sums[k][v]);
    }
  }
#pragma GCC unroll 16
  for (int k = 0; k < Rows; ++k) {
    for (int v = 0; v < kVectors; ++v) {
      float* const out = c + (i + k) * c_stride + j + v * kLanes;
      store(out, load(out) + sums[k][v]);
    }
  }
}

void gram(const FloatBlock& rows, std::int64_t first, std::int64_t width, float* c, std::int64_t c_stride) {
  for (std::int64_t j = first; j < first + width; j += kTileWidth) {
    const std::int64_t end = j + kTileWidth;
    std::int64_t i = 0;
    for (; i + kGemmRows <= end; i += kGemmRows) gram_tile<kGemmRows>(rows, i, j, c, c_stride);
    for (; i < end; i += 2) gram_tile<2>(rows, i, j, c, c_stride);
  }
}

/// exp(x) for x <= 0, within 2 units in the last place; 0 below -87.
inline Float exponential(Float x) {
  const Float kLog2E = splat(1.44269504F);
  const Float kMagic = splat(12582912.0F);  // 1.5 x 2^23: adding it rounds to an integer
  const Float kLow = splat(-87.0F);
  const Int tiny = x < kLow;
  x = x < kLow ? kLow : x;
  const Float shifted = multiply_add(x, kLog2E, kMagic);
  const Float n = shifted - kMagic;
  Float r = multiply_add(n, splat(-0.693359375F), x);
  r = multiply_add(n, splat(2.12194440e-4F), r);
  Float p = splat(1.0F / 5040);
  p = multiply_add(p, r, splat(1.0F / 720));
  p = multiply_add(p, r, splat(1.0F / 120));
  p = multiply_add(p, r, splat(1.0F / 24));
  p = multiply_add(p, r, splat(1.0F / 6));
  p = multiply_add(p, r, splat(0.5F));
  p = multiply_add(p, r, splat(1.0F));
  p = multiply_add(p, r, splat(1.0F));
  const Int exponent = ((Int)shifted << 23) + splat(std::int32_t{127} << 23);
  const Float value = p * (Float)exponent;
  return (Float)((Int)value & ~tiny);
}

void softmax(float* values, std::int64_t num_classes, std::int64_t count, std::int64_t stride, float* largest,
             float* sums) {
  for (std::int64_t r = 0; r < count; r += kLanes) {
    Float most = load(values + r);
    for (std::int64_t k = 1; k < num_classes; ++k) {
      const Float value = load(values + k * stride + r);
      most = value > most ? value : most;
    }
    Float sum = {};
    for (std::int64_t k = 0; k < num_classes; ++k) {
      const Float value = exponential(load(values + k * stride + r) - most);
      store(values + k * stride + r, value);
      sum += value;
    }
    const Float scale = splat(1.0F) / sum;
    for (std::int64_t k = 0; k < num_classes; ++k) {
      store(values + k * stride + r, load(values + k * stride + r) * scale);
    }
    store(largest + r, most);
    store(sums + r, sum);
  }
}

}  // namespace

const RowKernels SIMILE_ROW_KERNELS = {
    .products = products, .accumulate = accumulate, .gram = gram, .softmax = softmax};

}  // namespace simile
