// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <limits>

#include "simile/cluster/clustering.hpp"
#include "simile/core/random.hpp"
#include "simile/similarity/compare.hpp"
#include "simile/similarity/row_sums.hpp"
#include "simile/similarity/subset.hpp"

namespace simile {
namespace {

// Pairs that are compared in one go: many small clusters share a run, and the list stays at 16 MiB.
constexpr std::int64_t kBatchPairs = 1 << 20;

/// Small clusters whose members are compared together; a pair's indices are positions in `items`.
struct Batch {
  std::vector<std::int64_t> items;
  std::vector<IndexPair> pairs;
  std::vector<std::int64_t> clusters;

  void clear() {
    items.clear();
    pairs.clear();
    clusters.clear();
  }
};

class Chooser {
 public:
  Chooser(const Clustering& clustering, const Metric& metric, std::uint64_t seed, const Context& context,
          Progress& silent, Representatives& result)
      : clustering_(clustering),
        metric_(metric),
        seed_(seed),
        context_(context),
        result_(result),
        quiet_{context.pool, silent, context.cancellation, context.memory_bytes, context.device} {}

  void run() {
    ProgressPhase phase(context_.progress, "choosing representatives", clustering_.num_grouped(), "images");
    phase_ = &phase;
    result_.of_cluster.assign(clustering_.members.size(), 0);
    for (std::int64_t cluster = 0; cluster < clustering_.num_clusters(); ++cluster) {
      const auto& members = clustering_.members[static_cast<std::size_t>(cluster)];
      if (members.size() <= 2) {
        // One pair is equally alike from both ends.
        result_.of_cluster[static_cast<std::size_t>(cluster)] = members.front();
        phase.advance(static_cast<std::int64_t>(members.size()));
      } else if (static_cast<std::int64_t>(members.size()) <= kMaxExactMembers) {
        add_all_pairs(cluster, members);
      } else {
        choose_by_sample(cluster, members);
        ++result_.num_sampled;
        phase.advance(static_cast<std::int64_t>(members.size()));
      }
    }
    flush();
  }

 private:
  void add_all_pairs(std::int64_t cluster, const std::vector<std::int64_t>& members) {
    const auto first = static_cast<std::int64_t>(batch_.items.size());
    const auto count = static_cast<std::int64_t>(members.size());
    batch_.items.insert(batch_.items.end(), members.begin(), members.end());
    batch_.clusters.push_back(cluster);
    for (std::int64_t a = 0; a < count; ++a) {
      for (std::int64_t b = a + 1; b < count; ++b) batch_.pairs.push_back({first + a, first + b});
    }
    if (static_cast<std::int64_t>(batch_.pairs.size()) >= kBatchPairs) flush();
  }

  void flush() {
    const auto count = static_cast<std::int64_t>(batch_.items.size());
    const SubsetMetric subset(metric_, batch_.items, batch_.items);
    RowSums sums;
    compare(Pairs::list(batch_.pairs, count), subset, sums, quiet_);
    std::size_t slot = 0;
    for (const auto cluster : batch_.clusters) {
      const auto& members = clustering_.members[static_cast<std::size_t>(cluster)];
      const auto begin = sums.sums().begin() + static_cast<std::ptrdiff_t>(slot);
      const auto best = std::max_element(begin, begin + static_cast<std::ptrdiff_t>(members.size()));
      result_.of_cluster[static_cast<std::size_t>(cluster)] = members[static_cast<std::size_t>(best - begin)];
      slot += members.size();
    }
    phase_->advance(count);
    batch_.clear();
  }

  /// Every member has the same number of sampled others, or one less when it is in the sample itself: means, not sums.
  void choose_by_sample(std::int64_t cluster, const std::vector<std::int64_t>& members) {
    const auto count = static_cast<std::int64_t>(members.size());
    const auto sample =
        sample_without_replacement(count, kRepresentativeSample, seed_ + static_cast<std::uint64_t>(members.front()));
    std::vector<std::int64_t> samples;
    for (const auto slot : sample) samples.push_back(members[static_cast<std::size_t>(slot)]);
    double best_mean = -std::numeric_limits<double>::infinity();
    std::int64_t best = members.front();
    const std::int64_t step = kBatchPairs / kRepresentativeSample;
    for (std::int64_t begin = 0; begin < count; begin += step) {
      const std::int64_t end = std::min(begin + step, count);
      const auto part =
          std::span(members).subspan(static_cast<std::size_t>(begin), static_cast<std::size_t>(end - begin));
      const auto means = mean_similarities(part, samples);
      for (std::size_t k = 0; k < part.size(); ++k) {
        if (means[k] > best_mean) {
          best_mean = means[k];
          best = part[k];
        }
      }
    }
    result_.of_cluster[static_cast<std::size_t>(cluster)] = best;
  }

  std::vector<double> mean_similarities(std::span<const std::int64_t> part, const std::vector<std::int64_t>& samples) {
    std::vector<IndexPair> pairs;
    std::vector<double> counts(part.size(), 0);
    for (std::size_t a = 0; a < part.size(); ++a) {
      for (std::size_t b = 0; b < samples.size(); ++b) {
        if (part[a] == samples[b]) continue;
        pairs.push_back({static_cast<std::int64_t>(a), static_cast<std::int64_t>(b)});
        ++counts[a];
      }
    }
    const SubsetMetric subset(metric_, part, samples);
    RowSums sums;
    compare(Pairs::list(pairs, subset.num_left(), subset.num_right()), subset, sums, quiet_);
    std::vector<double> means(sums.sums().begin(), sums.sums().begin() + static_cast<std::ptrdiff_t>(part.size()));
    for (std::size_t a = 0; a < part.size(); ++a) means[a] /= counts[a];
    return means;
  }

  const Clustering& clustering_;
  const Metric& metric_;
  std::uint64_t seed_;
  const Context& context_;
  Representatives& result_;
  Context quiet_;
  ProgressPhase* phase_ = nullptr;  // of run()
  Batch batch_;
};

}  // namespace

Representatives choose_representatives(const Clustering& clustering, const Metric& metric, std::uint64_t seed,
                                       const Context& context) {
  Representatives result;
  const auto silent = make_silent_progress();
  Chooser(clustering, metric, seed, context, *silent, result).run();
  result.similarity.assign(clustering.cluster.size(), 1);
  context.pool.parallel_for(clustering.num_items(), context.cancellation, [&](int /*worker*/, std::int64_t item) {
    const std::int64_t cluster = clustering.cluster[static_cast<std::size_t>(item)];
    if (cluster == kOutlier) return;
    const std::int64_t representative = result.of_cluster[static_cast<std::size_t>(cluster)];
    if (representative == item) return;
    result.similarity[static_cast<std::size_t>(item)] = metric.exact(representative, item);
  });
  return result;
}

}  // namespace simile
