// SPDX-License-Identifier: Apache-2.0
#include "memory.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "cuda_emulator.hpp"
#include "fatal.hpp"
#include "settings.hpp"
#include "streams.hpp"

#if defined(__SANITIZE_ADDRESS__)
#define SIMILE_WITH_ADDRESS_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SIMILE_WITH_ADDRESS_SANITIZER 1
#endif
#endif
#ifdef SIMILE_WITH_ADDRESS_SANITIZER
#include <sanitizer/asan_interface.h>
#endif

namespace simile::emulator {
namespace {

constexpr std::size_t kAlignment = 256;
constexpr int kGarbage = 0xA5;
constexpr int kGuard = 0xC7;
/// Freed memory that is kept, so that who still uses it harms nobody else and reads garbage.
constexpr std::size_t kRetiredBytes = 64 << 20;

#ifdef SIMILE_WITH_ADDRESS_SANITIZER
constexpr std::size_t kGuardBytes = 0;
void forbid(const Allocation& allocation) { __asan_poison_memory_region(allocation.data, allocation.bytes); }
void permit(const Allocation& allocation) { __asan_unpoison_memory_region(allocation.data, allocation.bytes); }
#else
constexpr std::size_t kGuardBytes = 256;
void forbid(const Allocation&) {}
void permit(const Allocation&) {}
#endif

Allocation take(std::size_t bytes) {
  Allocation allocation;
  allocation.bytes = bytes;
  void* base = nullptr;
  if (posix_memalign(&base, kAlignment, bytes + 2 * kGuardBytes) != 0) return allocation;
  allocation.base = static_cast<char*>(base);
  allocation.data = allocation.base + kGuardBytes;
  std::memset(allocation.base, kGuard, kGuardBytes);
  std::memset(allocation.data, kGarbage, bytes);
  std::memset(allocation.data + bytes, kGuard, kGuardBytes);
  return allocation;
}

void check_guards(const Allocation& allocation) {
  for (std::size_t i = 0; i < kGuardBytes; ++i) {
    if (static_cast<unsigned char>(allocation.base[i]) != kGuard) {
      fail("something wrote ", kGuardBytes - i, " bytes before an allocation of ", allocation.bytes, " bytes");
    }
    if (static_cast<unsigned char>(allocation.data[allocation.bytes + i]) != kGuard) {
      fail("something wrote ", i + 1, " bytes past the end of an allocation of ", allocation.bytes, " bytes");
    }
  }
}

std::uintptr_t key(const void* pointer) { return reinterpret_cast<std::uintptr_t>(pointer); }

}  // namespace

Memory& Memory::instance() {
  static Memory& memory = *new Memory;
  return memory;
}

char* Memory::allocate(std::size_t bytes) {
  if (fail_in >= 0 && fail_in-- == 0) return nullptr;
  const std::size_t limit = settings().memory_limit;
  if (in_use > limit || bytes > limit - in_use) return nullptr;
  Allocation allocation = take(bytes);
  if (allocation.data == nullptr) return nullptr;
  forbid(allocation);
  device_[key(allocation.data)] = allocation;
  in_use += bytes;
  peak = std::max(peak, in_use);
  ++num_live;
  return allocation.data;
}

void Memory::begin(char* data) {
  Allocation& allocation = device_.at(key(data));
  allocation.begun = true;
  permit(allocation);
  std::memset(allocation.data, kGarbage, allocation.bytes);
}

bool Memory::end(char* data) {
  const auto place = device_.find(key(data));
  if (place == device_.end() || place->second.ended) return false;
  place->second.ended = true;
  in_use -= place->second.bytes;
  waiting_to_be_released += place->second.bytes;
  --num_live;
  return true;
}

void Memory::release(char* data) {
  const auto place = device_.find(key(data));
  const Allocation allocation = place->second;
  permit(allocation);
  check_guards(allocation);
  std::memset(allocation.data, kGarbage, allocation.bytes);
  waiting_to_be_released -= allocation.bytes;
  device_.erase(place);
  retire(allocation);
}

void Memory::retire(const Allocation& allocation) {
#ifdef SIMILE_WITH_ADDRESS_SANITIZER
  std::free(allocation.base);  // which keeps a quarantine of its own
#else
  retired_.push_back(allocation);
  retired_bytes_ += allocation.bytes;
  while (retired_bytes_ > kRetiredBytes) {
    std::free(retired_.front().base);
    retired_bytes_ -= retired_.front().bytes;
    retired_.pop_front();
  }
#endif
}

char* Memory::allocate_pinned(std::size_t bytes) {
  const Allocation allocation = take(bytes);
  if (allocation.data != nullptr) pinned_[key(allocation.data)] = allocation;
  return allocation.data;
}

bool Memory::free_pinned(char* data) {
  const auto place = pinned_.find(key(data));
  if (place == pinned_.end()) return false;
  const Allocation allocation = place->second;
  check_guards(allocation);
  std::memset(allocation.data, kGarbage, allocation.bytes);
  pinned_.erase(place);
  retire(allocation);
  return true;
}

const Allocation* Memory::find(const Table& table, const void* pointer) {
  auto place = table.upper_bound(key(pointer));
  if (place == table.begin()) return nullptr;
  --place;
  const Allocation& allocation = place->second;
  return key(pointer) - place->first < allocation.bytes && !allocation.ended ? &allocation : nullptr;
}

bool Memory::on_device(const void* pointer, std::size_t bytes) const {
  const Allocation* allocation = find_device(pointer);
  return allocation != nullptr && bytes <= allocation->bytes - (key(pointer) - key(allocation->data));
}

bool Memory::on_host(const void* pointer, std::size_t bytes) const {
  const auto after = device_.lower_bound(key(pointer));
  if (after != device_.end() && after->first < key(pointer) + bytes) return false;
  return pointer != nullptr && find_device(pointer) == nullptr;
}

void Memory::allow([[maybe_unused]] bool access) {
#ifdef SIMILE_WITH_ADDRESS_SANITIZER
  for (const auto& [address, allocation] : device_) {
    if (!allocation.begun) continue;
    access ? permit(allocation) : forbid(allocation);
  }
#endif
}

void set_memory_limit(std::size_t bytes) { settings().memory_limit = bytes; }
std::size_t memory_limit() { return settings().memory_limit; }
std::size_t memory_in_use() {
  const auto lock = lock_device();
  return Memory::instance().in_use;
}
std::size_t peak_memory() {
  const auto lock = lock_device();
  return Memory::instance().peak;
}
void reset_peak_memory() {
  const auto lock = lock_device();
  Memory::instance().peak = Memory::instance().in_use;
}
void fail_allocation(std::int64_t n) {
  const auto lock = lock_device();
  Memory::instance().fail_in = n;
}
std::int64_t live_allocations() {
  const auto lock = lock_device();
  return Memory::instance().num_live;
}
std::int64_t live_host_allocations() {
  const auto lock = lock_device();
  return Memory::instance().num_pinned();
}

}  // namespace simile::emulator
