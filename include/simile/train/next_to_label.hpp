// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "simile/core/context.hpp"
#include "simile/core/view.hpp"

namespace simile {

/// How items are chosen to be labelled next. random: uniformly; entropy: of the most uncertain probabilities; margin:
/// the least difference of the two most probable classes; centres: the farthest from all that is labelled or chosen
/// (k-centre); diverse: of the small margins, those nearest the centres of as many clusters (k-means) as are wanted.
enum class NextStrategy : unsigned char { random, entropy, margin, centres, diverse };

std::string_view to_string(NextStrategy strategy);
/// Throws invalid_argument naming --strategy and what is allowed.
NextStrategy parse_next_strategy(std::string_view text);

/// An item to be labelled.
struct NextItem {
  std::int64_t item = 0;
  double score = 0;  ///< by which it was chosen: entropy in nats, margin, or distance; 0 for random
};

/// `count` items, or as many as there are, that are in none of `labelled` (ascending): those to label first come first.
/// class_counts: how many labels each class has.
/// probabilities [n, classes] and vectors [n, d] of all items, the latter compared by direction; items with values that
/// are not finite are not chosen. The same seed chooses the same. Throws cancelled.
std::vector<NextItem> next_to_label(NextStrategy strategy, std::int64_t count, View<const float, 2> probabilities,
                                    View<const float, 2> vectors, std::span<const std::int64_t> labelled,
                                    std::span<const std::int64_t> class_counts, std::uint64_t seed,
                                    const Context& context);

}  // namespace simile
