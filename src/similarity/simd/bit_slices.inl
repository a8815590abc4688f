// SPDX-License-Identifier: Apache-2.0
// Differing bits of one code and a whole block of codes at once, by adders made of logic operations; included by
// kernels.inl. Bit b of a vector's lane l belongs to code 32 l + b of the block. What the counting does, and what it
// saves against counting the bits of every pair, is in docs/algorithms.md, "Bit slices".

typedef std::uint32_t Bits __attribute__((vector_size(kLanes * 4)));

constexpr int kBlockCodes = 32 * kLanes;
constexpr int kGroups = kSliceBits / 3;
constexpr int kGroupVectors = 16;  // for each value of three bits: bit 0 and bit 1 of the number of differing ones
constexpr int kSliceVectors = kGroups * kGroupVectors;

inline Bits load_bits(const std::uint32_t* memory) {
  Bits value;
  __builtin_memcpy(&value, memory, sizeof value);
  return value;
}
inline void store_bits(std::uint32_t* memory, Bits value) { __builtin_memcpy(memory, &value, sizeof value); }
inline Bits splat_bits(bool set) { return Bits{} - static_cast<std::uint32_t>(set); }

inline Bits xor3(Bits a, Bits b, Bits c) {
#if defined(__AVX512BW__)
  return (Bits)_mm512_ternarylogic_epi32((__m512i)a, (__m512i)b, (__m512i)c, 0x96);
#else
  return a ^ b ^ c;
#endif
}

inline Bits majority(Bits a, Bits b, Bits c) {
#if defined(__AVX512BW__)
  return (Bits)_mm512_ternarylogic_epi32((__m512i)a, (__m512i)b, (__m512i)c, 0xe8);
#else
  return (a & b) | (c & (a ^ b));
#endif
}

inline bool any_bit(Bits value) {
#if defined(__AVX512BW__)
  return _mm512_test_epi32_mask((__m512i)value, (__m512i)value) != 0;
#elif defined(__AVX2__)
  return _mm256_testz_si256((__m256i)value, (__m256i)value) == 0;
#else
  std::uint64_t words[2];
  __builtin_memcpy(words, &value, sizeof words);
  return (words[0] | words[1]) != 0;
#endif
}

/// Marks the first `count` codes of a block.
inline Bits present_codes(std::int64_t count) {
  std::uint32_t lanes[kLanes];
  for (int lane = 0; lane < kLanes; ++lane) {
    const std::int64_t present = count - 32 * lane;
    lanes[lane] = present <= 0 ? 0U : present >= 32 ? ~0U : ~(~0U << present);
  }
  return load_bits(lanes);
}

/// Adds a and b to the bits of `sum`; the carries.
inline Bits full_add(Bits& sum, Bits a, Bits b) {
  const Bits carry = majority(sum, a, b);
  sum = xor3(sum, a, b);
  return carry;
}
inline Bits half_add(Bits& sum, Bits a) {
  const Bits carry = sum & a;
  sum ^= a;
  return carry;
}

/// Counts of differing bits, one for every code of a block: plane p holds their bits of weight 2^p.
template <int kPlanes>
struct Counts {
  Bits planes[kPlanes];
  Bits over;  ///< codes whose count has outgrown the planes

  /// Adds the bits in which `code`, one slice of a code, differs from the block's.
  void add_slice(const std::uint32_t* slices, std::uint32_t code) {
    // A group's three bits times the bytes of a group's value are the offset of what they select.
    constexpr std::uint64_t kValueBytes = 2 * sizeof(Bits);
    const std::uint64_t scaled = code * kValueBytes;
    const auto selected = [&](int group) {
      const auto* const first = reinterpret_cast<const char*>(slices) + group * 8 * static_cast<int>(kValueBytes);
      return reinterpret_cast<const std::uint32_t*>(first + (scaled >> 3 * group & 7 * kValueBytes));
    };
    Bits twos[5];
    Bits fours[8];
#pragma GCC unroll 5
    for (int k = 0; k < 5; ++k) {
      const std::uint32_t* const even = selected(2 * k);
      const std::uint32_t* const odd = selected(2 * k + 1);
      twos[k] = full_add(planes[0], load_bits(even), load_bits(odd));
      fours[k] = full_add(planes[1], load_bits(even + kLanes), load_bits(odd + kLanes));
    }
    fours[5] = full_add(planes[1], twos[0], twos[1]);
    fours[6] = full_add(planes[1], twos[2], twos[3]);
    fours[7] = half_add(planes[1], twos[4]);
    Bits eights[4];
#pragma GCC unroll 4
    for (int k = 0; k < 4; ++k) eights[k] = full_add(planes[2], fours[2 * k], fours[2 * k + 1]);
    if constexpr (kPlanes == 3) {
      over |= (eights[0] | eights[1]) | (eights[2] | eights[3]);
    } else {
      const Bits low = full_add(planes[3], eights[0], eights[1]);
      const Bits high = full_add(planes[3], eights[2], eights[3]);
      if constexpr (kPlanes == 4) {
        over |= low | high;
      } else {
        Bits carry = full_add(planes[4], low, high);
#pragma GCC unroll 16
        for (int p = 5; p < kPlanes; ++p) carry = half_add(planes[p], carry);
        over |= carry;
      }
    }
  }
};

/// Turns 32 vectors of a bit matrix round, lane by lane: bit b of row r becomes bit r of row b (Warren, Hacker's
/// Delight, 7-3).
inline void transpose(Bits* rows) {
  std::uint32_t mask = 0x0000ffff;
  for (int step = 16; step != 0; step >>= 1, mask ^= mask << step) {
    for (int r = 0; r < 32; r = (r + step + 1) & ~step) {
      const Bits changed = (rows[r] >> step ^ rows[r + step]) & mask;
      rows[r] ^= changed << step;
      rows[r + step] ^= changed;
    }
  }
}

void slice_codes(const std::uint64_t* codes, std::int64_t words, std::int64_t count, std::int64_t num_slices,
                 std::uint32_t* slices) {
  for (std::int64_t slice = 0; slice < num_slices; ++slice) {
    std::uint32_t matrix[32 * kLanes] = {};
    for (std::int64_t code = 0; code < count; ++code) {
      const std::uint64_t word = codes[code * words + slice / 2];
      matrix[code % 32 * kLanes + code / 32] = static_cast<std::uint32_t>(word >> slice % 2 * 32);
    }
    Bits planes[32];
    for (int row = 0; row < 32; ++row) planes[row] = load_bits(matrix + row * kLanes);
    transpose(planes);
    for (int group = 0; group < kGroups; ++group) {
      for (unsigned value = 0; value < 8; ++value) {
        const Bits a = planes[3 * group] ^ splat_bits((value & 1) != 0);
        const Bits b = planes[3 * group + 1] ^ splat_bits((value & 2) != 0);
        const Bits c = planes[3 * group + 2] ^ splat_bits((value & 4) != 0);
        store_bits(slices, xor3(a, b, c));
        store_bits(slices + kLanes, majority(a, b, c));
        slices += 2 * kLanes;
      }
    }
  }
}
