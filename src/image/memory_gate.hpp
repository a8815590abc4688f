// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>

namespace simile {

/// Shares a budget of bytes among workers: who asks for more than is free waits until others give back. Nobody waits
/// while holding anything, so nobody waits for ever.
class MemoryGate {
 public:
  explicit MemoryGate(std::int64_t budget_bytes) : budget_bytes_(budget_bytes) {}

  std::int64_t budget_bytes() const { return budget_bytes_; }

  /// A worker's share, given back at the end of its scope.
  class Lease {
   public:
    explicit Lease(MemoryGate& gate) : gate_(gate) {}
    ~Lease() { give_back(held_bytes_); }
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;

    /// Gives everything back, then waits until `bytes` (at most the budget) are free and takes them.
    void replace(std::int64_t bytes) {
      give_back(held_bytes_);
      std::unique_lock lock(gate_.mutex_);
      gate_.freed_.wait(lock, [&] { return bytes <= gate_.budget_bytes_ - gate_.used_bytes_; });
      gate_.used_bytes_ += bytes;
      held_bytes_ = bytes;
    }
    /// Changes the share to `bytes` without waiting; false, and nothing changed, when they are not free.
    bool try_resize(std::int64_t bytes) {
      {
        const std::lock_guard lock(gate_.mutex_);
        if (bytes - held_bytes_ > gate_.budget_bytes_ - gate_.used_bytes_) return false;
        gate_.used_bytes_ += bytes - held_bytes_;
        held_bytes_ = bytes;
      }
      gate_.freed_.notify_all();
      return true;
    }

   private:
    void give_back(std::int64_t bytes) {
      if (bytes == 0) return;
      {
        const std::lock_guard lock(gate_.mutex_);
        gate_.used_bytes_ -= bytes;
        held_bytes_ -= bytes;
      }
      gate_.freed_.notify_all();
    }

    MemoryGate& gate_;
    std::int64_t held_bytes_ = 0;
  };

 private:
  std::mutex mutex_;
  std::condition_variable freed_;
  std::int64_t budget_bytes_;
  std::int64_t used_bytes_ = 0;
};

}  // namespace simile
