// SPDX-License-Identifier: Apache-2.0
#include "simile/train/training_loop.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "support/image_errors.hpp"
#include "train/fake_trainer.hpp"

namespace simile {
namespace {

using test::error_of;
using test::FakeTrainer;
using test::IsError;
using ::testing::ElementsAre;

class TrainingLoop : public ::testing::Test {
 protected:
  void run() {
    run([](const TrainingHistory&) {});
  }
  void run(const std::function<void(const TrainingHistory&)>& done) {
    ThreadPool pool(1);
    run_epochs(trainer_, options_, split_, history_, {pool, *progress_, cancellation_, 1 << 20, {}}, done);
  }

  FakeTrainer trainer_;
  AutoencoderOptions options_{};
  TrainingSplit split_ = split_images(20, 0.1, 0);
  TrainingHistory history_;
  std::unique_ptr<Progress> progress_ = make_silent_progress();
  Cancellation cancellation_;
};

TEST(LearningRate, FallsToATenthAfterEveryTenEpochs) {
  EXPECT_EQ(learning_rate_of(0.5, 1), 0.5);
  EXPECT_EQ(learning_rate_of(0.5, 10), 0.5);
  EXPECT_DOUBLE_EQ(learning_rate_of(0.5, 11), 0.05);
  EXPECT_DOUBLE_EQ(learning_rate_of(0.5, 20), 0.05);
  EXPECT_DOUBLE_EQ(learning_rate_of(0.5, 21), 0.005);
}

TEST(SplitImages, TakesTheShareAndLeavesTheRest) {
  const auto split = split_images(100, 0.25, 3);
  ASSERT_EQ(split.validation.size(), 25U);
  ASSERT_EQ(split.train.size(), 75U);
  std::vector<std::int64_t> all = split.train;
  all.insert(all.end(), split.validation.begin(), split.validation.end());
  std::sort(all.begin(), all.end());
  std::vector<std::int64_t> expected(100);
  std::iota(expected.begin(), expected.end(), 0);
  EXPECT_EQ(all, expected);
  EXPECT_TRUE(std::is_sorted(split.train.begin(), split.train.end()));
  EXPECT_TRUE(std::is_sorted(split.validation.begin(), split.validation.end()));
  EXPECT_NE(split_images(100, 0.25, 4).validation, split.validation);
  EXPECT_EQ(split_images(100, 0.25, 3).validation, split.validation);
}

TEST(SplitImages, AlwaysLeavesOneToTrainWith) {
  EXPECT_EQ(split_images(1, 0.5, 0).train.size(), 1U);
  EXPECT_EQ(split_images(1, 0.5, 0).validation.size(), 0U);
  EXPECT_EQ(split_images(2, 0.01, 0).validation.size(), 1U);
  EXPECT_EQ(split_images(2, 0, 0).validation.size(), 0U);
}

TEST(EpochOrder, IsAnotherPermutationInEveryEpochAndTheSameAgain) {
  const std::vector<std::int64_t> rows{1, 2, 3, 5, 8, 13, 21, 34};
  const auto first = epoch_order(rows, 7, 1);
  EXPECT_EQ(epoch_order(rows, 7, 1), first);
  EXPECT_NE(epoch_order(rows, 7, 2), first);
  EXPECT_NE(epoch_order(rows, 8, 1), first);
  auto sorted = first;
  std::sort(sorted.begin(), sorted.end());
  EXPECT_EQ(sorted, rows);
}

TEST_F(TrainingLoop, EndsAfterTheEpochsAndKeepsTheBest) {
  options_.epochs = 12;
  trainer_.validation_losses = {{1, 3}, {2, 1}, {3, 2}, {4, 0.5}};
  std::vector<std::int64_t> told;
  run([&](const TrainingHistory& history) { told.push_back(history.num_epochs()); });
  EXPECT_EQ(history_.num_epochs(), 12);
  EXPECT_EQ(history_.end(options_), TrainingEnd::epochs);
  EXPECT_EQ(history_.best()->epoch, 4);
  EXPECT_EQ(told.size(), 12U);
  EXPECT_DOUBLE_EQ(trainer_.rates[9], 1e-3);
  EXPECT_DOUBLE_EQ(trainer_.rates[10], 1e-4);
  EXPECT_FALSE(history_.epochs[2].best);
}

TEST_F(TrainingLoop, EndsEarlyAfterPatienceWithoutABetterLoss) {
  options_.epochs = 100;
  trainer_.validation_losses = {{3, 0.5}, {13, 0.5}};  // equal is not better
  run();
  EXPECT_EQ(history_.num_epochs(), 13);
  EXPECT_EQ(history_.end(options_), TrainingEnd::patience);
  EXPECT_EQ(history_.best()->epoch, 3);
}

TEST_F(TrainingLoop, GoesOnWhereTheHistoryEnds) {
  options_.epochs = 3;
  run();
  options_.epochs = 5;
  run();
  EXPECT_EQ(history_.num_epochs(), 5);
  FakeTrainer whole;
  std::swap(trainer_, whole);
  history_ = {};
  run();
  EXPECT_EQ(trainer_.orders, whole.orders);
}

TEST_F(TrainingLoop, WithoutValidationTheTrainingLossDecides) {
  options_.epochs = 2;
  split_ = split_images(20, 0, 0);
  trainer_.train_losses = {{1, 0.25}, {2, 0.5}};
  run();
  EXPECT_EQ(history_.epochs[0].validation_loss, 0.25);
  EXPECT_EQ(history_.best()->epoch, 1);
}

TEST_F(TrainingLoop, ALossThatIsNoNumberEndsItAndNamesTheBestEpoch) {
  trainer_.train_losses = {{3, std::numeric_limits<double>::quiet_NaN()}};
  int told = 0;
  EXPECT_THAT(error_of([&] { run([&](const TrainingHistory&) { ++told; }); }),
              IsError(ErrorCode::model,
                      "the training loss of epoch 3 is nan (learning rate 0.001): a lower --lr may "
                      "help; the best epoch, 1, is kept"));
  EXPECT_EQ(told, 2);
  EXPECT_EQ(history_.num_epochs(), 2);
  history_ = {};
  trainer_.train_losses.clear();
  trainer_.validation_losses = {{1, std::numeric_limits<double>::infinity()}};
  EXPECT_THAT(error_of([&] { run(); }), IsError(ErrorCode::model, "the validation loss of epoch 1 is inf"));
}

TEST_F(TrainingLoop, IsCancelledWithinAnEpoch) {
  cancellation_.request();
  EXPECT_THAT(error_of([&] { run(); }), IsError(ErrorCode::cancelled, "interrupted"));
  EXPECT_EQ(history_.num_epochs(), 0);
}

TEST(AutoencoderOptions, NameWhatIsNotAllowed) {
  const auto refused = [](auto change, const std::string& message) {
    AutoencoderOptions options;
    change(options);
    EXPECT_THAT(error_of([&] { options.validate(); }), IsError(ErrorCode::invalid_argument, message));
  };
  EXPECT_NO_THROW(AutoencoderOptions{}.validate());
  refused([](auto& o) { o.side_px = 48; }, "--size 48: allowed are 32, 64, 128, 256, 512, 1024");
  refused([](auto& o) { o.side_px = 16; }, "--size 16");
  refused([](auto& o) { o.side_px = 2048; }, "--size 2048");
  refused([](auto& o) { o.side_px = -64; }, "--size -64");
  refused([](auto& o) { o.epochs = 0; }, "--epochs 0: allowed are 1 to 100000");
  refused([](auto& o) { o.learning_rate = 0; }, "--lr 0: allowed are numbers above 0");
  refused([](auto& o) { o.learning_rate = std::numeric_limits<double>::quiet_NaN(); }, "--lr nan");
  refused([](auto& o) { o.batch_size = 0; }, "--batch-size 0: allowed are 1 to 65536");
  refused([](auto& o) { o.patience = 0; }, "--patience 0");
  refused([](auto& o) { o.validation_share = 0.6; }, "--validation 0.6: allowed are 0 to 0.5");
  refused([](auto& o) { o.precision = Precision::fp16; }, "--precision fp16: allowed are fp32, bf16 for training");
}

TEST(AutoencoderLoss, IsReadByItsName) {
  for (const auto loss : {AutoencoderLoss::mse, AutoencoderLoss::l1, AutoencoderLoss::perceptual}) {
    EXPECT_EQ(parse_autoencoder_loss(to_string(loss)), loss);
  }
  EXPECT_THAT(error_of([] { parse_autoencoder_loss("l2"); }),
              IsError(ErrorCode::invalid_argument, "--loss 'l2': allowed are mse, l1, perceptual"));
}

}  // namespace
}  // namespace simile
