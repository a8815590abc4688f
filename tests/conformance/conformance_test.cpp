// SPDX-License-Identifier: Apache-2.0
// What every backend must do, for each metric, shape of pairs and sink, against the oracles of tests/support. A new
// backend passes this unchanged. Where a device is absent its cases are skipped; SIMILE_REQUIRE_GPU=1 makes them fail.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "conformance/inputs.hpp"
#include "support/oracle.hpp"
#include "support/pair_oracle.hpp"

#include "simile/core/exact_sum.hpp"
#include "simile/similarity/compare.hpp"
#include "simile/similarity/components.hpp"
#include "simile/similarity/edges.hpp"
#include "simile/similarity/histogram.hpp"
#include "simile/similarity/row_sums.hpp"
#include "simile/similarity/spanning_tree.hpp"
#include "simile/similarity/top_k.hpp"

namespace simile {
namespace {

struct Case {
  std::string backend;
  std::string metric;
  std::string shape;
  std::int64_t large;  ///< items beyond the CPU's tiles
  friend void PrintTo(const Case& value, std::ostream* out) {
    *out << value.backend << '_' << value.metric << '_' << value.shape;
  }
};

std::vector<Case> cases() {
  std::vector<Case> all;
  for (const Backend* backend : backends()) {
    const char* const only = std::getenv("SIMILE_TEST_BACKEND");
    if (backend->devices().empty() || (only != nullptr && backend->name() != only)) continue;
    for (const auto& [metric, large] :
         {std::pair{"ssim", 257}, std::pair{"ssim_gaussian", 131}, std::pair{"cosine", 385},
          std::pair{"euclidean", 385}, std::pair{"template", 385}, std::pair{"hamming", 1025},
          std::pair{"minhash", 513}, std::pair{"orb", 67}}) {
      for (const char* shape : {"triangle", "rectangle", "list", "list_of_two_sets"}) {
        all.push_back({std::string(backend->name()), metric, shape, large});
      }
    }
  }
  return all;
}

/// One comparison's input with everything the oracle and the definition say about it.
struct Problem {
  std::unique_ptr<ConformanceInput> input;
  std::vector<IndexPair> list;
  std::optional<Pairs> pairs;
  std::vector<IndexPair> all;      ///< every pair, ascending
  std::vector<double> oracle;      ///< of every pair
  std::vector<double> definition;  ///< Metric::exact of every pair
};

TEST(Gpu, IsThereWhereItIsRequired) {
  std::string problems;
  for (const Backend* backend : backends()) {
    for (const auto& info : backend->devices()) {
      if (info.device.kind == Device::Kind::cuda) return;
    }
    problems += " " + backend->problem();
  }
  const char* const required = std::getenv("SIMILE_REQUIRE_GPU");
  ASSERT_FALSE(required != nullptr && std::string_view(required) == "1")
      << "SIMILE_REQUIRE_GPU=1, but there is no GPU:" << problems;
  GTEST_SKIP() << "NO GPU: only the CPU's backend was tested";
}

class Conformance : public testing::TestWithParam<Case> {
 protected:
  void SetUp() override {
    for (const Backend* backend : backends()) {
      if (backend->name() != GetParam().backend) continue;
      const auto devices = backend->devices();
      if (!devices.empty()) device_ = devices.front().device;
    }
    if (!device_) GTEST_SKIP() << "NO DEVICE for the backend " << GetParam().backend << ": nothing was tested";
  }

  static Problem make_problem(std::int64_t num_items) {
    Problem problem;
    const std::string& shape = GetParam().shape;
    const bool one_set = shape == "triangle" || shape == "list";
    const std::int64_t num_right = one_set ? num_items : num_items / 2 + 1;
    problem.input = make_input(GetParam().metric, num_items, num_right, one_set);
    if (shape == "triangle" || shape == "rectangle") {
      for (std::int64_t i = 0; i < num_items; ++i) {
        for (std::int64_t j = one_set ? i + 1 : 0; j < num_right; ++j) problem.all.push_back({i, j});
      }
      problem.pairs = one_set ? Pairs::triangle(num_items) : Pairs::rectangle(num_items, num_right);
    } else {
      for (std::int64_t k = 0; k < 20 * num_items; ++k)
        problem.list.push_back({k * k % num_items, (k * 31 + k / 7) % num_right});
      problem.all = problem.list;
      const auto key = [](const IndexPair& pair) { return std::pair(pair.left, pair.right); };
      std::sort(problem.all.begin(), problem.all.end(), [&](const auto& a, const auto& b) { return key(a) < key(b); });
      problem.pairs = one_set ? Pairs::list(problem.list, num_items) : Pairs::list(problem.list, num_items, num_right);
    }
    for (const auto& [i, j] : problem.all) {
      problem.oracle.push_back(problem.input->oracle(i, j));
      problem.definition.push_back(problem.input->metric().exact(i, j));
    }
    return problem;
  }

