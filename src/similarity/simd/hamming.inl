// SPDX-License-Identifier: Apache-2.0
// Hamming distances; included by kernels.inl after bit_slices.inl.

inline std::uint32_t count_bits(std::uint64_t word) {
#if defined(__POPCNT__)
  return static_cast<std::uint32_t>(__builtin_popcountll(word));
#else
  // The classic parallel count (Warren, Hacker's Delight, 5-1): without the instruction it beats a table.
  word -= word >> 1 & 0x5555555555555555ULL;
  word = (word & 0x3333333333333333ULL) + (word >> 2 & 0x3333333333333333ULL);
  word = (word + (word >> 4)) & 0x0f0f0f0f0f0f0f0fULL;
  return static_cast<std::uint32_t>(word * 0x0101010101010101ULL >> 56);
#endif
}

inline std::uint32_t differing_bits(const std::uint64_t* x, const std::uint64_t* y, std::int64_t words) {
  std::uint32_t distance = 0;
  for (std::int64_t word = 0; word < words; ++word) distance += count_bits(x[word] ^ y[word]);
  return distance;
}

void hamming(const std::uint64_t* code, const std::uint64_t* codes, std::int64_t words, std::int64_t count,
             std::uint32_t* distances) {
  if (words == 1) {
    const std::uint64_t only = *code;
    for (std::int64_t k = 0; k < count; ++k) distances[k] = count_bits(only ^ codes[k]);
    return;
  }
  for (std::int64_t k = 0; k < count; ++k) distances[k] = differing_bits(code, codes + k * words, words);
}

// So few codes are cheaper to count one by one than to look at through another slice.
constexpr int kFewCodes = 4;

inline int count_codes(Bits marked) {
  std::uint64_t words[kLanes / 2];
  __builtin_memcpy(words, &marked, sizeof words);
  int count = 0;
  for (const auto word : words) count += static_cast<int>(count_bits(word));
  return count;
}

/// near_codes with counters of kPlanes bits, 2^kPlanes > reach. They start at 2^kPlanes - 1 - reach, so they outgrow
/// their planes exactly when the count exceeds the reach.
template <int kPlanes>
std::int64_t near_codes_by(const CodeBlock& block, const std::uint64_t* codes, std::int64_t count, std::int64_t reach,
                           NearCodes* found) {
  Counts<kPlanes> start;
  for (int p = 0; p < kPlanes; ++p) start.planes[p] = splat_bits((((1LL << kPlanes) - 1 - reach) >> p & 1) != 0);
  start.over = ~present_codes(block.count);
  const std::int64_t first_check = reach / kSliceBits + 1;

  NearCodes* next = found;
  for (std::int64_t row = 0; row < count; ++row) {
    const std::uint64_t* const code = codes + row * block.words;
    Counts<kPlanes> counts = start;
    for (std::int64_t slice = 0;;) {
      counts.add_slice(block.slices + slice * kSliceVectors * kLanes,
                       static_cast<std::uint32_t>(code[slice / 2] >> slice % 2 * 32));
      if (++slice == block.num_slices) break;
      if (slice >= first_check && (!any_bit(~counts.over) || count_codes(~counts.over) <= kFewCodes)) break;
    }
    if (!any_bit(~counts.over)) continue;
    std::uint32_t lanes[kLanes];
    store_bits(lanes, ~counts.over);
    for (std::uint32_t lane = 0; lane < kLanes; ++lane) {
      for (std::uint32_t left = lanes[lane]; left != 0; left &= left - 1) {
        const std::uint32_t column = 32 * lane + static_cast<std::uint32_t>(__builtin_ctz(left));
        const std::uint32_t distance = differing_bits(code, block.codes + column * block.words, block.words);
        *next = {static_cast<std::uint32_t>(row), column, distance};
        next += distance <= reach;
      }
    }
  }
  return next - found;
}

std::int64_t near_codes(const CodeBlock& block, const std::uint64_t* codes, std::int64_t count, std::int64_t reach,
                        NearCodes* found) {
  if (reach < 8) return near_codes_by<3>(block, codes, count, reach, found);
  if (reach < 16) return near_codes_by<4>(block, codes, count, reach, found);
  if (reach < 32) return near_codes_by<5>(block, codes, count, reach, found);
  if (reach < 512) return near_codes_by<9>(block, codes, count, reach, found);
  return near_codes_by<13>(block, codes, count, reach, found);
}

/// Bits of a code that stand for one of its pieces.
struct Piece {
  std::int64_t word;
  int shift;
  bool split;  ///< goes on in the next word
  std::uint32_t mask;

  std::uint32_t of(const std::uint64_t* code) const {
    std::uint64_t value = code[word] >> shift;
    if (split) value |= code[word + 1] << (64 - shift);
    return static_cast<std::uint32_t>(value) & mask;
  }
};

inline Piece piece_at(const PieceSearch& search, std::int64_t index) {
  const std::int64_t begin = index * search.code_bits / (search.reach + 1);
  const std::int64_t end = (index + 1) * search.code_bits / (search.reach + 1);
  std::uint32_t mask = 1;
  std::int64_t width = 0;
  for (; width < end - begin && mask < kPieceValues; ++width) mask <<= 1;
  return {begin / 64, static_cast<int>(begin % 64), begin % 64 + width > 64, mask - 1};
}

/// Whether a piece before `index` is equal, too: the pair has been found there.
inline bool found_before(const PieceSearch& search, std::int64_t index, const std::uint64_t* x,
                         const std::uint64_t* y) {
  for (std::int64_t k = 0; k < index; ++k) {
    const Piece piece = piece_at(search, k);
    if (piece.of(x) == piece.of(y)) return true;
  }
  return false;
}

std::int64_t near_codes_by_pieces(const PieceSearch& search, NearCodes* found) {
  NearCodes* next = found;
  std::int64_t candidates = 0;
  for (std::int64_t index = 0; index <= search.reach; ++index) {
    const Piece piece = piece_at(search, index);
    for (std::int64_t value = 0; value <= piece.mask; ++value) search.heads[value] = -1;
    for (std::int64_t column = 0; column < search.num_columns; ++column) {
      std::int32_t& head = search.heads[piece.of(search.columns + column * search.words)];
      search.next[column] = head;
      head = static_cast<std::int32_t>(column);
    }
    for (std::int64_t row = 0; row < search.num_rows; ++row) {
      const std::uint64_t* const code = search.rows + row * search.words;
      const std::int64_t left_out = row + search.diagonal < -1 ? -1 : row + search.diagonal;
      // A bucket's columns descend.
      for (std::int32_t column = search.heads[piece.of(code)]; column > left_out; column = search.next[column]) {
        if (++candidates > search.max_candidates) return -1;
        const std::uint64_t* const other = search.columns + column * search.words;
        const std::uint32_t distance = differing_bits(code, other, search.words);
        if (distance > search.reach || found_before(search, index, code, other)) continue;
        if (next - found == search.max_found) return -1;
        *next++ = {static_cast<std::uint32_t>(row), static_cast<std::uint32_t>(column), distance};
      }
    }
  }
  return next - found;
}
