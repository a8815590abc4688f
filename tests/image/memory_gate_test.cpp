// SPDX-License-Identifier: Apache-2.0
#include "image/memory_gate.hpp"

#include <atomic>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace simile {
namespace {

TEST(MemoryGate, KeepsEveryShareWithinTheBudget) {
  MemoryGate gate(100);
  std::atomic<std::int64_t> held{0};
  std::atomic<std::int64_t> largest{0};
  const auto note = [&](std::int64_t change) {
    const auto now = held += change;
    for (auto seen = largest.load(); now > seen && !largest.compare_exchange_weak(seen, now);) {
    }
  };
  std::vector<std::jthread> workers;
  workers.reserve(4);
  for (int worker = 0; worker < 4; ++worker) {
    workers.emplace_back([&, worker] {
      for (int round = 0; round < 500; ++round) {
        const std::int64_t share = 1 + (round * 37 + worker * 11) % 60;
        MemoryGate::Lease lease(gate);
        lease.replace(share);
        note(share);
        const bool grown = lease.try_resize(share + 30);
        note(grown ? 30 : 0);
        note(-share - (grown ? 30 : 0));
      }
    });
  }
  workers.clear();
  EXPECT_LE(largest, 100);
  EXPECT_GT(largest, 60);
}

TEST(MemoryGate, RefusesToGrowBeyondWhatIsFreeAndKeepsTheShare) {
  MemoryGate gate(100);
  MemoryGate::Lease first(gate);
  MemoryGate::Lease second(gate);
  first.replace(60);
  second.replace(40);
  EXPECT_FALSE(second.try_resize(41));
  EXPECT_TRUE(first.try_resize(59));
  EXPECT_TRUE(second.try_resize(41));
}

TEST(MemoryGate, TakesBackAShareAtTheEndOfItsScope) {
  MemoryGate gate(10);
  {
    MemoryGate::Lease(gate).replace(10);
  }
  MemoryGate::Lease lease(gate);
  EXPECT_TRUE(lease.try_resize(10));
}

TEST(MemoryGate, WakesWhoWaitsWhenAnotherShareShrinks) {
  MemoryGate gate(10);
  MemoryGate::Lease large(gate);
  large.replace(10);
  std::atomic<bool> through = false;
  std::jthread waiting([&] {
    MemoryGate::Lease lease(gate);
    lease.replace(4);
    through = true;
  });
  EXPECT_FALSE(through);
  EXPECT_TRUE(large.try_resize(6));
  waiting.join();
  EXPECT_TRUE(through);
}

}  // namespace
}  // namespace simile
