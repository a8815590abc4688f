// SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <iostream>

#include "simile/core/text.hpp"
#include "simile/similarity/compare.hpp"
#include "simile/similarity/cosine.hpp"

/// Counts the pairs that reach a threshold.
class Count final : public simile::Sink {
 public:
  explicit Count(double threshold) : threshold_(threshold) {}

  std::string_view name() const override { return "count"; }
  void begin(const simile::Pairs& pairs, int /*num_workers*/) override {
    sides_ = sides(pairs);
    count_ = 0;
  }
  // Pairs surely below the threshold need not be reported, which lets the metric stop early.
  simile::Need need(const simile::Tile& /*tile*/) const override { return {.floor = threshold_}; }
  // Called by several workers at once. An interval above the threshold decides; one across it asks for the definition.
  void consume(int /*worker*/, const simile::Tile& /*tile*/, std::span<const simile::ScoredPair> scored,
               simile::Exact& exact) override {
    std::int64_t reached = 0;
    for (const auto& pair : scored) {
      const bool decided = pair.low >= threshold_ || pair.high < threshold_;
      reached += (decided ? pair.low : exact(pair)) >= threshold_ ? 1 : 0;
    }
    count_ += reached;
  }
  void finish(const simile::Evaluate& /*evaluate*/) override {}

  std::int64_t count() const { return count_; }

 protected:
  // For checkpoints and for merging runs over parts of the pairs.
  std::string identity() const override { return simile::concat("count ", threshold_, ' ', sides_); }
  void save_state(simile::StateWriter& out) override { out.integer(count_); }
  void load_state(simile::StateReader& in) override { count_ = in.integer(); }
  void merge_state(const simile::Sink& other, simile::Exact& /*exact*/) override {
    count_ += static_cast<const Count&>(other).count();
  }

 private:
  double threshold_;
  std::string sides_;
  std::atomic<std::int64_t> count_{0};
};

int main() {
  const float vectors[3][2] = {{1, 0}, {1, 1}, {0, 1}};
  const simile::CosineMetric metric(simile::View<const float, 2>(vectors[0], {3, 2}));
  Count alike(0.7);
  simile::ThreadPool pool(2);
  const auto progress = simile::make_silent_progress();
  const simile::Cancellation cancellation;
  simile::compare(simile::Pairs::triangle(3), metric, alike, {pool, *progress, cancellation, 256 << 20});
  std::cout << alike.count() << '\n';  // 2
}
