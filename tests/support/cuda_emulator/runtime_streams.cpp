// SPDX-License-Identifier: Apache-2.0
// The runtime API's calls about streams, events and launches.
#include <atomic>
#include <set>

#include <cuda_runtime.h>

#include "cuda_emulator.hpp"
#include "fatal.hpp"
#include "streams.hpp"
#include "workers.hpp"

using simile::emulator::lock_device;
using simile::emulator::noted;
using simile::emulator::Recording;
using simile::emulator::Streams;

struct CUevent_st {
  bool with_time = true;
  std::shared_ptr<Recording> last;
};

namespace {

std::set<cudaEvent_t>& events() {
  static std::set<cudaEvent_t>& live = *new std::set<cudaEvent_t>;
  return live;
}

std::atomic<std::int64_t> num_launches{0};

}  // namespace

std::int64_t simile::emulator::launches() { return num_launches; }

cudaError_t simile::emulator::launch(const cudaLaunchConfig_t* config, std::function<void()> thread_body) {
  const dim3 grid = config->gridDim;
  const dim3 block = config->blockDim;
  const auto shape = [](dim3 d) {
    return std::to_string(d.x) + " x " + std::to_string(d.y) + " x " + std::to_string(d.z);
  };
  if (grid.x == 0 || grid.y == 0 || grid.z == 0) fail("launch of an empty grid: ", shape(grid), " blocks");
  if (grid.x > 0x7fffffffu || grid.y > 65535 || grid.z > 65535) {
    fail("launch of a grid of ", shape(grid), " blocks; allowed are 2147483647 x 65535 x 65535");
  }
  if (block.x == 0 || block.y == 0 || block.z == 0) fail("launch of empty blocks: ", shape(block), " threads");
  if (static_cast<std::uint64_t>(block.x) * block.y * block.z > kMaxBlockThreads || block.z > 64) {
    fail("launch of blocks of ", shape(block), " threads; allowed are 1024 in all and 64 along z");
  }
  if (config->dynamicSmemBytes != 0) fail("dynamic shared memory is not emulated");
  for (unsigned i = 0; i < config->numAttrs; ++i) {
    if (config->attrs[i].id != cudaLaunchAttributeIgnore) {
      fail("launch attribute ", static_cast<int>(config->attrs[i].id), " is not emulated");
    }
  }
  const auto lock = lock_device();
  const auto stream = Streams::instance().find(config->stream);
  if (stream == nullptr) return noted(cudaErrorInvalidResourceHandle);
  auto work = std::make_shared<Grid>();
  work->size = grid;
  work->block = block;
  work->thread_body = std::move(thread_body);
  work->number = ++num_launches;
  Streams::instance().enqueue(stream, [work] {
    work->seed = settings().seed;
    run_grid(*work);
  });
  return cudaSuccess;
}

cudaError_t cudaStreamCreate(cudaStream_t* stream) { return cudaStreamCreateWithFlags(stream, cudaStreamDefault); }

cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned int flags) {
  const auto lock = lock_device();
  if (flags > cudaStreamNonBlocking) return noted(cudaErrorInvalidValue);
  *stream = Streams::instance().create(flags == cudaStreamDefault);
  return cudaSuccess;
}

cudaError_t cudaStreamDestroy(cudaStream_t stream) {
  const auto lock = lock_device();
  return Streams::instance().destroy(stream) ? cudaSuccess : noted(cudaErrorInvalidResourceHandle);
}

cudaError_t cudaStreamSynchronize(cudaStream_t handle) {
  const auto lock = lock_device();
  const auto stream = Streams::instance().find(handle);
  if (stream == nullptr) return noted(cudaErrorInvalidResourceHandle);
  Streams::instance().finish(stream);
  return cudaSuccess;
}

/// One operation runs for each question, so that who asks in a loop gets there.
cudaError_t cudaStreamQuery(cudaStream_t handle) {
  const auto lock = lock_device();
  const auto stream = Streams::instance().find(handle);
  if (stream == nullptr) return noted(cudaErrorInvalidResourceHandle);
  return Streams::instance().step(stream) ? noted(cudaErrorNotReady) : cudaSuccess;
}

cudaError_t cudaStreamWaitEvent(cudaStream_t handle, cudaEvent_t event, unsigned int) {
  const auto lock = lock_device();
  const auto stream = Streams::instance().find(handle);
  if (stream == nullptr || !events().contains(event)) return noted(cudaErrorInvalidResourceHandle);
  if (event->last != nullptr) Streams::instance().wait(stream, event->last);
  return cudaSuccess;
}

cudaError_t cudaLaunchHostFunc(cudaStream_t stream, cudaHostFn_t function, void* user_data) {
  return simile::emulator::enqueue(stream, [function, user_data] { function(user_data); });
}

cudaError_t cudaDeviceSynchronize() {
  const auto lock = lock_device();
  Streams::instance().finish_all();
  return cudaSuccess;
}

cudaError_t cudaEventCreate(cudaEvent_t* event) { return cudaEventCreateWithFlags(event, cudaEventDefault); }

cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned int flags) {
  const auto lock = lock_device();
  if ((flags & ~(cudaEventBlockingSync | cudaEventDisableTiming)) != 0) return noted(cudaErrorInvalidValue);
  *event = new CUevent_st;
  (*event)->with_time = (flags & cudaEventDisableTiming) == 0;
  events().insert(*event);
  return cudaSuccess;
}

cudaError_t cudaEventDestroy(cudaEvent_t event) {
  const auto lock = lock_device();
  if (events().erase(event) == 0) return noted(cudaErrorInvalidResourceHandle);
  delete event;
  return cudaSuccess;
}

cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t handle) {
  const auto lock = lock_device();
  const auto stream = Streams::instance().find(handle);
  if (stream == nullptr || !events().contains(event)) return noted(cudaErrorInvalidResourceHandle);
  event->last = Streams::instance().record(stream);
  return cudaSuccess;
}

cudaError_t cudaEventSynchronize(cudaEvent_t event) {
  const auto lock = lock_device();
  if (!events().contains(event)) return noted(cudaErrorInvalidResourceHandle);
  if (const auto last = event->last; last != nullptr) Streams::instance().finish(*last);
  return cudaSuccess;
}

/// As cudaStreamQuery.
cudaError_t cudaEventQuery(cudaEvent_t event) {
  const auto lock = lock_device();
  if (!events().contains(event)) return noted(cudaErrorInvalidResourceHandle);
  if (event->last == nullptr || event->last->done) return cudaSuccess;
  Streams::instance().step(std::shared_ptr(event->last->stream));
  return noted(cudaErrorNotReady);
}

cudaError_t cudaEventElapsedTime(float* ms, cudaEvent_t start, cudaEvent_t end) {
  const auto lock = lock_device();
  for (const cudaEvent_t event : {start, end}) {
    if (!events().contains(event) || !event->with_time || event->last == nullptr) {
      return noted(cudaErrorInvalidResourceHandle);
    }
  }
  if (!start->last->done || !end->last->done) return noted(cudaErrorNotReady);
  *ms = std::chrono::duration<float, std::milli>(end->last->time - start->last->time).count();
  return cudaSuccess;
}
