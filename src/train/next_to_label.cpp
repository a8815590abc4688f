// SPDX-License-Identifier: Apache-2.0
#include "simile/train/next_to_label.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include "train/training_rows.hpp"

#include "simile/core/array.hpp"
#include "simile/core/error.hpp"
#include "simile/core/random.hpp"
#include "simile/core/text.hpp"

namespace simile {
namespace {

constexpr std::array<std::pair<NextStrategy, std::string_view>, 5> kNames{{{NextStrategy::random, "random"},
                                                                           {NextStrategy::entropy, "entropy"},
                                                                           {NextStrategy::margin, "margin"},
                                                                           {NextStrategy::centres, "centres"},
                                                                           {NextStrategy::diverse, "diverse"}}};
// Candidates to cluster, for each item that is wanted. On clothing photos (200 labels in rounds of 50, ten seeds) 3, 5
// and 10 gave up to a point less.
constexpr std::int64_t kCandidatesPerItem = 20;
constexpr int kRounds = 20;  // of k-means

double margin_of(const float* values, std::int64_t classes) {
  float best = 0;
  float second = 0;
  for (std::int64_t c = 0; c < classes; ++c) {
    if (values[c] > best) {
      second = std::exchange(best, values[c]);
    } else {
      second = std::max(second, values[c]);
    }
  }
  return static_cast<double>(best) - second;
}

double entropy_of(const float* values, std::int64_t classes) {
  double entropy = 0;
  for (std::int64_t c = 0; c < classes; ++c) {
    if (values[c] > 0) entropy -= values[c] * std::log(static_cast<double>(values[c]));
  }
  return entropy;
}

bool all_finite(View<const float, 1> values) {
  return std::all_of(values.data, values.data + values.shape[0], [](float value) { return std::isfinite(value); });
}

/// Unit rows, without the one that a bias would need.
TrainingRows directions(View<const float, 2> vectors, std::span<const std::int64_t> items, const Context& context) {
  TrainingRows rows = training_rows(vectors, items, context);
  for (std::int64_t row = 0; row < rows.count(); ++row) rows.values.data()[row * rows.stride() + rows.dimensions] = 0;
  return rows;
}

/// products[row] of every row with `other`, a row of that stride.
void multiply(const TrainingRows& rows, const float* other, std::vector<float>& products, const Context& context) {
  products.resize(static_cast<std::size_t>(rows.count()));
  context.pool.parallel_for((rows.count() + kRowBlock - 1) / kRowBlock, context.cancellation,
                            [&](int /*worker*/, std::int64_t block) {
                              const std::int64_t row = block * kRowBlock;
                              const std::int64_t count = std::min(kRowBlock, rows.count() - row);
                              row_kernels().products(rows.block(row, count), {other, 1, rows.stride()}, rows.stride(),
                                                     products.data() + row, rows.count());
                            });
}

/// Greedy k-centre: each next one is the candidate whose nearest of all before is farthest.
std::vector<NextItem> farthest(std::int64_t count, View<const float, 2> vectors,
                               std::span<const std::int64_t> candidates, std::span<const std::int64_t> labelled,
                               const Context& context) {
  const TrainingRows rows = directions(vectors, candidates, context);
  const TrainingRows known = directions(vectors, labelled, context);
  std::vector<float> nearest(candidates.size(), 4);  // squared distance of unit vectors
  std::vector<float> products;
  const auto approach = [&](const float* centre) {
    multiply(rows, centre, products, context);
    for (std::size_t k = 0; k < nearest.size(); ++k) {
      nearest[k] = std::min(nearest[k], std::max(0.0F, 2 - 2 * products[k]));
    }
  };
  for (std::int64_t row = 0; row < known.count(); ++row) approach(known.values.data() + row * known.stride());
  std::vector<NextItem> chosen;
  while (std::ssize(chosen) < std::min(count, std::ssize(candidates))) {
    const auto best = std::max_element(nearest.begin(), nearest.end()) - nearest.begin();
    chosen.push_back({candidates[static_cast<std::size_t>(best)],
                      std::sqrt(static_cast<double>(nearest[static_cast<std::size_t>(best)]))});
    approach(rows.values.data() + best * rows.stride());
    nearest[static_cast<std::size_t>(best)] = -1;  // equals of it are at 0, and come before it is taken again
  }
  return chosen;
}

/// k-means of unit vectors with weights, seeded far apart (k-means++): of each cluster, the candidate nearest its
/// centre.
std::vector<std::int64_t> cluster_middles(std::int64_t count, const TrainingRows& rows, std::span<const double> weights,
                                          std::uint64_t seed, const Context& context) {
  const std::int64_t stride = rows.stride();
  Random random(seed);
  Array<float, 2> centres({count, stride});
  std::vector<double> nearest(weights.size(), 4);
  std::vector<float> products;
  const auto draw = [&](const std::vector<double>& shares) {
    const double total = std::accumulate(shares.begin(), shares.end(), 0.0);
    if (!(total > 0)) return static_cast<std::int64_t>(random.below(shares.size()));
    double left = random.uniform() * total;
    for (std::size_t k = 0; k < shares.size(); ++k) {
      left -= shares[k];
      if (left < 0 && shares[k] > 0) return static_cast<std::int64_t>(k);
    }
    return static_cast<std::int64_t>(random.below(shares.size()));
  };
  std::vector<double> shares(weights.begin(), weights.end());
  for (std::int64_t k = 0; k < count; ++k) {
    const std::int64_t row = draw(shares);
    std::copy_n(rows.values.data() + row * stride, stride, centres.data() + k * stride);
    multiply(rows, centres.data() + k * stride, products, context);
    for (std::size_t j = 0; j < nearest.size(); ++j) {
      nearest[j] = std::min(nearest[j], std::max(0.0, 2.0 - 2.0 * products[j]));
      shares[j] = weights[j] * nearest[j];
    }
  }
  std::vector<std::int64_t> cluster(weights.size(), -1);
  std::vector<double> distance(weights.size());
  for (int round = 0; round < kRounds; ++round) {
    std::vector<double> norms(static_cast<std::size_t>(count));
    for (std::int64_t k = 0; k < count; ++k) {
      for (std::int64_t j = 0; j < stride; ++j) {
        const double value = centres.data()[k * stride + j];
        norms[static_cast<std::size_t>(k)] += value * value;
      }
    }
    std::vector<std::int64_t> before = cluster;
    context.pool.parallel_for(
        (rows.count() + kRowBlock - 1) / kRowBlock, context.cancellation, [&](int /*worker*/, std::int64_t block) {
          const std::int64_t first = block * kRowBlock;
          const std::int64_t size = std::min(kRowBlock, rows.count() - first);
          std::vector<float> part(static_cast<std::size_t>(count * size));
          row_kernels().products(rows.block(first, size), {centres.data(), count, stride}, stride, part.data(), size);
          for (std::int64_t r = 0; r < size; ++r) {
            double least = std::numeric_limits<double>::infinity();
            for (std::int64_t k = 0; k < count; ++k) {
              const double value =
                  norms[static_cast<std::size_t>(k)] - 2.0 * part[static_cast<std::size_t>(k * size + r)];
              if (value >= least) continue;
              least = value;
              cluster[static_cast<std::size_t>(first + r)] = k;
            }
            distance[static_cast<std::size_t>(first + r)] = least;
          }
        });
    if (cluster == before) break;
    std::vector<double> totals(static_cast<std::size_t>(count));
    std::vector<double> sums(static_cast<std::size_t>(count * stride));
    for (std::int64_t row = 0; row < rows.count(); ++row) {
      const auto place = static_cast<std::size_t>(row);
      totals[static_cast<std::size_t>(cluster[place])] += weights[place];
      double* const sum = sums.data() + cluster[place] * stride;
      for (std::int64_t j = 0; j < stride; ++j) sum[j] += weights[place] * rows.values.data()[row * stride + j];
    }
    for (std::int64_t k = 0; k < count; ++k) {
      if (!(totals[static_cast<std::size_t>(k)] > 0)) continue;  // stays where it was
      for (std::int64_t j = 0; j < stride; ++j) {
        centres.data()[k * stride + j] =
            static_cast<float>(sums[static_cast<std::size_t>(k * stride + j)] / totals[static_cast<std::size_t>(k)]);
      }
    }
  }
  std::vector<std::int64_t> middles(static_cast<std::size_t>(count), -1);
  for (std::int64_t row = 0; row < rows.count(); ++row) {
    auto& middle = middles[static_cast<std::size_t>(cluster[static_cast<std::size_t>(row)])];
    if (middle < 0 || distance[static_cast<std::size_t>(row)] < distance[static_cast<std::size_t>(middle)])
      middle = row;
  }
  return middles;
}

/// How much an item is wanted: the less sure its class, and the fewer labels the classes have that it may be of.
double wanted(const float* values, std::span<const std::int64_t> class_counts) {
  double need = 0;
  for (std::size_t c = 0; c < class_counts.size(); ++c) {
    need += values[c] / (1 + static_cast<double>(class_counts[c]));
  }
  const double unsure = 1 - margin_of(values, std::ssize(class_counts));
  return unsure * unsure * std::sqrt(need);
}

/// The most wanted candidates are clustered: the middles of the clusters first, then the rest of what is missing.
std::vector<NextItem> spread(std::int64_t count, std::span<const std::int64_t> candidates,
                             View<const float, 2> probabilities, View<const float, 2> vectors,
                             std::span<const std::int64_t> class_counts, std::uint64_t seed, const Context& context) {
  std::vector<std::pair<double, std::int64_t>> ranked;
  for (const auto item : candidates) ranked.emplace_back(-wanted(probabilities[item].data, class_counts), item);
  std::sort(ranked.begin(), ranked.end());
  ranked.resize(static_cast<std::size_t>(std::min(std::ssize(ranked), kCandidatesPerItem * count)));
  std::vector<std::int64_t> items;
  std::vector<double> weights;
  for (const auto& [weight, item] : ranked) {
    items.push_back(item);
    weights.push_back(-weight);
  }
  std::vector<bool> taken(ranked.size());
  if (std::ssize(ranked) > count) {
    const TrainingRows rows = directions(vectors, items, context);
    for (const auto middle : cluster_middles(count, rows, weights, seed, context)) {
      if (middle >= 0) taken[static_cast<std::size_t>(middle)] = true;
    }
  }
  std::vector<NextItem> chosen;
  for (const bool middles : {true, false}) {
    for (std::size_t k = 0; k < ranked.size() && std::ssize(chosen) < count; ++k) {
      if (taken[k] == middles)
        chosen.push_back({items[k], margin_of(probabilities[items[k]].data, std::ssize(class_counts))});
    }
  }
  return chosen;
}

}  // namespace

std::string_view to_string(NextStrategy strategy) {
  for (const auto& [known, name] : kNames) {
    if (known == strategy) return name;
  }
  return "";
}

NextStrategy parse_next_strategy(std::string_view text) {
  for (const auto& [strategy, name] : kNames) {
    if (text == name) return strategy;
  }
  throw Error(ErrorCode::invalid_argument, concat("--strategy ", in_quotes(std::string(text)),
                                                  ": allowed are random, entropy, margin, centres, diverse"));
}

std::vector<NextItem> next_to_label(NextStrategy strategy, std::int64_t count, View<const float, 2> probabilities,
                                    View<const float, 2> vectors, std::span<const std::int64_t> labelled,
                                    std::span<const std::int64_t> class_counts, std::uint64_t seed,
                                    const Context& context) {
  ensure(std::ssize(class_counts) == probabilities.shape[1], "a count for each class");
  ensure(probabilities.shape[0] == vectors.shape[0], "probabilities of each vector");
  std::vector<std::int64_t> candidates;
  for (std::int64_t item = 0; item < vectors.shape[0]; ++item) {
    if (std::binary_search(labelled.begin(), labelled.end(), item)) continue;
    if (all_finite(vectors[item]) && all_finite(probabilities[item])) candidates.push_back(item);
  }
  count = std::min(count, std::ssize(candidates));
  std::vector<NextItem> chosen;
  if (count <= 0) return chosen;
  if (strategy == NextStrategy::random) {
    Random random(seed);
    for (std::int64_t k = 0; k < count; ++k) {
      const auto left = static_cast<std::uint64_t>(std::ssize(candidates) - k);
      std::swap(candidates[static_cast<std::size_t>(k)],
                candidates[static_cast<std::size_t>(k) + static_cast<std::size_t>(random.below(left))]);
      chosen.push_back({candidates[static_cast<std::size_t>(k)], 0});
    }
    return chosen;
  }
  if (strategy == NextStrategy::centres) return farthest(count, vectors, candidates, labelled, context);
  if (strategy == NextStrategy::diverse) {
    return spread(count, candidates, probabilities, vectors, class_counts, seed, context);
  }
  const std::int64_t classes = probabilities.shape[1];
  const bool entropy = strategy == NextStrategy::entropy;
  for (const auto item : candidates) {
    const float* const values = probabilities[item].data;
    chosen.push_back({item, entropy ? entropy_of(values, classes) : margin_of(values, classes)});
  }
  std::sort(chosen.begin(), chosen.end(), [entropy](const NextItem& a, const NextItem& b) {
    if (a.score != b.score) return entropy ? a.score > b.score : a.score < b.score;
    return a.item < b.item;
  });
  chosen.resize(static_cast<std::size_t>(count));
  return chosen;
}

}  // namespace simile
