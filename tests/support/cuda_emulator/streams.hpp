// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <vector>

#include "cuda_emulator/driver_types.h"
#include "settings.hpp"

namespace simile::emulator {

class StreamQueue;

/// One recording of an event: done once its stream came there.
struct Recording {
  bool done = false;
  std::chrono::steady_clock::time_point time;
  std::shared_ptr<StreamQueue> stream;
};

/// Work of one stream that did not run yet, in order.
class StreamQueue {
 public:
  struct Operation {
    std::function<void()> run;
    std::shared_ptr<Recording> waits_for;
  };
  std::deque<Operation> operations;
  bool blocking = false;  // takes part in the order of the null stream
};

/// All streams and events of the emulated device. Work is only queued; it runs, on the thread of the host that asks, in
/// the calls that synchronise. Every member function expects the caller to hold the lock of the device.
class Streams {
 public:
  static Streams& instance();

  cudaStream_t create(bool blocking);
  /// The queue lives on until its work ran.
  bool destroy(cudaStream_t handle);
  /// Null for a handle that is none. The handle of the null stream is null.
  std::shared_ptr<StreamQueue> find(cudaStream_t handle);

  /// Queues; a null-stream operation waits for what all blocking streams hold, theirs for what the null stream holds.
  void enqueue(const std::shared_ptr<StreamQueue>& stream, std::function<void()> run);
  std::shared_ptr<Recording> record(const std::shared_ptr<StreamQueue>& stream);
  void wait(const std::shared_ptr<StreamQueue>& stream, std::shared_ptr<Recording> recording);

  /// Runs one operation of the stream, or one that it waits for; false when nothing is left.
  bool step(const std::shared_ptr<StreamQueue>& stream);
  void finish(const std::shared_ptr<StreamQueue>& stream);
  void finish(const Recording& recording);
  /// All streams, in a drawn order.
  void finish_all();

  std::int64_t pending() const;
  /// Whether the calling code is an operation that runs.
  bool running() const { return running_; }

 private:
  std::shared_ptr<StreamQueue> null_ = std::make_shared<StreamQueue>();
  std::vector<std::shared_ptr<StreamQueue>> live_;  // and those destroyed with work left
  std::vector<std::pair<cudaStream_t, std::shared_ptr<StreamQueue>>> handles_;
  bool running_ = false;
  std::uint64_t draws_ = 0;
};

/// The lock of the device: held by every call of the runtime, also while kernels run.
std::unique_lock<std::recursive_mutex> lock_device();

/// Keeps `error` for cudaGetLastError unless it is cudaSuccess, and returns it.
cudaError_t noted(cudaError_t error);

/// Locks the device and queues on a stream by its handle: for libraries (BLAS, Thrust). cudaErrorInvalidResourceHandle
/// for no stream.
cudaError_t enqueue(cudaStream_t stream, std::function<void()> run);

}  // namespace simile::emulator
