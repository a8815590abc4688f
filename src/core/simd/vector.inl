// SPDX-License-Identifier: Apache-2.0
// Vectors of the level that this file is compiled for, as GCC and Clang write them: + - * / work lane by lane. Included
// inside an anonymous namespace; see similarity/simd/kernels.inl.

#if defined(__AVX512BW__)
constexpr int kLanes = 16;
constexpr int kGemmRows = 12;  // 24 accumulators, 2 columns and a broadcast of 32 registers
#elif defined(__AVX2__)
constexpr int kLanes = 8;
constexpr int kGemmRows = 6;  // 12 + 2 + 1 of 16
#else
constexpr int kLanes = 4;
constexpr int kGemmRows = 4;  // 8 + 2 + 1 and a product of 16
#endif

typedef std::int32_t Int __attribute__((vector_size(kLanes * 4)));
typedef float Float __attribute__((vector_size(kLanes * 4)));

inline Int load(const std::int32_t* memory) {
  Int value;
  __builtin_memcpy(&value, memory, sizeof value);
  return value;
}
inline Float load(const float* memory) {
  Float value;
  __builtin_memcpy(&value, memory, sizeof value);
  return value;
}
inline void store(std::int32_t* memory, Int value) { __builtin_memcpy(memory, &value, sizeof value); }
inline void store(float* memory, Float value) { __builtin_memcpy(memory, &value, sizeof value); }
inline Int splat(std::int32_t value) { return value + Int{}; }
inline Float splat(float value) { return value - Float{}; }
inline Float to_float(Int value) { return __builtin_convertvector(value, Float); }

/// Per lane: product of the low 16-bit halves plus product of the high ones.
inline Int multiply_add_pairs(Int a, Int b) {
#if defined(__AVX512BW__)
  return (Int)_mm512_madd_epi16((__m512i)a, (__m512i)b);
#elif defined(__AVX2__)
  return (Int)_mm256_madd_epi16((__m256i)a, (__m256i)b);
#elif defined(__SSE2__)
  return (Int)_mm_madd_epi16((__m128i)a, (__m128i)b);
#else
  return (a << 16 >> 16) * (b << 16 >> 16) + (a >> 16) * (b >> 16);
#endif
}

/// a * b + c, fused where the level has it; only for screens, whose bands hold either way.
inline Float multiply_add(Float a, Float b, Float c) {
#if defined(__AVX512BW__)
  return (Float)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c);
#elif defined(__FMA__)
  return (Float)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c);
#else
  return a * b + c;
#endif
}

inline Int larger(Int a, Int b) { return a > b ? a : b; }

/// Whether a lane is not 0.
inline bool any(Int lanes) {
#if defined(__AVX512BW__)
  return _mm512_test_epi32_mask((__m512i)lanes, (__m512i)lanes) != 0;
#elif defined(__AVX2__)
  return _mm256_testz_si256((__m256i)lanes, (__m256i)lanes) == 0;
#else
  std::int32_t together = 0;
  for (int lane = 0; lane < kLanes; ++lane) together |= lanes[lane];
  return together != 0;
#endif
}
