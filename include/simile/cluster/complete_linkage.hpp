// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "simile/core/context.hpp"
#include "simile/similarity/edges.hpp"

namespace simile {

/// The largest component that complete_linkage() takes.
inline constexpr std::int64_t kMaxCompleteLinkageItems = 20'000;

/// Groups in which every two items are alike. Within each component, the two clusters whose least similar pair is most
/// similar are merged first (ties: the smaller (min, max) of the clusters' smallest items), as long as all pairs
/// between them are among `edges`. `edges` is finished and holds the similar pairs of one set; `labels` are its
/// components. Returns for every item the smallest of its group.
///
/// Takes up to 100 bytes for each pair of a component; components are taken together as far as context.memory_bytes
/// allow. Throws invalid_argument, naming the size and the limit, for a component beyond kMaxCompleteLinkageItems,
/// out_of_memory when one has too many pairs, and cancelled.
std::vector<std::int64_t> complete_linkage(const Edges& edges, const std::vector<std::int64_t>& labels,
                                           const Context& context);

}  // namespace simile
