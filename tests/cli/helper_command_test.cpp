// SPDX-License-Identifier: Apache-2.0
// simile train helper and simile predict, from the command line to the files.
#include <array>
#include <fstream>
#include <set>
#include <sstream>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "support/temporary_folder.hpp"
#include "train/vectors.hpp"

#include "simile/cli/run.hpp"
#include "simile/core/csv.hpp"
#include "simile/core/npy.hpp"

namespace simile {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

namespace fs = std::filesystem;

struct Outcome {
  int code = -1;
  std::string out;
  std::string err;
};

Outcome simile_run(const std::vector<std::string>& arguments) {
  std::ostringstream out;
  std::ostringstream err;
  const int code = run(arguments, {out, err}, {});
  return {code, out.str(), err.str()};
}

/// 90 named vectors of three classes that are easy to tell apart.
class HelperCommand : public ::testing::Test {
 protected:
  HelperCommand() {
    const auto data = test::labelled_vectors(90, 12, 3, 2, 5);
    const std::array<std::int64_t, 2> shape{90, 12};
    AtomicFile file(path("f.npy"));
    write_npy(file, NpyType::float32, shape,
              {reinterpret_cast<const std::uint8_t*>(data.vectors.data()),
               static_cast<std::size_t>(data.vectors.size_bytes())});
    file.commit();
    std::string csv = "path\n";
    for (int k = 0; k < 90; ++k) csv += csv_field(id(k)) + "\n";
    write("f.csv", csv);
    write("f.json", "{\"method\": \"embedding\", \"version\": \"0.1.0\"}");
  }

  static std::string id(int k) { return k == 7 ? "odd, \xff<b>.jpg" : "p" + std::to_string(k) + ".jpg"; }
  static std::string name(int k) { return k % 3 == 0 ? "<i>a</i>" : k % 3 == 1 ? "b, c" : "\xc3\xa9"; }
  std::string path(const std::string& file) const { return (folder_.path() / file).native(); }
  void write(const std::string& file, const std::string& text) const {
    std::ofstream(path(file), std::ios::binary) << text;
  }
  std::string read(const std::string& file) const {
    std::ifstream in(path(file), std::ios::binary);
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  }
  void write_labels(const std::string& file, int begin, int end) const {
    std::string csv = "path,label\n";
    for (int k = begin; k < end; ++k) csv += csv_field(id(k)) + "," + csv_field(name(k)) + "\n";
    write(file, csv);
  }
  Outcome train(const std::vector<std::string>& more) const {
    std::vector<std::string> words{"train", "helper", path("f.npy"), "--out", path("h"), "--quiet"};
    words.insert(words.end(), more.begin(), more.end());
    return simile_run(words);
  }
  Outcome predict(const std::vector<std::string>& more) const {
    std::vector<std::string> words{"predict", path("f.npy"), "--model", path("h"), "--out", path("p.csv"), "--quiet"};
    words.insert(words.end(), more.begin(), more.end());
    return simile_run(words);
  }

