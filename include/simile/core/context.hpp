// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "simile/core/cancellation.hpp"
#include "simile/core/device.hpp"
#include "simile/core/progress.hpp"
#include "simile/core/thread_pool.hpp"

namespace simile {

/// What every long operation is given first: where it may run, how much memory it may take, and how it is watched and
/// stopped. Refers to objects that outlive the call.
struct Context {
  ThreadPool& pool;
  Progress& progress;
  const Cancellation& cancellation;
  std::int64_t memory_bytes;  ///< budget for what the operation allocates on the host
  Device device{};            ///< where comparing runs
};

}  // namespace simile
