// SPDX-License-Identifier: Apache-2.0
// Compiled once per instruction set, each in a file with its own flags that defines SIMILE_LITE_KERNELS. Nothing here
// may instantiate a template of the standard library: the linker keeps one copy, perhaps the one for the newer machine.
#if defined(__AVX2__)
#include <immintrin.h>
#endif

#include "model/network/lite_kernels.hpp"

namespace simile {
namespace {

#if defined(__AVX512F__)
constexpr int kLanes = 16;
constexpr int kRows = 12;  // 24 sums, 2 columns of weights and a broadcast of 32 registers
#elif defined(__AVX2__)
constexpr int kLanes = 8;
constexpr int kRows = 6;  // 12 + 2 + 1 of 16
#else
constexpr int kLanes = 4;
constexpr int kRows = 4;
#endif
constexpr int kVectors = 2;
constexpr int kPanel = kVectors * kLanes;
/// Rows that stay in the second-level cache while all panels pass.
constexpr std::int64_t kChunkValues = std::int64_t{64} << 10;

typedef float Float __attribute__((vector_size(kLanes * 4)));
#if defined(__AVX512F__)
typedef float Half __attribute__((vector_size(32)));  // channels come in multiples of 8
#else
typedef Float Half;
#endif

template <class Vector>
inline Vector load(const float* memory) {
  Vector value;
  __builtin_memcpy(&value, memory, sizeof value);
  return value;
}
template <class Vector>
inline void store(float* memory, Vector value) {
  __builtin_memcpy(memory, &value, sizeof value);
}

inline Float multiply_add(Float a, Float b, Float c) {
#if defined(__AVX512F__)
  return (Float)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c);
#elif defined(__FMA__)
  return (Float)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c);
#else
  return a * b + c;
#endif
}
#if defined(__AVX512F__)
inline Half multiply_add(Half a, Half b, Half c) { return (Half)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c); }
#endif

/// Not by maxps: what is not a number has to stay so.
template <class Vector>
inline Vector relu6(Vector value) {
  const Vector zero{};
  const Vector six = zero + 6.0F;
  value = value < zero ? zero : value;
  return value > six ? six : value;
}

inline float* place(const LiteProduct& of, std::int64_t pixel) {
  return of.target + pixel / of.width * of.row_stride + pixel % of.width * of.outputs;
}

/// kPanel columns of `Rows` rows.
template <int Rows>
inline void tile(const LiteProduct& of, std::int64_t pixel, std::int64_t panel) {
  const std::int64_t first = panel * kPanel;
  Float sums[Rows][kVectors];
  for (int v = 0; v < kVectors; ++v) {
    const Float bias = load<Float>(of.bias + first + v * kLanes);
    for (int r = 0; r < Rows; ++r) sums[r][v] = bias;
  }
  const float* weights = of.panels + first * of.inputs;
  const float* row = of.rows + pixel * of.inputs;
  for (std::int64_t k = 0; k < of.inputs; ++k, weights += kPanel, ++row) {
    const Float left = load<Float>(weights);
    const Float right = load<Float>(weights + kLanes);
#pragma GCC unroll 12
    for (int r = 0; r < Rows; ++r) {
      const Float value = row[r * of.inputs] - Float{};  // 0 + x would be computed: it is not x for -0
      sums[r][0] = multiply_add(value, left, sums[r][0]);
      sums[r][1] = multiply_add(value, right, sums[r][1]);
    }
  }
  const std::int64_t columns = of.outputs - first < kPanel ? of.outputs - first : kPanel;
#pragma GCC unroll 12
  for (int r = 0; r < Rows; ++r) {
    float* const target = place(of, pixel + r) + first;
    const float* const added = of.added == nullptr ? nullptr : of.added + (pixel + r) * of.outputs + first;
    if (columns == kPanel) {
      for (int v = 0; v < kVectors; ++v) {
        Float value = sums[r][v];
        if (added != nullptr) value += load<Float>(added + v * kLanes);
        store(target + v * kLanes, of.relu6 ? relu6(value) : value);
      }
      continue;
    }
    float values[kPanel];
    for (int v = 0; v < kVectors; ++v) store(values + v * kLanes, of.relu6 ? relu6(sums[r][v]) : sums[r][v]);
    for (std::int64_t c = 0; c < columns; ++c) target[c] = values[c] + (added != nullptr ? added[c] : 0.0F);
  }
}

