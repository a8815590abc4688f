// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <bit>
#include <cstdint>
#include <type_traits>

#include "cuda_emulator/collectives.h"

/// Real atomics of the host, in relaxed order as CUDA's; each may let other threads of the block go first, before and
/// after, so that what is not atomic as a whole shows.

namespace simile::emulator {

/// Applies `update` to *address until no other thread came between; gives the value before.
template <class T, class Update>
T atomic_update(T* address, Update update) {
  may_switch();
  std::atomic_ref<T> cell(*address);
  T old = cell.load(std::memory_order_relaxed);
  while (!cell.compare_exchange_weak(old, update(old), std::memory_order_relaxed)) {
  }
  may_switch();
  return old;
}

}  // namespace simile::emulator

#define SIMILE_EMULATED_ATOMIC(name, type, expression)                                                              \
  inline type name(type* address, type value) {                                                                     \
    return ::simile::emulator::atomic_update(address, [value](type old) { return static_cast<type>(expression); }); \
  }
#define SIMILE_EMULATED_ATOMICS_OF(type)                             \
  SIMILE_EMULATED_ATOMIC(atomicMin, type, value < old ? value : old) \
  SIMILE_EMULATED_ATOMIC(atomicMax, type, old < value ? value : old) \
  SIMILE_EMULATED_ATOMIC(atomicOr, type, old | value)                \
  SIMILE_EMULATED_ATOMIC(atomicAnd, type, old& value)                \
  SIMILE_EMULATED_ATOMIC(atomicXor, type, old ^ value)               \
  SIMILE_EMULATED_ATOMIC(atomicExch, type, (static_cast<void>(old), value))

SIMILE_EMULATED_ATOMICS_OF(int)
SIMILE_EMULATED_ATOMICS_OF(unsigned)
SIMILE_EMULATED_ATOMICS_OF(long long)
SIMILE_EMULATED_ATOMICS_OF(unsigned long long)
SIMILE_EMULATED_ATOMIC(atomicExch, float, (static_cast<void>(old), value))
SIMILE_EMULATED_ATOMIC(atomicAdd, int, static_cast<unsigned>(old) + static_cast<unsigned>(value))
SIMILE_EMULATED_ATOMIC(atomicAdd, unsigned, old + value)
SIMILE_EMULATED_ATOMIC(atomicAdd, unsigned long long, old + value)
SIMILE_EMULATED_ATOMIC(atomicAdd, float, old + value)
SIMILE_EMULATED_ATOMIC(atomicAdd, double, old + value)
SIMILE_EMULATED_ATOMIC(atomicSub, int, static_cast<unsigned>(old) - static_cast<unsigned>(value))
SIMILE_EMULATED_ATOMIC(atomicSub, unsigned, old - value)
SIMILE_EMULATED_ATOMIC(atomicInc, unsigned, old >= value ? 0u : old + 1)
#undef SIMILE_EMULATED_ATOMICS_OF
#undef SIMILE_EMULATED_ATOMIC

#define SIMILE_EMULATED_CAS(type)                                                                        \
  inline type atomicCAS(type* address, type expected, type value) {                                      \
    ::simile::emulator::may_switch();                                                                    \
    std::atomic_ref<type>(*address).compare_exchange_strong(expected, value, std::memory_order_relaxed); \
    ::simile::emulator::may_switch();                                                                    \
    return expected;                                                                                     \
  }
SIMILE_EMULATED_CAS(int)
SIMILE_EMULATED_CAS(unsigned)
SIMILE_EMULATED_CAS(unsigned long long)
SIMILE_EMULATED_CAS(unsigned short)
#undef SIMILE_EMULATED_CAS

/// Loads and stores with a cache's hint. Those that go past the first cache are what lock-free code reads with: atomic
/// here where the size allows.
namespace simile::emulator {
template <class T>
T load_shared(const T* address) {
  may_switch();
  if constexpr (std::is_scalar_v<T>) {
    const T value = std::atomic_ref<T>(*const_cast<T*>(address)).load(std::memory_order_relaxed);
    may_switch();  // it may be old news by now
    return value;
  } else {
    return *address;
  }
}
template <class T>
void store_shared(T* address, T value) {
  may_switch();
  if constexpr (std::is_scalar_v<T>) {
    std::atomic_ref<T>(*address).store(value, std::memory_order_relaxed);
  } else {
    *address = value;
  }
  may_switch();
}
}  // namespace simile::emulator

template <class T>
T __ldg(const T* address) {
  return *address;
}
template <class T>
T __ldca(const T* address) {
  return *address;
}
template <class T>
T __ldcs(const T* address) {
  return *address;
}
template <class T>
T __ldcg(const T* address) {
  return ::simile::emulator::load_shared(address);
}
template <class T>
T __ldcv(const T* address) {
  return ::simile::emulator::load_shared(address);
}
template <class T>
void __stcg(T* address, std::type_identity_t<T> value) {
  ::simile::emulator::store_shared(address, value);
}
template <class T>
void __stcs(T* address, std::type_identity_t<T> value) {
  *address = value;
}
template <class T>
void __stwt(T* address, std::type_identity_t<T> value) {
  ::simile::emulator::store_shared(address, value);
}
