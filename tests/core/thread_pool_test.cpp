// SPDX-License-Identifier: Apache-2.0
#include "simile/core/thread_pool.hpp"

#include <atomic>
#include <cstdint>
#include <set>
#include <stdexcept>
#include <thread>
#include <vector>

#include "core/expect_error.hpp"

namespace simile {
namespace {

const Cancellation kNever;

class ThreadPoolOf : public testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(Threads, ThreadPoolOf, testing::Values(1, 2, 3, 8), testing::PrintToStringParamName());

TEST_P(ThreadPoolOf, RunsEveryItemOnceOnAWorkerInRange) {
  ThreadPool pool(GetParam());
  EXPECT_EQ(pool.num_threads(), GetParam());
  constexpr std::int64_t kItems = 5000;
  std::vector<int> runs(kItems);  // not atomic: an item that two workers ran is a race for ThreadSanitizer
  pool.parallel_for(kItems, kNever, [&](int worker, std::int64_t item) {
    ASSERT_GE(worker, 0);
    ASSERT_LT(worker, GetParam());
    ++runs[static_cast<std::size_t>(item)];
  });
  for (const int count : runs) ASSERT_EQ(count, 1);
}

TEST_P(ThreadPoolOf, KeepsWorkersApart) {
  ThreadPool pool(GetParam());
  std::vector<std::int64_t> per_worker(static_cast<std::size_t>(GetParam()));
  pool.parallel_for(10000, kNever, [&](int worker, std::int64_t item) {
    per_worker[static_cast<std::size_t>(worker)] += item;  // a worker index shared by two threads would be a race
  });
  std::int64_t total = 0;
  for (const auto sum : per_worker) total += sum;
  EXPECT_EQ(total, 10000LL * 9999 / 2);
}

TEST_P(ThreadPoolOf, CanBeUsedManyTimes) {
  ThreadPool pool(GetParam());
  std::int64_t total = 0;
  for (int round = 0; round < 500; ++round) {
    std::atomic<std::int64_t> sum{0};
    pool.parallel_for(round % 7, kNever, [&](int, std::int64_t item) { sum += item + 1; });
    const std::int64_t count = round % 7;
    ASSERT_EQ(sum, count * (count + 1) / 2) << round;
    total += sum;
  }
  EXPECT_GT(total, 0);
}

TEST_P(ThreadPoolOf, RunsNothingForNoItems) {
  ThreadPool pool(GetParam());
  pool.parallel_for(0, kNever, [](int, std::int64_t) { FAIL(); });
}

TEST_P(ThreadPoolOf, RethrowsTheFirstFailureStopsAndWorksAgain) {
  ThreadPool pool(GetParam());
  for (int round = 0; round < 20; ++round) {
    std::atomic<std::int64_t> started{0};
    try {
      pool.parallel_for(1'000'000, kNever, [&](int, std::int64_t item) {
        ++started;
        if (item >= 10) throw std::runtime_error("item failed");
      });
      FAIL() << "no exception";
    } catch (const std::runtime_error& error) {
      EXPECT_STREQ(error.what(), "item failed");
    }
    EXPECT_GE(started, 11);
    EXPECT_LT(started, 1'000'000);
  }
  std::atomic<int> done{0};
  pool.parallel_for(5, kNever, [&](int, std::int64_t) { ++done; });
  EXPECT_EQ(done, 5);
}

TEST_P(ThreadPoolOf, KeepsTheFirstOfSeveralFailures) {
  ThreadPool pool(GetParam());
  std::atomic<int> failures{0};
  try {
    pool.parallel_for(100, kNever, [&](int, std::int64_t) {
      // The pool records failures under a lock, so the first to arrive here need not be the first recorded; but only
      // one may come out, and it is one that was thrown.
      throw Error(ErrorCode::io, std::to_string(failures++));
    });
    FAIL() << "no exception";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::io);
    EXPECT_LT(std::stoi(error.what()), failures);
    EXPECT_LE(failures, GetParam());
  }
}

TEST_P(ThreadPoolOf, StopsWhenCancelled) {
  ThreadPool pool(GetParam());
  Cancellation cancellation;
  std::atomic<std::int64_t> started{0};
  expect_error(ErrorCode::cancelled, "interrupted", [&] {
    pool.parallel_for(1'000'000, cancellation, [&](int, std::int64_t) {
      if (++started == 100) cancellation.request();
    });
  });
  EXPECT_GE(started, 100);
  EXPECT_LT(started, 100'000);
}

TEST_P(ThreadPoolOf, StartsNothingWhenAlreadyCancelled) {
  ThreadPool pool(GetParam());
  Cancellation cancellation;
  cancellation.request();
  expect_error(ErrorCode::cancelled, "interrupted",
               [&] { pool.parallel_for(10, cancellation, [](int, std::int64_t) { FAIL(); }); });
}

TEST_P(ThreadPoolOf, RefusesToNest) {
  ThreadPool pool(GetParam());
  expect_error(ErrorCode::internal, "does not nest", [&] {
    pool.parallel_for(1, kNever,
                      [&](int, std::int64_t) { pool.parallel_for(1, kNever, [](int, std::int64_t) { FAIL(); }); });
  });
  int runs = 0;
  pool.parallel_for(1, kNever, [&](int, std::int64_t) { ++runs; });
  EXPECT_EQ(runs, 1);
}

TEST(ThreadPool, OfOneRunsOnTheCaller) {
  ThreadPool pool(1);
  std::set<std::thread::id> ids;
  pool.parallel_for(10, kNever, [&](int, std::int64_t) { ids.insert(std::this_thread::get_id()); });
  EXPECT_EQ(ids, std::set<std::thread::id>{std::this_thread::get_id()});
}

TEST(ThreadPool, SharesWorkAmongItsThreads) {
  ThreadPool pool(3);
  std::atomic<int> waiting{0};
  // Ends only when three workers are inside at once.
  pool.parallel_for(3, kNever, [&](int, std::int64_t) {
    ++waiting;
    while (waiting < 3) std::this_thread::yield();
  });
  EXPECT_EQ(waiting, 3);
}

TEST(ThreadPool, RefusesLessThanOneThread) {
  expect_error(ErrorCode::invalid_argument, "not 0", [] { ThreadPool(0); });
  expect_error(ErrorCode::invalid_argument, "not -3", [] { ThreadPool(-3); });
  EXPECT_GE(ThreadPool::hardware_threads(), 1);
}

TEST(ThreadPool, CanBeMadeAndDroppedManyTimes) {
  for (int round = 0; round < 50; ++round) ThreadPool pool(4);
}

}  // namespace
}  // namespace simile
