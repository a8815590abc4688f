// SPDX-License-Identifier: Apache-2.0
// Equal positions of minhash signatures; included by kernels.inl after hamming.inl.

typedef std::uint8_t Bytes __attribute__((vector_size(kLanes * 4)));

inline Bytes load_bytes(const std::uint8_t* memory) {
  Bytes value;
  __builtin_memcpy(&value, memory, sizeof value);
  return value;
}

/// Equal bytes of two vectors.
inline std::uint32_t equal_bytes(Bytes a, Bytes b) {
#if defined(__AVX512BW__)
  return count_bits(_mm512_cmpeq_epi8_mask((__m512i)a, (__m512i)b));
#elif defined(__AVX2__)
  return count_bits(static_cast<std::uint32_t>(_mm256_movemask_epi8((__m256i)(a == b))));
#else
  std::uint64_t marks[2];  // 255 where equal
  const auto equal = a == b;
  __builtin_memcpy(marks, &equal, sizeof marks);
  // At most 2 a byte; the multiplication adds up the eight bytes.
  const std::uint64_t ones = (marks[0] & 0x0101010101010101ULL) + (marks[1] & 0x0101010101010101ULL);
  return static_cast<std::uint32_t>(ones * 0x0101010101010101ULL >> 56);
#endif
}

std::int64_t minhash_candidates(const std::uint8_t* bytes, const std::uint8_t* others, std::int64_t count,
                                std::int64_t least, std::uint32_t* found) {
  constexpr int kVectors = kMinhashLength / static_cast<std::int64_t>(sizeof(Bytes));
  Bytes left[kVectors];
  for (int v = 0; v < kVectors; ++v) left[v] = load_bytes(bytes + v * static_cast<std::int64_t>(sizeof(Bytes)));
  std::uint32_t* next = found;
  for (std::int64_t k = 0; k < count; ++k) {
    const std::uint8_t* const right = others + k * kMinhashLength;
    std::uint32_t equal = 0;
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) {
      equal += equal_bytes(left[v], load_bytes(right + v * static_cast<std::int64_t>(sizeof(Bytes))));
    }
    *next = static_cast<std::uint32_t>(k);
    next += equal >= least;
  }
  return next - found;
}

std::int64_t minhash_equal(const std::uint32_t* x, const std::uint32_t* y) {
  std::int32_t equal = 0;
  for (std::int64_t k = 0; k < kMinhashLength; ++k) equal += x[k] == y[k];
  return equal;
}
