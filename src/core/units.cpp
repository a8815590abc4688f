// SPDX-License-Identifier: Apache-2.0
#include "simile/core/units.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <utility>

#include <sys/sysinfo.h>
#include <unistd.h>

#include "simile/core/error.hpp"
#include "simile/core/text.hpp"

namespace simile {
namespace {

constexpr std::array<std::pair<std::string_view, double>, 14> kUnits{{{"", 1},
                                                                      {"b", 1},
                                                                      {"k", 1024},
                                                                      {"m", 0x1p20},
                                                                      {"g", 0x1p30},
                                                                      {"t", 0x1p40},
                                                                      {"kb", 1e3},
                                                                      {"mb", 1e6},
                                                                      {"gb", 1e9},
                                                                      {"tb", 1e12},
                                                                      {"kib", 0x1p10},
                                                                      {"mib", 0x1p20},
                                                                      {"gib", 0x1p30},
                                                                      {"tib", 0x1p40}}};

std::string printed(const char* format, double value) {
  std::array<char, 64> buffer{};
  const int length = std::snprintf(buffer.data(), buffer.size(), format, value);
  return {buffer.data(), static_cast<std::size_t>(std::clamp(length, 0, 63))};
}

/// The number in a control group's file, or `fallback` ("max", or no such file).
std::int64_t read_limit(const char* path, std::int64_t fallback) {
  std::ifstream file(path);
  std::int64_t value = 0;
  return file >> value && value > 0 ? value : fallback;
}

}  // namespace

std::int64_t parse_bytes(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  std::string unit;
  for (const char* p = end; p != text.data() + text.size(); ++p) {
    if (*p != ' ') unit += static_cast<char>(*p >= 'A' && *p <= 'Z' ? *p - 'A' + 'a' : *p);
  }
  const auto* known =
      std::find_if(kUnits.begin(), kUnits.end(), [&](const auto& entry) { return entry.first == unit; });
  if (error != std::errc() || known == kUnits.end() || !std::isfinite(value) || value < 0 ||
      value * known->second > 0x1p62) {
    throw Error(
        ErrorCode::invalid_argument,
        concat(in_quotes(text), " is no size: write bytes, or a number with a unit such as 512MiB, 4GiB or 2GB"));
  }
  return static_cast<std::int64_t>(value * known->second);
}

std::string format_bytes(std::int64_t bytes) {
  if (bytes < 1024) return concat(bytes, " B");
  static constexpr std::array<const char*, 4> kFormats{"%.1f KiB", "%.1f MiB", "%.1f GiB", "%.1f TiB"};
  double value = static_cast<double>(bytes) / 1024;
  std::size_t step = 0;
  while (value >= 1023.95 && step + 1 < kFormats.size()) {
    value /= 1024;
    ++step;
  }
  return printed(kFormats[step], value);
}

std::string format_count(std::int64_t count) {
  const std::string digits = std::to_string(count);
  std::string out;
  for (std::size_t k = 0; k < digits.size(); ++k) {
    if (k > 0 && digits[k - 1] != '-' && (digits.size() - k) % 3 == 0) out += ',';
    out += digits[k];
  }
  return out;
}

std::string format_counted(std::int64_t count, std::string_view one, std::string_view many) {
  return concat(format_count(count), ' ', count == 1 ? one : many);
}

std::string format_share(double share) {
  const auto tenths = static_cast<std::int64_t>(share * 1000);
  return concat(tenths / 10, ".", tenths % 10, "%");
}

std::string format_rate(double per_second) {
  static constexpr std::array<const char*, 5> kSuffixes{"", " k", " M", " G", " T"};
  std::size_t step = 0;
  while (per_second >= 999.5 && step + 1 < kSuffixes.size()) {
    per_second /= 1000;
    ++step;
  }
  return printed(per_second < 9.995 ? "%.2f" : per_second < 99.95 ? "%.1f" : "%.0f", per_second) + kSuffixes[step];
}

std::string format_duration(double seconds) {
  if (!(seconds >= 0) || seconds > 1e9) return "?";
  if (seconds < 0.0095) return printed("%.1f ms", 1000 * seconds);
  if (seconds < 9.995) return printed("%.2f s", seconds);
  if (seconds < 59.95) return printed("%.1f s", seconds);
  const auto whole = static_cast<std::int64_t>(std::llround(seconds));
  const auto two = [](std::int64_t value) { return concat(value < 10 ? "0" : "", value); };
  if (whole < 3600) return concat(whole / 60, " min ", two(whole % 60), " s");
  return concat(whole / 3600, " h ", two(whole / 60 % 60), " min");
}

std::int64_t available_memory_bytes() {
  struct sysinfo info{};
  std::int64_t physical = 4LL << 30;
  if (sysinfo(&info) == 0) physical = static_cast<std::int64_t>(info.totalram) * info.mem_unit;
  return std::min({physical, read_limit("/sys/fs/cgroup/memory.max", physical),
                   read_limit("/sys/fs/cgroup/memory/memory.limit_in_bytes", physical)});
}

}  // namespace simile
