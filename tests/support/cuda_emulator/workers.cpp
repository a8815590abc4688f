// SPDX-License-Identifier: Apache-2.0
#include "workers.hpp"

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <numeric>
#include <thread>
#include <vector>

#include <unistd.h>

namespace simile::emulator {
namespace {

/// An order of the blocks in which every one comes once: by steps of a drawn stride that has no factor in common with
/// their number.
class BlockOrder {
 public:
  explicit BlockOrder(const Grid& grid)
      : grid_(grid), count_(static_cast<std::uint64_t>(grid.size.x) * grid.size.y * grid.size.z) {
    Draws draws(grid.seed ^ static_cast<std::uint64_t>(grid.number));
    first_ = draws.next() % count_;
    do {
      stride_ = draws.next() % count_ % 0x80000000u + 1;
    } while (std::gcd(stride_, count_) != 1);
  }

  std::uint64_t count() const { return count_; }
  uint3 at(std::uint64_t i) const {
    const std::uint64_t place = (first_ + i * stride_) % count_;
    return {static_cast<unsigned>(place % grid_.size.x), static_cast<unsigned>(place / grid_.size.x % grid_.size.y),
            static_cast<unsigned>(place / grid_.size.x / grid_.size.y)};
  }

 private:
  const Grid& grid_;
  std::uint64_t count_;
  std::uint64_t first_;
  std::uint64_t stride_;
};

class Workers {
 public:
  explicit Workers(int count) : process_(getpid()) {
    for (int i = 0; i < count; ++i) threads_.emplace_back([this](const std::stop_token& stop) { serve(stop); });
  }
  bool fits(int count) const { return static_cast<int>(threads_.size()) == count && !forked(); }
  /// Threads do not go along when a process is forked.
  bool forked() const { return process_ != getpid(); }

  void run(const Grid& grid) {
    const BlockOrder order(grid);
    std::unique_lock lock(mutex_);
    grid_ = &grid;
    order_ = &order;
    next_ = 0;
    busy_ = static_cast<int>(threads_.size());
    ++generation_;
    start_.notify_all();
    done_.wait(lock, [this] { return busy_ == 0; });
  }

 private:
  void serve(const std::stop_token& stop) {
    BlockRunner runner;
    std::uint64_t seen = 0;
    for (;;) {
      std::unique_lock lock(mutex_);
      if (!start_.wait(lock, stop, [&] { return generation_ != seen; })) return;
      seen = generation_;
      const Grid& grid = *grid_;
      const BlockOrder& order = *order_;
      lock.unlock();
      for (std::uint64_t i = next_++; i < order.count(); i = next_++) runner.run(grid, order.at(i));
      lock.lock();
      if (--busy_ == 0) done_.notify_one();
    }
  }

  pid_t process_;
  std::mutex mutex_;
  std::condition_variable_any start_;
  std::condition_variable done_;
  const Grid* grid_ = nullptr;
  const BlockOrder* order_ = nullptr;
  std::atomic<std::uint64_t> next_{0};
  int busy_ = 0;
  std::uint64_t generation_ = 0;
  std::vector<std::jthread> threads_;
};

}  // namespace

void run_grid(const Grid& grid) {
  static Workers* workers = nullptr;
  const int count = settings().threads;
  if (workers == nullptr || !workers->fits(count)) {
    if (workers != nullptr && !workers->forked()) delete workers;
    workers = new Workers(count);
  }
  workers->run(grid);
}

}  // namespace simile::emulator
