// SPDX-License-Identifier: Apache-2.0
#include "pipeline/runs.hpp"
#include "support/oracle.hpp"

namespace simile {
namespace {

namespace fs = std::filesystem;
using test::tables;
using test::text_of;

class Determinism : public test::Runs {};

TEST_F(Determinism, GivesTheSameTablesForAnyThreadsAndMemory) {
  const auto input = photos({6, 5, 4, 3, 2, 1, 1});
  folder_.write("photos/broken.png", std::string_view("x"));
  for (const auto method : {Method::ssim, Method::phash}) {
    std::map<std::string, std::string> reference;
    for (const int threads : {1, 2, 5}) {
      for (const std::int64_t memory : {8 << 20, 512 << 20}) {
        cluster({.input = input,
                 .features = {.method = method},
                 .threshold = 0.7,
                 .out = out_,
                 .overwrite = true,
                 .similarities = true},
                threads, memory);
        if (reference.empty()) reference = tables(out_);
        EXPECT_EQ(tables(out_), reference) << info(method).name << ", " << threads << " threads, " << memory;
      }
    }
    EXPECT_EQ(reference.size(), 4U);
  }
}

TEST_F(Determinism, GivesTheSameTablesFromFeaturesAsFromPhotos) {
  const auto input = photos({3, 2, 1});
  folder_.write("photos/a,\"b\"\n.png", test::png_of(natural_image(64, 64, 7)));
  folder_.write("photos/0 broken.png", std::string_view("x"));
  for (const auto method : {Method::ssim, Method::phash, Method::dhash}) {
    cluster({.input = input, .features = {.method = method}, .out = out_, .overwrite = true});
    const auto direct = text_of(out_ / "clusters.csv");
    const auto made =
        features({.input = input, .features = {.method = method}, .out = path("features.npy"), .overwrite = true});
    EXPECT_EQ(made.num_rows, 7);
    EXPECT_EQ(made.unreadable.size(), 1U);
    const auto summary = cluster({.input = path("features.npy"), .out = out_, .overwrite = true});
    EXPECT_EQ(text_of(out_ / "clusters.csv"), direct) << info(method).name;
    EXPECT_EQ(summary.method, info(method).name);
  }
}

TEST_F(Determinism, WritesEverySimilarPairOfAPlainDoubleLoop) {
  const auto images = test::planted_images({3, 3, 2, 1});
  const auto input = photos({3, 3, 2, 1});
  constexpr double kThreshold = 0.3;
  cluster({.input = input, .threshold = kThreshold, .out = out_, .similarities = true});
  std::map<std::pair<std::string, std::string>, double> expected;
  for (std::size_t i = 0; i < images.size(); ++i) {
    for (std::size_t j = i + 1; j < images.size(); ++j) {
      const double similarity = oracle_ssim(images[i].view(), images[j].view());
      ASSERT_GT(std::abs(similarity - kThreshold), 1e-9) << "the seed puts a pair on the border";
      if (similarity >= kThreshold) {
        expected[{std::to_string(i) + ".png", std::to_string(j) + ".png"}] = similarity;
      }
    }
  }
  const auto table = read_csv(out_ / "similarities.csv");
  EXPECT_EQ(table.header, (std::vector<std::string>{"from", "to", "similarity"}));
  ASSERT_EQ(table.rows.size(), expected.size());
  auto pair = expected.begin();
  for (const auto& row : table.rows) {
    EXPECT_EQ(std::pair(row[0], row[1]), pair->first);  // ascending
    EXPECT_NEAR(std::stod(row[2]), pair->second, 1e-13);
    ++pair;
  }
}

TEST_F(Determinism, PutsAPairOnTheThresholdIntoOneGroup) {
  const auto input = photos({2});
  cluster({.input = input, .threshold = -1, .out = out_, .similarities = true});
  const double similarity = std::stod(read_csv(out_ / "similarities.csv").rows.at(0)[2]);
  const double above = std::nextafter(similarity, 2);
  for (const bool edges : {false, true}) {  // by either sink
    ClusterOptions options{.input = input, .threshold = similarity, .out = out_, .overwrite = true};
    options.similarities = edges;
    EXPECT_EQ(cluster(options).num_groups, 1) << edges;
    options.threshold = above;
    EXPECT_EQ(cluster(options).num_groups, 0) << edges;
  }
}

TEST_F(Determinism, DoesNotChangeGroupsWhenSimilaritiesAreWritten) {
  const auto input = photos({4, 3, 2, 1});
  cluster(input);
  const auto without = text_of(out_ / "clusters.csv");
  cluster({.input = input, .out = out_, .overwrite = true, .similarities = true});
  EXPECT_EQ(text_of(out_ / "clusters.csv"), without);
}

TEST_F(Determinism, GivesUpBeyondTheMostEdgesByName) {
  expect_refused({.input = photos({4}), .out = out_, .similarities = true, .max_edges = 5}, ErrorCode::out_of_memory,
                 "--max-edges");
  EXPECT_EQ(cluster({.input = path("photos"), .out = out_, .similarities = true, .max_edges = 6}).num_groups, 1);
}

}  // namespace
}  // namespace simile
