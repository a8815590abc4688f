// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <limits>
#include <ostream>
#include <vector>

#include "work.hpp"

#include "simile/core/npy.hpp"
#include "simile/similarity/compare.hpp"
#include "simile/similarity/cosine.hpp"
#include "simile/similarity/top_k.hpp"

namespace simile::bench {
namespace {

/// The nearest vectors of every query, by cosine; as a server would have it, whose vectors stay where they are
/// compared.
class Search final : public Work {
 public:
  explicit Search(const Arguments& arguments)
      : queries_(NpyFile(arguments.text("query")).read_embeddings()),
        rows_(NpyFile(arguments.text("file")).read_embeddings()),
        metric_(queries_.view(), rows_.view()),
        k_(arguments.integer("k", 100)) {}

  Report run(const Context& context) override {
    TopK nearest(k_);
    const Pairs pairs = Pairs::rectangle(metric_.num_left(), metric_.num_right());
    Context keeping = context;
    keeping.keep_features = true;
    const auto stats = compare(pairs, metric_, nearest, keeping);
    ids_.clear();
    similarities_.clear();
    for (std::int64_t query = 0; query < metric_.num_left(); ++query) {
      for (const Neighbour& neighbour : nearest.neighbours(query)) {
        ids_.push_back(neighbour.item);
        similarities_.push_back(neighbour.similarity);
      }
    }
    return {stats.seconds, stats.pairs, stats.pairs_skipped, stats.exact_evaluations};
  }

  void write(std::ostream& out) const override {
    write_values(out, ids_);
    write_values(out, similarities_);
  }

 private:
  Array<float, 2> queries_;
  Array<float, 2> rows_;
  CosineMetric metric_;
  std::int64_t k_;
  std::vector<std::int64_t> ids_;
  std::vector<double> similarities_;
};

}  // namespace

std::unique_ptr<Work> prepare_search(const Arguments& arguments) { return std::make_unique<Search>(arguments); }

}  // namespace simile::bench
