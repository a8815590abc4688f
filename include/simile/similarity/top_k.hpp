// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "simile/similarity/sink.hpp"

namespace simile {

/// An item with its exact similarity to another.
struct Neighbour {
  std::int64_t item = 0;
  double similarity = 0;
  friend bool operator==(const Neighbour&, const Neighbour&) = default;
};

/// The k most similar others of every left item (of one set: of every item, from all its pairs), with exact
/// similarities; ties go to the smaller index. An item is not its own neighbour within one set; what is alike to
/// nothing (similarity -infinity) is nobody's. Takes about 36 k + 110 bytes an item, and 16 k more while finishing.
class TopK final : public Sink {
 public:
  /// Throws invalid_argument unless k >= 1.
  explicit TopK(std::int64_t k);

  std::string_view name() const override { return "nearest neighbours"; }
  /// Throws out_of_memory, naming what is needed, when the machine has not got it.
  void begin(const Pairs& pairs, int num_workers) override;
  Need need(const Tile& tile) const override;
  void consume(int worker, const Tile& tile, std::span<const ScoredPair> scored, Exact& exact) override;
  void finish(const Evaluate& evaluate) override;

  std::int64_t k() const { return k_; }
  /// What a pair must reach to change the neighbours of a left item; only rises. Between begin() and finish(), also
  /// while pairs are consumed.
  double floor(std::int64_t item) const {
    return rows_[static_cast<std::size_t>(item)].floor.load(std::memory_order_relaxed);
  }
  /// Of a left item, most similar first: k, or fewer where there are fewer; after finish().
  std::span<const Neighbour> neighbours(std::int64_t item) const;

 protected:
  std::string identity() const override;
  void save_state(StateWriter& out) override;
  void load_state(StateReader& in) override;
  void merge_state(const Sink& other, Exact& exact) override;

 private:
  /// What may be a neighbour: its exact similarity is in [low, high].
  struct Candidate {
    double low = 0;
    double high = 0;
    std::int64_t item = 0;
  };
  /// What a row knows beside its candidates; changed under the row's mutex, `floor` read without.
  struct Row {
    std::atomic<double> floor{0};  // k candidates surely reach it
    std::int64_t tie = 0;          // of candidates that are exactly the floor, only those before this item matter
    std::int64_t count = 0;
  };

  void offer(std::int64_t row, const Candidate& candidate, Exact& exact);
  void make_room(std::int64_t row, Exact& exact);
  void drop_beaten(std::int64_t row);
  void keep_best(std::int64_t row);
  void evaluate_rows(std::int64_t begin, std::int64_t end, const Evaluate& evaluate);
  /// All that a row has room for, and those that are there.
  std::span<Candidate> slots(std::int64_t row);
  std::span<Candidate> candidates(std::int64_t row);
  std::span<const Candidate> candidates(std::int64_t row) const;
  ScoredPair pair_of(std::int64_t row, const Candidate& candidate) const;

  static constexpr std::size_t kStripes = 1024;
  const std::int64_t k_;
  std::int64_t kept_ = 0;      // min(k, how many others there are)
  std::int64_t capacity_ = 0;  // of a row
  std::optional<Pairs> pairs_;
  std::int64_t num_rows_ = 0;
  std::unique_ptr<Row[]> rows_;
  std::vector<Candidate> candidates_;
  std::array<std::mutex, kStripes> stripes_;
  std::vector<std::int64_t> begins_;  // of every row's neighbours
  std::vector<Neighbour> neighbours_;
};

}  // namespace simile
