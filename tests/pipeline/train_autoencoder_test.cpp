// SPDX-License-Identifier: Apache-2.0
// Through libsimile_learn where the build has it: SIMILE_LEARN_LIBRARY is set by the test program's CMake.
#include "simile/pipeline/train_autoencoder.hpp"

#include <cstdlib>
#include <cstring>
#include <limits>

#include <nlohmann/json.hpp>

#include "pipeline/runs.hpp"

#include "simile/core/sha256.hpp"
#include "simile/model/model_card.hpp"
#include "simile/model/safetensors.hpp"
#include "simile/train/training_state.hpp"

namespace simile {
namespace {

namespace fs = std::filesystem;
using test::error_of;
using test::IsError;
using test::text_of;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class TrainAutoencoder : public test::Runs {
 protected:
  void SetUp() override { ::setenv("SIMILE_LEARN_LIBRARY", SIMILE_LEARN_LIBRARY_FILE, 1); }

  TrainAutoencoderOptions options(std::int64_t epochs) {
    TrainAutoencoderOptions options;
    if (!fs::exists(path("photos"))) photos(std::vector<int>(20, 2));
    options.input = path("photos");
    options.out = out_;
    options.training.side_px = 32;
    options.training.epochs = epochs;
    options.training.batch_size = 16;
    options.training.validation_share = 0.2;
    options.grid_every = 2;
    return options;
  }
  TrainAutoencoderSummary train(const TrainAutoencoderOptions& options) {
    ThreadPool pool(1);
    return run_train_autoencoder(options, {pool, *progress_, cancellation_, 256 << 20, {}});
  }
  void expect_training_refused(const TrainAutoencoderOptions& options, ErrorCode code, const std::string& text) {
    const auto before = test::snapshot(folder_.path());
    EXPECT_THAT(error_of([&] { train(options); }), IsError(code, text));
    EXPECT_EQ(test::snapshot(folder_.path()), before);
  }
};

TEST_F(TrainAutoencoder, LeavesAModelWithAllThatTellsAboutIt) {
  const auto options = this->options(3);
  folder_.write("photos/broken.png", std::string("no picture"));
  const auto summary = train(options);
  EXPECT_EQ(summary.num_images, 40);
  EXPECT_EQ(summary.num_validation, 8);
  EXPECT_EQ(summary.history.num_epochs(), 3);
  EXPECT_EQ(summary.dimensions, 256);
  EXPECT_EQ(summary.unreadable.size(), 1U);
  std::set<std::string> names;
  for (const auto& entry : fs::directory_iterator(out_)) names.insert(entry.path().filename().native());
  EXPECT_EQ(names,
            (std::set<std::string>{"card.json", "loss.csv", "loss.png", "loss.svg", "manifest.json", "metrics.jsonl",
                                   "model.safetensors", "reconstructions_epoch_2.jpg", "reconstructions_epoch_3.jpg",
                                   "run.json", "split.csv", "state.safetensors", "unreadable.csv"}));
  const ModelCard card = read_model_card(out_ / "card.json");
  EXPECT_EQ(card.name, "out");
  EXPECT_EQ(card.architecture, "icas_autoencoder_128");
  EXPECT_EQ(card.width_px, 32);
  EXPECT_EQ(card.dimensions, 256);
  EXPECT_EQ(card.sha256, sha256_of_file(out_ / "model.safetensors"));
  EXPECT_EQ(nlohmann::json::parse(card.training)["best_epoch"], summary.history.best()->epoch);
  EXPECT_NE(SafetensorsFile(out_ / "model.safetensors").find("encoder3.0.weight"), nullptr);
  const auto curve = read_csv(out_ / "loss.csv");
  EXPECT_EQ(curve.rows.size(), 3U);
  EXPECT_EQ(read_csv(out_ / "split.csv").rows.size(), 40U);
  EXPECT_THAT(text_of(out_ / "unreadable.csv"), HasSubstr("broken.png"));
  EXPECT_THAT(text_of(out_ / "reconstructions_epoch_2.jpg"), StartsWith("\xff\xd8"));
  EXPECT_EQ(nlohmann::json::parse(text_of(out_ / "manifest.json"))["summary"]["epochs"], 3);
}

TEST_F(TrainAutoencoder, InPiecesGivesTheSameBytesAsInOne) {
  auto options = this->options(4);
  train(options);
  const auto kept = [&] {
    return std::vector{text_of(out_ / "loss.csv"), text_of(out_ / "model.safetensors"), text_of(out_ / "split.csv")};
  };
  const auto whole = kept();
  fs::remove_all(out_);
  options.training.epochs = 2;
  train(options);
  EXPECT_NE(kept(), whole);
  options.training.epochs = 4;
  const auto summary = train(options);
  EXPECT_EQ(summary.num_resumed, 2);
  EXPECT_FALSE(summary.was_finished);
  EXPECT_EQ(kept(), whole);
}

TEST_F(TrainAutoencoder, ThatWasCancelledGoesOn) {
  const auto options = this->options(3);
  train(options);
  const std::string curve = text_of(out_ / "loss.csv");
  fs::remove_all(out_);
  class CancelInThirdEpoch : public Progress {
   public:
    explicit CancelInThirdEpoch(Cancellation& cancellation) : cancellation_(cancellation) {}
    void begin(std::string_view phase, std::int64_t, std::string_view) override {
      if (phase.starts_with("epoch 3")) cancellation_.request();
    }
    void advance(std::int64_t) override {}
    void end() override {}

   private:
    Cancellation& cancellation_;
  };
  {
    Cancellation cancellation;
    CancelInThirdEpoch progress(cancellation);
    ThreadPool pool(1);
    EXPECT_THAT(error_of([&] { run_train_autoencoder(options, {pool, progress, cancellation, 256 << 20, {}}); }),
                IsError(ErrorCode::cancelled, "interrupted"));
    EXPECT_FALSE(fs::exists(out_ / "manifest.json"));
  }
  EXPECT_EQ(train(options).num_resumed, 2);
  EXPECT_EQ(text_of(out_ / "loss.csv"), curve);
}

TEST_F(TrainAutoencoder, ThatIsFinishedSaysSoAndWritesNothing) {
  const auto options = this->options(2);
  train(options);
  const auto before = test::snapshot(folder_.path());
  const auto summary = train(options);
  EXPECT_TRUE(summary.was_finished);
  EXPECT_EQ(summary.history.num_epochs(), 2);
  EXPECT_EQ(test::snapshot(folder_.path()), before);
}

TEST_F(TrainAutoencoder, NeverReplacesAnotherUnlessToldSo) {
  auto options = this->options(1);
  train(options);
  auto other = options;
  other.training.learning_rate = 0.5;
  expect_training_refused(other, ErrorCode::invalid_argument,
                          "holds a training with another lr: 0.001, not 0.5 (--overwrite replaces it)");
  other = options;
  other.training.seed = 4;
  expect_training_refused(other, ErrorCode::invalid_argument, "another seed: 0, not 4");
  folder_.write("photos/one_more.png", test::png_of(natural_image(64, 64, 9)));
  expect_training_refused(options, ErrorCode::invalid_argument, "another set of images");
  options.overwrite = true;
  folder_.write("out/notes.txt", std::string("mine"));
  expect_training_refused(options, ErrorCode::invalid_argument, "holds 'notes.txt', which is not from simile train");
  fs::remove(out_ / "notes.txt");
  EXPECT_EQ(train(options).num_images, 41);
}

TEST_F(TrainAutoencoder, RefusesAFolderThatIsNotItsOwn) {
  const auto options = this->options(1);
  folder_.write("out/letter.txt", std::string("mine"));
  expect_training_refused(options, ErrorCode::invalid_argument, "exists and is not a training of simile");
  auto inside = options;
  inside.out = path("photos/model");
  expect_training_refused(inside, ErrorCode::invalid_argument, "lies inside the input");
}

TEST_F(TrainAutoencoder, RefusesADamagedState) {
  const auto options = this->options(1);
  train(options);
  std::string bytes = text_of(out_ / "state.safetensors");
  bytes.back() = static_cast<char>(bytes.back() ^ 1);
  folder_.write("out/state.safetensors", bytes);
  expect_training_refused(options, ErrorCode::decode, "its checksum is wrong (--overwrite starts anew)");
}

/// A trainer in a state of its own making; it only tells it.
class Told final : public AutoencoderTrainer {
 public:
  explicit Told(std::vector<HostTensor> state) : state_(std::move(state)) {}
  double train(std::span<const std::int64_t>, std::int64_t, double, const StepDone&) override { return 0; }
  double evaluate(std::span<const std::int64_t>, const StepDone&) override { return 0; }
  Array<std::uint8_t, 4> reconstruct(std::span<const std::int64_t>) override { return {}; }
  std::vector<HostTensor> weights() const override { return {}; }
  std::vector<HostTensor> state() const override { return state_; }
  void restore(const SafetensorsFile&) override {}
  std::string architecture() const override { return {}; }
  std::int64_t num_parameters() const override { return 0; }
  std::int64_t dimensions() const override { return 0; }

