// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "simile/similarity/metric.hpp"

namespace simile {

/// A metric's exact evaluation, counted.
class Exact {
 public:
  explicit Exact(const Metric& metric) : metric_(metric) {}
  double operator()(std::int64_t left, std::int64_t right) {
    ++count_;
    return metric_.exact(left, right);
  }
  /// The pair's exact similarity; computed only where its interval does not give it.
  double operator()(const ScoredPair& pair) {
    return pair.low == pair.high ? pair.low : (*this)(pair.left, pair.right);
  }
  std::int64_t count() const { return count_; }

 private:
  const Metric& metric_;
  std::int64_t count_ = 0;
};

/// What happens to the scores. One run of compare() calls begin(), then consume() for tiles in any order from several
/// workers at once, then finish(). The result does not depend on order, tiles or threads.
class Sink {
 public:
  virtual ~Sink() = default;

  virtual std::string_view name() const = 0;
  virtual void begin(const Pairs& pairs, int num_workers) = 0;
  /// True when nothing in the tile can change the result any more.
  virtual bool settled(const Tile& /*tile*/) const { return false; }
  virtual Need need(const Tile& tile) const = 0;
  /// Takes the pairs of a tile that screen() reported for need(tile); decides by their intervals what is sure, asks
  /// `exact` for the rest.
  virtual void consume(int worker, const Tile& tile, std::span<const ScoredPair> scored, Exact& exact) = 0;
  virtual void finish() = 0;
};

}  // namespace simile
