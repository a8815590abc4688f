// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#include <vector>

namespace simile {

/// Instruction sets with kernels of their own. Every level gives the same decisions.
/// vnni: AVX-512 with VNNI, VPOPCNTDQ, BITALG and VBMI (Ice Lake, Zen 4); amx: that and int8 and bf16 tiles (Sapphire
/// Rapids).
enum class SimdLevel { portable, avx2, avx512, vnni, amx };

std::string_view to_string(SimdLevel level);

/// Levels this machine can run, ascending; always starts with portable.
std::vector<SimdLevel> supported_simd_levels();

/// The level in use: the highest supported, or the one that SIMILE_SIMD (portable, avx2, avx512, vnni or amx) names.
/// Throws invalid_argument when that is unknown or not supported here.
SimdLevel simd_level();

/// Uses `level` from now on, for tests that compare levels. Throws invalid_argument when it is not supported here.
void set_simd_level(SimdLevel level);

}  // namespace simile
