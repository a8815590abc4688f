// SPDX-License-Identifier: Apache-2.0
#include "simile/core/simd.hpp"

#include <algorithm>
#include <cstdlib>
#include <string>

#include "simile/core/error.hpp"
#include "simile/core/text.hpp"

namespace simile {

std::string_view to_string(SimdLevel level) {
  switch (level) {
    case SimdLevel::portable:
      return "portable";
    case SimdLevel::avx2:
      return "avx2";
    case SimdLevel::avx512:
      return "avx512";
  }
  return "unknown";
}

std::vector<SimdLevel> supported_simd_levels() {
  std::vector<SimdLevel> levels{SimdLevel::portable};
#if defined(__x86_64__)
  const bool avx2 = __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("fma") != 0 &&
                    __builtin_cpu_supports("popcnt") != 0 && __builtin_cpu_supports("bmi2") != 0;
  if (avx2) levels.push_back(SimdLevel::avx2);
  const bool avx512 = __builtin_cpu_supports("avx512f") != 0 && __builtin_cpu_supports("avx512bw") != 0 &&
                      __builtin_cpu_supports("avx512vl") != 0 && __builtin_cpu_supports("avx512dq") != 0;
  if (avx2 && avx512) levels.push_back(SimdLevel::avx512);
#endif
  return levels;
}

SimdLevel simd_level() {
  const auto levels = supported_simd_levels();
  const char* const wanted = std::getenv("SIMILE_SIMD");  // NOLINT(concurrency-mt-unsafe): nothing sets it
  if (wanted == nullptr || *wanted == '\0') return levels.back();
  const auto found =
      std::find_if(levels.begin(), levels.end(), [&](SimdLevel level) { return to_string(level) == wanted; });
  if (found != levels.end()) return *found;
  std::string known;
  for (const auto level : levels) known += concat(known.empty() ? "" : ", ", to_string(level));
  throw Error(ErrorCode::invalid_argument, concat("SIMILE_SIMD is ", in_quotes(wanted), "; this machine has ", known));
}

}  // namespace simile
