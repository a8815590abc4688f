// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <cstdint>
#include <sstream>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "simile/core/progress.hpp"
#include "simile/core/thread_pool.hpp"

namespace simile {
namespace {

TEST(ProgressThreads, CountsWhatAllWorkersAdvance) {
  std::ostringstream out;
  const auto progress = make_plain_progress(out);
  const Cancellation cancellation;
  ThreadPool pool(4);
  {
    ProgressPhase phase(*progress, "comparing", 20000, "pairs");
    pool.parallel_for(20000, cancellation, [&](int, std::int64_t) { phase.advance(1); });
  }
  EXPECT_THAT(out.str(), testing::StartsWith("comparing: 20,000 pairs in"));
}

TEST(ProgressThreads, DrawsFromAnyWorker) {
  std::ostringstream out;
  const auto progress = make_terminal_progress(out, 80);
  const Cancellation cancellation;
  ThreadPool pool(4);
  ProgressPhase phase(*progress, "comparing", 400, "pairs");
  pool.parallel_for(400, cancellation, [&](int, std::int64_t) {
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    phase.advance(1);
  });
  EXPECT_THAT(out.str(), testing::HasSubstr("comparing"));
}

}  // namespace
}  // namespace simile