  void compare(const Problem& problem, Sink& sink, std::int64_t memory_bytes = 1LL << 30) {
    const auto stats = simile::compare(*problem.pairs, problem.input->metric(), sink,
                                       {pool_, *progress_, cancellation_, memory_bytes, *device_});
    EXPECT_EQ(stats.pairs, static_cast<std::int64_t>(problem.all.size()));
  }

  static std::vector<std::int64_t> sizes() { return {0, 1, 2, 7, 64, 65, GetParam().large}; }

  /// A similarity with about `share` of the pairs above, and none so close that the oracle's rounding could matter.
  static double clear_threshold(const Problem& problem, double share) {
    std::vector<double> sorted = problem.oracle;
    std::sort(sorted.begin(), sorted.end());
    for (auto k = static_cast<std::size_t>((1 - share) * static_cast<double>(sorted.size())); k + 1 < sorted.size();
         ++k) {
      if (sorted[k + 1] - sorted[k] > 1e-9 && std::isfinite(sorted[k])) return (sorted[k] + sorted[k + 1]) / 2;
    }
    return 0.5;
  }

  static std::vector<OraclePair> oracle_pairs(const Problem& problem, bool nodes) {
    std::vector<OraclePair> all;
    for (std::size_t k = 0; k < problem.all.size(); ++k) {
      const auto [left, right] = problem.all[k];
      all.push_back({left, nodes ? problem.pairs->right_node(right) : right, problem.definition[k]});
    }
    return all;
  }

  static std::vector<std::int64_t> labels_by(const Problem& problem, const std::vector<double>& similarity,
                                             double threshold) {
    std::vector<std::pair<std::int64_t, std::int64_t>> edges;
    for (std::size_t k = 0; k < problem.all.size(); ++k) {
      if (similarity[k] >= threshold)
        edges.emplace_back(problem.all[k].left, problem.pairs->right_node(problem.all[k].right));
    }
    return oracle_components(problem.pairs->num_nodes(), edges);
  }

