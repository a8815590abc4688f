// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <utility>

namespace simile::emulator {

/// A block of device or of pinned memory, with guards around it unless AddressSanitizer watches.
struct Allocation {
  char* data = nullptr;
  std::size_t bytes = 0;
  char* base = nullptr;
  bool begun = false;  // in the order of its stream
  bool ended = false;  // freed by a call, though its stream may not have come there
};

/// Device and pinned memory. Every member function expects the caller to hold the lock of the device.
class Memory {
 public:
  static Memory& instance();

  /// Takes device memory from the limit; null beyond it. It can be used once it begins.
  char* allocate(std::size_t bytes);
  /// Fills with garbage.
  void begin(char* data);
  /// The call: gives the bytes back to the limit and forbids further calls with it. False for what is not the start of
  /// a live allocation.
  bool end(char* data);
  /// What a stream does later: checks the guards, fills with garbage, gives the memory back to the host.
  void release(char* data);

  char* allocate_pinned(std::size_t bytes);
  bool free_pinned(char* data);

  /// The live allocation that holds the byte; null for none.
  const Allocation* find_device(const void* pointer) const { return find(device_, pointer); }
  const Allocation* find_pinned(const void* pointer) const { return find(pinned_, pointer); }
  /// All of the bytes lie in one live device allocation.
  bool on_device(const void* pointer, std::size_t bytes) const;
  /// None of the bytes lies in device memory.
  bool on_host(const void* pointer, std::size_t bytes) const;

  std::size_t in_use = 0;
  std::size_t peak = 0;
  std::size_t waiting_to_be_released = 0;
  std::int64_t num_live = 0;
  std::int64_t num_pinned() const { return static_cast<std::int64_t>(pinned_.size()); }
  std::int64_t fail_in = -1;

 private:
  friend class DeviceAccess;
  using Table = std::map<std::uintptr_t, Allocation>;
  static const Allocation* find(const Table& table, const void* pointer);
  void allow(bool access);
  void retire(const Allocation& allocation);

  Table device_;
  Table pinned_;
  std::deque<Allocation> retired_;
  std::size_t retired_bytes_ = 0;
};

/// While one lives, device memory may be touched. Elsewhere AddressSanitizer, if it is on, reports who does.
class DeviceAccess {
 public:
  DeviceAccess() { Memory::instance().allow(true); }
  ~DeviceAccess() { Memory::instance().allow(false); }
  DeviceAccess(const DeviceAccess&) = delete;
  DeviceAccess& operator=(const DeviceAccess&) = delete;
};

}  // namespace simile::emulator
