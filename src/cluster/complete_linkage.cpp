// SPDX-License-Identifier: Apache-2.0
// A sweep over a component's pairs from the most similar down counts the pairs seen between any two clusters. The pair
// that makes a count complete is the least similar of them: the clusters merge there. So nothing but counts is kept.
#include "simile/cluster/complete_linkage.hpp"

#include <algorithm>
#include <set>
#include <unordered_map>
#include <utility>

#include "simile/core/error.hpp"
#include "simile/core/text.hpp"
#include "simile/core/units.hpp"

namespace simile {
namespace {

constexpr std::int64_t kBytesPerPair = 100;  // sixteen, and a node of a hash table with its bucket and list entries
constexpr std::int64_t kPairsBetweenChecks = 1 << 16;

/// A pair of a component's items, numbered within it.
struct LocalPair {
  std::uint32_t a = 0;
  std::uint32_t b = 0;
  double similarity = 0;
};

/// Clusters of one component. Each has a slot; when two merge, the one with fewer neighbours moves into the other's.
class Agglomeration {
 public:
  explicit Agglomeration(std::size_t num_items) : slot_(num_items), clusters_(num_items) {
    for (std::uint32_t item = 0; item < num_items; ++item) {
      slot_[item] = item;
      clusters_[item].members = {item};
    }
  }

  /// Counts a pair; those of one similarity are counted before merge_complete().
  void count(const LocalPair& pair) {
    const std::uint32_t a = slot_[pair.a];
    const std::uint32_t b = slot_[pair.b];
    if (a != b) add(a, b, 1);
  }

  /// Merges, smallest first, clusters all of whose pairs have been counted.
  void merge_complete() {
    while (!complete_.empty()) {
      const Named best = *complete_.begin();
      complete_.erase(complete_.begin());
      const std::uint32_t a = slot_[best.first];
      const std::uint32_t b = slot_[best.second];
      // One of the two may have grown since.
      if (a == b || named(a, b) != best) continue;
      if (is_complete(a, b, counts_.at(key(a, b)))) merge(a, b);
    }
  }

  const std::vector<std::uint32_t>& members(std::uint32_t item) const { return clusters_[slot_[item]].members; }

 private:
  struct Cluster {
    std::vector<std::uint32_t> members;     // ascending
    std::vector<std::uint32_t> neighbours;  // slots with which pairs are counted; some may have gone
  };
  using Named = std::pair<std::uint32_t, std::uint32_t>;  // the smallest items of two clusters, ascending

  static std::uint64_t key(std::uint32_t a, std::uint32_t b) {
    return static_cast<std::uint64_t>(std::min(a, b)) << 32 | std::max(a, b);
  }
  Named named(std::uint32_t a, std::uint32_t b) const {
    return std::minmax({clusters_[a].members.front(), clusters_[b].members.front()});
  }
  bool is_complete(std::uint32_t a, std::uint32_t b, std::uint64_t count) const {
    return count == static_cast<std::uint64_t>(clusters_[a].members.size()) * clusters_[b].members.size();
  }

  void add(std::uint32_t a, std::uint32_t b, std::uint64_t pairs) {
    const auto [entry, fresh] = counts_.try_emplace(key(a, b), 0);
    if (fresh) {
      clusters_[a].neighbours.push_back(b);
      clusters_[b].neighbours.push_back(a);
    }
    entry->second += pairs;
    if (is_complete(a, b, entry->second)) complete_.insert(named(a, b));
  }

  void merge(std::uint32_t into, std::uint32_t from) {
    if (clusters_[into].neighbours.size() < clusters_[from].neighbours.size()) std::swap(into, from);
    counts_.erase(key(into, from));
    Cluster gone = std::move(clusters_[from]);
    auto& members = clusters_[into].members;
    const auto middle = static_cast<std::ptrdiff_t>(members.size());
    members.insert(members.end(), gone.members.begin(), gone.members.end());
    std::inplace_merge(members.begin(), members.begin() + middle, members.end());
    for (const std::uint32_t item : gone.members) slot_[item] = into;
    for (const std::uint32_t other : gone.neighbours) {
      const auto entry = counts_.find(key(from, other));
      if (entry == counts_.end()) continue;
      const std::uint64_t pairs = entry->second;
      counts_.erase(entry);
      add(into, other, pairs);
    }
    clusters_[from] = {};
  }

