// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>

namespace simile::cuda {

/// Makes vectors of `length` values, one after the other, orthonormal (Gram and Schmidt, each projection twice). One
/// that depends on those before it becomes zeros.
void orthonormalise(std::span<double> vectors, std::int64_t length);

/// How far vectors are from orthonormal: the Frobenius norm of Q'Q - I over those that are not zeros. Of `count`
/// vectors what is computed may be off by count * length * 2^-53.
double deviation(std::span<const double> vectors, std::int64_t length);

}  // namespace simile::cuda
