// SPDX-License-Identifier: Apache-2.0
#include "simile/report/manifest.hpp"

#include <nlohmann/json.hpp>

#include "report/results.hpp"
#include "support/image_errors.hpp"
#include "support/image_files.hpp"

#include "simile/core/version.hpp"

namespace simile {
namespace {

using nlohmann::json;
using test::TemporaryFolder;
using test::text_of;

ClusterSummary summary_of_a_run() {
  ClusterSummary summary;
  summary.input = "ph\xffotos";
  summary.output = "out\"\n";
  summary.kind = "folder";
  summary.method = "ssim";
  summary.threshold = 0.8;
  summary.seed = 18446744073709551615U;
  summary.num_items = 12;
  summary.num_repeats = 1;
  summary.num_unreadable = 2;
  summary.num_groups = 3;
  summary.num_grouped = 8;
  summary.num_outliers = 2;
  summary.largest_group = 4;
  summary.compare.pairs = 45;
  summary.compare.seconds = 0.5;
  summary.seconds = {{"list", 0.25}, {"read", 1.5}};
  return summary;
}

TEST(Summary, IsOneJsonObjectOfWhatWasFound) {
  const auto text = to_json(summary_of_a_run());
  EXPECT_EQ(text.back(), '\n');
  const auto parsed = json::parse(text);
  EXPECT_EQ(parsed["input"], "ph%FFotos");
  EXPECT_EQ(parsed["output"], "out\"\n");
  EXPECT_EQ(parsed["threshold"], 0.8);
  EXPECT_EQ(parsed["seed"], 18446744073709551615U);
  EXPECT_EQ(parsed["images"], 12);
  EXPECT_EQ(parsed["repeats"], 1);
  EXPECT_EQ(parsed["unreadable"], 2);
  EXPECT_EQ(parsed["groups"], 3);
  EXPECT_EQ(parsed["grouped"], 8);
  EXPECT_EQ(parsed["outliers"], 2);
  EXPECT_EQ(parsed["largest_group"], 4);
  EXPECT_EQ(parsed["share_grouped"], 0.8);
  EXPECT_EQ(parsed["pairs_per_second"], 90);
  EXPECT_EQ(parsed["seconds"]["read"], 1.5);
  EXPECT_FALSE(parsed.contains("purity"));
}

TEST(Summary, HasPurityWhereThereIsTruth) {
  auto summary = summary_of_a_run();
  summary.has_truth = true;
  summary.num_judged = 4;
  summary.purity = 0.75;
  const auto parsed = json::parse(to_json(summary));
  EXPECT_EQ(parsed["judged"], 4);
  EXPECT_EQ(parsed["purity"], 0.75);
}

TEST(Summary, OfNothingHasNumbersOnly) {
  const auto parsed = json::parse(to_json({}));
  EXPECT_EQ(parsed["share_grouped"], 0);
  EXPECT_EQ(parsed["pairs_per_second"], 0);
}

TEST(Manifest, HoldsVersionArgumentsAndChecksumsOfItsFiles) {
  const TemporaryFolder folder;
  folder.write("clusters.csv", "abc");
  folder.write("keep.csv", "");
  folder.write("results/cluster_0/a.jpg", "not directly in the folder");
  write_manifest(folder.path(), to_json(summary_of_a_run()), {"cluster", "ph\xffotos", "--out", "a b"});
  const auto parsed = json::parse(text_of(folder.path() / "manifest.json"));
  EXPECT_EQ(parsed["simile"], kVersion);
  EXPECT_EQ(parsed["arguments"], (json{"cluster", "ph%FFotos", "--out", "a b"}));
  EXPECT_THAT(parsed["finished"].get<std::string>(),
              ::testing::MatchesRegex("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z"));
  EXPECT_EQ(parsed["summary"]["groups"], 3);
  EXPECT_EQ(parsed["sha256"],
            (json{{"clusters.csv", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
                  {"keep.csv", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}}));
}

}  // namespace
}  // namespace simile
