// SPDX-License-Identifier: Apache-2.0
#include "simile/core/simd.hpp"

#include <atomic>
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

namespace {

SimdLevel require_supported(std::string_view wanted) {
  const auto levels = supported_simd_levels();
  std::string known;
  for (const auto level : levels) {
    if (to_string(level) == wanted) return level;
    known += concat(known.empty() ? "" : ", ", to_string(level));
  }
  throw Error(ErrorCode::invalid_argument,
              concat("SIMD level ", in_quotes(wanted), " (SIMILE_SIMD): this machine has ", known));
}

SimdLevel initial_level() {
  const char* const wanted = std::getenv("SIMILE_SIMD");  // NOLINT(concurrency-mt-unsafe): nothing sets it
  return wanted == nullptr || *wanted == '\0' ? supported_simd_levels().back() : require_supported(wanted);
}

std::atomic<SimdLevel>& current_level() {
  static std::atomic<SimdLevel> level{initial_level()};
  return level;
}

}  // namespace

SimdLevel simd_level() { return current_level().load(std::memory_order_relaxed); }

void set_simd_level(SimdLevel level) {
  current_level().store(require_supported(to_string(level)), std::memory_order_relaxed);
}

}  // namespace simile
