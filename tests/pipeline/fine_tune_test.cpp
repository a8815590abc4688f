// SPDX-License-Identifier: Apache-2.0
// From photos and labels to a network of one's own and back to photos. Through libsimile_learn.
#include "simile/pipeline/fine_tune.hpp"

#include <cmath>
#include <cstdlib>

#include <nlohmann/json.hpp>

#include "pipeline/runs.hpp"

#include "simile/core/error.hpp"
#include "simile/model/model_card.hpp"
#include "simile/pipeline/predict.hpp"
#include "simile/pipeline/train_helper.hpp"
#include "simile/train/helper.hpp"

namespace simile {
namespace {

namespace fs = std::filesystem;
using test::error_of;
using test::IsError;
using test::text_of;
using ::testing::HasSubstr;
using ::testing::SizeIs;

class FineTune : public test::Runs {
 protected:
  void SetUp() override {
    ::setenv("SIMILE_LEARN_LIBRARY", SIMILE_LEARN_LIBRARY_FILE, 1);
    photos({4, 4, 4});
    fs::create_directory(path("base"));
    write_base("base");
    write_labels(12);
  }
  /// A network that sees images of 64x64.
  void write_base(const std::string& name) {
    const std::string file = path(name + "/model.safetensors").native();
    const std::string command = std::string(SIMILE_MAKE_WEIGHTS) + " tf_efficientnet_lite0 '" + file + "'";
    ASSERT_EQ(std::system(command.c_str()), 0);
    ModelCard card = *find_built_in_card("tf_efficientnet_lite0");
    card.name = "base";
    card.width_px = card.height_px = card.shorter_side_px = 64;
    card.weights = "model.safetensors";
    folder_.write(name + "/card.json", std::string_view(to_json(card)));
  }
  /// Of the first images: class a, b or c.
  void write_labels(int count, const std::string& name = "labels.csv") {
    std::string labels = "path,label\n";
    for (int k = 0; k < count; ++k) {
      labels += std::to_string(k) + ".png," + std::string(1, static_cast<char>('a' + k % 3)) + "\n";
    }
    folder_.write(name, std::string_view(labels));
  }
  FineTuneOptions options(const std::string& out = "tuned") {
    FineTuneOptions options;
    options.input = path("photos");
    options.labels = {path("labels.csv")};
    options.out = path(out);
    options.reading.network.model = path("base").native();
    options.training.stages = 1;
    options.training.epochs = 3;
    options.training.batch_size = 4;
    options.next = 0;
    return options;
  }
  Context context() { return {pool_, *progress_, cancellation_, 256 << 20}; }
  TrainHelperSummary tune(const FineTuneOptions& options) { return run_fine_tune(options, context()); }
  FeaturesSummary embed(const std::string& model, const std::string& out) {
    FeatureOptions options;
    options.method = Method::embedding;
    options.network.model = path(model).native();
    return features({.input = path("photos"), .features = options, .out = path(out), .overwrite = true});
  }
  nlohmann::json training_of(const std::string& folder) {
    return nlohmann::json::parse(read_model_card(path(folder + "/card.json")).training);
  }

