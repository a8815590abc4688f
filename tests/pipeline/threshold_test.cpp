// SPDX-License-Identifier: Apache-2.0
#include "simile/pipeline/threshold.hpp"

#include <fstream>

#include "pipeline/runs.hpp"

namespace simile::test {
namespace {

using testing::Each;
using testing::HasSubstr;
using testing::SizeIs;

class Threshold : public Runs {
 protected:
  ThresholdSummary threshold(const ThresholdOptions& options, const Judge& judge = {}) {
    ThreadPool pool(2);
    return run_threshold(options, judge, {pool, *progress_, cancellation_, 256 << 20, {}});
  }
  ThresholdOptions options(const std::vector<int>& sizes) { return {.input = photos(sizes), .out = out_}; }
  CsvTable table(const std::string& name) const { return read_csv(out_ / name); }
};

TEST_F(Threshold, AdvisesBetweenPlantedCopiesAndOthers) {
  const auto summary = threshold(options({3, 2, 2, 2, 1, 1, 1, 1}));
  EXPECT_EQ(summary.num_items, 13);
  EXPECT_EQ(summary.num_sampled, 13);
  EXPECT_EQ(summary.advice.kind, ThresholdAdvice::Kind::gap);
  EXPECT_EQ(summary.at_advice.groups, 4);
  EXPECT_EQ(summary.at_advice.grouped, 9);
  EXPECT_EQ(summary.expected_pairs, 6);  // 3 + 1 + 1 + 1
  const auto clustered = cluster({.input = path("photos"), .auto_threshold = true, .out = path("clustered")});
  EXPECT_EQ(clustered.num_groups, 4);
  EXPECT_EQ(clustered.num_grouped, 9);
  EXPECT_EQ(clustered.threshold, summary.advice.threshold);
  EXPECT_EQ(clustered.threshold_reason, summary.advice.reason);
  EXPECT_THAT(text_of(path("clustered") / "report.html"), HasSubstr("advised from a sample"));
}

TEST_F(Threshold, WritesCurvePlotsPageAndPairs) {
  threshold(options({2, 2, 2, 1, 1}));
  EXPECT_THAT(text_of(out_ / "threshold.svg"), HasSubstr("<svg"));
  EXPECT_EQ(text_of(out_ / "threshold.png").substr(1, 3), "PNG");
  const std::string page = text_of(out_ / "threshold.html");
  EXPECT_THAT(page, HasSubstr("id=\"threshold\" type=\"range\""));
  EXPECT_THAT(page, HasSubstr("\"items\":[["));
  EXPECT_THAT(text_of(out_ / "manifest.json"), HasSubstr("\"advice\""));
  const auto curve = table("threshold.csv");
  ASSERT_FALSE(curve.rows.empty());
  EXPECT_EQ(curve.rows.back()[curve.column("groups")], "1");
  EXPECT_EQ(curve.rows.back()[curve.column("grouped")], "8");
  EXPECT_THAT(table("pairs.csv").rows, SizeIs(28));  // all there are
  EXPECT_EQ(text_of(out_ / "unreadable.csv"), "path,reason\n");
}

TEST_F(Threshold, SamplesBySeedAndScalesToTheWholeSet) {
  auto chosen = options({3, 3, 3, 3, 2, 2, 1, 1, 1, 1});
  chosen.sample = 12;
  const auto first = threshold(chosen);
  EXPECT_EQ(first.num_sampled, 12);
  EXPECT_EQ(first.num_items, 20);
  const auto before = tables(out_);
  chosen.overwrite = true;
  threshold(chosen);
  EXPECT_EQ(tables(out_), before);
  chosen.seed = 1;
  threshold(chosen);
  EXPECT_NE(tables(out_), before);
  const auto curve = table("threshold.csv");
  const auto& last = curve.rows.back();
  EXPECT_NEAR(std::stod(last[curve.column("expected_similar_pairs")]),
              std::stod(last[curve.column("similar_pairs")]) * (20 * 19) / (12 * 11), 1e-9);
}

TEST_F(Threshold, LearnsFromAnswersOnTheSpot) {
  std::int64_t asked = 0;
  const Judge judge = [&](const PairToJudge& pair) -> std::optional<bool> {
    EXPECT_EQ(pair.number, ++asked);
    EXPECT_TRUE(std::filesystem::exists(pair.from_file));
    EXPECT_TRUE(std::filesystem::exists(pair.to_file));
    // Planted: images k and k + 3 are copies.
    const int distance = std::abs(std::stoi(pair.from) - std::stoi(pair.to));
    return distance == 3;
  };
  const auto summary = threshold(options({2, 2, 2}), judge);
  EXPECT_EQ(asked, 15);
  ASSERT_TRUE(summary.judged);
  EXPECT_EQ(summary.judged->num_wrong, 0);
  EXPECT_EQ(summary.judged->num_alike_above, 3);
  EXPECT_EQ(cluster({.input = path("photos"), .threshold = summary.judged->threshold, .out = path("c")}).num_groups, 3);
  const auto pairs = table("pairs.csv");
  for (const auto& row : pairs.rows) EXPECT_FALSE(row[pairs.column("alike")].empty());

  // The same answers from the file.
  auto again = ThresholdOptions{.input = path("photos"), .out = path("again"), .answers = out_ / "pairs.csv"};
  const auto read = threshold(again);
  ASSERT_TRUE(read.judged);
  EXPECT_EQ(read.judged->threshold, summary.judged->threshold);
  EXPECT_EQ(read.judged->num_judged, 15);
}

TEST_F(Threshold, KeepsTheAnswersGivenBeforeQuitting) {
  const auto summary = threshold(options({2, 2, 2}), [](const PairToJudge& pair) -> std::optional<bool> {
    if (pair.number == 4) return std::nullopt;
    return true;
  });
  ASSERT_TRUE(summary.judged);
  EXPECT_EQ(summary.judged->num_judged, 3);
}

TEST_F(Threshold, KeepsAnswersThatGiveNoThreshold) {
  const auto summary = threshold(options({2, 2, 2}), [](const PairToJudge&) -> std::optional<bool> { return false; });
  EXPECT_FALSE(summary.judged);
  EXPECT_THAT(summary.judged_problem, HasSubstr("none of the judged pairs is alike"));
  const auto pairs = table("pairs.csv");
  ASSERT_FALSE(pairs.rows.empty());
  for (const auto& row : pairs.rows) EXPECT_EQ(row[pairs.column("alike")], "no");
}

TEST_F(Threshold, AnswersMayNameImagesOutsideTheSample) {
  auto chosen = options({2, 2, 2, 2, 2, 2});
  chosen.sample = 4;
  chosen.answers = folder_.write("answers.csv", "from,to,alike\n0.png,6.png,yes\n1.png,2.png,no\n3.png,9.png,\n");
  const auto summary = threshold(chosen);
  EXPECT_EQ(summary.num_sampled, 4);
  ASSERT_TRUE(summary.judged);
  EXPECT_EQ(summary.judged->num_judged, 2);
  EXPECT_EQ(summary.judged->num_wrong, 0);
}

TEST_F(Threshold, RefusesBadAnswersBeforeAnyWork) {
  const auto refuse = [&](const std::string& csv, ErrorCode code, const std::string& text) {
    auto chosen = ThresholdOptions{.input = path("photos"), .out = out_};
    chosen.answers = folder_.write("answers.csv", csv);
    EXPECT_THAT(error_of([&] { threshold(chosen); }), IsError(code, text));
    EXPECT_FALSE(std::filesystem::exists(out_));
  };
  photos({2, 1});
  refuse("from,to,alike\n0.png,1.png,maybe\n", ErrorCode::invalid_argument, "'maybe'");
  refuse("from,to,alike\n0.png,1.png,\n", ErrorCode::invalid_argument, "no row has an answer");
  refuse("from,to,alike\n0.png,nine.png,yes\n", ErrorCode::invalid_argument, "'nine.png'");
  refuse("from,to\n0.png,1.png\n", ErrorCode::invalid_argument,
         "--answers '" + path("answers.csv").native() + "': no column 'alike'; there are 'from', 'to'");
}

TEST_F(Threshold, CountsUnreadableFilesAndGoesOn) {
  auto chosen = options({2, 2, 2});
  folder_.write("photos/broken.png", "nothing");
  const auto summary = threshold(chosen);
  EXPECT_EQ(summary.num_unreadable, 1);
  EXPECT_EQ(summary.num_sampled, 6);
  EXPECT_THAT(text_of(out_ / "unreadable.csv"), HasSubstr("broken.png,"));
}

TEST_F(Threshold, WorksOnArraysOfFeatures) {
  const std::vector<float> vectors{1, 0, 0, .99F, .1F, 0, 0, 1, 0, 0, .98F, .1F, 0, 0, 1, .1F, 0, .99F, 1, 1, 1};
  const auto npy = write_array(path("v.npy"), NpyType::float32, {7, 3}, bytes_of(vectors));
  const auto summary = threshold({.input = npy, .out = out_});
  EXPECT_EQ(summary.method, "embedding");
  EXPECT_EQ(summary.at_advice.groups, 3);
  EXPECT_EQ(summary.at_advice.grouped, 6);
}

TEST_F(Threshold, SaysSoWhereOneImageIsAllThereIs) {
  const auto summary = threshold(options({1}));
  EXPECT_EQ(summary.advice.threshold, 0.8);
  EXPECT_THAT(summary.advice.reason, HasSubstr("default"));
}

TEST_F(Threshold, RefusesWhatCannotBe) {
  auto chosen = options({2});
  chosen.sample = 1;
  EXPECT_THAT(error_of([&] { threshold(chosen); }), IsError(ErrorCode::invalid_argument, "--sample 1"));
  chosen.sample = 10'001;
  EXPECT_THAT(error_of([&] { threshold(chosen); }), IsError(ErrorCode::invalid_argument, "2 to 10000"));
  expect_refused({.input = path("photos"), .threshold = .5, .auto_threshold = true, .out = out_},
                 ErrorCode::invalid_argument, "--auto-threshold and --threshold");
  chosen.sample = 2;
  threshold(chosen);
  EXPECT_THAT(error_of([&] { threshold(chosen); }), IsError(ErrorCode::invalid_argument, "--overwrite"));
}

TEST_F(Threshold, IsLeftOutOfALaterRunOverTheFolderAbove) {
  auto chosen = options({2, 2, 2});
  std::filesystem::create_directory(path("results"));
  chosen.out = path("results/threshold");
  threshold(chosen);
  const TemporaryFolder elsewhere;
  const auto summary = cluster({.input = folder_.path(), .out = elsewhere / "out"});
  EXPECT_EQ(summary.num_items, 6);
  EXPECT_EQ(summary.num_earlier_results, 1);
}

}  // namespace
}  // namespace simile::test
