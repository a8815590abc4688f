// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "cuda_emulator/collectives.h"
#include "fiber.hpp"
#include "settings.hpp"
#include "warp.hpp"

namespace simile::emulator {

constexpr int kMaxBlockThreads = 1024;

/// A grid that is run: its shape and one thread's work.
struct Grid {
  dim3 size;
  dim3 block;
  std::function<void()> thread_body;
  std::int64_t number = 0;
  std::uint64_t seed = 0;
};

/// Runs one block after the other on the calling thread of the host, each thread of a block as a fiber. Fibers are kept
/// from block to block.
class BlockRunner {
 public:
  BlockRunner() = default;
  BlockRunner(const BlockRunner&) = delete;
  BlockRunner& operator=(const BlockRunner&) = delete;

  /// The block at `index` of the grid, to its end.
  void run(const Grid& grid, uint3 index);

  /// The runner whose kernel code the calling thread is in; null outside of kernels.
  static BlockRunner* current();

  // For the code of a kernel:
  BlockVote barrier(bool predicate, Where where);
  std::uint64_t collective(WarpOperation operation, unsigned mask, std::uint64_t value, int source_lane, Where where);
  int lane() const { return running_->linear % 32; }
  void may_switch();

  /// ", in thread (1, 0, 0) of block (0, 0, 0) of launch 3, seed 1".
  std::string describe() const;

 private:
  enum class State : std::uint8_t { ready, at_barrier, in_collective, done };
  struct Thread {
    Fiber fiber;
    BlockRunner* runner = nullptr;
    int linear = 0;
    uint3 index{};
    State state = State::done;
    Where where;
  };

  static void thread_main(void* thread);
  void finish(Thread& thread);
  void make_ready(Thread& thread);
  void leave(Thread& thread);
  void wait_as(State state, Where where);
  void release_barrier();
  void release(Warp& warp, std::uint32_t lanes);
  [[noreturn]] void report_deadlock() const;

  const Grid* grid_ = nullptr;
  uint3 index_{};
  std::int64_t launch_ = 0;
  std::int64_t num_blocks_ = 0;  // of that launch, here
  Draws draws_{0};
  Fiber scheduler_;
  std::vector<std::unique_ptr<Thread>> threads_;
  Thread* running_ = nullptr;
  int num_threads_ = 0;
  std::array<std::uint16_t, kMaxBlockThreads> ready_{};
  int num_ready_ = 0;
  int num_done_ = 0;
  int num_at_barrier_ = 0;
  int votes_ = 0;
  BlockVote vote_;
  Where barrier_where_;
  std::array<Warp, kMaxBlockThreads / 32> warps_;
};

/// BlockRunner::current()->describe(), or nothing.
std::string describe_running_block();

}  // namespace simile::emulator
