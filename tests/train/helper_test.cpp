// SPDX-License-Identifier: Apache-2.0
#include "simile/train/helper.hpp"

#include <cmath>
#include <fstream>

#include <gmock/gmock.h>

#include "core/expect_error.hpp"
#include "support/temporary_folder.hpp"
#include "train/vectors.hpp"

#include "simile/core/atomic_file.hpp"

namespace simile {
namespace {

using test::TemporaryFolder;

using test::Work;

LinearModel layer(std::int64_t outputs, std::int64_t inputs, std::uint64_t seed) {
  Random random(seed);
  LinearModel made;
  made.weights = Array<float, 2>({outputs, inputs});
  for (std::int64_t k = 0; k < made.weights.size(); ++k) made.weights.data()[k] = test::drawn(random);
  for (std::int64_t k = 0; k < outputs; ++k) made.bias.push_back(test::drawn(random));
  return made;
}

Helper linear_helper() {
  Helper helper;
  helper.classes = {"<b>", "caf\xc3\xa9", "x,\"y\""};
  helper.layers.push_back(layer(3, 5, 1));
  helper.temperature = 1.7;
  helper.embedding = "vectors of 5 values";
  helper.probe.c = 3;
  helper.probe.balanced = true;
  return helper;
}

Helper mlp_helper() {
  Helper helper = linear_helper();
  helper.kind = HelperKind::mlp;
  helper.layers.clear();
  helper.layers.push_back(layer(4, 5, 2));
  helper.layers.push_back(layer(3, 4, 3));
  return helper;
}

void replace_in(const std::filesystem::path& file, const std::string& what, const std::string& by) {
  std::string text = read_file(file, 1 << 20);
  const auto place = text.find(what);
  ASSERT_NE(place, std::string::npos) << what;
  text.replace(place, what.size(), by);
  std::ofstream(file, std::ios::binary) << text;
}

TEST(HelperFile, IsReadAsItWasWritten) {
  const auto data = test::labelled_vectors(9, 5, 3, 1, 4);
  const Work work;
  for (const auto& helper : {linear_helper(), mlp_helper()}) {
    const TemporaryFolder folder;
    write_helper(folder.path(), helper, "{\"accuracy\": 0.5}");
    const Helper read = read_helper(folder.path());
    EXPECT_EQ(read.classes, helper.classes);
    EXPECT_EQ(read.kind, helper.kind);
    EXPECT_EQ(read.temperature, helper.temperature);
    EXPECT_EQ(read.embedding, helper.embedding);
    EXPECT_EQ(read.probe.c, 3);
    EXPECT_TRUE(read.probe.balanced);
    const auto before = predict(helper, data.vectors.view(), work.context);
    const auto after = predict(read, data.vectors.view(), work.context);
    for (std::int64_t k = 0; k < before.size(); ++k) EXPECT_EQ(before.data()[k], after.data()[k]);
  }
}

TEST(HelperFile, RefusesWhatIsNoHelper) {
  const TemporaryFolder folder;
  expect_error(ErrorCode::not_found, "it has no helper.json", [&] { read_helper(folder.path()); });
  struct Damage {
    std::string what, by, message;
  };
  for (const auto& [what, by, message] :
       std::vector<Damage>{{"\"linear\"", "\"forest\"", "'forest': allowed are"},
                           {"\"kind\"", "\"sort\"", "kind"},
                           {"1.7", "-1.7", "temperature"},
                           {"\"c\": 3.0", "\"c\": 0.0", "--c 0"},
                           {"\"dimensions\": 5", "\"dimensions\": 6", "wanted [.., 6]"},
                           {"\"<b>\",", "", "2 classes, but weights of 3"},
                           {"{", "", "helper.json"}}) {
    write_helper(folder.path(), linear_helper(), "");
    replace_in(folder.path() / "helper.json", what, by);
    expect_error(ErrorCode::model, message, [&] { read_helper(folder.path()); });
  }
}

TEST(HelperFile, RefusesDamagedWeights) {
  const TemporaryFolder folder;
  Helper helper = linear_helper();
  helper.layers[0].weights.data()[7] = std::nanf("");
  write_helper(folder.path(), helper, "");
  expect_error(ErrorCode::model, "layers.0.weight has a value that is not finite", [&] { read_helper(folder.path()); });
  write_helper(folder.path(), linear_helper(), "");
  replace_in(folder.path() / "helper.json", "\"linear\"", "\"mlp\"");
  expect_error(ErrorCode::model, "layers.1.weight is missing", [&] { read_helper(folder.path()); });
  std::filesystem::resize_file(folder.path() / "helper.safetensors", 60);
  expect_error(ErrorCode::decode, "helper.safetensors", [&] { read_helper(folder.path()); });
}

TEST(HelperFile, RemembersTheNetworkOfItsVectors) {
  const TemporaryFolder folder;
  Helper helper = linear_helper();
  helper.model = "a network";
  helper.model_identity = "resnet18, weights 1234";
  write_helper(folder.path(), helper, {});
  EXPECT_TRUE(is_helper(folder.path()));
  const Helper read = read_helper(folder.path());
  EXPECT_EQ(read.model, helper.model);
  EXPECT_EQ(read.model_identity, helper.model_identity);
  check_same_network(read, "a network", "resnet18, weights 1234");
  check_same_network(read, "", "");
  check_same_network(linear_helper(), "another", "vgg19, weights 99");
  expect_error(ErrorCode::invalid_argument, "these are of 'another' (vgg19, weights 99)",
               [&] { check_same_network(read, "another", "vgg19, weights 99"); });
}

TEST(Helper, ProbabilitiesAreThoseOfPlainLoops) {
  const auto data = test::labelled_vectors(70, 5, 3, 1, 4);
  const Work work;
  const Helper helper = mlp_helper();
  const auto probabilities = predict(helper, data.vectors.view(), work.context);
  const auto embedding = helper_embedding(helper, data.vectors.view(), work.context);
  for (std::int64_t row = 0; row < 70; ++row) {
    double norm = 0;
    for (std::int64_t k = 0; k < 5; ++k) norm += std::pow(data.vectors.view()(row, k), 2);
    std::vector<double> hidden;
    for (std::int64_t h = 0; h < 4; ++h) {
      double sum = helper.layers[0].bias[static_cast<std::size_t>(h)];
      for (std::int64_t k = 0; k < 5; ++k) {
        sum += helper.layers[0].weights.view()(h, k) * data.vectors.view()(row, k) / std::sqrt(norm);
      }
      hidden.push_back(std::max(0.0, sum));
      EXPECT_NEAR(embedding.view()(row, h), hidden.back(), 1e-5);
    }
    std::vector<double> parts;
    double total = 0;
    for (std::int64_t c = 0; c < 3; ++c) {
      double sum = helper.layers[1].bias[static_cast<std::size_t>(c)];
      for (std::int64_t h = 0; h < 4; ++h) {
        sum += helper.layers[1].weights.view()(c, h) * hidden[static_cast<std::size_t>(h)];
      }
      parts.push_back(std::exp(sum / 1.7));
      total += parts.back();
    }
    for (std::int64_t c = 0; c < 3; ++c) {
      EXPECT_NEAR(probabilities.view()(row, c), parts[static_cast<std::size_t>(c)] / total, 1e-5);
    }
  }
}

TEST(Helper, RefusesVectorsOfAnotherSizeAndEmbeddingsThatItHasNot) {
  const auto data = test::labelled_vectors(3, 6, 3, 1, 4);
  const Work work;
  expect_error(ErrorCode::invalid_argument, "vectors of 5 values; these have 6",
               [&] { predict(linear_helper(), data.vectors.view(), work.context); });
  expect_error(ErrorCode::model, "kind linear has no layer before its classes",
               [&] { helper_embedding(linear_helper(), data.vectors.view(), work.context); });
}

TEST(Helper, TheNextRoundStartsWithTheClassesThatStayed) {
  const Helper helper = linear_helper();
  const std::vector<std::string> classes{"caf\xc3\xa9", "new"};
  const auto start = start_from(helper, HelperKind::linear, classes, 5);
  ASSERT_EQ(start.size(), 1U);
  EXPECT_EQ(start[0].bias[0], helper.layers[0].bias[1]);
  EXPECT_EQ(start[0].weights.view()(0, 4), helper.layers[0].weights.view()(1, 4));
  EXPECT_EQ(start[0].weights.view()(1, 4), 0);
  EXPECT_TRUE(start_from(helper, HelperKind::linear, classes, 6).empty());
  EXPECT_TRUE(start_from(helper, HelperKind::mlp, classes, 5).empty());
  EXPECT_TRUE(start_from(mlp_helper(), HelperKind::linear, classes, 5).empty());
}

TEST(Helper, TheNextRoundOfAnMlpKeepsItsHiddenLayer) {
  const Helper helper = mlp_helper();
  const std::vector<std::string> classes{"new", helper.classes[1]};
  const auto start = start_from(helper, HelperKind::mlp, classes, helper.dimensions());
  ASSERT_EQ(start.size(), 2U);
  EXPECT_EQ(start[0].bias, helper.layers[0].bias);
  EXPECT_EQ(start[0].weights.view()(1, 0), helper.layers[0].weights.view()(1, 0));
  EXPECT_EQ(start[1].bias[0], 0);
  EXPECT_EQ(start[1].bias[1], helper.layers[1].bias[1]);
  EXPECT_EQ(start[1].weights.view()(1, 2), helper.layers[1].weights.view()(1, 2));
  EXPECT_EQ(start[1].weights.view()(0, 2), 0);
}

TEST(MlpOptions, NameTheFlagThatIsWrong) {
  expect_error(ErrorCode::invalid_argument, "--hidden 0", [] { MlpOptions{.hidden = 0}.validate(); });
  expect_error(ErrorCode::invalid_argument, "--epochs 0", [] { MlpOptions{.epochs = 0}.validate(); });
  expect_error(ErrorCode::invalid_argument, "--batch-size 0", [] { MlpOptions{.batch = 0}.validate(); });
  expect_error(ErrorCode::invalid_argument, "--lr 0", [] { MlpOptions{.learning_rate = 0}.validate(); });
  expect_error(ErrorCode::invalid_argument, "--dropout 1", [] { MlpOptions{.dropout = 1}.validate(); });
  expect_error(ErrorCode::invalid_argument, "--weight-decay -1", [] { MlpOptions{.weight_decay = -1}.validate(); });
}

}  // namespace
}  // namespace simile
