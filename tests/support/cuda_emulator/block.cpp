// SPDX-License-Identifier: Apache-2.0
#include "block.hpp"

#include <algorithm>
#include <cstring>
#include <map>
#include <tuple>

#include "fatal.hpp"
#include "shared_memory.hpp"

thread_local constinit uint3 threadIdx{};
thread_local constinit uint3 blockIdx{};
thread_local constinit dim3 blockDim{};
thread_local constinit dim3 gridDim{};

namespace simile::emulator {
namespace {

thread_local BlockRunner* current_runner = nullptr;

std::string text_of(uint3 index) {
  std::ostringstream text;
  text << "(" << index.x << ", " << index.y << ", " << index.z << ")";
  return text.str();
}

bool same_place(const Where& a, const Where& b) {
  return a.line() == b.line() && a.column() == b.column() && std::strcmp(a.file_name(), b.file_name()) == 0;
}

std::string text_of(const Where& where) {
  std::ostringstream text;
  text << where.file_name() << ":" << where.line() << " (" << where.function_name() << ")";
  return text.str();
}

}  // namespace

BlockRunner* BlockRunner::current() { return current_runner; }

void BlockRunner::run(const Grid& grid, uint3 index) {
  grid_ = &grid;
  index_ = index;
  num_threads_ = static_cast<int>(grid.block.x * grid.block.y * grid.block.z);
  const std::uint64_t place = (static_cast<std::uint64_t>(index.z) * grid.size.y + index.y) * grid.size.x + index.x;
  draws_ = Draws(Draws(grid.seed ^ static_cast<std::uint64_t>(grid.number) << 40).next() ^ place);
  while (static_cast<int>(threads_.size()) < num_threads_) {
    auto thread = std::make_unique<Thread>();
    thread->runner = this;
    thread->linear = static_cast<int>(threads_.size());
    thread->fiber.start(&thread_main, thread.get(), static_cast<unsigned>(thread->linear));
    threads_.push_back(std::move(thread));
  }
  // All of the program's shared memory: for the first blocks of a launch, then now and then.
  num_blocks_ = launch_ == grid.number ? num_blocks_ + 1 : 0;
  launch_ = grid.number;
  if (num_blocks_ < 64 || num_blocks_ % 16 == 0) fill_shared_memory_with_garbage();
  blockIdx = index;
  blockDim = grid.block;
  gridDim = grid.size;
  num_ready_ = num_done_ = num_at_barrier_ = votes_ = 0;
  for (int first = 0; first < num_threads_; first += 32) {
    warps_[static_cast<std::size_t>(first / 32)].reset(num_threads_ - first);
  }
  for (int i = 0; i < num_threads_; ++i) {
    Thread& thread = *threads_[static_cast<std::size_t>(i)];
    const auto linear = static_cast<unsigned>(i);
    thread.index = {linear % grid.block.x, linear / grid.block.x % grid.block.y, linear / grid.block.x / grid.block.y};
    make_ready(thread);
  }
  current_runner = this;
  while (num_done_ < num_threads_) {
    if (num_ready_ == 0) report_deadlock();
    const auto drawn = draws_.below(static_cast<std::uint64_t>(num_ready_));
    Thread& next = *threads_[ready_[drawn]];
    ready_[drawn] = ready_[static_cast<std::size_t>(--num_ready_)];
    running_ = &next;
    threadIdx = next.index;
    Fiber::change(scheduler_, next.fiber);
  }
  current_runner = nullptr;
  running_ = nullptr;
}

void BlockRunner::thread_main(void* argument) {
  Thread& thread = *static_cast<Thread*>(argument);
  for (;;) {  // once for each block
    [&]() noexcept { thread.runner->grid_->thread_body(); }();
    thread.runner->finish(thread);
    thread.runner->leave(thread);
  }
}

void BlockRunner::make_ready(Thread& thread) {
  thread.state = State::ready;
  ready_[static_cast<std::size_t>(num_ready_++)] = static_cast<std::uint16_t>(thread.linear);
}

void BlockRunner::leave(Thread& thread) { Fiber::change(thread.fiber, scheduler_); }

void BlockRunner::wait_as(State state, Where where) {
  Thread& self = *running_;
  self.state = state;
  self.where = where;
  leave(self);
}

void BlockRunner::finish(Thread& thread) {
  thread.state = State::done;
  ++num_done_;
  Warp& warp = warps_[static_cast<std::size_t>(thread.linear / 32)];
  if (const std::uint32_t released = warp.leave(thread.linear % 32); released != 0) release(warp, released);
  if (num_at_barrier_ > 0 && num_at_barrier_ == num_threads_ - num_done_) release_barrier();
}

void BlockRunner::release(Warp& warp, std::uint32_t lanes) {
  const auto first = static_cast<std::size_t>(&warp - warps_.data()) * 32;
  for (std::size_t lane = 0; lane < 32; ++lane) {
    Thread* thread = (lanes >> lane & 1u) != 0 ? threads_[first + lane].get() : nullptr;
    if (thread != nullptr && thread->state == State::in_collective) make_ready(*thread);
  }
}

void BlockRunner::release_barrier() {
  vote_ = {votes_, num_at_barrier_};
  votes_ = num_at_barrier_ = 0;
  for (int i = 0; i < num_threads_; ++i) {
    Thread& thread = *threads_[static_cast<std::size_t>(i)];
    if (thread.state == State::at_barrier) make_ready(thread);
  }
}

BlockVote BlockRunner::barrier(bool predicate, Where where) {
  if (num_at_barrier_ == 0) {
    barrier_where_ = where;
  } else if (!same_place(barrier_where_, where)) {
    fail("threads of one block wait at different barriers: ", text_of(barrier_where_), " and ", text_of(where));
  }
  ++num_at_barrier_;
  votes_ += predicate ? 1 : 0;
  if (num_at_barrier_ == num_threads_ - num_done_) {
    running_->state = State::at_barrier;
    release_barrier();  // makes this one ready, too: who goes on first is drawn
    leave(*running_);
  } else {
    wait_as(State::at_barrier, where);
  }
  // No later barrier can be complete before this thread came to it.
  return vote_;
}

std::uint64_t BlockRunner::collective(WarpOperation operation, unsigned mask, std::uint64_t value, int source_lane,
                                      Where where) {
  const int lane = running_->linear % 32;
  Warp& warp = warps_[static_cast<std::size_t>(running_->linear / 32)];
  running_->where = where;
  running_->state = State::in_collective;
  if (const std::uint32_t released = warp.arrive(lane, operation, mask, value, source_lane); released != 0) {
    release(warp, released);
  }
  leave(*running_);
  return warp.result(lane);
}

void BlockRunner::may_switch() {
  if (draws_.next() >> 61 != 0) return;
  make_ready(*running_);
  leave(*running_);
}

std::string BlockRunner::describe() const {
  std::ostringstream text;
  text << ", in ";
  if (running_ != nullptr) text << "thread " << text_of(running_->index) << " of ";
  text << "block " << text_of(index_) << " of launch " << grid_->number << ", seed " << grid_->seed;
  return text.str();
}

void BlockRunner::report_deadlock() const {
  std::map<std::tuple<std::string, std::string>, std::vector<const Thread*>> groups;
  for (int i = 0; i < num_threads_; ++i) {
    const Thread& thread = *threads_[static_cast<std::size_t>(i)];
    if (thread.state == State::done) continue;
    groups[{thread.state == State::at_barrier ? "the block's barrier" : "a collective of the warp",
            text_of(thread.where)}]
        .push_back(&thread);
  }
  std::ostringstream text;
  text << "deadlock: " << num_done_ << " of " << num_threads_ << " threads ended";
  for (const auto& [place, waiting] : groups) {
    text << "; " << waiting.size() << " wait at " << std::get<0>(place) << ", " << std::get<1>(place) << ":";
    for (std::size_t i = 0; i < std::min<std::size_t>(waiting.size(), 8); ++i) {
      text << " " << text_of(waiting[i]->index);
    }
    if (waiting.size() > 8) text << " ...";
  }
  fatal(text.str());
}

std::string describe_running_block() {
  const BlockRunner* runner = BlockRunner::current();
  return runner == nullptr ? std::string() : runner->describe();
}

namespace {
BlockRunner& in_kernel(const char* what) {
  BlockRunner* runner = BlockRunner::current();
  if (runner == nullptr) fail(what, " outside of a kernel");
  return *runner;
}
}  // namespace

BlockVote block_barrier(bool predicate, Where where) { return in_kernel("__syncthreads").barrier(predicate, where); }
std::uint64_t warp_collective(WarpOperation operation, unsigned mask, std::uint64_t value, int source_lane,
                              Where where) {
  return in_kernel(name_of(operation)).collective(operation, mask, value, source_lane, where);
}
int lane_index() { return in_kernel("a shuffle").lane(); }
void may_switch() {
  if (BlockRunner* runner = BlockRunner::current(); runner != nullptr) runner->may_switch();
}
void check_width(int width, Where where) {
  if (width < 1 || width > 32 || (width & (width - 1)) != 0) {
    fail("a shuffle of width ", width, " at ", text_of(where), "; allowed are powers of two up to 32");
  }
}

}  // namespace simile::emulator
