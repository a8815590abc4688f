// SPDX-License-Identifier: Apache-2.0
// The runtime API's calls about memory and copies.
#include <cstring>
#include <memory>
#include <vector>

#include <cuda_emulator.hpp>
#include <cuda_runtime.h>

#include "fatal.hpp"
#include "memory.hpp"
#include "settings.hpp"
#include "streams.hpp"

using simile::emulator::DeviceAccess;
using simile::emulator::lock_device;
using simile::emulator::Memory;
using simile::emulator::noted;
using simile::emulator::StreamQueue;
using simile::emulator::Streams;

namespace {

struct MemPool {
  std::size_t release_threshold = 0;
};
MemPool pool;

/// What the host owns and what the device owns of a copy, as its kind says; false if the pointers do not agree.
struct Direction {
  bool from_device = false;
  bool to_device = false;
};
bool find_direction(const void* to, const void* from, cudaMemcpyKind kind, Direction& direction) {
  const Memory& memory = Memory::instance();
  switch (kind) {
    case cudaMemcpyHostToHost:
      direction = {false, false};
      return true;
    case cudaMemcpyHostToDevice:
      direction = {false, true};
      return true;
    case cudaMemcpyDeviceToHost:
      direction = {true, false};
      return true;
    case cudaMemcpyDeviceToDevice:
      direction = {true, true};
      return true;
    case cudaMemcpyDefault:
      direction = {memory.find_device(from) != nullptr, memory.find_device(to) != nullptr};
      return true;
  }
  return false;
}

struct Rows {
  char* to;
  std::size_t to_pitch;
  const char* from;
  std::size_t from_pitch;
  std::size_t width;
  std::size_t height;
};

void copy_rows(const Rows& rows) {
  for (std::size_t y = 0; y < rows.height; ++y) {
    std::memmove(rows.to + y * rows.to_pitch, rows.from + y * rows.from_pitch, rows.width);
  }
}

std::int64_t copied_to_host = 0;  // under the device's lock

/// As the real one: from pageable memory the source is taken at the call, to pageable memory the call waits.
cudaError_t copy(Rows rows, cudaMemcpyKind kind, cudaStream_t handle, bool blocking) {
  const auto lock = lock_device();
  const auto stream = Streams::instance().find(handle);
  if (stream == nullptr) return noted(cudaErrorInvalidResourceHandle);
  Direction direction;
  if (!find_direction(rows.to, rows.from, kind, direction)) return noted(cudaErrorInvalidMemcpyDirection);
  if (rows.width > rows.to_pitch || rows.width > rows.from_pitch) return noted(cudaErrorInvalidPitchValue);
  if (rows.width == 0 || rows.height == 0) return cudaSuccess;
  const Memory& memory = Memory::instance();
  const std::size_t to_bytes = (rows.height - 1) * rows.to_pitch + rows.width;
  const std::size_t from_bytes = (rows.height - 1) * rows.from_pitch + rows.width;
  const bool to_fits = direction.to_device ? memory.on_device(rows.to, to_bytes) : memory.on_host(rows.to, to_bytes);
  const bool from_fits =
      direction.from_device ? memory.on_device(rows.from, from_bytes) : memory.on_host(rows.from, from_bytes);
  if (!to_fits || !from_fits) return noted(cudaErrorInvalidValue);
  if (direction.from_device && !direction.to_device) {
    copied_to_host += static_cast<std::int64_t>(rows.width * rows.height);
  }
  if (!direction.from_device && memory.find_pinned(rows.from) == nullptr) {
    auto staged = std::make_shared<std::vector<char>>(rows.width * rows.height);
    copy_rows({staged->data(), rows.width, rows.from, rows.from_pitch, rows.width, rows.height});
    rows.from = staged->data();
    rows.from_pitch = rows.width;
    Streams::instance().enqueue(stream, [rows, staged] { copy_rows(rows); });
  } else {
    Streams::instance().enqueue(stream, [rows] { copy_rows(rows); });
  }
  if (blocking || (!direction.to_device && memory.find_pinned(rows.to) == nullptr)) Streams::instance().finish(stream);
  return cudaSuccess;
}

cudaError_t fill(void* to, int value, size_t bytes, cudaStream_t handle) {
  const auto lock = lock_device();
  const auto stream = Streams::instance().find(handle);
  if (stream == nullptr) return noted(cudaErrorInvalidResourceHandle);
  if (bytes == 0) return cudaSuccess;
  if (!Memory::instance().on_device(to, bytes)) return noted(cudaErrorInvalidValue);
  Streams::instance().enqueue(stream, [to, value, bytes] { std::memset(to, value, bytes); });
  return cudaSuccess;
}

}  // namespace