  ThreadPool pool_{1};
};

TEST_F(FineTune, MakesAModelAndTheHelperOfItsVectors) {
  const TrainHelperSummary summary = tune(options());
  EXPECT_EQ(summary.kind, "finetune");
  EXPECT_EQ(summary.num_labels, 12);
  EXPECT_EQ(summary.how, "held-out 20%");
  EXPECT_GT(summary.num_trained, 0);
  EXPECT_LT(summary.num_trained, summary.num_parameters);
  embed("base", "before.npy");
  EXPECT_EQ(embed("tuned", "after.npy").row_size, 1280);
  EXPECT_NE(text_of(path("before.npy")), text_of(path("after.npy")));
  const PredictSummary predicted =
      run_predict({.input = path("after.npy"), .model = path("tuned"), .out = path("predictions.csv")}, context());
  EXPECT_EQ(predicted.num_predicted, 12);
  const auto table = read_csv(path("predictions.csv"));
  for (const auto& row : table.rows) EXPECT_EQ(row[1][0], 'a' + std::stoi(row[0]) % 3) << row[0];
  // The vectors of the network that it began with are not those that the helper knows.
  EXPECT_THAT(error_of([&] {
                run_predict({.input = path("before.npy"), .model = path("tuned"), .out = path("other.csv")}, context());
              }),
              IsError(ErrorCode::invalid_argument, "the helper was trained on vectors of"));
}

TEST_F(FineTune, TheSameAgain) {
  tune(options("first"));
  tune(options("second"));
  EXPECT_EQ(text_of(path("first/model.safetensors")), text_of(path("second/model.safetensors")));
  EXPECT_EQ(text_of(path("first/helper.safetensors")), text_of(path("second/helper.safetensors")));
  EXPECT_EQ(text_of(path("first/held_out.csv")), text_of(path("second/held_out.csv")));
}

TEST_F(FineTune, WithoutMeasuringIsTheSameNetwork) {
  tune(options("measured"));
  FineTuneOptions plain = options("plain");
  plain.evaluation.held_out = 0;
  EXPECT_EQ(tune(plain).how, "");
  EXPECT_EQ(text_of(path("measured/model.safetensors")), text_of(path("plain/model.safetensors")));
}

TEST_F(FineTune, LeavesOutLabelledImagesThatCannotBeRead) {
  folder_.write("photos/3.png", std::string_view("no image"));
  const TrainHelperSummary summary = tune(options());
  EXPECT_EQ(summary.num_labels, 11);
  ASSERT_THAT(summary.unreadable, SizeIs(1));
  EXPECT_EQ(summary.unreadable[0].first, "3.png");
  EXPECT_THAT(text_of(path("tuned/ignored_labels.csv")), HasSubstr("3.png,a,\"cannot be read: not a JPEG"));
  // Its label is there when it can be read again.
  photos({4, 4, 4});
  FineTuneOptions again = options();
  again.labels = {};
  again.update = true;
  EXPECT_EQ(tune(again).num_labels, 12);
}

TEST_F(FineTune, GoesOnWithNewLabels) {
  write_labels(9);
  tune(options());
  EXPECT_EQ(training_of("tuned")["network"], path("base").native());
  const std::string first = text_of(path("tuned/model.safetensors"));
  folder_.write("more.csv", std::string_view("path,label\n9.png,a\n10.png,b\n11.png,c\n"));
  FineTuneOptions more = options();
  more.labels = {path("more.csv")};
  more.update = true;
  more.reading.network = {};  // the earlier helper says which
  const TrainHelperSummary summary = tune(more);
  EXPECT_TRUE(summary.warm);
  EXPECT_EQ(summary.num_labels, 12);
  EXPECT_EQ(summary.num_earlier, 9);
  EXPECT_EQ(training_of("tuned")["network"], path("base").native());
  EXPECT_NE(text_of(path("tuned/model.safetensors")), first);
}

TEST_F(FineTune, AnUpdateGoesOnWithTheSameStages) {
  FineTuneOptions first = options();
  first.training.stages = 3;
  first.c = 4;
  first.training.mirror = false;
  tune(first);
  const auto earlier = settings_of_earlier(path("tuned"));
  ASSERT_TRUE(earlier);
  EXPECT_EQ(earlier->training.stages, 3);
  EXPECT_EQ(earlier->training.epochs, 3);
  EXPECT_EQ(earlier->c, 4);
  EXPECT_FALSE(earlier->training.mirror);
  EXPECT_FALSE(settings_of_earlier(path("base")));
  FineTuneOptions more = options();
  more.update = true;
  EXPECT_THAT(error_of([&] { tune(more); }), IsError(ErrorCode::invalid_argument, "--stages 1: those of the network"));
  more.training.stages = 3;
  EXPECT_TRUE(tune(more).warm);
}

TEST_F(FineTune, RefusesACardThatDoesNotSayHowItWasTrained) {
  tune(options());
  ModelCard card = read_model_card(path("tuned/card.json"));
  card.training = R"({"network": 5})";
  folder_.write("tuned/card.json", std::string_view(to_json(card)));
  FineTuneOptions more = options();
  more.update = true;
  EXPECT_THAT(error_of([&] { tune(more); }), IsError(ErrorCode::model, "does not say how it was fine-tuned"));
}

TEST_F(FineTune, ANetworkThatLearntNothingIsAnError) {
  FineTuneOptions wild = options();
  wild.training.stages = 0;
  wild.training.learning_rate = 1;
  wild.training.epochs = 1;
  EXPECT_THAT(error_of([&] { tune(wild); }), IsError(ErrorCode::model, "lower --lr"));
  EXPECT_FALSE(fs::exists(path("tuned")));
}

TEST_F(FineTune, SaysWhenTheNetworkHasSeenTheLabels) {
  EXPECT_EQ(tune(options()).num_seen, 0);
  FineTuneOptions further = options("further");
  further.reading.network.model = path("tuned").native();
  EXPECT_EQ(tune(further).num_seen, 12);
  embed("tuned", "seen.npy");
  TrainHelperOptions linear;
  linear.input = path("seen.npy");
  linear.labels = {path("labels.csv")};
  linear.out = path("linear");
  EXPECT_EQ(run_train_helper(linear, context()).num_seen, 12);
}

/// Fills a label into next.csv while the network is trained.
class FillsIn final : public Progress {
 public:
  explicit FillsIn(fs::path next) : next_(std::move(next)) {}
  void begin(std::string_view phase, std::int64_t /*total*/, std::string_view /*unit*/) override {
    if (phase == "fine-tuning") std::ofstream(next_, std::ios::binary) << "path,label\n11.png,c\n";
  }
  void advance(std::int64_t /*count*/) override {}
  void end() override {}

