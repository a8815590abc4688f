// SPDX-License-Identifier: Apache-2.0
#include "streams.hpp"

#include <algorithm>

#include "cuda_emulator.hpp"
#include "fatal.hpp"
#include "memory.hpp"

struct CUstream_st {};

namespace simile::emulator {

std::unique_lock<std::recursive_mutex> lock_device() {
  static std::recursive_mutex& mutex = *new std::recursive_mutex;
  std::unique_lock lock(mutex);
  if (Streams::instance().running()) fail("work of a stream calls the CUDA API");
  return lock;
}

Streams& Streams::instance() {
  static Streams& streams = *new Streams;
  return streams;
}

cudaStream_t Streams::create(bool blocking) {
  auto queue = std::make_shared<StreamQueue>();
  queue->blocking = blocking;
  live_.push_back(queue);
  handles_.emplace_back(new CUstream_st, queue);
  return handles_.back().first;
}

bool Streams::destroy(cudaStream_t handle) {
  const auto place = std::find_if(handles_.begin(), handles_.end(), [&](const auto& h) { return h.first == handle; });
  if (place == handles_.end()) return false;
  if (place->second->operations.empty()) std::erase(live_, place->second);
  delete handle;
  handles_.erase(place);
  return true;
}

std::shared_ptr<StreamQueue> Streams::find(cudaStream_t handle) {
  if (handle == nullptr) return null_;
  const auto place = std::find_if(handles_.begin(), handles_.end(), [&](const auto& h) { return h.first == handle; });
  return place == handles_.end() ? nullptr : place->second;
}

void Streams::enqueue(const std::shared_ptr<StreamQueue>& stream, std::function<void()> run) {
  if (stream == null_) {
    for (const auto& other : live_) {
      if (other->blocking && !other->operations.empty()) wait(null_, record(other));
    }
  } else if (stream->blocking && !null_->operations.empty()) {
    wait(stream, record(null_));
  }
  stream->operations.push_back({std::move(run), nullptr});
}

std::shared_ptr<Recording> Streams::record(const std::shared_ptr<StreamQueue>& stream) {
  auto recording = std::make_shared<Recording>();
  recording->stream = stream;
  stream->operations.push_back({[recording] {
                                  recording->time = std::chrono::steady_clock::now();
                                  recording->done = true;
                                  recording->stream.reset();
                                },
                                nullptr});
  return recording;
}

void Streams::wait(const std::shared_ptr<StreamQueue>& stream, std::shared_ptr<Recording> recording) {
  stream->operations.push_back({nullptr, std::move(recording)});
}

bool Streams::step(const std::shared_ptr<StreamQueue>& stream) {
  if (stream->operations.empty()) return false;
  const std::shared_ptr<Recording> awaited = stream->operations.front().waits_for;
  if (awaited != nullptr && !awaited->done) return step(std::shared_ptr(awaited->stream));
  const StreamQueue::Operation operation = std::move(stream->operations.front());
  stream->operations.pop_front();
  if (operation.run != nullptr) {
    const DeviceAccess access;
    running_ = true;
    operation.run();
    running_ = false;
  }
  return true;
}

void Streams::finish(const std::shared_ptr<StreamQueue>& stream) {
  while (step(stream)) {
  }
}

void Streams::finish(const Recording& recording) {
  while (!recording.done) step(std::shared_ptr(recording.stream));
}

void Streams::finish_all() {
  Draws draws(settings().seed + ++draws_);
  for (;;) {
    std::vector<std::shared_ptr<StreamQueue>> busy;
    for (const auto& stream : live_) {
      if (!stream->operations.empty()) busy.push_back(stream);
    }
    if (!null_->operations.empty()) busy.push_back(null_);
    if (busy.empty()) break;
    step(busy[draws.below(busy.size())]);
  }
  std::erase_if(live_, [&](const auto& stream) {
    return std::none_of(handles_.begin(), handles_.end(), [&](const auto& h) { return h.second == stream; });
  });
}

std::int64_t Streams::pending() const {
  std::size_t count = null_->operations.size();
  for (const auto& stream : live_) count += stream->operations.size();
  return static_cast<std::int64_t>(count);
}

std::int64_t pending_operations() {
  const auto lock = lock_device();
  return Streams::instance().pending();
}

cudaError_t enqueue(cudaStream_t stream, std::function<void()> run) {
  const auto lock = lock_device();
  const auto queue = Streams::instance().find(stream);
  if (queue == nullptr) return noted(cudaErrorInvalidResourceHandle);
  Streams::instance().enqueue(queue, std::move(run));
  return cudaSuccess;
}

}  // namespace simile::emulator
