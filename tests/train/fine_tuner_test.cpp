// SPDX-License-Identifier: Apache-2.0
// Fine-tuning through libsimile_learn, on a network with made weights.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <numeric>

#include <gtest/gtest.h>

#include "model/made_weights.hpp"
#include "support/image_errors.hpp"
#include "support/temporary_folder.hpp"
#include "train/torch/host_tensor.hpp"

#include "simile/model/model_card.hpp"
#include "simile/model/network.hpp"
#include "simile/train/fine_tuning.hpp"
#include "simile/train/training_state.hpp"

extern "C" const void* simile_fine_tuning_backend();
extern "C" const void* simile_network_backend();

namespace simile {
namespace {

using test::error_of;
using test::IsError;
using Bytes = std::map<std::string, std::vector<std::uint8_t>>;

constexpr std::int64_t kSide = 64;
constexpr std::int64_t kImages = 12;

/// Noise around one colour or the other: what the two classes are.
Array<std::uint8_t, 4> pictures() {
  Array<std::uint8_t, 4> images({kImages, kSide, kSide, 3});
  Random random(5);
  for (std::int64_t image = 0; image < kImages; ++image) {
    for (std::int64_t k = 0; k < kSide * kSide * 3; ++k) {
      const std::uint64_t base = k % 3 == (image % 2 == 0 ? 0 : 2) ? 120 : 60;
      images.data()[image * kSide * kSide * 3 + k] = static_cast<std::uint8_t>(base + random.below(100));
    }
  }
  return images;
}

class FineTuning : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    for (const char* const name : {"tf_efficientnet_lite0", "icas_autoencoder_128"}) {
      const auto network = make_architecture(name);
      test::make_weights(*network);
      write_tensors(weights_folder() / name, host_tensors(*network, ""));
    }
  }
  static const std::filesystem::path& weights_folder() {
    static const test::TemporaryFolder kFolder;
    return kFolder.path();
  }

  ModelCard card(const std::string& architecture = "tf_efficientnet_lite0") const {
    ModelCard card;
    card.name = "mine";
    card.architecture = architecture;
    card.width_px = card.height_px = kSide;
    card.mean = {0.4, 0.4, 0.4};
    card.deviation = {0.2, 0.2, 0.2};
    return card;
  }
  std::unique_ptr<FineTuner> open(const ModelCard& of) {
    const auto& backend = *static_cast<const FineTuningBackend*>(simile_fine_tuning_backend());
    return backend.open(images_.view(), of, SafetensorsFile(weights_folder() / of.architecture), options_, context());
  }
  std::unique_ptr<FineTuner> open() { return open(card()); }
  Context context() { return {pool_, *progress_, cancellation_, memory_}; }
  double train(FineTuner& tuner, LinearModel& head, std::int64_t epochs = 2) {
    return tuner.train(rows_, labels_, head, epochs, context());
  }
  static LinearModel head_of(const FineTuner& tuner) {
    LinearModel head{Array<float, 2>({2, tuner.dimensions()}), {0, 0}};
    std::fill_n(head.weights.data(), head.weights.size(), 0.F);
    return head;
  }
  static Bytes bytes_of(const FineTuner& tuner) {
    Bytes bytes;
    for (auto& tensor : tuner.weights()) bytes[tensor.name] = std::move(tensor.bytes);
    return bytes;
  }
  /// The parts of the names of tensors that differ: "blocks.5", "conv_head".
  static std::vector<std::string> changed(const Bytes& before, const Bytes& after) {
    std::vector<std::string> names;
    for (const auto& [name, bytes] : before) {
      if (after.at(name) == bytes) continue;
      const auto first = name.find('.');
      const bool block = name.starts_with("blocks.");
      const std::string part = name.substr(0, block ? name.find('.', first + 1) : first);
      if (names.empty() || names.back() != part) names.push_back(part);
    }
    return names;
  }

