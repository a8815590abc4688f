// SPDX-License-Identifier: Apache-2.0
// Hamming distances; included by kernels.inl.

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

void hamming(const std::uint64_t* code, const std::uint64_t* codes, std::int64_t words, std::int64_t count,
             std::uint32_t* distances) {
  if (words == 1) {
    const std::uint64_t only = *code;
    for (std::int64_t k = 0; k < count; ++k) distances[k] = count_bits(only ^ codes[k]);
    return;
  }
  for (std::int64_t k = 0; k < count; ++k) {
    const std::uint64_t* other = codes + k * words;
    std::uint32_t distance = 0;
    for (std::int64_t word = 0; word < words; ++word) distance += count_bits(code[word] ^ other[word]);
    distances[k] = distance;
  }
}
