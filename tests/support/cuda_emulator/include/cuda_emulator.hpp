// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

/// What tests may ask of the emulator and tell it; what the emulator is stands in cuda_runtime.h.
namespace simile::emulator {

/// Bytes of device memory from now on; what is in use stays. At first: SIMILE_EMULATOR_MEMORY, or 1 GiB.
void set_memory_limit(std::size_t bytes);
std::size_t memory_limit();
std::size_t memory_in_use();
/// The most in use at one time since the last call of reset_peak_memory().
std::size_t peak_memory();
void reset_peak_memory();

/// The n-th allocation of device memory from now on (0: the next) fails, once. Negative: none.
void fail_allocation(std::int64_t n);

/// Device allocations and pinned host allocations that were not freed.
std::int64_t live_allocations();
std::int64_t live_host_allocations();

/// Bytes that were copied from the device to the host so far in this process.
std::int64_t bytes_to_host();

/// Kernels queued so far in this process.
std::int64_t launches();
/// Operations of all streams that were queued and did not run yet.
std::int64_t pending_operations();

/// What draws the order of threads; at first: SIMILE_EMULATOR_SEED, or 1.
void set_seed(std::uint64_t seed);
std::uint64_t seed();

/// Host threads that run blocks; at first: SIMILE_EMULATOR_THREADS, or 2. Only while nothing runs.
void set_threads(int count);
int threads();

/// What the device says of operations in single precision in the time of one in double; at first: 2.
void set_singles_per_double(int count);

/// False: cudaGetDeviceCount says that there is no device.
void set_device_present(bool present);

}  // namespace simile::emulator
