// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace simile::emulator {

/// Inner products of k elements, as a device may sum them (cublas_v2.h says how). Halves come widened to float.
float product_of_halves(const float* a, const float* b, std::int64_t k);
float product(const float* a, const float* b, std::int64_t k);
double product(const double* a, const double* b, std::int64_t k);
/// Modulo 2^32.
std::int32_t product(const std::int8_t* a, const std::int8_t* b, std::int64_t k);

}  // namespace simile::emulator
