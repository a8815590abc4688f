// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "simile/core/state_file.hpp"
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

/// Sets low = high = the exact similarity of every pair whose interval is still open, on all workers.
using Evaluate = std::function<void(std::span<ScoredPair>)>;

/// What happens to the scores. One run of compare() calls begin(), then consume() for tiles in any order from several
/// workers at once, then finish(). The result does not depend on order, tiles or threads.
///
/// Between begin() and finish(), while no consume() is running, what has been found so far can be saved, loaded and
/// merged: that is how a run is resumed, and how parts of it are done elsewhere.
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
  /// Makes the result; pairs that only now turn out to matter are evaluated together.
  virtual void finish(const Evaluate& evaluate) = 0;

  /// Writes what the pairs consumed so far amount to.
  void save(StateWriter& out);
  /// Takes over what save() wrote in a run with the same parameters over as many items; what was consumed since begin()
  /// is lost. Throws decode, and needs begin() again, when the state is another's or makes no sense.
  void load(StateReader& in);
  /// Adds what `other`, begun with the same parameters over as many items, consumed: the result is as if this sink had
  /// consumed the pairs of both. Throws invalid_argument when the two do not belong together, and as consume().
  void merge(const Sink& other, Exact& exact);

 protected:
  /// Names parameters and sides: sinks with the same identity can take over each other's state.
  virtual std::string identity() const = 0;
  virtual void save_state(StateWriter& out) = 0;
  virtual void load_state(StateReader& in) = 0;
  /// `other` has the same type and identity.
  virtual void merge_state(const Sink& other, Exact& exact) = 0;

  /// Names the sides of pairs, as a part of identity().
  static std::string sides(const Pairs& pairs);
};

}  // namespace simile