 private:
  fs::path next_;
};

TEST_F(FineTune, KeepsWhatIsFilledInMeanwhile) {
  write_labels(9);
  tune(options());
  FineTuneOptions more = options();
  more.update = true;
  more.next = 2;
  FillsIn progress(path("tuned/next.csv"));
  run_fine_tune(more, {pool_, progress, cancellation_, 256 << 20});
  const auto next = read_csv(path("tuned/next.csv"));
  ASSERT_FALSE(next.rows.empty());
  EXPECT_EQ(next.rows[0], (std::vector<std::string>{"11.png", "c"}));
  more.labels = {};
  EXPECT_EQ(tune(more).num_labels, 10);
}

TEST_F(FineTune, DoesNotGoOnFromAnotherNetwork) {
  tune(options());
  fs::create_directory(path("other"));
  write_base("other");
  FineTuneOptions more = options();
  more.update = true;
  more.reading.network.model = path("other").native();
  EXPECT_THAT(error_of([&] { tune(more); }), IsError(ErrorCode::invalid_argument, "began with"));
  // The one it began with has other weights now.
  std::string weights = text_of(path("base/model.safetensors"));
  weights.back() = static_cast<char>(weights.back() ^ 1);
  folder_.write("base/model.safetensors", std::string_view(weights));
  more.reading.network = {};
  EXPECT_THAT(error_of([&] { tune(more); }), IsError(ErrorCode::invalid_argument, "whose weights have changed"));
}

TEST_F(FineTune, DoesNotGoOnFromAHelperOfAnotherKind) {
  embed("base", "seen.npy");
  TrainHelperOptions linear;
  linear.input = path("seen.npy");
  linear.labels = {path("labels.csv")};
  linear.out = path("tuned");
  run_train_helper(linear, context());
  FineTuneOptions more = options();
  more.update = true;
  EXPECT_THAT(error_of([&] { tune(more); }), IsError(ErrorCode::invalid_argument, "is of kind linear"));
  linear.kind = HelperKind::finetune;
  linear.overwrite = true;
  EXPECT_THAT(error_of([&] { run_train_helper(linear, context()); }),
              IsError(ErrorCode::invalid_argument, "simile train finetune"));
}

TEST_F(FineTune, NeedsImages) {
  embed("base", "seen.npy");
  FineTuneOptions of_vectors = options();
  of_vectors.input = path("seen.npy");
  EXPECT_THAT(error_of([&] { tune(of_vectors); }), IsError(ErrorCode::invalid_argument, "fine-tuning needs images"));
}

TEST_F(FineTune, AFailureLeavesTheEarlierHelper) {
  tune(options());
  const auto before = test::snapshot(path("tuned"));
  FineTuneOptions worse = options();
  worse.overwrite = true;
  worse.training.stages = 99;
  EXPECT_THAT(error_of([&] { tune(worse); }), IsError(ErrorCode::invalid_argument, "--stages 99"));
  EXPECT_EQ(test::snapshot(path("tuned")), before);
}

}  // namespace
}  // namespace simile
