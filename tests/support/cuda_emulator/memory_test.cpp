// SPDX-License-Identifier: Apache-2.0
// Device memory, copies, streams and events.
#include <array>
#include <limits>
#include <vector>

#include <cuda_runtime.h>
#include <gmock/gmock.h>

#include "cuda_emulator.hpp"
#include "support/cuda_emulator/device_array.hpp"

namespace simile::emulator {
namespace {

using ::testing::Each;

/// A stream that others do not wait for.
class TestStream {
 public:
  TestStream() { EXPECT_EQ(cudaStreamCreateWithFlags(&handle_, cudaStreamNonBlocking), cudaSuccess); }
  TestStream(const TestStream&) = delete;
  TestStream& operator=(const TestStream&) = delete;
  ~TestStream() { EXPECT_EQ(cudaStreamDestroy(handle_), cudaSuccess); }
  operator cudaStream_t() const { return handle_; }

 private:
  cudaStream_t handle_ = nullptr;
};

class TestEvent {
 public:
  explicit TestEvent(unsigned flags = cudaEventDefault) {
    EXPECT_EQ(cudaEventCreateWithFlags(&handle_, flags), cudaSuccess);
  }
  TestEvent(const TestEvent&) = delete;
  TestEvent& operator=(const TestEvent&) = delete;
  ~TestEvent() { EXPECT_EQ(cudaEventDestroy(handle_), cudaSuccess); }
  operator cudaEvent_t() const { return handle_; }

