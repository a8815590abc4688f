// SPDX-License-Identifier: Apache-2.0
// Nearest descriptors both ways; included by kernels.inl after bit_slices.inl.

constexpr int kDistancePlanes = 9;  // distances from 0 to 256
constexpr std::int64_t kRowsAtOnce = 256;

inline Bits select(Bits mask, Bits a, Bits b) {
#if defined(__AVX512BW__)
  return (Bits)_mm512_ternarylogic_epi32((__m512i)mask, (__m512i)a, (__m512i)b, 0xca);
#else
  return (mask & a) | (~mask & b);
#endif
}

/// The lowest code that is marked; there is one.
inline std::uint32_t first_code(Bits marked) {
  std::uint32_t lanes[kLanes];
  store_bits(lanes, marked);
#if defined(__AVX512BW__)
  const auto lane = static_cast<std::uint32_t>(__builtin_ctz(_mm512_test_epi32_mask((__m512i)marked, (__m512i)marked)));
#else
  std::uint32_t lane = 0;
  while (lanes[lane] == 0) ++lane;
#endif
  return 32 * lane + static_cast<std::uint32_t>(__builtin_ctz(lanes[lane]));
}

/// The least count among the codes in `among`, as distance << 32 | lowest code with it.
inline std::uint64_t nearest(const Counts<kDistancePlanes>& counts, Bits among) {
  std::uint64_t distance = 0;
#pragma GCC unroll 9
  for (int p = kDistancePlanes - 1; p >= 0; --p) {
    // Codes with this bit unset are nearer, if there are any. Without branches: they would be guessed wrong.
    const bool zeros = any_bit(among & ~counts.planes[p]);
    among &= ~(counts.planes[p] & splat_bits(zeros));
    distance |= static_cast<std::uint64_t>(!zeros) << p;
  }
  return distance << 32 | first_code(among);
}

/// For each of the `open` columns the last of the rows that was nearer to it than all before.
inline void find_column_nearest(const Bits* nearer, std::int64_t first_row, std::int64_t num_rows, Bits open,
                                std::uint32_t* column_nearest) {
  for (std::int64_t row = num_rows - 1; row >= 0; --row) {
    const Bits settled = open & nearer[row];
    if (!any_bit(settled)) continue;
    open &= ~settled;
    std::uint32_t lanes[kLanes];
    store_bits(lanes, settled);
    for (std::uint32_t lane = 0; lane < kLanes; ++lane) {
      for (std::uint32_t left = lanes[lane]; left != 0; left &= left - 1) {
        const std::uint32_t column = 32 * lane + static_cast<std::uint32_t>(__builtin_ctz(left));
        column_nearest[column] = static_cast<std::uint32_t>(first_row + row);
      }
    }
  }
}

void nearest_codes(const CodeBlock& block, const std::uint64_t* codes, std::int64_t count, std::int64_t first_column,
                   std::uint64_t* row_nearest, std::uint32_t* column_nearest) {
  const Bits present = present_codes(block.count);
  Bits least[kDistancePlanes];  // of each column so far
  for (Bits& plane : least) plane = splat_bits(true);
  Bits nearer[kRowsAtOnce];  // columns to which a row is nearer than all before
  for (std::int64_t first = 0; first < count; first += kRowsAtOnce) {
    const std::int64_t num_rows = count - first < kRowsAtOnce ? count - first : kRowsAtOnce;
    for (std::int64_t row = 0; row < num_rows; ++row) {
      const std::uint64_t* const code = codes + (first + row) * block.words;
      Counts<kDistancePlanes> counts = {};
      for (std::int64_t slice = 0; slice < block.num_slices; ++slice) {
        counts.add_slice(block.slices + slice * kSliceVectors * kLanes,
                         static_cast<std::uint32_t>(code[slice / 2] >> slice % 2 * 32));
      }
      const std::uint64_t found = nearest(counts, present) + static_cast<std::uint64_t>(first_column);
      if (found < row_nearest[first + row]) row_nearest[first + row] = found;
      Bits less = {};  // the borrow of counts - least
      for (int p = 0; p < kDistancePlanes; ++p) less = majority(~counts.planes[p], least[p], less);
      for (int p = 0; p < kDistancePlanes; ++p) least[p] = select(less, counts.planes[p], least[p]);
      nearer[row] = less;
    }
    // Where no row of this part was nearer, an earlier part has a column's nearest.
    find_column_nearest(nearer, first, num_rows, present, column_nearest);
  }
}
