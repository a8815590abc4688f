// SPDX-License-Identifier: Apache-2.0
// Components of edge lists, on the host and on the emulated device.
#include "simile/similarity/edge_components.hpp"

#include <algorithm>
#include <numeric>
#include <vector>

#include <cuda_emulator.hpp>
#include <cuda_runtime.h>
#include <gtest/gtest.h>

#include "core/expect_error.hpp"
#include "cuda/similarity/backend.hpp"
#include "support/oracle.hpp"

#include "simile/core/random.hpp"
#include "simile/similarity/compare.hpp"

namespace simile::cuda {
namespace {

using Labels = std::vector<std::int64_t>;

class EdgeComponents : public testing::Test {
 protected:
  Context context() {
    return {.pool = pool_,
            .progress = *progress_,
            .cancellation = cancellation_,
            .memory_bytes = 1 << 24,
            .device = {Device::Kind::cuda, 0}};
  }
  template <class Node>
  static View<const Node, 2> view_of(const std::vector<Node>& ends) {
    return {ends.data(), {std::ssize(ends) / 2, 2}};
  }
  /// Checks every way against the oracle.
  void expect_oracle(const std::vector<std::int64_t>& ends, std::int64_t num_nodes) {
    std::vector<std::pair<std::int64_t, std::int64_t>> edges;
    for (std::size_t k = 0; k < ends.size(); k += 2) edges.emplace_back(ends[k], ends[k + 1]);
    const Labels expected = oracle_components(num_nodes, edges);
    Context host = context();
    host.device = {};
    const std::vector<std::int32_t> narrow(ends.begin(), ends.end());
    EXPECT_EQ(simile::edge_components(view_of(ends), num_nodes, host), expected);
    EXPECT_EQ(simile::edge_components(view_of(narrow), num_nodes, host), expected);
    EXPECT_EQ(CudaBackend().edge_components(view_of(ends), num_nodes, context()), expected);
    EXPECT_EQ(CudaBackend().edge_components(view_of(narrow), num_nodes, context()), expected);
  }

  ThreadPool pool_{2};
  std::unique_ptr<Progress> progress_ = make_silent_progress();
  Cancellation cancellation_;
};

TEST_F(EdgeComponents, AreTheOraclesOfRandomGraphs) {
  Random random(5);
  for (const std::int64_t num_nodes : {1, 2, 7, 300, 2000}) {
    for (const std::int64_t num_edges : {0, 1, 5, 700, 3000}) {
      std::vector<std::int64_t> ends;
      for (std::int64_t k = 0; k < 2 * num_edges; ++k) {
        ends.push_back(static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(num_nodes))));
      }
      expect_oracle(ends, num_nodes);
    }
  }
  expect_oracle({}, 0);
}

TEST_F(EdgeComponents, OfALongPathInAnyOrderAreOne) {
  constexpr std::int64_t kNodes = 10'000;
  std::vector<std::int64_t> order(kNodes);
  std::iota(order.begin(), order.end(), 0);
  Random random(6);
  for (std::size_t k = order.size(); k > 1; --k) std::swap(order[k - 1], order[random.below(k)]);
  std::vector<std::int64_t> ends;
  for (std::size_t k = 1; k < order.size(); ++k) ends.insert(ends.end(), {order[k - 1], order[k]});
  for (const std::uint64_t seed : {1U, 2U, 3U}) {
    emulator::set_seed(seed);
    EXPECT_EQ(CudaBackend().edge_components(view_of(ends), kNodes, context()), Labels(kNodes, 0));
  }
  expect_oracle(ends, kNodes);
}

TEST_F(EdgeComponents, TakeStarsLoopsAndRepeatedEdges) {
  std::vector<std::int64_t> star;
  for (std::int64_t k = 0; k < 500; ++k) star.insert(star.end(), {499, k});
  expect_oracle(star, 500);
  expect_oracle({3, 3, 3, 3, 1, 2, 2, 1, 1, 2}, 5);
}

TEST_F(EdgeComponents, OfManyThreadsAtOnceAreTheSame) {
  Random random(7);
  std::vector<std::int64_t> ends;
  for (int k = 0; k < 20'000; ++k) ends.push_back(static_cast<std::int64_t>(random.below(15'000)));
  const Labels expected = CudaBackend().edge_components(view_of(ends), 15'000, context());
  for (const int threads : {1, 4, 8}) {
    emulator::set_threads(threads);
    for (const std::uint64_t seed : {11U, 12U}) {
      emulator::set_seed(seed);
      EXPECT_EQ(CudaBackend().edge_components(view_of(ends), 15'000, context()), expected) << threads << ", " << seed;
    }
  }
  emulator::set_threads(2);
}

TEST_F(EdgeComponents, AreReadWhereTheyLie) {
  const std::vector<std::int32_t> ends{4, 2, 2, 1, 0, 3};
  std::int32_t* memory = nullptr;
  ASSERT_EQ(cudaMalloc(reinterpret_cast<void**>(&memory), ends.size() * 4), cudaSuccess);
  ASSERT_EQ(cudaMemcpy(memory, ends.data(), ends.size() * 4, cudaMemcpyHostToDevice), cudaSuccess);
  const View<const std::int32_t, 2> view(memory, {3, 2}, {Device::Kind::cuda, 0});
  EXPECT_EQ(CudaBackend().edge_components(view, 5, context()), (Labels{0, 1, 1, 0, 1}));
  expect_error(ErrorCode::invalid_argument, "edge 0 joins 4 and 2; nodes are 0 to 3",
               [&] { CudaBackend().edge_components(view, 4, context()); });
  Context host = context();
  host.device = {};
  expect_error(ErrorCode::invalid_argument, "edges on cuda:0 cannot be read on cpu",
               [&] { simile::edge_components(view, 5, host); });
  ASSERT_EQ(cudaFree(memory), cudaSuccess);
}

TEST_F(EdgeComponents, NameTheFirstEdgeWithoutItsNodes) {
  std::vector<std::int64_t> ends(400, 1);
  ends[101] = 7;
  ends[300] = -1;
  Context host = context();
  host.device = {};
  for (const char* expected : {"edge 50 joins 1 and 7; nodes are 0 to 6"}) {
    expect_error(ErrorCode::invalid_argument, expected, [&] { simile::edge_components(view_of(ends), 7, host); });
    expect_error(ErrorCode::invalid_argument, expected,
                 [&] { CudaBackend().edge_components(view_of(ends), 7, context()); });
  }
  expect_error(ErrorCode::invalid_argument, "edge 150 joins -1 and 1",
               [&] { CudaBackend().edge_components(view_of(ends), 8, context()); });
  const View<const std::int64_t, 2> three(ends.data(), {100, 3});
  expect_error(ErrorCode::invalid_argument, "[m, 2], contiguous; not [100, 3]",
               [&] { simile::edge_components(three, 7, host); });
}

}  // namespace
}  // namespace simile::cuda