  std::optional<Device> device_;
  ThreadPool pool_{2};
  std::unique_ptr<Progress> progress_ = make_silent_progress();
  Cancellation cancellation_;
};

INSTANTIATE_TEST_SUITE_P(Backends, Conformance, testing::ValuesIn(cases()), testing::PrintToStringParamName());

TEST_P(Conformance, ExactAgreesWithTheOracle) {
  const Problem problem = make_problem(65);
  for (std::size_t k = 0; k < problem.all.size(); ++k) {
    if (std::isinf(problem.oracle[k])) {
      ASSERT_EQ(problem.definition[k], problem.oracle[k]);
    } else {
      ASSERT_NEAR(problem.definition[k], problem.oracle[k], 1e-13);
    }
  }
}

TEST_P(Conformance, ComponentsAreTheOracles) {
  for (const auto num_items : sizes()) {
    const Problem problem = make_problem(num_items);
    for (const double share : {0.3, 0.02, 0.003}) {
      const double threshold = clear_threshold(problem, share);
      Components components(threshold);
      compare(problem, components);
      ASSERT_EQ(components.labels(), labels_by(problem, problem.oracle, threshold)) << num_items << ", " << threshold;
    }
  }
}

TEST_P(Conformance, EdgesAreTheOraclesWithExactSimilarities) {
  for (const auto num_items : sizes()) {
    const Problem problem = make_problem(num_items);
    for (const double share : {1.0, 0.1}) {
      const double threshold = share == 1 ? -2 : clear_threshold(problem, share);
      std::vector<Edge> expected;
      for (std::size_t k = 0; k < problem.all.size(); ++k) {
        if (problem.oracle[k] >= threshold) {
          expected.push_back({problem.all[k].left, problem.all[k].right, problem.definition[k]});
        }
      }
      Edges edges(threshold, {});
      compare(problem, edges);
      std::vector<Edge> found;
      edges.for_each([&](const Edge& edge) { found.push_back(edge); });
      ASSERT_EQ(found, expected) << num_items << ", " << threshold;
    }
  }
}

TEST_P(Conformance, RowSumsAreRoundedOnce) {
  for (const auto num_items : sizes()) {
    const Problem problem = make_problem(num_items);
    std::vector<ExactSum> sums(static_cast<std::size_t>(problem.pairs->num_nodes()));
    for (std::size_t k = 0; k < problem.all.size(); ++k) {
      sums[static_cast<std::size_t>(problem.all[k].left)].add(problem.definition[k]);
      sums[static_cast<std::size_t>(problem.pairs->right_node(problem.all[k].right))].add(problem.definition[k]);
    }
    RowSums row_sums;
    compare(problem, row_sums);
    ASSERT_EQ(row_sums.sums().size(), sums.size());
    for (std::size_t k = 0; k < sums.size(); ++k) ASSERT_EQ(row_sums.sums()[k], sums[k].value()) << num_items;
  }
}

TEST_P(Conformance, HistogramsCountExactSimilarities) {
  for (const auto num_items : sizes()) {
    const Problem problem = make_problem(num_items);
    Histogram histogram;
    compare(problem, histogram);
    std::vector<double> borders;
    for (std::int64_t k = 0; k <= histogram.num_bins(); ++k) borders.push_back(histogram.border(k));
    auto counts = histogram.counts();
    counts.push_back(histogram.num_alike_to_nothing());
    ASSERT_EQ(counts, oracle_histogram(problem.definition, borders)) << num_items;
  }
}

TEST_P(Conformance, NeighboursAreTheMostSimilar) {
  for (const auto num_items : sizes()) {
    const Problem problem = make_problem(num_items);
    const auto pairs = oracle_pairs(problem, false);
    for (const std::int64_t k : {1, 10}) {
      TopK top(k);
      compare(problem, top);
      const auto expected = oracle_neighbours(num_items, problem.pairs->one_set(), pairs, k);
      for (std::int64_t item = 0; item < num_items; ++item) {
        std::vector<std::pair<std::int64_t, double>> found;
        for (const auto& [other, similarity] : top.neighbours(item)) found.emplace_back(other, similarity);
        ASSERT_EQ(found, expected[static_cast<std::size_t>(item)]) << item << " of " << num_items << ", k " << k;
      }
    }
  }
}

TEST_P(Conformance, SpanningTreesAreTheStrongest) {
  for (const auto num_items : sizes()) {
    const Problem problem = make_problem(num_items);
    for (const double floor : {-std::numeric_limits<double>::infinity(), clear_threshold(problem, 0.02)}) {
      SpanningTree tree({.floor = floor});
      compare(problem, tree);
      std::vector<OraclePair> found;
      for (const auto& [left, right, similarity] : tree.edges()) found.push_back({left, right, similarity});
      ASSERT_EQ(found, oracle_spanning_forest(problem.pairs->num_nodes(), oracle_pairs(problem, true), floor))
          << num_items << ", floor " << floor;
    }
  }
}

TEST_P(Conformance, ThresholdsOnAPairAreInclusive) {
  const Problem problem = make_problem(65);
  for (std::size_t k = 0; k < problem.all.size(); k += problem.all.size() / 23 + 1) {
    const double similarity = problem.definition[k];
    const double infinity = std::numeric_limits<double>::infinity();
    for (const double threshold :
         {similarity, std::nextafter(similarity, infinity), std::nextafter(similarity, -infinity)}) {
      Components components(threshold);
      compare(problem, components);
      ASSERT_EQ(components.labels(), labels_by(problem, problem.definition, threshold)) << threshold;
      Edges edges(threshold, {});
      compare(problem, edges);
      ASSERT_EQ(edges.count(), std::count_if(problem.definition.begin(), problem.definition.end(),
                                             [&](double value) { return value >= threshold; }));
    }
  }
}

TEST_P(Conformance, StopsWhenCancelled) {
  const Problem problem = make_problem(65);
  cancellation_.request();
  Components components(0.5);
  try {
    compare(problem, components);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::cancelled);
  }
}

TEST_P(Conformance, NamesTheBudgetThatIsTooSmall) {
  const Problem problem = make_problem(65);
  Components components(0.5);
  try {
    compare(problem, components, 1);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::out_of_memory);
    EXPECT_NE(std::string_view(error.what()).find("--memory"), std::string_view::npos) << error.what();
  }
}

}  // namespace
}  // namespace simile
