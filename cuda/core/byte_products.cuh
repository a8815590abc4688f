// SPDX-License-Identifier: Apache-2.0
#pragma once

// Products of small matrices of bytes by a warp, on tensor cores.

#include <cstdint>

#include <cuda_runtime.h>

namespace simile::cuda {

// sum += a b of 16 x 32 bytes a and 32 x 8 bytes b, exact below 2^31; by all 32 threads of a warp, that is of 32
// threads in a row of a block of (x, y). Of a matrix a thread has, with g = lane / 4, q = lane % 4, and word q of a row
// of a, or of a column of b, its places 4 q .. 4 q + 3, the first in the lowest byte:
//   a:   words q of rows g and g + 8, then words q + 4 of these;
//   b:   words q and q + 4 of column g;
//   sum: row g, columns 2 q and 2 q + 1, then row g + 8, the same.
// Where both a and b are filled so, the order of k is free: any permutation of its 32 places gives the same.

#if defined(SIMILE_CUDA_EMULATED)
/// The same by plain sums, of words as __dp4a() takes them.
template <class Word>
void add_emulated_products(std::int32_t (&sum)[4], const unsigned (&a)[4], const unsigned (&b)[2]) {
  __shared__ unsigned words[32][32][6];  // of each thread of each warp: its a, then its b
  const int thread = static_cast<int>(threadIdx.y * blockDim.x + threadIdx.x);
  const int lane = thread % 32;
  auto& warp = words[thread / 32];
  for (int k = 0; k < 4; ++k) warp[lane][k] = a[k];
  for (int k = 0; k < 2; ++k) warp[lane][4 + k] = b[k];
  __syncwarp();
  for (int place = 0; place < 4; ++place) {
    const int row = lane / 4;
    const int column = 2 * (lane % 4) + place % 2;
    for (int word = 0; word < 8; ++word) {
      const unsigned x = warp[4 * row + word % 4][place / 2 + word / 4 * 2];
      const unsigned y = warp[4 * column + word % 4][4 + word / 4];
      sum[place] =
          static_cast<std::int32_t>(__dp4a(static_cast<Word>(x), static_cast<Word>(y), static_cast<Word>(sum[place])));
    }
  }
  __syncwarp();  // what the next product may write over
}
#endif

/// Of bytes 0 .. 255.
__device__ inline void multiply_unsigned_bytes(std::int32_t (&sum)[4], const unsigned (&a)[4], const unsigned (&b)[2]) {
#if defined(SIMILE_CUDA_EMULATED)
  add_emulated_products<unsigned>(sum, a, b);
#else
  asm volatile(
      "mma.sync.aligned.m16n8k32.row.col.s32.u8.u8.s32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
      : "+r"(sum[0]), "+r"(sum[1]), "+r"(sum[2]), "+r"(sum[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
#endif
}

/// Of bytes -128 .. 127.
__device__ inline void multiply_signed_bytes(std::int32_t (&sum)[4], const unsigned (&a)[4], const unsigned (&b)[2]) {
#if defined(SIMILE_CUDA_EMULATED)
  add_emulated_products<int>(sum, a, b);
#else
  asm volatile(
      "mma.sync.aligned.m16n8k32.row.col.s32.s8.s8.s32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
      : "+r"(sum[0]), "+r"(sum[1]), "+r"(sum[2]), "+r"(sum[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
#endif
}

}  // namespace simile::cuda
