// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

#include "cuda/core/stream.hpp"

namespace simile::cuda {

/// Owns an array on the device, from the device's pool: taken and given back in the order of a stream, which outlives
/// it. Content unspecified. Throws out_of_memory.
template <class T>
class DeviceBuffer {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  DeviceBuffer() = default;
  DeviceBuffer(std::int64_t size, const Stream& stream) : size_(size), stream_(stream.get()) {
    if (size > 0) check(cudaMallocAsync(reinterpret_cast<void**>(&data_), bytes(), stream_), "cudaMallocAsync");
  }
  DeviceBuffer(DeviceBuffer&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)), stream_(other.stream_) {}
  DeviceBuffer& operator=(DeviceBuffer&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(stream_, other.stream_);
    return *this;
  }
  ~DeviceBuffer() {
    if (data_ != nullptr) static_cast<void>(cudaFreeAsync(data_, stream_));
  }

  T* data() const { return data_; }
  std::int64_t size() const { return size_; }
  std::size_t bytes() const { return static_cast<std::size_t>(size_) * sizeof(T); }

 private:
  T* data_ = nullptr;
  std::int64_t size_ = 0;
  cudaStream_t stream_ = nullptr;
};

/// Owns an array on the host that the device copies to and from while both go on. Throws out_of_memory.
template <class T>
class PinnedBuffer {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  explicit PinnedBuffer(std::int64_t size) : size_(size) {
    check(cudaMallocHost(reinterpret_cast<void**>(&data_), static_cast<std::size_t>(size) * sizeof(T)),
          "cudaMallocHost");
  }
  PinnedBuffer(const PinnedBuffer&) = delete;
  PinnedBuffer& operator=(const PinnedBuffer&) = delete;
  ~PinnedBuffer() { static_cast<void>(cudaFreeHost(data_)); }

  T* data() const { return data_; }
  std::int64_t size() const { return size_; }

 private:
  T* data_ = nullptr;
  std::int64_t size_;
};

/// Copies `count` elements in the stream; memory on the host is pinned, or the call returns when the copy is done.
template <class T>
void copy_to_device(T* to, const T* from, std::int64_t count, const Stream& stream) {
  if (count == 0) return;
  check(cudaMemcpyAsync(to, from, static_cast<std::size_t>(count) * sizeof(T), cudaMemcpyHostToDevice, stream.get()),
        "cudaMemcpyAsync to the device");
}
template <class T>
void copy_to_host(T* to, const T* from, std::int64_t count, const Stream& stream) {
  if (count == 0) return;
  check(cudaMemcpyAsync(to, from, static_cast<std::size_t>(count) * sizeof(T), cudaMemcpyDeviceToHost, stream.get()),
        "cudaMemcpyAsync to the host");
}
template <class T>
void fill_zero(T* to, std::int64_t count, const Stream& stream) {
  if (count == 0) return;
  check(cudaMemsetAsync(to, 0, static_cast<std::size_t>(count) * sizeof(T), stream.get()), "cudaMemsetAsync");
}

}  // namespace simile::cuda