 private:
  std::vector<HostTensor> state_;
};

/// The state of a training whose next losses are no numbers: a weight of the first layer is infinite.
void spoil(const fs::path& file) {
  std::vector<HostTensor> tensors;
  const TrainingState state(file);
  for (const auto& tensor : state.tensors().tensors()) {
    HostTensor copy{tensor.name, tensor.type, tensor.shape,
                    std::vector<std::uint8_t>(static_cast<std::size_t>(tensor.size_bytes))};
    state.tensors().read(tensor, copy.bytes.data());
    if (tensor.name == "weights.encoder1.0.weight") {
      const float infinite = std::numeric_limits<float>::infinity();
      std::memcpy(copy.bytes.data(), &infinite, sizeof infinite);
    }
    tensors.push_back(std::move(copy));
  }
  save_training_state(file, state.key(), state.history(), Told(std::move(tensors)));
}

TEST_F(TrainAutoencoder, ALossThatIsNoNumberKeepsTheBestEpoch) {
  auto options = this->options(2);
  train(options);
  const auto kept = [&] {
    return std::vector{text_of(out_ / "model.safetensors"), text_of(out_ / "loss.csv"),
                       text_of(out_ / "metrics.jsonl")};
  };
  const auto best = kept();
  spoil(out_ / "state.safetensors");
  options.training.epochs = 4;
  EXPECT_THAT(error_of([&] { train(options); }), IsError(ErrorCode::model, "a lower --lr may help"));
  EXPECT_EQ(kept(), best);
  EXPECT_FALSE(fs::exists(out_ / "manifest.json")) << "it is not finished";
}

TEST_F(TrainAutoencoder, ALossThatIsNoNumberAtOnceIsNamed) {
  auto options = this->options(20);
  options.training.batch_size = 1;
  options.training.learning_rate = 1e38;
  EXPECT_THAT(error_of([&] { train(options); }), IsError(ErrorCode::model, "a lower --lr may help"));
  EXPECT_FALSE(fs::exists(out_ / "manifest.json"));
  EXPECT_TRUE(fs::exists(out_ / "run.json"));
}

TEST_F(TrainAutoencoder, ThatCannotWriteKeepsTheLastState) {
  auto options = this->options(1);
  train(options);
  const std::string state = text_of(out_ / "state.safetensors");
  // A folder cannot be replaced by a file: what a full disk does, at the same place.
  fs::remove(out_ / "model.safetensors");
  folder_.write("out/model.safetensors/in_the_way", std::string("x"));
  options.training.epochs = 3;
  EXPECT_THAT(error_of([&] { train(options); }), IsError(ErrorCode::io, "model.safetensors"));
  EXPECT_EQ(text_of(out_ / "state.safetensors"), state);
}

TEST_F(TrainAutoencoder, PerceptualLossNeedsANetworkThatIsHere) {
  auto options = this->options(1);
  options.perceptual_model = "resnet18";
  expect_training_refused(options, ErrorCode::invalid_argument, "--perceptual-model: no effect with --loss mse");
  options.training.loss = AutoencoderLoss::perceptual;
  options.perceptual_model = "";
  ::setenv("XDG_DATA_HOME", path("data").c_str(), 1);
  expect_training_refused(options, ErrorCode::not_found,
                          "--loss perceptual compares feature maps of vgg19, whose weights are not here");
  options.perceptual_model = path("missing.safetensors").native();
  expect_training_refused(options, ErrorCode::not_found, "missing.safetensors");
}

TEST_F(TrainAutoencoder, PerceptualLossByAnAutoencoderOfOnesOwn) {
  auto options = this->options(1);
  options.out = path("eyes");
  train(options);
  options.out = out_;
  options.training.epochs = 2;
  options.training.loss = AutoencoderLoss::perceptual;
  options.perceptual_model = path("eyes").native();
  expect_training_refused(options, ErrorCode::invalid_argument,
                          "--perceptual-layers: which layers of icas_autoencoder_128 to compare must be named");
  options.perceptual_layers = {"encoder1", "encoder2"};
  EXPECT_EQ(train(options).history.num_epochs(), 2);
  EXPECT_EQ(nlohmann::json::parse(text_of(out_ / "run.json"))["settings"]["perceptual-model"], "eyes");
  options.perceptual_layers = {"encoder2"};
  expect_training_refused(options, ErrorCode::invalid_argument, "another perceptual-layers");
}

}  // namespace
}  // namespace simile
