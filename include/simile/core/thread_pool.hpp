// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "simile/core/cancellation.hpp"

namespace simile {

/// A fixed set of workers that share the items of one loop at a time through an atomic counter. The calling thread is
/// worker 0, so a pool of one runs everything on the caller. (Not oneTBB or OpenMP: ThreadSanitizer cannot follow
/// their barriers without suppressions that would also hide real races.)
class ThreadPool {
 public:
  /// `num_threads` >= 1; throws invalid_argument otherwise.
  explicit ThreadPool(int num_threads);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  /// Cores this process may run on (at least 1).
  static int hardware_threads();

  int num_threads() const;

  /// Calls body(worker, item) once for every item in [0, count), worker in [0, num_threads()). The first exception
  /// stops further items from starting and is rethrown here, as is Error(cancelled) when `cancellation` is requested.
  /// Calls do not nest (throws internal).
  void parallel_for(std::int64_t count, const Cancellation& cancellation,
                    const std::function<void(int worker, std::int64_t item)>& body);

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace simile
