// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

namespace simile {

/// Disjoint sets of 0 .. count - 1 that any number of threads may unite at once, lock-free (Jayanti and Tarjan, PODC
/// 2016, with path halving). The larger root is hooked under the smaller, so a root is its set's smallest member
/// whatever the order.
class UnionFind {
 public:
  UnionFind() = default;
  explicit UnionFind(std::int64_t count);

  /// The set's smallest member so far.
  std::int64_t find(std::int64_t node) const;
  void unite(std::int64_t a, std::int64_t b);
  /// For every node the smallest member of its set; when no other thread is uniting.
  std::vector<std::int64_t> labels() const;

 private:
  std::int64_t count_ = 0;
  std::unique_ptr<std::atomic<std::int64_t>[]> parents_;
};

}  // namespace simile
