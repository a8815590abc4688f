// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include "cli/command_line.hpp"

namespace simile {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using test::Fails;
using test::simile_run;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;

class Output : public test::Runs {
 protected:
  test::Outcome cluster_cli(std::vector<std::string> more = {}) {
    more.insert(more.begin(), {"cluster", path("photos").native(), "--out", out_.native()});
    return simile_run(more, cancellation_);
  }
};

TEST_F(Output, SaysTheHeadlineOnStandardOutputAndProgressOnStandardError) {
  photos({3, 2, 1});
  folder_.write("photos/x.png", std::string_view("x"));
  const auto outcome = cluster_cli();
  EXPECT_EQ(outcome.code, kExitDone);  // also with some unreadable files
  EXPECT_THAT(outcome.out,
              MatchesRegex("7 images: 2 groups of 5 images \\(83\\.3% grouped, the largest 3\\), 1 "
                           "outlier, 1 unreadable\n15 pairs in [^\n]* pairs/s\\): 0 skipped, [^\n]* exactly; a plain "
                           "double loop would take about [^\n]* m?s\nreport: [^\n]*/out/"
                           "report\\.html\n"));
  EXPECT_THAT(outcome.err, HasSubstr("reading: "));
  EXPECT_THAT(outcome.err, Not(HasSubstr("report:")));
}

TEST_F(Output, IsOnlyResultsWhenQuiet) {
  photos({2});
  const auto outcome = cluster_cli({"--quiet"});
  EXPECT_EQ(outcome.err, "");
  EXPECT_THAT(outcome.out,
              HasSubstr("2 images: 1 group of 2 images (100.0% grouped, the largest 2), 0 outliers\n1 pair in "));
  EXPECT_THAT(cluster_cli({"--quiet"}), Fails(kExitUsage, "exists"));  // errors are said all the same
}

TEST_F(Output, SaysMoreWhenVerboseButNotOnStandardOutput) {
  photos({2});
  const auto outcome = cluster_cli({"-v", "-q", "--threads", "1", "--memory", "64MiB"});
  EXPECT_THAT(outcome.err, HasSubstr("simile: device cpu (auto"));
  EXPECT_THAT(outcome.err, HasSubstr("1 threads"));
  EXPECT_THAT(outcome.err, HasSubstr("memory 64.0 MiB"));
  EXPECT_THAT(outcome.out, Not(HasSubstr("device")));
}

TEST_F(Output, IsJsonAloneWhenAsked) {
  photos({3, 2, 1});
  const auto outcome = cluster_cli({"--json"});
  EXPECT_EQ(outcome.code, kExitDone);
  const auto parsed = json::parse(outcome.out);
  EXPECT_EQ(parsed["images"], 6);
  EXPECT_EQ(parsed["groups"], 2);
  EXPECT_EQ(parsed["output"], out_.native());
  const auto manifest = json::parse(test::text_of(out_ / "manifest.json"));
  EXPECT_EQ(manifest["summary"], parsed);
  EXPECT_EQ(manifest["arguments"], (json{"cluster", path("photos").native(), "--out", out_.native(), "--json"}));
}

// Golden: the keys and their order are what programs rely on.
TEST_F(Output, HasTheKeysOfItsJsonInOrder) {
  photos({2});
  const auto parsed = nlohmann::ordered_json::parse(cluster_cli({"--json", "--truth", "folders"}).out);
  std::vector<std::string> keys;
  for (const auto& [key, value] : parsed.items()) keys.push_back(key);
  EXPECT_EQ(keys, (std::vector<std::string>{"input",
                                            "output",
                                            "kind",
                                            "method",
                                            "window",
                                            "threshold",
                                            "min_size",
                                            "seed",
                                            "images",
                                            "repeats",
                                            "links",
                                            "earlier_results",
                                            "unreadable",
                                            "groups",
                                            "grouped",
                                            "outliers",
                                            "largest_group",
                                            "share_grouped",
                                            "sampled_representatives",
                                            "transfer_errors",
                                            "judged",
                                            "purity",
                                            "from_cache",
                                            "device",
                                            "threads",
                                            "simd",
                                            "pairs",
                                            "all_pairs",
                                            "pairs_resumed",
                                            "pairs_skipped",
                                            "exact_evaluations",
                                            "tiles_split",
                                            "pairs_by_bounds",
                                            "pairs_per_second",
                                            "plain_loop_seconds",
                                            "seconds"}));
}

TEST_F(Output, DoesNotMixAPlanWithJson) {
  photos({2});
  EXPECT_THAT(cluster_cli({"--json", "--dry-run"}), Fails(kExitUsage, "excludes"));
}

TEST_F(Output, OfADryRunWritesNothing) {
  photos({2});
  const auto before = test::snapshot(folder_.path());
  EXPECT_EQ(cluster_cli({"--dry-run", "--transfer", "copy"}).code, kExitDone);
  EXPECT_EQ(test::snapshot(folder_.path()), before);
}

TEST_F(Output, SaysPurityAndRepeats) {
  photos({2});
  const auto list = folder_.write("list.txt", std::string_view("photos/0.png\nphotos/1.png\nphotos/0.png\n"));
  const auto outcome = simile_run({"cluster", list.native(), "--out", out_.native(), "--truth", "folders"});
  EXPECT_THAT(outcome.out, HasSubstr("1 repeat in the list"));
  EXPECT_THAT(outcome.out, HasSubstr("purity of the grouped against the true classes: 100.0%"));
}

TEST_F(Output, SaysThatThereAreNoGroups) {
  photos({1, 1, 1});
  const auto outcome = cluster_cli({"--truth", "folders"});
  EXPECT_THAT(outcome.out,
              HasSubstr("3 images: no groups, 3 outliers\nno grouped image has a true class\n3 pairs in "));
}

TEST_F(Output, CountsLinksThatAreLeftOut) {
  fs::create_symlink("0.png", photos({2}) / "link.png");
  EXPECT_THAT(cluster_cli().out, HasSubstr(", 1 symbolic link left out\n"));
}

TEST_F(Output, OfFeaturesNamesTheFileAndUnreadableItems) {
  photos({2});
  folder_.write("photos/x\n.png", std::string_view("x"));
  const auto outcome =
      simile_run({"features", path("photos").native(), "--out", path("f.npy").native(), "-m", "phash", "-q"});
  EXPECT_EQ(outcome.code, kExitDone);
  EXPECT_EQ(outcome.out, "2 images written to '" + path("f.npy").native() + "'\n");
  EXPECT_THAT(outcome.err, HasSubstr("simile: unreadable: 'x\\x0A.png': "));
}

TEST_F(Output, HasTheExitCodesOfTheManual) {
  fs::create_directory(path("photos"));
  EXPECT_THAT(cluster_cli(), Fails(kExitFailed, "nothing to read"));
  folder_.write("photos/x.png", std::string_view("x"));
  EXPECT_EQ(cluster_cli().code, kExitFailed);  // none readable
  photos({2});
  EXPECT_EQ(cluster_cli().code, kExitDone);
  EXPECT_THAT(cluster_cli(), Fails(kExitUsage, "--overwrite"));
  EXPECT_EQ(cluster_cli({"--overwrite"}).code, kExitDone);
  EXPECT_THAT(cluster_cli({"--overwrite", "--truth", path("no.csv").native()}), Fails(kExitFailed, "no.csv"));
  EXPECT_THAT(cluster_cli({"--overwrite", "--memory", "1KiB"}), Fails(kExitFailed, "--memory"));
  cancellation_.request();
  EXPECT_THAT(cluster_cli({"--overwrite"}), Fails(kExitInterrupted, "interrupted"));
}

}  // namespace
}  // namespace simile
