// SPDX-License-Identifier: Apache-2.0
#include "simile/report/tables.hpp"

#include "report/item_errors.hpp"

#include "simile/core/atomic_file.hpp"
#include "simile/core/csv.hpp"
#include "simile/core/text.hpp"

namespace simile {
namespace {

void write_clusters(const std::filesystem::path& folder, const ClusterResult& result) {
  AtomicFile file(folder / "clusters.csv");
  file.write("path,cluster,representative,similarity_to_representative\n");
  for (std::int64_t row = 0; row < result.clustering.num_items(); ++row) {
    const auto k = static_cast<std::size_t>(row);
    file.write(concat(csv_field(result.id(row)), ",", result.clustering.cluster[k], ",",
                      csv_field(result.id(result.representative(row))), ",", result.representatives.similarity[k],
                      "\n"));
  }
  file.commit();
}

void write_keep(const std::filesystem::path& folder, const ClusterResult& result) {
  AtomicFile file(folder / "keep.csv");
  file.write("path\n");
  for (std::int64_t row = 0; row < result.clustering.num_items(); ++row) {
    if (result.representative(row) == row) file.write(csv_field(result.id(row)) + "\n");
  }
  file.commit();
}

}  // namespace

void write_unreadable(const std::filesystem::path& folder, const Catalogue& catalogue,
                      const std::vector<ItemError>& errors) {
  report::write_item_errors(folder / "unreadable.csv", catalogue, errors);
}

void write_tables(const std::filesystem::path& folder, const ClusterResult& result) {
  write_clusters(folder, result);
  write_unreadable(folder, result.catalogue, result.unreadable);
  write_keep(folder, result);
}

void write_similarities(const std::filesystem::path& folder, const ClusterResult& result, const Edges& edges,
                        const Context& context) {
  ProgressPhase phase(context.progress, "writing similarities", edges.count(), "pairs");
  AtomicFile file(folder / "similarities.csv");
  file.write("from,to,similarity\n");
  edges.for_each([&](const Edge& edge) {
    context.cancellation.check();
    phase.advance(1);
    file.write(
        concat(csv_field(result.id(edge.left)), ",", csv_field(result.id(edge.right)), ",", edge.similarity, "\n"));
  });
  file.commit();
}

}  // namespace simile