 private:
  cudaEvent_t handle_ = nullptr;
};

template <class T>
T* pinned(std::size_t count) {
  T* data = nullptr;
  EXPECT_EQ(cudaMallocHost(&data, count * sizeof(T)), cudaSuccess);
  return data;
}

__global__ void set_to(int* place, int value) { *place = value; }
__global__ void double_into(const int* from, int* to) { *to = 2 * *from; }

void set_on(cudaStream_t stream, int* place, int value) {
  cudaLaunchConfig_t config{};
  config.gridDim = 1;
  config.blockDim = 1;
  config.stream = stream;
  ASSERT_EQ(cudaLaunchKernelEx(&config, set_to, place, value), cudaSuccess);
}

TEST(EmulatedMemory, FreshMemoryIsGarbageAndFreedMemoryBecomesGarbage) {
  const TestStream stream;
  unsigned* data = nullptr;
  ASSERT_EQ(cudaMallocAsync(&data, 400, stream), cudaSuccess);
  std::vector<unsigned> values(100);
  ASSERT_EQ(cudaMemcpyAsync(values.data(), data, 400, cudaMemcpyDeviceToHost, stream), cudaSuccess);
  EXPECT_THAT(values, Each(0xA5A5A5A5u));
  const std::int64_t before = live_allocations();
  EXPECT_EQ(cudaFreeAsync(data, stream), cudaSuccess);
  EXPECT_EQ(live_allocations(), before - 1);
  EXPECT_EQ(cudaMemcpyAsync(values.data(), data, 400, cudaMemcpyDeviceToHost, stream), cudaErrorInvalidValue);
  EXPECT_EQ(cudaFreeAsync(data, stream), cudaErrorInvalidValue);
  EXPECT_EQ(cudaFree(&values), cudaErrorInvalidValue);
  EXPECT_EQ(cudaStreamSynchronize(stream), cudaSuccess);
  cudaGetLastError();
}

TEST(EmulatedMemory, BeyondTheLimitThereIsNone) {
  const std::size_t limit = memory_limit();
  set_memory_limit(memory_in_use() + 1000);
  std::size_t free_bytes = 0;
  std::size_t total_bytes = 0;
  ASSERT_EQ(cudaMemGetInfo(&free_bytes, &total_bytes), cudaSuccess);
  EXPECT_EQ(free_bytes, 1000u);
  EXPECT_EQ(total_bytes, memory_limit());
  char* a = nullptr;
  char* b = nullptr;
  EXPECT_EQ(cudaMallocAsync(&a, 1001, nullptr), cudaErrorMemoryAllocation);
  EXPECT_EQ(cudaGetLastError(), cudaErrorMemoryAllocation);
  EXPECT_EQ(cudaGetLastError(), cudaSuccess);
  EXPECT_EQ(cudaMallocAsync(&a, 600, nullptr), cudaSuccess);
  EXPECT_EQ(cudaMalloc(&b, 600), cudaErrorMemoryAllocation);
  EXPECT_EQ(cudaFreeAsync(a, nullptr), cudaSuccess);
  EXPECT_EQ(cudaMalloc(&b, 600), cudaSuccess);
  EXPECT_EQ(cudaFree(b), cudaSuccess);
  set_memory_limit(limit);
  fail_allocation(1);
  EXPECT_EQ(cudaMalloc(&a, 10), cudaSuccess);
  EXPECT_EQ(cudaMalloc(&b, 10), cudaErrorMemoryAllocation);
  EXPECT_EQ(cudaMalloc(&b, 10), cudaSuccess);
  EXPECT_EQ(cudaFree(a), cudaSuccess);
  EXPECT_EQ(cudaFree(b), cudaSuccess);
  EXPECT_EQ(cudaMallocAsync(&a, 0, nullptr), cudaErrorInvalidValue);
  cudaGetLastError();
}

TEST(EmulatedMemory, CopiesCheckWhereTheirPointersPoint) {
  const DeviceArray<int> device(10);
  int* const d = device.data();
  int* const p = pinned<int>(10);
  std::vector<int> host(10, 1);
  const auto copy = [](void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind) {
    const cudaError_t error = cudaMemcpyAsync(to, from, bytes, kind, nullptr);
    EXPECT_EQ(cudaGetLastError(), error);
    return error;
  };
  for (int* h : {p, host.data()}) {
    EXPECT_EQ(copy(d, h, 40, cudaMemcpyHostToDevice), cudaSuccess);
    EXPECT_EQ(copy(h, d, 40, cudaMemcpyDeviceToHost), cudaSuccess);
    EXPECT_EQ(copy(d + 5, h, 20, cudaMemcpyDefault), cudaSuccess);
    EXPECT_EQ(copy(h, h, 40, cudaMemcpyHostToHost), cudaSuccess);
    EXPECT_EQ(copy(d + 5, h, 21, cudaMemcpyHostToDevice), cudaErrorInvalidValue);
    EXPECT_EQ(copy(d - 1, h, 8, cudaMemcpyHostToDevice), cudaErrorInvalidValue);
    EXPECT_EQ(copy(h, d, 40, cudaMemcpyHostToDevice), cudaErrorInvalidValue);
    EXPECT_EQ(copy(d, h, 40, cudaMemcpyDeviceToHost), cudaErrorInvalidValue);
    EXPECT_EQ(copy(d, h, 40, cudaMemcpyDeviceToDevice), cudaErrorInvalidValue);
    EXPECT_EQ(copy(h, d, 40, cudaMemcpyHostToHost), cudaErrorInvalidValue);
  }
  EXPECT_EQ(copy(d, d + 5, 20, cudaMemcpyDeviceToDevice), cudaSuccess);
  EXPECT_EQ(copy(nullptr, nullptr, 0, cudaMemcpyHostToDevice), cudaSuccess);
  EXPECT_EQ(cudaMemsetAsync(d, 0, 41, nullptr), cudaErrorInvalidValue);
  EXPECT_EQ(cudaMemsetAsync(host.data(), 0, 4, nullptr), cudaErrorInvalidValue);
  cudaPointerAttributes attributes{};
  EXPECT_EQ(cudaPointerGetAttributes(&attributes, d + 3), cudaSuccess);
  EXPECT_EQ(attributes.type, cudaMemoryTypeDevice);
  EXPECT_EQ(cudaPointerGetAttributes(&attributes, p), cudaSuccess);
  EXPECT_EQ(attributes.type, cudaMemoryTypeHost);
  EXPECT_EQ(cudaPointerGetAttributes(&attributes, host.data()), cudaSuccess);
  EXPECT_EQ(attributes.type, cudaMemoryTypeUnregistered);
  const std::int64_t before = live_host_allocations();
  EXPECT_EQ(cudaFreeHost(p), cudaSuccess);
  EXPECT_EQ(live_host_allocations(), before - 1);
  EXPECT_EQ(cudaFreeHost(host.data()), cudaErrorInvalidValue);
  cudaGetLastError();
}

TEST(EmulatedMemory, RowsAreCopiedByTheirPitches) {
  std::vector<int> host(12);
  for (std::size_t i = 0; i < 12; ++i) host[i] = static_cast<int>(i);
  const DeviceArray<int> device(std::vector<int>(15, -1));
  EXPECT_EQ(cudaMemcpy2DAsync(device.data(), 20, host.data(), 16, 12, 3, cudaMemcpyHostToDevice), cudaSuccess);
  EXPECT_EQ(device.values(), (std::vector<int>{0, 1, 2, -1, -1, 4, 5, 6, -1, -1, 8, 9, 10, -1, -1}));
  EXPECT_EQ(cudaMemcpy2DAsync(device.data(), 20, host.data(), 8, 12, 3, cudaMemcpyHostToDevice),
            cudaErrorInvalidPitchValue);
  EXPECT_EQ(cudaMemcpy2DAsync(device.data(), 20, host.data(), 16, 12, 4, cudaMemcpyHostToDevice),
            cudaErrorInvalidValue);
  cudaGetLastError();
}

TEST(EmulatedStreams, NothingRunsBeforeSomethingWaits) {
  const TestStream stream;
  const DeviceArray<int> place(std::vector<int>{1});
  int* const seen = pinned<int>(1);
  *seen = -1;
  const std::int64_t launched = launches();
  set_on(stream, place.data(), 5);
  EXPECT_EQ(launches(), launched + 1);
  EXPECT_EQ(cudaMemcpyAsync(seen, place.data(), 4, cudaMemcpyDeviceToHost, stream), cudaSuccess);
  EXPECT_EQ(pending_operations(), 2);
  EXPECT_EQ(*seen, -1);
  EXPECT_EQ(cudaStreamQuery(stream), cudaErrorNotReady);
  EXPECT_EQ(*seen, -1);
  EXPECT_EQ(cudaStreamQuery(stream), cudaErrorNotReady);
  EXPECT_EQ(cudaStreamQuery(stream), cudaSuccess);
  EXPECT_EQ(*seen, 5);
  cudaGetLastError();
  EXPECT_EQ(cudaFreeHost(seen), cudaSuccess);
}

TEST(EmulatedStreams, OtherStreamsDoNotRunUnlessAnEventIsAwaited) {
  const TestStream first;
  const TestStream second;
  const TestEvent event(cudaEventDisableTiming);
  const DeviceArray<int> places(std::vector<int>{1, 0});
  int* const a = places.data();
  cudaLaunchConfig_t config{};
  config.gridDim = 1;
  config.blockDim = 1;
  config.stream = second;
  int seen = 0;
  // Without the event the second stream reads what the first one did not write yet.
  set_on(first, a, 10);
  ASSERT_EQ(cudaLaunchKernelEx(&config, double_into, a, a + 1), cudaSuccess);
  EXPECT_EQ(cudaMemcpyAsync(&seen, a + 1, 4, cudaMemcpyDeviceToHost, second), cudaSuccess);
  EXPECT_EQ(seen, 2);
  EXPECT_EQ(pending_operations(), 1);
  // With it the first one runs as far as the event, and no further.
  EXPECT_EQ(cudaEventRecord(event, first), cudaSuccess);
  set_on(first, a, 100);
  EXPECT_EQ(cudaStreamWaitEvent(second, event), cudaSuccess);
  ASSERT_EQ(cudaLaunchKernelEx(&config, double_into, a, a + 1), cudaSuccess);
  EXPECT_EQ(cudaMemcpyAsync(&seen, a + 1, 4, cudaMemcpyDeviceToHost, second), cudaSuccess);
  EXPECT_EQ(seen, 20);
  EXPECT_EQ(pending_operations(), 1);
  EXPECT_EQ(cudaDeviceSynchronize(), cudaSuccess);
  EXPECT_EQ(places.values()[0], 100);
}

TEST(EmulatedStreams, EventsSayWhenTheirStreamCameThere) {
  const TestStream stream;
  const TestEvent start;
  const TestEvent end;
  const TestEvent untimed(cudaEventDisableTiming);
  const DeviceArray<int> place(1);
  float ms = -1;
  EXPECT_EQ(cudaEventQuery(start), cudaSuccess);
  EXPECT_EQ(cudaEventElapsedTime(&ms, start, end), cudaErrorInvalidResourceHandle);
  EXPECT_EQ(cudaEventRecord(start, stream), cudaSuccess);
  set_on(stream, place.data(), 1);
  EXPECT_EQ(cudaEventRecord(end, stream), cudaSuccess);
  EXPECT_EQ(cudaEventRecord(untimed, stream), cudaSuccess);
  EXPECT_EQ(cudaEventElapsedTime(&ms, start, end), cudaErrorNotReady);
  int questions = 0;
  while (cudaEventQuery(end) == cudaErrorNotReady) ++questions;
  EXPECT_EQ(questions, 3);
  EXPECT_EQ(pending_operations(), 1);
  EXPECT_EQ(cudaEventSynchronize(untimed), cudaSuccess);
  EXPECT_EQ(cudaEventElapsedTime(&ms, start, end), cudaSuccess);
  EXPECT_GE(ms, 0);
  EXPECT_EQ(cudaEventElapsedTime(&ms, start, untimed), cudaErrorInvalidResourceHandle);
  cudaGetLastError();
}

TEST(EmulatedStreams, PageableMemoryIsReadAtTheCallAndPinnedMemoryLater) {
  const TestStream stream;
  const DeviceArray<int> places(2);
  int* const from_pinned = pinned<int>(1);
  int from_pageable = 1;
  *from_pinned = 1;
  EXPECT_EQ(cudaMemcpyAsync(places.data(), &from_pageable, 4, cudaMemcpyHostToDevice, stream), cudaSuccess);
  EXPECT_EQ(cudaMemcpyAsync(places.data() + 1, from_pinned, 4, cudaMemcpyHostToDevice, stream), cudaSuccess);
  from_pageable = *from_pinned = 2;
  EXPECT_EQ(cudaStreamSynchronize(stream), cudaSuccess);
  EXPECT_EQ(places.values(), (std::vector<int>{1, 2}));
  EXPECT_EQ(cudaFreeHost(from_pinned), cudaSuccess);
}

TEST(EmulatedStreams, BlockingStreamsKeepTheOrderOfTheNullStream) {
  cudaStream_t blocking = nullptr;
  ASSERT_EQ(cudaStreamCreate(&blocking), cudaSuccess);
  const DeviceArray<int> place(std::vector<int>{0});
  set_on(blocking, place.data(), 1);
  set_on(nullptr, place.data(), 2);
  set_on(blocking, place.data(), 3);
  EXPECT_EQ(cudaStreamSynchronize(blocking), cudaSuccess);
  EXPECT_EQ(pending_operations(), 0);
  EXPECT_EQ(place.values()[0], 3);
  set_on(blocking, place.data(), 4);
  EXPECT_EQ(cudaStreamDestroy(blocking), cudaSuccess);
  EXPECT_EQ(cudaStreamSynchronize(blocking), cudaErrorInvalidResourceHandle);
  EXPECT_EQ(cudaDeviceSynchronize(), cudaSuccess);
  EXPECT_EQ(place.values()[0], 4);
  cudaGetLastError();
}

TEST(EmulatedStreams, HostFunctionsRunInOrder) {
  const TestStream stream;
  std::vector<int> order;
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(cudaLaunchHostFunc(
                  stream, [](void* list) { static_cast<std::vector<int>*>(list)->push_back(1); }, &order),
              cudaSuccess);
  }
  EXPECT_TRUE(order.empty());
  EXPECT_EQ(cudaStreamSynchronize(stream), cudaSuccess);
  EXPECT_EQ(order.size(), 3u);
}

TEST(EmulatedDevice, SaysWhatItIs) {
  int count = 0;
  EXPECT_EQ(cudaGetDeviceCount(&count), cudaSuccess);
  EXPECT_EQ(count, 1);
  cudaDeviceProp properties{};
  EXPECT_EQ(cudaGetDeviceProperties(&properties, 0), cudaSuccess);
  EXPECT_STREQ(properties.name, "emulated device (tests only)");
  EXPECT_EQ(properties.major, 9);
  int value = 0;
  EXPECT_EQ(cudaDeviceGetAttribute(&value, cudaDevAttrMultiProcessorCount, 0), cudaSuccess);
  EXPECT_EQ(value, properties.multiProcessorCount);
  EXPECT_EQ(cudaSetDevice(1), cudaErrorInvalidDevice);
  EXPECT_STREQ(cudaGetErrorName(cudaErrorInvalidDevice), "cudaErrorInvalidDevice");
  EXPECT_STREQ(cudaGetErrorString(cudaErrorMemoryAllocation), "out of memory");
  set_device_present(false);
  EXPECT_EQ(cudaGetDeviceCount(&count), cudaErrorNoDevice);
  EXPECT_EQ(count, 0);
  set_device_present(true);
  cudaGetLastError();
}

}  // namespace
}  // namespace simile::emulator
