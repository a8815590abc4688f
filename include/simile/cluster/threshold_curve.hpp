// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "simile/similarity/edges.hpp"

namespace simile {

/// What connected components are at one threshold.
struct CurvePoint {
  double threshold = 0;            ///< a similarity at which components change
  std::int64_t similar_pairs = 0;  ///< pairs at least this similar
  std::int64_t groups = 0;         ///< components of two items or more
  std::int64_t grouped = 0;        ///< items in them
  std::int64_t largest = 0;        ///< items of the largest one
  std::int64_t formed = 0;  ///< groups that two single items have formed, from the highest threshold down to here
  std::int64_t merged = 0;  ///< groups that have gone into another group, down to here
};

/// The components at every threshold, one point for each similarity at which they change, descending. `edges` are
/// those of a maximum spanning forest, or more, in any order; `similarities` are those of all pairs that are counted,
/// in any order. Pairs that are alike to nothing (-infinity) belong to neither.
std::vector<CurvePoint> threshold_curve(std::int64_t num_items, std::span<const Edge> edges,
                                        std::vector<double> similarities);

/// A threshold and why.
struct ThresholdAdvice {
  enum class Kind {
    gap,          ///< similar pairs and others lie clearly apart
    merging,      ///< below it groups go into each other
    undersampled  ///< the sample is too small for the whole set: its most similar pairs
  };
  Kind kind = Kind::merging;
  double threshold = 0;
  double low = 0;  ///< every threshold in (low, high] gives the sample the same groups
  double high = 0;
  std::string reason;  ///< a sentence or two for people
};

/// Advice for a set of `num_items`, of which the curve saw `num_sampled`, drawn at random:
/// 1. The widest gap between two successive points with at least kMinGap between them and three groups above it, if
///    there is one: near-copies above, unrelated pairs below.
/// 2. Otherwise the lowest threshold at which at most a quarter of the groups formed have gone into other groups (below
///    it, components chain), moved up until an image has as many similar ones in the whole set as it had in the sample.
/// `default_threshold` where nothing is alike at all.
ThresholdAdvice advise_threshold(std::span<const CurvePoint> curve, std::int64_t num_sampled, std::int64_t num_items,
                                 double default_threshold);

/// Least gap that advise_threshold() calls one.
inline constexpr double kMinGap = 0.05;

}  // namespace simile
