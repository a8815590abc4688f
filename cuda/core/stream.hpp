// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <utility>

#include "cuda/core/check.hpp"

namespace simile::cuda {

/// A point in a stream's work, to be waited for.
class Event {
 public:
  Event() { check(cudaEventCreateWithFlags(&event_, cudaEventDisableTiming), "cudaEventCreate"); }
  Event(Event&& other) noexcept : event_(std::exchange(other.event_, nullptr)) {}
  Event& operator=(Event&& other) noexcept {
    std::swap(event_, other.event_);
    return *this;
  }
  ~Event() {
    if (event_ != nullptr) static_cast<void>(cudaEventDestroy(event_));
  }
  cudaEvent_t get() const { return event_; }
  void wait() const { check(cudaEventSynchronize(event_), "cudaEventSynchronize"); }

 private:
  cudaEvent_t event_ = nullptr;
};

/// Work on the current device, done in the order in which it is queued.
class Stream {
 public:
  Stream() { check(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking), "cudaStreamCreate"); }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  ~Stream() {
    static_cast<void>(cudaStreamSynchronize(stream_));
    static_cast<void>(cudaStreamDestroy(stream_));
  }
  cudaStream_t get() const { return stream_; }
  void synchronize() const { check(cudaStreamSynchronize(stream_), "cudaStreamSynchronize"); }
  /// What is queued from now on begins after the event, or: the event is what has been queued so far.
  void wait(const Event& event) const { check(cudaStreamWaitEvent(stream_, event.get(), 0), "cudaStreamWaitEvent"); }
  void record(const Event& event) const { check(cudaEventRecord(event.get(), stream_), "cudaEventRecord"); }

 private:
  cudaStream_t stream_ = nullptr;
};

}  // namespace simile::cuda
