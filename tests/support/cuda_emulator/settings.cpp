// SPDX-License-Identifier: Apache-2.0
#include "settings.hpp"

#include <algorithm>
#include <cstdlib>

#include "cuda_emulator.hpp"
#include "fatal.hpp"

namespace simile::emulator {
namespace {

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  if (text == nullptr) return otherwise;
  char* end = nullptr;
  const std::uint64_t value = std::strtoull(text, &end, 10);
  if (*text == '\0' || *end != '\0') fail(name, " is '", text, "', not a number");
  return value;
}

}  // namespace

Settings& settings() {
  static Settings& instance =
      *new Settings{from_environment("SIMILE_EMULATOR_MEMORY", 1u << 30), from_environment("SIMILE_EMULATOR_SEED", 1),
                    static_cast<int>(std::clamp<std::uint64_t>(from_environment("SIMILE_EMULATOR_THREADS", 2), 1, 64))};
  return instance;
}

void set_seed(std::uint64_t seed) { settings().seed = seed; }
std::uint64_t seed() { return settings().seed; }
void set_threads(int count) { settings().threads = std::clamp(count, 1, 64); }
int threads() { return settings().threads; }
void set_singles_per_double(int count) { settings().singles_per_double = count; }
void set_device_present(bool present) { settings().device_present = present; }

}  // namespace simile::emulator