  std::vector<std::uint32_t> slot_;  // of every item
  std::vector<Cluster> clusters_;
  std::unordered_map<std::uint64_t, std::uint64_t> counts_;
  std::set<Named> complete_;  // those that were, when the pair was counted
};

/// Groups one component's items, given in ascending order.
void agglomerate(const std::vector<std::int64_t>& items, std::vector<LocalPair>& pairs, const Context& context,
                 std::vector<std::int64_t>& groups) {
  std::sort(pairs.begin(), pairs.end(), [](const LocalPair& x, const LocalPair& y) {
    if (x.similarity != y.similarity) return x.similarity > y.similarity;
    return std::pair(x.a, x.b) < std::pair(y.a, y.b);
  });
  Agglomeration clusters(items.size());
  for (std::size_t k = 0; k < pairs.size(); ++k) {
    if (k % kPairsBetweenChecks == 0) context.cancellation.check();
    clusters.count(pairs[k]);
    if (k + 1 == pairs.size() || pairs[k + 1].similarity != pairs[k].similarity) clusters.merge_complete();
  }
  for (std::uint32_t item = 0; item < items.size(); ++item) {
    groups[static_cast<std::size_t>(items[item])] = items[clusters.members(item).front()];
  }
}

/// The components and how much each holds.
struct Component {
  std::vector<std::int64_t> items;
  std::int64_t num_pairs = 0;
};

void check_size(const Component& component, std::int64_t memory_bytes) {
  const auto size = static_cast<std::int64_t>(component.items.size());
  if (size > kMaxCompleteLinkageItems) {
    throw Error(ErrorCode::invalid_argument, concat("--no-chain: a component of ", size, " images; allowed are ",
                                                    kMaxCompleteLinkageItems, " (raise --threshold)"));
  }
  if (component.num_pairs > memory_bytes / kBytesPerPair) {
    throw Error(ErrorCode::out_of_memory,
                concat("--no-chain: the ", component.num_pairs, " similar pairs of one component take ",
                       format_bytes(component.num_pairs * kBytesPerPair), ", more than ", format_bytes(memory_bytes),
                       " (raise --threshold, or --memory)"));
  }
}

}  // namespace

std::vector<std::int64_t> complete_linkage(const Edges& edges, const std::vector<std::int64_t>& labels,
                                           const Context& context) {
  // Components in the order of their smallest items, and every item's place in its own.
  std::vector<Component> components;
  std::vector<std::size_t> component_of(labels.size());
  std::vector<std::uint32_t> place(labels.size());
  for (std::size_t item = 0; item < labels.size(); ++item) {
    const auto root = static_cast<std::size_t>(labels[item]);
    if (root == item) {
      component_of[item] = components.size();
      components.emplace_back();
    }
    component_of[item] = component_of[root];
    auto& items = components[component_of[item]].items;
    place[item] = static_cast<std::uint32_t>(items.size());
    items.push_back(static_cast<std::int64_t>(item));
  }
  edges.for_each([&](const Edge& edge) { ++components[component_of[static_cast<std::size_t>(edge.left)]].num_pairs; });
  for (const auto& component : components) check_size(component, context.memory_bytes);

  std::vector<std::int64_t> groups = labels;
  for (std::size_t begin = 0; begin < components.size();) {
    std::int64_t num_pairs = components[begin].num_pairs;
    std::size_t end = begin + 1;
    while (end < components.size() && num_pairs + components[end].num_pairs <= context.memory_bytes / kBytesPerPair) {
      num_pairs += components[end++].num_pairs;
    }
    std::vector<std::vector<LocalPair>> pairs(end - begin);
    edges.for_each([&](const Edge& edge) {
      const std::size_t component = component_of[static_cast<std::size_t>(edge.left)];
      if (component < begin || component >= end || edge.left == edge.right) return;
      pairs[component - begin].push_back(
          {place[static_cast<std::size_t>(edge.left)], place[static_cast<std::size_t>(edge.right)], edge.similarity});
    });
    for (std::size_t k = 0; k < pairs.size(); ++k) {
      agglomerate(components[begin + k].items, pairs[k], context, groups);
      std::vector<LocalPair>().swap(pairs[k]);
    }
    begin = end;
  }
  return groups;
}

}  // namespace simile