  test::TemporaryFolder folder_;
};

TEST_F(HelperCommand, TrainsPredictsAndNamesWhatToLabelNext) {
  write_labels("l.csv", 0, 45);
  const Outcome trained = train({"--labels", path("l.csv"), "--next", "5"});
  ASSERT_EQ(trained.code, 0) << trained.err;
  EXPECT_THAT(trained.out, HasSubstr("trained on 45 labels of 3 classes"));
  EXPECT_THAT(trained.out, HasSubstr("(5-fold cross-validation, 45 images)"));
  std::set<std::string> files;
  for (const auto& entry : fs::directory_iterator(path("h"))) files.insert(entry.path().filename().native());
  EXPECT_EQ(files, (std::set<std::string>{"classes.csv", "confusion.csv", "confusion.svg", "curvature.state",
                                          "held_out.csv", "helper.json", "helper.safetensors", "ignored_labels.csv",
                                          "labels.csv", "learning_curve.csv", "learning_curve.svg", "manifest.json",
                                          "next.csv", "reliability.csv", "reliability.svg", "report.html"}));
  const CsvTable next = read_csv(path("h/next.csv"));
  EXPECT_THAT(next.rows, SizeIs(5));
  const CsvTable confusion = read_csv(path("h/confusion.csv"));
  EXPECT_THAT(confusion.header, ElementsAre("class", "<i>a</i>", "b, c", "\xc3\xa9"));
  const std::string page = read("h/report.html");
  EXPECT_THAT(page, HasSubstr("&lt;i&gt;a&lt;/i&gt;"));
  EXPECT_EQ(page.find("<i>a</i>"), std::string::npos);

  const Outcome predicted = predict({"--probabilities", path("p.npy"), "--page", path("p.html"), "--next", "4"});
  ASSERT_EQ(predicted.code, 0) << predicted.err;
  const CsvTable table = read_csv(path("p.csv"));
  EXPECT_THAT(table.header, ElementsAre("path", "label", "probability", "second", "margin"));
  ASSERT_THAT(table.rows, SizeIs(90));
  int right = 0;
  double before = 1;
  for (const auto& row : table.rows) {
    for (int k = 0; k < 90; ++k) right += row[0] == id(k) && row[1] == name(k) ? 1 : 0;
    EXPECT_LE(std::stod(row[2]), before);
    before = std::stod(row[2]);
  }
  EXPECT_GE(right, 85);
  EXPECT_EQ(NpyFile(path("p.npy")).header().shape, (std::vector<std::int64_t>{90, 3}));
  const CsvTable more = read_csv(path("next.csv"));
  ASSERT_THAT(more.rows, SizeIs(4));
  for (const auto& row : more.rows) {
    for (int k = 0; k < 45; ++k) EXPECT_NE(row[0], id(k));  // labelled already
  }
  EXPECT_EQ(read("p.html").find("<b>.jpg"), std::string::npos);
}

TEST_F(HelperCommand, UpdateKeepsTheSettingsThatAreNotGivenAnew) {
  write_labels("l.csv", 0, 30);
  ASSERT_EQ(train({"--labels", path("l.csv"), "--c", "3", "--balanced", "--kind", "ridge"}).code, 0);
  ASSERT_EQ(train({"--update"}).code, 0);
  auto helper = nlohmann::json::parse(read("h/helper.json"));
  EXPECT_EQ(helper["kind"], "ridge");
  EXPECT_EQ(helper["c"], 3);
  EXPECT_EQ(helper["balanced"], true);
  ASSERT_EQ(train({"--update", "--c", "5"}).code, 0);
  helper = nlohmann::json::parse(read("h/helper.json"));
  EXPECT_EQ(helper["c"], 5);
}

TEST_F(HelperCommand, LosesNoLabelsThatWereFilledIn) {
  write_labels("l.csv", 0, 30);
  ASSERT_EQ(train({"--labels", path("l.csv")}).code, 0);
  write("h/next.csv", "path,label\np40.jpg,\"b, c\"\np41.jpg,\n");
  const Outcome refused = train({"--labels", path("l.csv"), "--overwrite"});
  EXPECT_EQ(refused.code, 2);
  EXPECT_THAT(refused.err, HasSubstr("holds 1 label that is in no file given, such as that of 'p40.jpg'"));
  const Outcome updated = train({"--update", "--json"});
  EXPECT_EQ(nlohmann::json::parse(updated.out)["labels"], 31);
  EXPECT_THAT(read("h/labels.csv"), HasSubstr("p40.jpg,\"b, c\"\n"));
  EXPECT_EQ(train({"--labels", path("l.csv"), "--overwrite"}).code, 0);  // nothing is filled in now
}

TEST_F(HelperCommand, RefusesFlagsWithoutEffect) {
  write_labels("l.csv", 0, 30);
  const auto refused = [&](const std::vector<std::string>& more) {
    std::vector<std::string> words{"--labels", path("l.csv")};
    words.insert(words.end(), more.begin(), more.end());
    const Outcome outcome = train(words);
    EXPECT_EQ(outcome.code, 2);
    return outcome.err;
  };
  EXPECT_THAT(refused({"--hidden", "8"}), HasSubstr("--hidden: no effect with --kind linear"));
  EXPECT_THAT(refused({"--kind", "mlp", "--c", "8"}), HasSubstr("--c: no effect with --kind mlp"));
  EXPECT_THAT(refused({"--folds", "3", "--held-out", ".2"}), HasSubstr("--folds: no effect with --held-out"));
  EXPECT_THAT(refused({"--kind", "finetune"}), HasSubstr("simile train finetune PHOTOS"));
  EXPECT_FALSE(fs::exists(path("h")));
}

TEST_F(HelperCommand, UpdateAddsLabelsCorrectsThemAndGoesOn) {
  write_labels("l.csv", 0, 30);
  ASSERT_EQ(train({"--labels", path("l.csv"), "--update"}).code, 0);  // nothing to go on from yet
  write("more.csv", "path,label\np40.jpg,\"b, c\"\np0.jpg,\"b, c\"\np41.jpg,\n");
  const Outcome updated = train({"--labels", path("more.csv"), "--update", "--json"});
  ASSERT_EQ(updated.code, 0) << updated.err;
  const auto summary = nlohmann::json::parse(updated.out);
  EXPECT_EQ(summary["labels"], 31);
  EXPECT_EQ(summary["labels_of_the_earlier_helper"], 29);
  EXPECT_EQ(summary["started_from_the_earlier_helper"], true);
  EXPECT_THAT(read("h/labels.csv"), HasSubstr("p0.jpg,\"b, c\"\n"));
  EXPECT_EQ(train({"--update"}).code, 0);  // the same labels again
}

TEST_F(HelperCommand, UpdateGoesOnWithTheCurvatureWhereThereIsOneThatFits) {
  write_labels("l.csv", 0, 60);
  const auto updated = [&](const std::vector<std::string>& more) {
    std::vector<std::string> words{"--labels", path("l.csv"), "--update", "--json", "--folds", "0"};
    words.insert(words.end(), more.begin(), more.end());
    const Outcome outcome = train(words);
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    return nlohmann::json::parse(outcome.out)["curvature_of_the_earlier_helper"].get<bool>();
  };
  EXPECT_FALSE(updated({}));
  EXPECT_TRUE(updated({}));
  EXPECT_FALSE(updated({"--c", "3"})) << "of another penalty";
  EXPECT_TRUE(updated({"--c", "3"}));
  write("h/curvature.state", "damaged");
  EXPECT_FALSE(updated({"--c", "3"}));
  EXPECT_TRUE(updated({"--c", "3"}));
  fs::remove(path("h/curvature.state"));
  EXPECT_FALSE(updated({"--c", "3"}));
}

TEST_F(HelperCommand, ADeviceThatIsNoneIsRefused) {
  write_labels("l.csv", 0, 30);
  const Outcome refused = train({"--labels", path("l.csv"), "--device", "gpu"});
  EXPECT_EQ(refused.code, 2);
  EXPECT_THAT(refused.err, HasSubstr("--device 'gpu': allowed are auto, cpu, cuda and cuda:N"));
  EXPECT_FALSE(fs::exists(path("h")));
  EXPECT_EQ(train({"--labels", path("l.csv"), "--device", "cpu", "--folds", "0"}).code, 0);
}

TEST_F(HelperCommand, AnEarlierHelperIsNotReplacedUnasked) {
  write_labels("l.csv", 0, 30);
  ASSERT_EQ(train({"--labels", path("l.csv")}).code, 0);
  const std::string before = read("h/helper.json");
  const Outcome again = train({"--labels", path("l.csv")});
  EXPECT_EQ(again.code, 2);
  EXPECT_THAT(again.err, HasSubstr("exists"));
  EXPECT_EQ(read("h/helper.json"), before);
  EXPECT_EQ(train({"--labels", path("l.csv"), "--overwrite"}).code, 0);
  write("h/mine.txt", "mine");
  EXPECT_EQ(train({"--labels", path("l.csv"), "--overwrite"}).code, 2);
  EXPECT_EQ(read("h/mine.txt"), "mine");
}

TEST_F(HelperCommand, SaysWhatIsWrongWithLabels) {
  const auto refused = [&](const std::string& csv, const std::string& message) {
    write("l.csv", csv);
    const Outcome outcome = train({"--labels", path("l.csv")});
    EXPECT_EQ(outcome.code, 2) << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr(message));
    EXPECT_FALSE(fs::exists(path("h")));
  };
  refused("path,label\np0.jpg,x\np1.jpg,x\n", "at least two classes are needed");
  refused("path,label\np0.jpg,x\np0.jpg,y\n", "has two labels");
  refused("path,label\n/p0.jpg,x\n", "no row names an item");
  refused("path,class\np0.jpg,x\n", "label");
  refused("path,label\np0.jpg,\xff\n", "is not UTF-8");
  EXPECT_THAT(train({}).err, HasSubstr("--labels is needed"));
  EXPECT_THAT(train({"--labels", path("none.csv")}).err, HasSubstr("none.csv"));
  write_labels("l.csv", 0, 30);
  EXPECT_THAT(train({"--labels", path("l.csv"), "--c", "0"}).err, HasSubstr("--c 0"));
  EXPECT_THAT(train({"--labels", path("l.csv"), "--folds", "1"}).err, HasSubstr("--folds 1"));
  EXPECT_THAT(train({"--labels", path("l.csv"), "--kind", "forest"}).err, HasSubstr("'forest'"));
}

