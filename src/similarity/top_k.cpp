// SPDX-License-Identifier: Apache-2.0
// A row collects candidates by their intervals until it is full, then drops what k others surely beat. Exact
// similarities are computed for what is left in the end, and where too many intervals overlap.
#include "simile/similarity/top_k.hpp"

#include <algorithm>
#include <limits>
#include <new>
#include <utility>

#include "simile/core/error.hpp"
#include "simile/core/text.hpp"
#include "simile/core/units.hpp"

namespace simile {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr std::int64_t kNoTie = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kOpenAtOnce = 1 << 20;  // candidates whose similarities are computed in one go: 32 MiB

/// Room for half as many again as are kept: pruning then costs a few nanoseconds a candidate.
std::int64_t capacity_for(std::int64_t kept) { return kept + std::max<std::int64_t>(3, kept / 2); }

}  // namespace

TopK::TopK(std::int64_t k) : k_(k) {
  if (k < 1) throw Error(ErrorCode::invalid_argument, concat(k, " nearest neighbours; allowed is 1 or more"));
}

void TopK::begin(const Pairs& pairs, int /*num_workers*/) {
  pairs_ = pairs;
  num_rows_ = pairs.num_left();
  kept_ = std::min(k_, std::max<std::int64_t>(1, pairs.one_set() ? num_rows_ - 1 : pairs.num_right()));
  capacity_ = capacity_for(kept_);
  begins_.clear();
  neighbours_.clear();
  try {
    candidates_.assign(static_cast<std::size_t>(num_rows_ * capacity_), {});
    rows_ = std::make_unique<Row[]>(static_cast<std::size_t>(num_rows_));
  } catch (const std::bad_alloc&) {
    throw Error(ErrorCode::out_of_memory,
                concat(kept_, " nearest neighbours of ", num_rows_, " items take ",
                       format_bytes(num_rows_ * (capacity_ * static_cast<std::int64_t>(sizeof(Candidate)) +
                                                 static_cast<std::int64_t>(sizeof(Row))))));
  }
  for (std::int64_t row = 0; row < num_rows_; ++row) {
    rows_[static_cast<std::size_t>(row)].floor.store(-kInfinity, std::memory_order_relaxed);
    rows_[static_cast<std::size_t>(row)].tie = kNoTie;
  }
}

Need TopK::need(const Tile& tile) const {
  if (!tile.list.empty()) return {};
  double floor = kInfinity;
  const auto lower_to = [&](const Range& range) {
    for (std::int64_t row = range.begin; row < range.end; ++row) {
      floor = std::min(floor, rows_[static_cast<std::size_t>(row)].floor.load(std::memory_order_relaxed));
    }
  };
  lower_to(tile.rows);
  if (pairs_->one_set()) lower_to(tile.cols);
  return {.floor = floor, .exact = false};
}

void TopK::consume(int /*worker*/, const Tile& /*tile*/, std::span<const ScoredPair> scored, Exact& exact) {
  const bool one_set = pairs_->one_set();
  const auto reaches = [&](std::int64_t row, double high) {
    return high >= rows_[static_cast<std::size_t>(row)].floor.load(std::memory_order_relaxed);
  };
  for (const auto& pair : scored) {
    if (pair.high == -kInfinity || (one_set && pair.left == pair.right)) continue;
    if (reaches(pair.left, pair.high)) offer(pair.left, {pair.low, pair.high, pair.right}, exact);
    if (one_set && reaches(pair.right, pair.high)) offer(pair.right, {pair.low, pair.high, pair.left}, exact);
  }
}

std::span<TopK::Candidate> TopK::slots(std::int64_t row) {
  return std::span(candidates_).subspan(static_cast<std::size_t>(row * capacity_), static_cast<std::size_t>(capacity_));
}

std::span<TopK::Candidate> TopK::candidates(std::int64_t row) {
  return slots(row).first(static_cast<std::size_t>(rows_[static_cast<std::size_t>(row)].count));
}

std::span<const TopK::Candidate> TopK::candidates(std::int64_t row) const {
  return std::span(candidates_)
      .subspan(static_cast<std::size_t>(row * capacity_),
               static_cast<std::size_t>(rows_[static_cast<std::size_t>(row)].count));
}

/// Both ends of a pair of one set ask for it in the same order.
ScoredPair TopK::pair_of(std::int64_t row, const Candidate& candidate) const {
  const bool swapped = pairs_->one_set() && candidate.item < row;
  return {swapped ? candidate.item : row, swapped ? row : candidate.item, candidate.low, candidate.high};
}

void TopK::offer(std::int64_t row, const Candidate& candidate, Exact& exact) {
  const std::lock_guard lock(stripes_[static_cast<std::size_t>(row) % kStripes]);
  Row& state = rows_[static_cast<std::size_t>(row)];
  const double floor = state.floor.load(std::memory_order_relaxed);
  if (candidate.high < floor || (candidate.high == floor && candidate.item > state.tie)) return;
  if (pairs_->shape() == Pairs::Shape::list) {  // which may name a pair twice
    const auto there = candidates(row);
    if (std::any_of(there.begin(), there.end(), [&](const auto& other) { return other.item == candidate.item; }))
      return;
  }
  slots(row)[static_cast<std::size_t>(state.count++)] = candidate;
  if (state.count == capacity_) make_room(row, exact);
}

