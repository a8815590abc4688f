// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "simile/core/context.hpp"
#include "simile/report/cluster_result.hpp"
#include "simile/similarity/edges.hpp"

namespace simile {

/// clusters.csv (`path,cluster,representative,similarity_to_representative`, readable items in catalogue order),
/// unreadable.csv and keep.csv (`path`: representatives and outliers) into an existing folder. The same result gives
/// the same bytes. docs/definitions.md. Throws io.
void write_tables(const std::filesystem::path& folder, const ClusterResult& result);

/// unreadable.csv (`path,reason`), in the order given. Throws io.
void write_unreadable(const std::filesystem::path& folder, const Catalogue& catalogue,
                      const std::vector<ItemError>& errors);

/// similarities.csv (`from,to,similarity`), ascending by catalogue order. `edges` is finished. Throws cancelled, io.
void write_similarities(const std::filesystem::path& folder, const ClusterResult& result, const Edges& edges,
                        const Context& context);

}  // namespace simile
