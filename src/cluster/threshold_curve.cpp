// SPDX-License-Identifier: Apache-2.0
#include "simile/cluster/threshold_curve.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <optional>

#include "simile/core/text.hpp"
#include "simile/core/units.hpp"
#include "simile/similarity/union_find.hpp"

namespace simile {
namespace {

constexpr std::int64_t kMinGroupsAboveGap = 3;
constexpr std::int64_t kMergedShare = 4;  // a quarter of the groups formed

/// Counts components while edges are added from the most similar on.
class Growth {
 public:
  explicit Growth(std::int64_t num_items) : sets_(num_items), size_(static_cast<std::size_t>(num_items), 1) {}

  void join(std::int64_t left, std::int64_t right) {
    const std::int64_t a = sets_.find(left);
    const std::int64_t b = sets_.find(right);
    if (a == b) return;
    const std::int64_t size_a = size(a);
    const std::int64_t size_b = size(b);
    const int grown = (size_a > 1 ? 1 : 0) + (size_b > 1 ? 1 : 0);
    if (grown == 0) ++point.formed;
    if (grown == 2) ++point.merged;
    point.groups += 1 - grown;
    point.grouped += grown == 0 ? 2 : 2 - grown;
    sets_.unite(a, b);
    const std::int64_t joined = size_a + size_b;
    size(sets_.find(a)) = joined;
    point.largest = std::max(point.largest, joined);
  }

  CurvePoint point;

 private:
  std::int64_t& size(std::int64_t root) { return size_[static_cast<std::size_t>(root)]; }

  UnionFind sets_;
  std::vector<std::int64_t> size_;  // of a root's component
};

/// The number in (low, high] that is shortest to write; of those with as many decimals the one nearest the middle.
double shortest_between(double low, double high) {
  const double middle = low + (high - low) / 2;
  for (double scale = 100; scale <= 1e6; scale *= 10) {
    const double rounded = std::round(middle * scale) / scale;
    for (const double value : {rounded, std::floor(high * scale) / scale}) {
      if (value > low && value <= high) return value;
    }
  }
  return high;
}

/// A similarity for people.
std::string shown(double similarity) { return format_double(std::round(similarity * 1e4) / 1e4); }

struct Gap {
  std::size_t above = 0;  // point before it
  double width = 0;
};

std::optional<Gap> widest_gap(std::span<const CurvePoint> curve) {
  std::optional<Gap> widest;
  for (std::size_t k = 0; k + 1 < curve.size(); ++k) {
    const double width = curve[k].threshold - curve[k + 1].threshold;
    if (curve[k].groups < kMinGroupsAboveGap || width < kMinGap || (widest && width <= widest->width)) continue;
    widest = Gap{k, width};
  }
  return widest;
}

/// The last point before groups go into each other for good.
std::size_t last_before_merging(std::span<const CurvePoint> curve) {
  std::size_t last = 0;
  for (std::size_t k = 0; k < curve.size(); ++k) {
    if (kMergedShare * curve[k].merged <= curve[k].formed) last = k;
  }
  return last;
}

ThresholdAdvice at_gap(std::span<const CurvePoint> curve, const Gap& gap) {
  const CurvePoint& above = curve[gap.above];
  ThresholdAdvice advice;
  advice.kind = ThresholdAdvice::Kind::gap;
  advice.low = curve[gap.above + 1].threshold;
  advice.high = above.threshold;
  // In the upper half: more images than the sample has bring more similar pairs from below.
  advice.threshold = shortest_between(advice.low + gap.width / 2, advice.high);
  advice.reason =
      concat("no group changes between ", shown(advice.low), " and ", shown(advice.high), ", the widest gap below ",
             format_counted(above.groups, "group", "groups"), ": what is alike lies above it, the rest below");
  return advice;
}

ThresholdAdvice before_merging(std::span<const CurvePoint> curve, std::int64_t num_sampled, std::int64_t num_items) {
  const std::size_t last = last_before_merging(curve);
  // As many similar ones to an image in the whole set as there: fewer pairs of the sample.
  const double thinning = num_items > 1 ? static_cast<double>(num_sampled - 1) / static_cast<double>(num_items - 1) : 1;
  const double wanted_pairs = static_cast<double>(curve[last].similar_pairs) * std::min(1.0, thinning);
  std::size_t chosen = last;
  while (chosen > 0 && static_cast<double>(curve[chosen].similar_pairs) > wanted_pairs) --chosen;
  ThresholdAdvice advice;
  advice.high = curve[chosen].threshold;
  advice.low = chosen + 1 < curve.size() ? curve[chosen + 1].threshold : std::min(advice.high - kMinGap, 0.0);
  advice.threshold = shortest_between(advice.low, advice.high);
  if (static_cast<double>(curve[chosen].similar_pairs) > wanted_pairs) {
    advice.kind = ThresholdAdvice::Kind::undersampled;
    advice.threshold = advice.high;
    advice.reason = concat("the sample's most similar pair; ", format_count(num_sampled), " of ",
                           format_count(num_items), " images are too few to say more (raise --sample)");
    return advice;
  }
  advice.kind = ThresholdAdvice::Kind::merging;
  const CurvePoint& point = curve[last];
  advice.reason = concat("of ", format_counted(point.formed, "group", "groups"), " that form down to ",
                         shown(point.threshold), ", ", format_count(point.merged), point.merged == 1 ? " goes" : " go",
                         " into others; below, groups chain together");
  if (chosen != last) {
    advice.reason +=
        concat(". That is in the sample; each of the ", format_count(num_items), " images has ",
               format_double(std::round(10 / thinning) / 10), " times as many others, so groups are as dense at ",
               format_double(advice.threshold), " already");
  }
  return advice;
}

}  // namespace

std::vector<CurvePoint> threshold_curve(std::int64_t num_items, std::span<const Edge> edges_in,
                                        std::vector<double> similarities) {
  std::vector<Edge> edges(edges_in.begin(), edges_in.end());
  std::sort(edges.begin(), edges.end(), [](const Edge& a, const Edge& b) { return a.similarity > b.similarity; });
  std::sort(similarities.begin(), similarities.end(), std::greater<>());
  std::vector<CurvePoint> curve;
  Growth growth(num_items);
  for (auto edge = edges.begin(); edge != edges.end();) {
    const double threshold = edge->similarity;
    const std::int64_t before = growth.point.formed + growth.point.merged + growth.point.grouped;
    for (; edge != edges.end() && edge->similarity == threshold; ++edge) growth.join(edge->left, edge->right);
    if (growth.point.formed + growth.point.merged + growth.point.grouped == before) continue;
    const auto below = std::upper_bound(similarities.begin(), similarities.end(), threshold, std::greater<>());
    growth.point.threshold = threshold;
    growth.point.similar_pairs = below - similarities.begin();
    curve.push_back(growth.point);
  }
  return curve;
}

ThresholdAdvice advise_threshold(std::span<const CurvePoint> curve, std::int64_t num_sampled, std::int64_t num_items,
                                 double default_threshold) {
  if (curve.empty()) {
    ThresholdAdvice advice;
    advice.kind = ThresholdAdvice::Kind::undersampled;
    advice.threshold = advice.low = advice.high = default_threshold;
    advice.reason = "no two images of the sample are alike at all; this is the method's default";
    return advice;
  }
  if (const auto gap = widest_gap(curve)) return at_gap(curve, *gap);
  return before_merging(curve, num_sampled, num_items);
}

}  // namespace simile
