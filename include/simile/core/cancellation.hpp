// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>

#include "simile/core/error.hpp"

namespace simile {

/// A flag that asks long work to stop. request() may be called from a signal handler and from any thread.
class Cancellation {
 public:
  void request() noexcept { requested_.store(true, std::memory_order_relaxed); }
  bool requested() const noexcept { return requested_.load(std::memory_order_relaxed); }
  /// Throws Error(cancelled) once requested.
  void check() const {
    if (requested()) throw Error(ErrorCode::cancelled, "interrupted");
  }

 private:
  std::atomic<bool> requested_{false};
  static_assert(std::atomic<bool>::is_always_lock_free);
};

}  // namespace simile