TEST_F(HelperCommand, ToldOfUnknownImagesAndOfClassesWithOneLabel) {
  write("l.csv", "path,label\np0.jpg,x\np3.jpg,x\np1.jpg,y\ngone.jpg,y\n");
  const Outcome trained = train({"--labels", path("l.csv")});
  ASSERT_EQ(trained.code, 0) << trained.err;
  EXPECT_THAT(trained.out, HasSubstr("1 class has one label only"));
  EXPECT_THAT(trained.out, HasSubstr("1 label is of images that are not in the set"));
  EXPECT_THAT(read("h/ignored_labels.csv"), HasSubstr("gone.jpg,y,"));
  EXPECT_EQ(train({"--labels", path("l.csv"), "--folds", "0", "--kind", "ridge", "--overwrite"}).code, 0);
  EXPECT_EQ(read("h/helper.json").find("\"accuracy\""), std::string::npos);
}

TEST_F(HelperCommand, PredictRefusesOtherVectorsAndReplacesNothingUnasked) {
  write_labels("l.csv", 0, 30);
  EXPECT_THAT(predict({}).err, HasSubstr("no helper in"));
  ASSERT_EQ(train({"--labels", path("l.csv")}).code, 0);
  ASSERT_EQ(predict({}).code, 0);
  EXPECT_THAT(predict({}).err, HasSubstr("exists (--overwrite replaces it)"));
  EXPECT_EQ(predict({"--overwrite"}).code, 0);
  EXPECT_THAT(predict({"--overwrite", "--page", path("p.csv")}).err, HasSubstr("named for two outputs"));
  const std::array<std::int64_t, 2> shape{2, 3};
  const std::array<float, 6> values{1, 2, 3, 4, 5, 6};
  AtomicFile file(path("other.npy"));
  write_npy(file, NpyType::float32, shape, {reinterpret_cast<const std::uint8_t*>(values.data()), sizeof values});
  file.commit();
  const Outcome other = simile_run({"predict", path("other.npy"), "--model", path("h"), "--out", path("o.csv")});
  EXPECT_EQ(other.code, 2);
  EXPECT_THAT(other.err, HasSubstr("vectors of 12 values; these have 3"));
  EXPECT_FALSE(fs::exists(path("o.csv")));
}

TEST_F(HelperCommand, PredictJudgesWhatItWasNotTrainedOn) {
  write_labels("l.csv", 0, 45);
  write_labels("t.csv", 0, 90);
  ASSERT_EQ(train({"--labels", path("l.csv")}).code, 0);
  const Outcome predicted = predict({"--truth", path("t.csv"), "--page", path("p.html"), "--json"});
  ASSERT_EQ(predicted.code, 0) << predicted.err;
  const auto summary = nlohmann::json::parse(predicted.out);
  EXPECT_EQ(summary["judged"], 45);
  EXPECT_GE(summary["right"], 40);
}

}  // namespace
}  // namespace simile
