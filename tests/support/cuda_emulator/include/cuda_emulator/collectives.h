// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cstdint>
#include <source_location>
#include <type_traits>

#include "cuda_emulator/vector_types.h"

/// Where a thread stands, and what makes the threads of a block or of a warp wait for each other.

extern thread_local constinit uint3 threadIdx;
extern thread_local constinit uint3 blockIdx;
extern thread_local constinit dim3 blockDim;
extern thread_local constinit dim3 gridDim;
inline constexpr int warpSize = 32;

namespace simile::emulator {

using Where = std::source_location;

/// What a barrier of the block says about the predicates given to it.
struct BlockVote {
  int count = 0;
  int of = 0;
};
BlockVote block_barrier(bool predicate, Where where);

enum class WarpOperation : std::uint8_t {
  sync,
  shuffle,
  ballot,
  add,
  min,
  max,
  min_signed,
  max_signed,
  bit_or,
  bit_and,
  bit_xor,
  match
};
const char* name_of(WarpOperation operation);

/// Waits for the lanes of `mask`; for a shuffle gives what `source_lane` brought, else the joint value.
std::uint64_t warp_collective(WarpOperation operation, unsigned mask, std::uint64_t value, int source_lane,
                              Where where);
int lane_index();

/// A point where other threads of the block may go first, at random: atomics and fences. Never a barrier.
void may_switch();

template <class T>
std::uint64_t to_bits(T value) {
  static_assert(sizeof(T) <= 8 && std::is_trivially_copyable_v<T>);
  std::uint64_t bits = 0;
  __builtin_memcpy(&bits, &value, sizeof(T));
  return bits;
}
template <class T>
T from_bits(std::uint64_t bits) {
  T value;
  __builtin_memcpy(&value, &bits, sizeof(T));
  return value;
}
void check_width(int width, Where where);

template <class T>
T shuffle(unsigned mask, T value, int source_lane, Where where) {
  return from_bits<T>(warp_collective(WarpOperation::shuffle, mask, to_bits(value), source_lane, where));
}

}  // namespace simile::emulator

#define SIMILE_WHERE ::simile::emulator::Where where = ::simile::emulator::Where::current()

inline void __syncthreads(SIMILE_WHERE) { ::simile::emulator::block_barrier(false, where); }
inline int __syncthreads_count(int predicate, SIMILE_WHERE) {
  return ::simile::emulator::block_barrier(predicate != 0, where).count;
}
inline int __syncthreads_or(int predicate, SIMILE_WHERE) {
  return ::simile::emulator::block_barrier(predicate != 0, where).count > 0;
}
inline int __syncthreads_and(int predicate, SIMILE_WHERE) {
  const auto vote = ::simile::emulator::block_barrier(predicate != 0, where);
  return vote.count == vote.of;
}
inline void __syncwarp(unsigned mask = 0xffffffffu, SIMILE_WHERE) {
  ::simile::emulator::warp_collective(::simile::emulator::WarpOperation::sync, mask, 0, 0, where);
}

template <class T>
T __shfl_sync(unsigned mask, T value, int source, int width = 32, SIMILE_WHERE) {
  ::simile::emulator::check_width(width, where);
  const int lane = ::simile::emulator::lane_index();
  return ::simile::emulator::shuffle(mask, value, (lane & ~(width - 1)) + (source & (width - 1)), where);
}
template <class T>
T __shfl_up_sync(unsigned mask, T value, unsigned delta, int width = 32, SIMILE_WHERE) {
  ::simile::emulator::check_width(width, where);
  const int lane = ::simile::emulator::lane_index();
  const int source = lane - static_cast<int>(delta);
  return ::simile::emulator::shuffle(mask, value, source < (lane & ~(width - 1)) ? lane : source, where);
}
template <class T>
T __shfl_down_sync(unsigned mask, T value, unsigned delta, int width = 32, SIMILE_WHERE) {
  ::simile::emulator::check_width(width, where);
  const int lane = ::simile::emulator::lane_index();
  const int source = lane + static_cast<int>(delta);
  return ::simile::emulator::shuffle(mask, value, source > (lane | (width - 1)) ? lane : source, where);
}
template <class T>
T __shfl_xor_sync(unsigned mask, T value, int lane_mask, int width = 32, SIMILE_WHERE) {
  ::simile::emulator::check_width(width, where);
  const int lane = ::simile::emulator::lane_index();
  const int source = lane ^ lane_mask;
  return ::simile::emulator::shuffle(mask, value, source > (lane | (width - 1)) ? lane : source, where);
}

inline unsigned __ballot_sync(unsigned mask, int predicate, SIMILE_WHERE) {
  return static_cast<unsigned>(
      ::simile::emulator::warp_collective(::simile::emulator::WarpOperation::ballot, mask, predicate != 0, 0, where));
}
inline int __any_sync(unsigned mask, int predicate, SIMILE_WHERE) { return __ballot_sync(mask, predicate, where) != 0; }
inline int __all_sync(unsigned mask, int predicate, SIMILE_WHERE) {
  return __ballot_sync(mask, !predicate, where) == 0;
}
template <class T>
unsigned __match_any_sync(unsigned mask, T value, SIMILE_WHERE) {
  return static_cast<unsigned>(::simile::emulator::warp_collective(::simile::emulator::WarpOperation::match, mask,
                                                                   ::simile::emulator::to_bits(value), 0, where));
}

#define SIMILE_EMULATED_REDUCE(name, type, operation)                                                                \
  inline type name(unsigned mask, type value, SIMILE_WHERE) {                                                        \
    return static_cast<type>(::simile::emulator::warp_collective(::simile::emulator::WarpOperation::operation, mask, \
                                                                 static_cast<unsigned>(value), 0, where));           \
  }
SIMILE_EMULATED_REDUCE(__reduce_add_sync, unsigned, add)
SIMILE_EMULATED_REDUCE(__reduce_add_sync, int, add)
SIMILE_EMULATED_REDUCE(__reduce_min_sync, unsigned, min)
SIMILE_EMULATED_REDUCE(__reduce_min_sync, int, min_signed)
SIMILE_EMULATED_REDUCE(__reduce_max_sync, unsigned, max)
SIMILE_EMULATED_REDUCE(__reduce_max_sync, int, max_signed)
SIMILE_EMULATED_REDUCE(__reduce_or_sync, unsigned, bit_or)
SIMILE_EMULATED_REDUCE(__reduce_and_sync, unsigned, bit_and)
SIMILE_EMULATED_REDUCE(__reduce_xor_sync, unsigned, bit_xor)
#undef SIMILE_EMULATED_REDUCE
#undef SIMILE_WHERE

inline void __threadfence() {
  __atomic_thread_fence(__ATOMIC_SEQ_CST);
  ::simile::emulator::may_switch();
}
inline void __threadfence_block() { __threadfence(); }
inline void __threadfence_system() { __threadfence(); }
inline void __nanosleep(unsigned) { ::simile::emulator::may_switch(); }
[[noreturn]] inline void __trap() { __builtin_trap(); }
