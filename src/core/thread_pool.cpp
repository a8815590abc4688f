// SPDX-License-Identifier: Apache-2.0
#include "simile/core/thread_pool.hpp"

#include <atomic>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <stop_token>
#include <thread>
#include <vector>

#include <sched.h>

#include "simile/core/text.hpp"

namespace simile {

/// One loop at a time: the caller publishes it under the mutex and raises `generation_`; workers take items from
/// `next_` until none are left, and the last to leave wakes the caller.
class ThreadPool::State {
 public:
  explicit State(int num_threads) {
    for (int worker = 1; worker < num_threads; ++worker) {
      threads_.emplace_back([this, worker](const std::stop_token& stop) { serve(worker, stop); });
    }
  }

  int num_threads() const { return static_cast<int>(threads_.size()) + 1; }

  void run(std::int64_t count, const Cancellation& cancellation, const std::function<void(int, std::int64_t)>& body) {
    ensure(!running_.exchange(true), "parallel_for does not nest");
    {
      const std::lock_guard lock(mutex_);
      count_ = count;
      cancellation_ = &cancellation;
      body_ = &body;
      failure_ = nullptr;
      next_.store(0, std::memory_order_relaxed);
      failed_.store(false, std::memory_order_relaxed);
      busy_ = static_cast<int>(threads_.size());
      ++generation_;
    }
    start_.notify_all();
    work(0);
    std::exception_ptr failure;
    {
      std::unique_lock lock(mutex_);
      done_.wait(lock, [this] { return busy_ == 0; });
      failure = failure_;
    }
    running_.store(false);
    if (failure) std::rethrow_exception(failure);
    cancellation.check();
  }

 private:
  void serve(int worker, const std::stop_token& stop) {
    std::uint64_t seen = 0;
    for (;;) {
      {
        std::unique_lock lock(mutex_);
        if (!start_.wait(lock, stop, [&] { return generation_ != seen; })) return;
        seen = generation_;
      }
      work(worker);
      bool last = false;
      {
        const std::lock_guard lock(mutex_);
        last = --busy_ == 0;
      }
      if (last) done_.notify_one();
    }
  }

  void work(int worker) {
    for (;;) {
      if (failed_.load(std::memory_order_relaxed) || cancellation_->requested()) return;
      const std::int64_t item = next_.fetch_add(1, std::memory_order_relaxed);
      if (item >= count_) return;
      try {
        (*body_)(worker, item);
      } catch (...) {
        const std::lock_guard lock(mutex_);
        if (!failure_) failure_ = std::current_exception();
        failed_.store(true, std::memory_order_relaxed);
      }
    }
  }

  std::mutex mutex_;
  std::condition_variable_any start_;
  std::condition_variable done_;
  std::uint64_t generation_ = 0;
  int busy_ = 0;
  std::int64_t count_ = 0;
  const Cancellation* cancellation_ = nullptr;
  const std::function<void(int, std::int64_t)>* body_ = nullptr;
  std::exception_ptr failure_;
  std::atomic<std::int64_t> next_{0};
  std::atomic<bool> failed_{false};
  std::atomic<bool> running_{false};
  std::vector<std::jthread> threads_;  // last: joined before anything they use is destroyed
};

ThreadPool::ThreadPool(int num_threads) {
  if (num_threads < 1) {
    throw Error(ErrorCode::invalid_argument, concat("a thread pool needs at least 1 thread, not ", num_threads));
  }
  state_ = std::make_unique<State>(num_threads);
}

ThreadPool::~ThreadPool() = default;

int ThreadPool::hardware_threads() {
  cpu_set_t allowed;
  if (sched_getaffinity(0, sizeof allowed, &allowed) == 0) return CPU_COUNT(&allowed) > 0 ? CPU_COUNT(&allowed) : 1;
  const unsigned count = std::thread::hardware_concurrency();
  return count > 0 ? static_cast<int>(count) : 1;
}

int ThreadPool::num_threads() const { return state_->num_threads(); }

void ThreadPool::parallel_for(std::int64_t count, const Cancellation& cancellation,
                              const std::function<void(int, std::int64_t)>& body) {
  state_->run(count, cancellation, body);
}

}  // namespace simile