  Array<std::uint8_t, 4> images_ = pictures();
  std::vector<std::int64_t> rows_{0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
  std::vector<std::int32_t> labels_{0, 1, 0, 1, 0, 1, 0, 1, 0, 1};
  FineTuningOptions options_{.stages = 2, .batch_size = 4, .learning_rate = 1e-3, .seed = 3};
  std::int64_t memory_ = 256 << 20;
  ThreadPool pool_{1};
  std::unique_ptr<Progress> progress_ = make_silent_progress();
  Cancellation cancellation_;
};

TEST_F(FineTuning, ChangesTheLastStagesAndNothingElse) {
  const auto tuner = open();
  const Bytes before = bytes_of(*tuner);
  LinearModel head = head_of(*tuner);
  train(*tuner, head);
  EXPECT_EQ(changed(before, bytes_of(*tuner)), (std::vector<std::string>{"blocks.5", "blocks.6", "bn2", "conv_head"}));
  EXPECT_LT(tuner->num_trained(), tuner->num_parameters());
}

TEST_F(FineTuning, OfAllStagesChangesAllButWhatComesAfterTheEmbedding) {
  options_.stages = 0;
  const auto tuner = open();
  const Bytes before = bytes_of(*tuner);
  LinearModel head = head_of(*tuner);
  train(*tuner, head, 1);
  EXPECT_EQ(changed(before, bytes_of(*tuner)),
            (std::vector<std::string>{"blocks.0", "blocks.1", "blocks.2", "blocks.3", "blocks.4", "blocks.5",
                                      "blocks.6", "bn1", "bn2", "conv_head", "conv_stem"}));
}

TEST_F(FineTuning, StatisticsOfNormsStay) {
  options_.stages = 0;
  const auto tuner = open();
  const Bytes before = bytes_of(*tuner);
  LinearModel head = head_of(*tuner);
  train(*tuner, head, 1);
  const Bytes after = bytes_of(*tuner);
  EXPECT_EQ(before.at("bn1.running_mean"), after.at("bn1.running_mean"));
  EXPECT_NE(before.at("bn1.weight"), after.at("bn1.weight"));
}

TEST_F(FineTuning, LearnsTheClassesAlsoOfImagesItHasNotSeen) {
  options_.learning_rate = 1e-2;
  options_.stages = 1;
  ModelCard early = card();
  early.layer = "stage1";  // made weights lose what is in an image from layer to layer
  const auto tuner = open(early);
  EXPECT_EQ(tuner->dimensions(), 24);
  const Bytes before = bytes_of(*tuner);
  LinearModel head = head_of(*tuner);
  EXPECT_LT(train(*tuner, head, 20), 0.3);
  EXPECT_EQ(changed(before, bytes_of(*tuner)), (std::vector<std::string>{"blocks.1"}));
  const std::vector<std::int64_t> unseen{10, 11};
  const auto scores = linear_scores(head, tuner->embed(unseen, context()).view(), true, context());
  EXPECT_GT(scores.view()(0, 0), scores.view()(0, 1) + 1);
  EXPECT_LT(scores.view()(1, 0), scores.view()(1, 1) - 1);
}

TEST_F(FineTuning, TheSameAgainAfterARestart) {
  const auto tuner = open();
  const Bytes before = bytes_of(*tuner);
  LinearModel first = head_of(*tuner);
  train(*tuner, first);
  const Bytes trained = bytes_of(*tuner);
  tuner->restart();
  EXPECT_EQ(bytes_of(*tuner), before);
  LinearModel second = head_of(*tuner);
  train(*tuner, second);
  EXPECT_EQ(bytes_of(*tuner), trained);
  EXPECT_EQ(std::memcmp(first.weights.data(), second.weights.data(), first.weights.size() * sizeof(float)), 0);
}

TEST_F(FineTuning, GoesOnFromOtherWeights) {
  const auto tuner = open();
  LinearModel head = head_of(*tuner);
  train(*tuner, head);
  const Bytes trained = bytes_of(*tuner);
  const test::TemporaryFolder folder;
  write_tensors(folder.path() / "w", tuner->weights());
  tuner->restart();
  tuner->restart_from(SafetensorsFile(folder.path() / "w"));
  EXPECT_EQ(bytes_of(*tuner), trained);
}

TEST_F(FineTuning, WithoutMemoryForTheFirstStagesOutputsIsNearlyTheSame) {
  const auto keeping = open();
  LinearModel kept = head_of(*keeping);
  const double loss = train(*keeping, kept);
  memory_ = 1 << 10;
  const auto anew = open();
  LinearModel taken = head_of(*anew);
  EXPECT_NEAR(train(*anew, taken), loss, 1e-3);
}

TEST_F(FineTuning, MirroredImagesAreSeen) {
  const auto mirroring = open();
  LinearModel head = head_of(*mirroring);
  const double loss = train(*mirroring, head, 1);
  options_.mirror = false;
  const auto plain = open();
  LinearModel other = head_of(*plain);
  EXPECT_NE(train(*plain, other, 1), loss);
  // Of images that are their own mirror images it makes no difference.
  for (std::int64_t row = 0; row < kImages * kSide; ++row) {
    std::uint8_t* const line = images_.data() + row * kSide * 3;
    for (std::int64_t x = 0; x < kSide / 2; ++x) std::copy_n(line + x * 3, 3, line + (kSide - 1 - x) * 3);
  }
  const auto symmetric = open();
  LinearModel left = head_of(*symmetric);
  const double of_plain = train(*symmetric, left, 1);
  options_.mirror = true;
  const auto symmetric_mirroring = open();
  LinearModel right = head_of(*symmetric_mirroring);
  EXPECT_NEAR(train(*symmetric_mirroring, right, 1), of_plain, 1e-3);
}

TEST_F(FineTuning, EmbedsAsTheNetworkDoes) {
  const auto tuner = open();
  const auto found = tuner->embed(rows_, context());
  const auto& networks = *static_cast<const NetworkBackend*>(simile_network_backend());
  const auto network = networks.open(card(), SafetensorsFile(weights_folder() / "tf_efficientnet_lite0"), {});
  Array<float, 2> expected({kImages, network->dimensions()});
  network->embed(std::as_const(images_).view(), expected.view());
  ASSERT_EQ(found.shape(1), expected.shape(1));
  double largest = 0;
  double difference = 0;
  for (std::int64_t k = 0; k < found.size(); ++k) {
    largest = std::max(largest, std::abs(static_cast<double>(expected.data()[k])));
    difference = std::max(difference, std::abs(static_cast<double>(found.data()[k]) - expected.data()[k]));
  }
  EXPECT_LT(difference, 1e-4 * largest);
}

TEST_F(FineTuning, BalancedClassesWeighTheSame) {
  labels_ = {0, 1, 0, 0, 0, 0, 0, 0, 0, 0};
  options_.batch_size = 10;
  const auto loss_of = [&](bool balanced) {
    options_.balanced = balanced;
    const auto tuner = open();
    LinearModel head = head_of(*tuner);
    head.bias = {std::log(9.F), 0};  // as often as they are
    return train(*tuner, head, 1);
  };
  EXPECT_NEAR(loss_of(false), -0.9 * std::log(0.9) - 0.1 * std::log(0.1), 1e-3);
  EXPECT_NEAR(loss_of(true), -0.5 * std::log(0.9) - 0.5 * std::log(0.1), 1e-3);
}

TEST_F(FineTuning, RefusesMoreStagesThanThereAre) {
  options_.stages = 8;
  EXPECT_THAT(error_of([&] { open(); }),
              IsError(ErrorCode::invalid_argument, "--stages 8: allowed of this network are all, 1 to 7"));
  options_.stages = 7;
  EXPECT_NO_THROW(open());
}

TEST_F(FineTuning, RefusesANetworkWithoutStages) {
  EXPECT_THAT(error_of([&] { open(card("icas_autoencoder_128")); }),
              IsError(ErrorCode::invalid_argument, "icas_autoencoder_128 has no stages"));
}

TEST_F(FineTuning, ALossThatIsNoNumberEndsIt) {
  const auto tuner = open();
  LinearModel head = head_of(*tuner);
  head.bias[0] = std::numeric_limits<float>::infinity();
  head.bias[1] = head.bias[0];
  EXPECT_THAT(error_of([&] { train(*tuner, head); }), IsError(ErrorCode::model, "a lower --lr may help"));
}

TEST_F(FineTuning, CanBeStopped) {
  const auto tuner = open();
  LinearModel head = head_of(*tuner);
  cancellation_.request();
  EXPECT_THAT(error_of([&] { train(*tuner, head); }), IsError(ErrorCode::cancelled, ""));
}

TEST_F(FineTuning, OptionsAreChecked) {
  options_.learning_rate = 0;
  EXPECT_THAT(error_of([&] { open(); }), IsError(ErrorCode::invalid_argument, "--lr 0"));
}

}  // namespace
}  // namespace simile
