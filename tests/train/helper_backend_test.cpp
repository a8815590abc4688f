// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "core/expect_error.hpp"
#include "train/vectors.hpp"

#include "simile/train/evaluation.hpp"
#include "simile/train/helper.hpp"

extern "C" const void* simile_helper_backend();

namespace simile {
namespace {

using test::Work;

const HelperBackend& backend() { return *static_cast<const HelperBackend*>(simile_helper_backend()); }

/// Two classes that no line tells apart: the sign of a product.
test::LabelledVectors crossed(std::int64_t count) {
  test::LabelledVectors data = test::labelled_vectors(count, 2, 1, 0, 11);
  for (std::int64_t row = 0; row < count; ++row) {
    float* const values = data.vectors.view()[row].data;
    const float norm = std::hypot(values[0], values[1]);
    values[0] /= norm;
    values[1] /= norm;
    data.labels[static_cast<std::size_t>(row)] = values[0] * values[1] > 0 ? 1 : 0;
  }
  return data;
}

double accuracy(std::vector<LinearModel> layers, const test::LabelledVectors& data, const Work& work) {
  Helper helper;
  helper.kind = HelperKind::mlp;
  helper.layers = std::move(layers);
  auto scores = helper_scores(helper, data.vectors.view(), work.context);
  to_probabilities(scores.view(), 1);
  return measure(scores.view(), data.labels).accuracy();
}

TEST(HelperMlp, LearnsWhatNoLineTellsApart) {
  const auto data = crossed(400);
  const Work work;
  const MlpOptions options{.hidden = 32, .epochs = 150, .learning_rate = 1e-2, .dropout = 0};
  EXPECT_GT(accuracy(backend().train_mlp(data.vectors.view(), data.labels, 2, options, {}, work.context), data, work),
            0.95);
}

TEST(HelperMlp, IsRepeatableBitForBit) {
  const auto data = crossed(90);
  const Work work;
  MlpOptions options{.hidden = 8, .epochs = 5};
  const auto first = backend().train_mlp(data.vectors.view(), data.labels, 2, options, {}, work.context);
  const auto again = backend().train_mlp(data.vectors.view(), data.labels, 2, options, {}, work.context);
  options.seed = 1;
  const auto other = backend().train_mlp(data.vectors.view(), data.labels, 2, options, {}, work.context);
  const auto values = [](const LinearModel& layer) {
    return std::vector<float>(layer.weights.data(), layer.weights.data() + layer.weights.size());
  };
  EXPECT_EQ(values(first[0]), values(again[0]));
  EXPECT_EQ(values(first[1]), values(again[1]));
  EXPECT_NE(values(first[0]), values(other[0]));
}

TEST(HelperMlp, GoesOnFromAStart) {
  const auto data = crossed(200);
  const Work work;
  const MlpOptions options{.hidden = 32, .epochs = 150, .learning_rate = 1e-2, .dropout = 0};
  const auto trained = backend().train_mlp(data.vectors.view(), data.labels, 2, options, {}, work.context);
  MlpOptions few = options;
  few.epochs = 1;
  few.learning_rate = 1e-6;
  EXPECT_GT(accuracy(backend().train_mlp(data.vectors.view(), data.labels, 2, few, trained, work.context), data, work),
            0.95);
}

TEST(HelperMlp, ALossThatIsNotFiniteStopsWithAName) {
  auto data = crossed(50);
  data.vectors.data()[3] = std::numeric_limits<float>::quiet_NaN();
  const Work work;
  expect_error(ErrorCode::model, "loss is not finite in epoch 1",
               [&] { backend().train_mlp(data.vectors.view(), data.labels, 2, {.hidden = 8}, {}, work.context); });
}

TEST(HelperMlp, StopsWhenAsked) {
  const auto data = crossed(50);
  Work work;
  work.cancellation.request();
  expect_error(ErrorCode::cancelled, "interrupted",
               [&] { backend().train_mlp(data.vectors.view(), data.labels, 2, {.hidden = 8}, {}, work.context); });
}

}  // namespace
}  // namespace simile