void TopK::make_room(std::int64_t row, Exact& exact) {
  drop_beaten(row);
  if (rows_[static_cast<std::size_t>(row)].count <= kept_ + (capacity_ - kept_) / 2) return;
  // Too many intervals overlap, or too many are equal.
  for (auto& candidate : candidates(row)) candidate.low = candidate.high = exact(pair_of(row, candidate));
  keep_best(row);
}

/// Drops what `kept_` candidates surely beat.
void TopK::drop_beaten(std::int64_t row) {
  Row& state = rows_[static_cast<std::size_t>(row)];
  if (state.count < kept_) return;
  const auto all = candidates(row);
  const auto last = all.begin() + (kept_ - 1);
  std::nth_element(all.begin(), last, all.end(), [](const Candidate& a, const Candidate& b) { return a.low > b.low; });
  const double floor = last->low;
  state.count =
      std::remove_if(all.begin(), all.end(), [&](const Candidate& one) { return one.high < floor; }) - all.begin();
  if (floor > state.floor.load(std::memory_order_relaxed)) {
    state.floor.store(floor, std::memory_order_relaxed);
    state.tie = kNoTie;
  }
}

/// Of exactly known candidates the best, best first.
void TopK::keep_best(std::int64_t row) {
  Row& state = rows_[static_cast<std::size_t>(row)];
  const auto all = candidates(row);
  std::sort(all.begin(), all.end(),
            [](const Candidate& a, const Candidate& b) { return a.low != b.low ? a.low > b.low : a.item < b.item; });
  if (state.count < kept_) return;
  state.count = kept_;
  const Candidate& last = all[static_cast<std::size_t>(kept_ - 1)];
  state.floor.store(last.low, std::memory_order_relaxed);
  state.tie = last.item;
}

/// Makes the candidates of some rows exact. Of one set, a pair that both ends keep is evaluated once.
void TopK::evaluate_rows(std::int64_t begin, std::int64_t end, const Evaluate& evaluate) {
  const auto before = [](const ScoredPair& a, const ScoredPair& b) {
    return std::pair(a.left, a.right) < std::pair(b.left, b.right);
  };
  const auto same = [](const ScoredPair& a, const ScoredPair& b) { return a.left == b.left && a.right == b.right; };
  std::vector<ScoredPair> open;
  const auto for_each_open = [&](auto&& visit) {
    for (std::int64_t row = begin; row < end; ++row) {
      for (auto& candidate : candidates(row)) {
        if (candidate.low != candidate.high) visit(candidate, pair_of(row, candidate));
      }
    }
  };
  for_each_open([&](const Candidate& /*candidate*/, const ScoredPair& pair) { open.push_back(pair); });
  std::sort(open.begin(), open.end(), before);
  open.erase(std::unique(open.begin(), open.end(), same), open.end());
  evaluate(open);
  for_each_open([&](Candidate& candidate, const ScoredPair& pair) {
    candidate.low = candidate.high = std::lower_bound(open.begin(), open.end(), pair, before)->low;
  });
}

void TopK::finish(const Evaluate& evaluate) {
  const std::int64_t step = std::max<std::int64_t>(1, kOpenAtOnce / capacity_);
  begins_.push_back(0);
  for (std::int64_t begin = 0; begin < num_rows_; begin += step) {
    const std::int64_t end = std::min(begin + step, num_rows_);
    for (std::int64_t row = begin; row < end; ++row) drop_beaten(row);
    evaluate_rows(begin, end, evaluate);
    for (std::int64_t row = begin; row < end; ++row) {
      keep_best(row);
      for (const auto& candidate : candidates(row)) {
        if (candidate.low != -kInfinity) neighbours_.push_back({candidate.item, candidate.low});
      }
      begins_.push_back(static_cast<std::int64_t>(neighbours_.size()));
    }
  }
  std::vector<Candidate>().swap(candidates_);
  rows_.reset();
}

std::span<const Neighbour> TopK::neighbours(std::int64_t item) const {
  const auto begin = static_cast<std::size_t>(begins_[static_cast<std::size_t>(item)]);
  const auto end = static_cast<std::size_t>(begins_[static_cast<std::size_t>(item) + 1]);
  return std::span(neighbours_).subspan(begin, end - begin);
}

std::string TopK::identity() const { return concat(k_, " of ", sides(*pairs_)); }

void TopK::save_state(StateWriter& out) {
  for (std::int64_t row = 0; row < num_rows_; ++row) {
    drop_beaten(row);
    out.array(std::span<const Candidate>(candidates(row)));
  }
}

void TopK::load_state(StateReader& in) {
  begin(*pairs_, 1);
  const std::int64_t num_others = pairs_->one_set() ? num_rows_ : pairs_->num_right();
  for (std::int64_t row = 0; row < num_rows_; ++row) {
    Row& state = rows_[static_cast<std::size_t>(row)];
    state.count = in.integer("a number of neighbours", 0, capacity_ - 1);
    in.elements(candidates(row));
    for (const auto& [low, high, item] : candidates(row)) {
      if (item < 0 || item >= num_others || !(low <= high)) {
        throw_bad_state(concat("a neighbour is ", item, " with a similarity from ", low, " to ", high));
      }
    }
    drop_beaten(row);
  }
}

void TopK::merge_state(const Sink& other, Exact& exact) {
  const auto& more = static_cast<const TopK&>(other);
  for (std::int64_t row = 0; row < num_rows_; ++row) {
    for (const auto& candidate : more.candidates(row)) offer(row, candidate, exact);
  }
}

}  // namespace simile
