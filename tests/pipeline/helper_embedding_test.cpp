// SPDX-License-Identifier: Apache-2.0
// From photos to a helper's hidden layer and back to photos: a trained network, its vectors, a helper, its folder as a
// model. Through libsimile_learn.
#include <cmath>
#include <cstdlib>

#include "pipeline/runs.hpp"

#include "simile/feature/feature_file.hpp"
#include "simile/model/safetensors.hpp"
#include "simile/pipeline/search.hpp"
#include "simile/pipeline/train_autoencoder.hpp"
#include "simile/pipeline/train_helper.hpp"
#include "simile/train/helper.hpp"

namespace simile {
namespace {

using test::error_of;
using test::IsError;

class HelperEmbedding : public test::Runs {
 protected:
  void SetUp() override {
    ::setenv("SIMILE_LEARN_LIBRARY", SIMILE_LEARN_LIBRARY_FILE, 1);
    photos({4, 4, 4});
    TrainAutoencoderOptions training;
    training.input = path("photos");
    training.training.side_px = 32;
    training.training.epochs = 1;
    training.out = path("network");
    run_train_autoencoder(training, context());
    embed("network", "seen.npy");
  }
  Context context() { return {pool_, *progress_, cancellation_, 256 << 20}; }
  FeaturesSummary embed(const std::string& model, const std::string& out) {
    FeatureOptions options;
    options.method = Method::embedding;
    options.network.model = path(model).native();
    return features({.input = path("photos"), .features = options, .out = path(out), .overwrite = true});
  }
  TrainHelperSummary train_helper(HelperKind kind, const std::string& out, bool update = false,
                                  const MlpOptions& mlp = {.hidden = 5, .epochs = 3}) {
    std::string labels = "path,label\n";
    for (int k = 0; k < 12; ++k)
      labels += std::to_string(k) + ".png," + std::string(1, static_cast<char>('a' + k % 3)) + "\n";
    folder_.write("labels.csv", std::string_view(labels));
    TrainHelperOptions options;
    options.input = path("seen.npy");
    options.labels = {path("labels.csv")};
    options.out = path(out);
    options.kind = kind;
    options.mlp = mlp;
    options.update = update;
    return run_train_helper(options, context());
  }

  ThreadPool pool_{1};
};

TEST_F(HelperEmbedding, AnUpdateOfAnMlpGoesOnButIsMeasuredAnew) {
  const MlpOptions still{.hidden = 5, .epochs = 4, .learning_rate = 1e-9};
  const TrainHelperSummary anew = train_helper(HelperKind::mlp, "other", false, still);
  train_helper(HelperKind::mlp, "helper", false, {.hidden = 5, .epochs = 60, .learning_rate = 0.05});
  const Helper before = read_helper(path("helper"));
  const TrainHelperSummary updated = train_helper(HelperKind::mlp, "helper", true, still);
  EXPECT_TRUE(updated.warm);
  // Steps of nothing: what was learnt is still there.
  const Helper after = read_helper(path("helper"));
  for (std::size_t layer = 0; layer < 2; ++layer) {
    const auto& weights = before.layers[layer].weights;
    for (std::int64_t k = 0; k < weights.size(); ++k) {
      ASSERT_NEAR(after.layers[layer].weights.data()[k], weights.data()[k], 1e-4 + 1e-4 * std::abs(weights.data()[k]));
    }
  }
  // Those that measure began with nothing: the earlier helper has seen what they hold out.
  EXPECT_EQ(updated.log_loss, anew.log_loss);
  EXPECT_EQ(updated.accuracy, anew.accuracy);
}

TEST_F(HelperEmbedding, AnUpdateOfAnotherWidthIsRefused) {
  train_helper(HelperKind::mlp, "helper");
  EXPECT_THAT(error_of([&] { train_helper(HelperKind::mlp, "helper", true, {.hidden = 6, .epochs = 3}); }),
              IsError(ErrorCode::invalid_argument, "--hidden 6: the helper in "));
}

TEST_F(HelperEmbedding, IsTheHiddenLayerOfWhatItsNetworkSees) {
  train_helper(HelperKind::mlp, "helper");
  const auto summary = embed("helper", "hidden.npy");
  EXPECT_EQ(summary.row_size, 5);
  const auto seen = NpyFile(path("seen.npy")).read_embeddings();
  const auto expected = helper_embedding(read_helper(path("helper")), seen.view(), context());
  const auto found = NpyFile(path("hidden.npy")).read_embeddings();
  ASSERT_EQ(found.shape(), expected.shape());
  for (std::int64_t k = 0; k < found.size(); ++k) EXPECT_FLOAT_EQ(found.data()[k], expected.data()[k]) << k;
}

TEST_F(HelperEmbedding, NeedsAHiddenLayer) {
  train_helper(HelperKind::linear, "helper");
  EXPECT_THAT(error_of([&] { embed("helper", "hidden.npy"); }), IsError(ErrorCode::model, "has no hidden layer"));
}

TEST_F(HelperEmbedding, RefusesANetworkThatHasChanged) {
  train_helper(HelperKind::mlp, "helper");
  std::filesystem::remove_all(path("network"));
  TrainAutoencoderOptions training;
  training.input = path("photos");
  training.training.side_px = 32;
  training.training.epochs = 1;
  training.training.seed = 9;
  training.out = path("network");
  run_train_autoencoder(training, context());
  EXPECT_THAT(error_of([&] { embed("helper", "hidden.npy"); }), IsError(ErrorCode::model, "and is now"));
}

TEST_F(HelperEmbedding, AQueryIsSeenByTheNetworkThatTheVectorsName) {
  SearchOptions options;
  options.input = path("seen.npy");
  std::filesystem::copy_file(path("photos/4.png"), path("query.png"));
  options.queries = {path("query.png").native()};
  const auto summary = run_search(options, context());
  ASSERT_EQ(summary.results.size(), 1U);
  EXPECT_EQ(summary.results[0].hits.at(0).id, "4.png");
  EXPECT_NEAR(summary.results[0].hits.at(0).similarity, 1, 1e-5);
}

TEST_F(HelperEmbedding, AQueryIsSeenByWeightsWithoutACard) {
  Features features;
  features.method = Method::embedding;
  features.vectors = Array<float, 2>({1, 2});
  features.vectors.data()[0] = 1;
  features.model = path("x.safetensors").native();
  features.architecture = "resnet18";
  features.model_identity = "resnet18, weights 12";
  features.items = {0};
  Catalogue catalogue;
  catalogue.ids = {"a"};
  write_feature_file(path("bare.npy"), features, catalogue, false);
  const std::vector<std::uint8_t> bytes(4);
  write_safetensors(path("x.safetensors"), std::vector<TensorBytes>{{"w", TensorType::uint8, {4}, bytes}});
  SearchOptions options;
  options.input = path("bare.npy");
  std::filesystem::copy_file(path("photos/4.png"), path("query.png"));
  options.queries = {path("query.png").native()};
  EXPECT_THAT(error_of([&] { run_search(options, context()); }), IsError(ErrorCode::model, "has no 'conv1.weight'"));
}

}  // namespace
}  // namespace simile
