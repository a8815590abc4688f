// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <new>
#include <optional>

#include "cuda/core/uploader.hpp"

namespace simile::cuda {

/// Makes a device the calling thread's as long as it lives. The one before becomes it again only where it is in use
/// already: to choose a device takes memory there, and may fail.
class CurrentDevice {
 public:
  explicit CurrentDevice(int index);
  /// Whatever goes wrong is left to later calls.
  CurrentDevice(int index, std::nothrow_t) noexcept;
  CurrentDevice(const CurrentDevice&) = delete;
  CurrentDevice& operator=(const CurrentDevice&) = delete;
  ~CurrentDevice();

 private:
  int before_ = 0;
  int index_ = 0;
};

/// A cuBLAS handle on a stream, with products that round as the screens' bounds assume.
class Blas {
 public:
  explicit Blas(const Stream& stream);
  Blas(const Blas&) = delete;
  Blas& operator=(const Blas&) = delete;
  ~Blas();
  cublasHandle_t get() const { return handle_; }

 private:
  cublasHandle_t handle_ = nullptr;
};

/// What work on one device shares: queues, cuBLAS, and how much memory it may take.
class Gpu {
 public:
  /// budget_bytes 0: most of what is free. The device is the thread's current one.
  explicit Gpu(std::int64_t budget_bytes);

  const Stream& stream() const { return stream_; }
  Uploader& uploader() { return uploader_; }
  /// Made when it is first asked for: that takes a while.
  cublasHandle_t blas();
  std::int64_t budget_bytes() const { return budget_bytes_; }
  /// Blocks of a few hundred threads that keep the device busy.
  std::int64_t busy_blocks() const { return 8 * multiprocessors_; }
  std::int64_t multiprocessors() const { return multiprocessors_; }
  /// Operations in single precision in the time of one in double: 2, or 64 where doubles are few.
  std::int64_t singles_per_double() const { return singles_per_double_; }

 private:
  std::int64_t budget_bytes_;
  std::int64_t multiprocessors_;
  std::int64_t singles_per_double_;
  Stream stream_;
  Uploader uploader_;
  std::optional<Blas> blas_;
};

/// Free and total bytes of the current device; free is also what the pool keeps for the next who asks.
struct DeviceMemory {
  std::int64_t free = 0;
  std::int64_t total = 0;
};
DeviceMemory device_memory();

}  // namespace simile::cuda
