// SPDX-License-Identifier: Apache-2.0
#pragma once

/// int2, float4 ... and dim3, with the sizes and alignments of the real ones.

#define SIMILE_EMULATED_VECTORS(name, element, align2, align4)                         \
  struct name##1 { element x; };                                                       \
  struct __attribute__((aligned(align2))) name##2 { element x, y; };                   \
  struct name##3 { element x, y, z; };                                                 \
  struct __attribute__((aligned(align4))) name##4 { element x, y, z, w; };             \
  inline name##1 make_##name##1(element x) { return {x}; }                             \
  inline name##2 make_##name##2(element x, element y) { return {x, y}; }               \
  inline name##3 make_##name##3(element x, element y, element z) { return {x, y, z}; } \
  inline name##4 make_##name##4(element x, element y, element z, element w) { return {x, y, z, w}; }

SIMILE_EMULATED_VECTORS(char, signed char, 2, 4)
SIMILE_EMULATED_VECTORS(uchar, unsigned char, 2, 4)
SIMILE_EMULATED_VECTORS(short, short, 4, 8)
SIMILE_EMULATED_VECTORS(ushort, unsigned short, 4, 8)
SIMILE_EMULATED_VECTORS(int, int, 8, 16)
SIMILE_EMULATED_VECTORS(uint, unsigned int, 8, 16)
SIMILE_EMULATED_VECTORS(longlong, long long, 16, 16)
SIMILE_EMULATED_VECTORS(ulonglong, unsigned long long, 16, 16)
SIMILE_EMULATED_VECTORS(float, float, 8, 16)
SIMILE_EMULATED_VECTORS(double, double, 16, 16)

#undef SIMILE_EMULATED_VECTORS

struct dim3 {
  unsigned int x, y, z;
  constexpr dim3(unsigned int nx = 1, unsigned int ny = 1, unsigned int nz = 1) : x(nx), y(ny), z(nz) {}
  constexpr dim3(uint3 other) : x(other.x), y(other.y), z(other.z) {}
  constexpr operator uint3() const { return {x, y, z}; }
};
