// SPDX-License-Identifier: Apache-2.0
#include "simile/similarity/histogram.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "similarity/arithmetic/histogram.hpp"

#include "simile/core/error.hpp"
#include "simile/core/text.hpp"

namespace simile {
namespace {

constexpr std::int64_t kMaxBins = 1 << 24;
constexpr double kInfinity = std::numeric_limits<double>::infinity();
// An interval of a quarter of a bin straddles a border for a quarter of the pairs: wider ones save little.
constexpr double kUsefulWidth = 0.25;

}  // namespace

Histogram::Histogram(const HistogramOptions& options) : options_(options) {
  const double range = options.high - options.low;
  if (!(range > 0) || !std::isfinite(range)) {
    throw Error(ErrorCode::invalid_argument,
                concat("a histogram from ", options.low, " to ", options.high, " has no bins"));
  }
  if (options.num_bins < 1 || options.num_bins > kMaxBins) {
    throw Error(ErrorCode::invalid_argument,
                concat("a histogram of ", options.num_bins, " bins; allowed are 1 to ", kMaxBins));
  }
  const auto bins = static_cast<double>(options.num_bins);
  for (std::int64_t k = 0; k <= options.num_bins; ++k) {
    borders_.push_back(k < options.num_bins ? options.low + range * (static_cast<double>(k) / bins) : options.high);
    if (k > 0 && !(borders_.end()[-2] < borders_.back())) {
      throw Error(ErrorCode::invalid_argument, concat("a histogram of ", options.num_bins, " bins from ", options.low,
                                                      " to ", options.high, " has bins without a width"));
    }
  }
  ends_.assign(borders_.begin() + 1, borders_.end());
  ends_.back() = kInfinity;
  bins_per_unit_ = bins / range;
}

void Histogram::begin(const Pairs& pairs, int num_workers) {
  pairs_ = pairs;
  workers_.assign(static_cast<std::size_t>(num_workers), Counts(static_cast<std::size_t>(num_bins()) + 1));
  counts_.clear();
  num_alike_to_nothing_ = 0;
}

Need Histogram::need(const Tile& /*tile*/) const {
  return {.max_width = kUsefulWidth / bins_per_unit_, .exact = false};
}

std::size_t Histogram::bin_of(double similarity) const {
  const HistogramBins bins{options_.low, bins_per_unit_, borders_.data(), ends_.data(), num_bins()};
  return static_cast<std::size_t>(bins.of(similarity));
}

void Histogram::add(std::span<const std::int64_t> counts) {
  Counts& all = workers_.front();
  ensure(counts.size() == all.size(), "a histogram's counts are one for each bin and one more");
  std::transform(all.begin(), all.end(), counts.begin(), all.begin(), std::plus<>());
}

void Histogram::consume(int worker, const Tile& /*tile*/, std::span<const ScoredPair> scored, Exact& exact) {
  Counts& counts = workers_[static_cast<std::size_t>(worker)];
  for (const auto& pair : scored) {
    // From -infinity to a number is more than a bin.
    std::size_t bin = pair.low == -kInfinity ? 0 : bin_of(pair.low);
    if (pair.low == -kInfinity || pair.high >= ends_[bin]) {
      const double similarity = exact(pair);
      bin = similarity == -kInfinity ? counts.size() - 1 : bin_of(similarity);
    }
    ++counts[bin];
  }
}

Histogram::Counts Histogram::total() const {
  Counts sum(static_cast<std::size_t>(num_bins()) + 1);
  for (const auto& counts : workers_) {
    std::transform(sum.begin(), sum.end(), counts.begin(), sum.begin(), std::plus<>());
  }
  return sum;
}

void Histogram::finish(const Evaluate& /*evaluate*/) {
  counts_ = total();
  num_alike_to_nothing_ = counts_.back();
  counts_.pop_back();
}

std::string Histogram::identity() const {
  return concat(num_bins(), " bins from ", options_.low, " to ", options_.high, ", ", sides(*pairs_));
}

void Histogram::save_state(StateWriter& out) {
  const Counts sum = total();
  out.elements(std::span<const std::int64_t>(sum));
}

void Histogram::load_state(StateReader& in) {
  begin(*pairs_, static_cast<int>(workers_.size()));
  for (auto& count : workers_.front()) count = in.integer("a count of pairs", 0, 1LL << 62);
}

void Histogram::merge_state(const Sink& other, Exact& /*exact*/) {
  const Counts more = static_cast<const Histogram&>(other).total();
  Counts& counts = workers_.front();
  std::transform(counts.begin(), counts.end(), more.begin(), counts.begin(), std::plus<>());
}

}  // namespace simile