template <int Rows>
void few_rows(const LiteProduct& of, std::int64_t pixel, std::int64_t panel, std::int64_t rows) {
  if constexpr (Rows > 0) {
    if (rows == Rows) {
      tile<Rows>(of, pixel, panel);
    } else {
      few_rows<Rows - 1>(of, pixel, panel, rows);
    }
  }
}

void product(const LiteProduct& of) {
  const std::int64_t panels = (of.outputs + kPanel - 1) / kPanel;
  std::int64_t chunk = kChunkValues / of.inputs / kRows * kRows;
  if (chunk < kRows) chunk = kRows;
  for (std::int64_t start = 0; start < of.pixels; start += chunk) {
    const std::int64_t end = start + chunk < of.pixels ? start + chunk : of.pixels;
    for (std::int64_t panel = 0; panel < panels; ++panel) {
      std::int64_t pixel = start;
      std::int64_t left = end - start;
      for (; left == kRows || left >= 2 * kRows; left -= kRows, pixel += kRows) tile<kRows>(of, pixel, panel);
      // Two tiles of half as many rows rather than a full one and a sliver, which would wait for its own sums.
      const std::int64_t half = left > kRows ? (left + 1) / 2 : left;
      few_rows<kRows>(of, pixel, panel, half);
      few_rows<kRows>(of, pixel + half, panel, left - half);
    }
  }
}

/// `Pixels` outputs of one row, side by side, of one vector of channels.
template <class Vector, int Kernel, int Stride, int Pixels>
inline void depthwise_part(const LiteDepthwise& of, const float* image, float* target, std::int64_t channel) {
  Vector sums[Pixels];
  const Vector bias = load<Vector>(of.bias + channel);
  for (int p = 0; p < Pixels; ++p) sums[p] = bias;
#pragma GCC unroll 5
  for (int y = 0; y < Kernel; ++y) {
    const float* const row = image + y * of.padded_width * of.channels + channel;
#pragma GCC unroll 5
    for (int x = 0; x < Kernel; ++x) {
      const Vector weight = load<Vector>(of.weights + (y * Kernel + x) * of.channels + channel);
#pragma GCC unroll 4
      for (int p = 0; p < Pixels; ++p) {
        sums[p] = multiply_add(load<Vector>(row + (p * Stride + x) * of.channels), weight, sums[p]);
      }
    }
  }
#pragma GCC unroll 4
  for (int p = 0; p < Pixels; ++p) store(target + p * of.channels + channel, relu6(sums[p]));
}

template <int Kernel, int Stride, int Pixels>
inline void depthwise_pixels(const LiteDepthwise& of, const float* image, float* target) {
  std::int64_t channel = 0;
  for (; channel + kLanes <= of.channels; channel += kLanes) {
    depthwise_part<Float, Kernel, Stride, Pixels>(of, image, target, channel);
  }
  if constexpr (sizeof(Half) != sizeof(Float)) {
    for (; channel + 8 <= of.channels; channel += 8) {
      depthwise_part<Half, Kernel, Stride, Pixels>(of, image, target, channel);
    }
  }
}

template <int Kernel, int Stride>
void depthwise_image(const LiteDepthwise& of) {
  for (std::int64_t y = 0; y < of.height; ++y) {
    const float* image = of.image + y * Stride * of.padded_width * of.channels;
    float* target = of.target + y * of.width * of.channels;
    std::int64_t left = of.width;
    const auto step = [&](std::int64_t pixels) {
      image += pixels * Stride * of.channels;
      target += pixels * of.channels;
      left -= pixels;
    };
    for (; left >= 4; step(4)) depthwise_pixels<Kernel, Stride, 4>(of, image, target);
    for (; left >= 2; step(2)) depthwise_pixels<Kernel, Stride, 2>(of, image, target);
    for (; left >= 1; step(1)) depthwise_pixels<Kernel, Stride, 1>(of, image, target);
  }
}

void depthwise(const LiteDepthwise& of) {
  if (of.kernel == 3) {
    of.stride == 1 ? depthwise_image<3, 1>(of) : depthwise_image<3, 2>(of);
  } else {
    of.stride == 1 ? depthwise_image<5, 1>(of) : depthwise_image<5, 2>(of);
  }
}

}  // namespace

const LiteKernels SIMILE_LITE_KERNELS{kPanel, product, depthwise};

}  // namespace simile
