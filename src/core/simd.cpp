// SPDX-License-Identifier: Apache-2.0
#include "simile/core/simd.hpp"

#include <atomic>
#include <cstdlib>
#include <string>

#if defined(__x86_64__)
#include <cpuid.h>
#if defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif
#endif

#include "simile/core/error.hpp"
#include "simile/core/text.hpp"

namespace simile {
namespace {

#if defined(__x86_64__)
/// Whether there are int8 and bf16 tiles and the kernel lets this process use them: their state is large, so it must be
/// asked for (arch_prctl(2), ARCH_REQ_XCOMP_PERM). The permission holds for every thread made later.
bool tiles_usable() {
#if defined(__linux__)
  constexpr unsigned kBf16 = 1U << 22;
  constexpr unsigned kTile = 1U << 24;
  constexpr unsigned kInt8 = 1U << 25;
  constexpr long kRequestPermission = 0x1023;
  constexpr long kTileData = 18;
  unsigned eax = 0;
  unsigned ebx = 0;
  unsigned ecx = 0;
  unsigned edx = 0;
  if (__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) == 0) return false;
  if ((edx & kBf16) == 0 || (edx & kTile) == 0 || (edx & kInt8) == 0) return false;
  return syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
#else
  return false;
#endif
}
#endif

}  // namespace

std::string_view to_string(SimdLevel level) {
  switch (level) {
    case SimdLevel::portable:
      return "portable";
    case SimdLevel::avx2:
      return "avx2";
    case SimdLevel::avx512:
      return "avx512";
    case SimdLevel::vnni:
      return "vnni";
    case SimdLevel::amx:
      return "amx";
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
  const bool vnni = __builtin_cpu_supports("avx512vnni") != 0 && __builtin_cpu_supports("avx512vpopcntdq") != 0 &&
                    __builtin_cpu_supports("avx512bitalg") != 0 && __builtin_cpu_supports("avx512vbmi") != 0;
  if (avx2 && avx512 && vnni) levels.push_back(SimdLevel::vnni);
  static const bool tiles = tiles_usable();
  if (avx2 && avx512 && vnni && tiles) levels.push_back(SimdLevel::amx);
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