std::int64_t simile::emulator::bytes_to_host() {
  const auto lock = lock_device();
  return copied_to_host;
}

cudaError_t cudaMemGetInfo(size_t* free_bytes, size_t* total_bytes) {
  const auto lock = lock_device();
  const std::size_t limit = simile::emulator::settings().memory_limit;
  *total_bytes = limit;
  *free_bytes = limit - std::min<std::size_t>(limit, Memory::instance().in_use);
  return cudaSuccess;
}

cudaError_t cudaMalloc(void** pointer, size_t bytes) {
  const auto lock = lock_device();
  *pointer = nullptr;
  if (bytes == 0) return cudaSuccess;
  char* const data = Memory::instance().allocate(bytes);
  if (data == nullptr) return noted(cudaErrorMemoryAllocation);
  Memory::instance().begin(data);
  {
    const DeviceAccess access;  // to forbid it again
  }
  *pointer = data;
  return cudaSuccess;
}

/// Waits for the whole device first, as the real one does.
cudaError_t cudaFree(void* pointer) {
  const auto lock = lock_device();
  if (pointer == nullptr) return cudaSuccess;
  Streams::instance().finish_all();
  if (!Memory::instance().end(static_cast<char*>(pointer))) return noted(cudaErrorInvalidValue);
  Memory::instance().release(static_cast<char*>(pointer));
  return cudaSuccess;
}

/// Stricter than the real one: zero bytes are an error.
cudaError_t cudaMallocAsync(void** pointer, size_t bytes, cudaStream_t handle) {
  const auto lock = lock_device();
  const auto stream = Streams::instance().find(handle);
  if (stream == nullptr) return noted(cudaErrorInvalidResourceHandle);
  if (bytes == 0) return noted(cudaErrorInvalidValue);
  // What the streams are to give back takes memory of the host until they do.
  if (Memory::instance().waiting_to_be_released > simile::emulator::settings().memory_limit) {
    Streams::instance().finish(stream);
  }
  char* const data = Memory::instance().allocate(bytes);
  if (data == nullptr) return noted(cudaErrorMemoryAllocation);
  Streams::instance().enqueue(stream, [data] { Memory::instance().begin(data); });
  *pointer = data;
  return cudaSuccess;
}

cudaError_t cudaFreeAsync(void* pointer, cudaStream_t handle) {
  const auto lock = lock_device();
  const auto stream = Streams::instance().find(handle);
  if (stream == nullptr) return noted(cudaErrorInvalidResourceHandle);
  if (pointer == nullptr) return cudaSuccess;
  char* const data = static_cast<char*>(pointer);
  if (!Memory::instance().end(data)) return noted(cudaErrorInvalidValue);
  Streams::instance().enqueue(stream, [data] { Memory::instance().release(data); });
  return cudaSuccess;
}

cudaError_t cudaMallocHost(void** pointer, size_t bytes, unsigned int) {
  const auto lock = lock_device();
  *pointer = nullptr;
  if (bytes == 0) return cudaSuccess;
  *pointer = Memory::instance().allocate_pinned(bytes);
  return *pointer == nullptr ? noted(cudaErrorMemoryAllocation) : cudaSuccess;
}

cudaError_t cudaHostAlloc(void** pointer, size_t bytes, unsigned int flags) {
  return cudaMallocHost(pointer, bytes, flags);
}

/// Waits for the whole device first, as the real one does.
cudaError_t cudaFreeHost(void* pointer) {
  const auto lock = lock_device();
  if (pointer == nullptr) return cudaSuccess;
  Streams::instance().finish_all();
  return Memory::instance().free_pinned(static_cast<char*>(pointer)) ? cudaSuccess : noted(cudaErrorInvalidValue);
}

cudaError_t cudaPointerGetAttributes(cudaPointerAttributes* attributes, const void* pointer) {
  const auto lock = lock_device();
  void* const plain = const_cast<void*>(pointer);
  if (Memory::instance().find_device(pointer) != nullptr) {
    *attributes = {cudaMemoryTypeDevice, 0, plain, nullptr};
  } else if (Memory::instance().find_pinned(pointer) != nullptr) {
    *attributes = {cudaMemoryTypeHost, 0, plain, plain};
  } else {
    *attributes = {cudaMemoryTypeUnregistered, -1, nullptr, plain};
  }
  return cudaSuccess;
}

cudaError_t cudaDeviceGetDefaultMemPool(cudaMemPool_t* result, int device) {
  if (device != 0) return noted(cudaErrorInvalidDevice);
  *result = reinterpret_cast<cudaMemPool_t>(&pool);
  return cudaSuccess;
}

cudaError_t cudaMemPoolSetAttribute(cudaMemPool_t handle, cudaMemPoolAttr attribute, void* value) {
  const auto lock = lock_device();
  if (handle != reinterpret_cast<cudaMemPool_t>(&pool) || value == nullptr) return noted(cudaErrorInvalidValue);
  if (attribute == cudaMemPoolAttrReleaseThreshold) {
    std::uint64_t threshold = 0;
    std::memcpy(&threshold, value, sizeof(threshold));
    pool.release_threshold = threshold;
  }
  return cudaSuccess;
}

cudaError_t cudaMemPoolGetAttribute(cudaMemPool_t handle, cudaMemPoolAttr attribute, void* value) {
  const auto lock = lock_device();
  if (handle != reinterpret_cast<cudaMemPool_t>(&pool) || value == nullptr) return noted(cudaErrorInvalidValue);
  std::uint64_t answer = 0;
  switch (attribute) {
    case cudaMemPoolAttrReleaseThreshold:
      answer = pool.release_threshold;
      break;
    case cudaMemPoolAttrReservedMemCurrent:
    case cudaMemPoolAttrUsedMemCurrent:
      answer = Memory::instance().in_use;
      break;
    case cudaMemPoolAttrReservedMemHigh:
    case cudaMemPoolAttrUsedMemHigh:
      answer = Memory::instance().peak;
      break;
    default:
      return noted(cudaErrorNotSupported);
  }
  std::memcpy(value, &answer, sizeof(answer));
  return cudaSuccess;
}

cudaError_t cudaMemPoolTrimTo(cudaMemPool_t handle, size_t) {
  return handle == reinterpret_cast<cudaMemPool_t>(&pool) ? cudaSuccess : noted(cudaErrorInvalidValue);
}

cudaError_t cudaMemcpy(void* to, const void* from, size_t bytes, cudaMemcpyKind kind) {
  return copy({static_cast<char*>(to), bytes, static_cast<const char*>(from), bytes, bytes, 1}, kind, nullptr, true);
}

cudaError_t cudaMemcpyAsync(void* to, const void* from, size_t bytes, cudaMemcpyKind kind, cudaStream_t stream) {
  return copy({static_cast<char*>(to), bytes, static_cast<const char*>(from), bytes, bytes, 1}, kind, stream, false);
}

cudaError_t cudaMemcpy2DAsync(void* to, size_t to_pitch, const void* from, size_t from_pitch, size_t width,
                              size_t height, cudaMemcpyKind kind, cudaStream_t stream) {
  return copy({static_cast<char*>(to), to_pitch, static_cast<const char*>(from), from_pitch, width, height}, kind,
              stream, false);
}

cudaError_t cudaMemset(void* to, int value, size_t bytes) { return fill(to, value, bytes, nullptr); }
cudaError_t cudaMemsetAsync(void* to, int value, size_t bytes, cudaStream_t stream) {
  return fill(to, value, bytes, stream);
}
