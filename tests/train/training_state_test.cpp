// SPDX-License-Identifier: Apache-2.0
#include "simile/train/training_state.hpp"

#include "support/image_errors.hpp"
#include "support/temporary_folder.hpp"
#include "train/fake_trainer.hpp"

#include "simile/core/atomic_file.hpp"

namespace simile {
namespace {

using test::error_of;
using test::FakeTrainer;
using test::IsError;

class TrainingStateFile : public ::testing::Test {
 protected:
  void save() const { save_training_state(file_, "key", history_, trainer_); }
  std::string bytes() const { return read_file(file_, 1 << 20); }
  void expect_refused(const std::string& bytes, const std::string& text) const {
    folder_.write("state.safetensors", bytes);
    EXPECT_THAT(error_of([&] { TrainingState state(file_); }), IsError(ErrorCode::decode, text));
  }

  test::TemporaryFolder folder_;
  std::filesystem::path file_ = folder_ / "state.safetensors";
  FakeTrainer trainer_;
  TrainingHistory history_{{{1, 1e-3, 0.1, 0.30000000000000004, true, 2.5, 17}, {2, 1e-3, 1e-300, 0.4, false, 2, 3}}};
};

TEST_F(TrainingStateFile, GivesBackWhatWasSavedToTheLastBit) {
  trainer_.seen = 0.1;
  save();
  const TrainingState state(file_);
  EXPECT_EQ(state.key(), "key");
  ASSERT_EQ(state.history().num_epochs(), 2);
  const auto& epoch = state.history().epochs[0];
  EXPECT_EQ(epoch.epoch, 1);
  EXPECT_EQ(epoch.learning_rate, 1e-3);
  EXPECT_EQ(epoch.train_loss, 0.1);
  EXPECT_EQ(epoch.validation_loss, 0.30000000000000004);
  EXPECT_TRUE(epoch.best);
  EXPECT_EQ(epoch.seconds, 2.5);
  EXPECT_EQ(epoch.images_per_second, 17);
  EXPECT_EQ(state.history().epochs[1].train_loss, 1e-300);
  FakeTrainer other;
  other.restore(state.tensors());
  EXPECT_EQ(other.seen, 0.1);
}

TEST_F(TrainingStateFile, IsNotBelievedWhenItWasDamaged) {
  save();
  const std::string whole = bytes();
  expect_refused("", "state.safetensors");
  expect_refused(whole.substr(0, whole.size() - 1), "state.safetensors");
  std::string changed = whole;
  changed.back() = static_cast<char>(changed.back() ^ 1);
  expect_refused(changed, "its checksum is wrong (--overwrite starts anew)");
  for (const auto& [from, to] : {std::pair<std::string, std::string>{R"(\"epoch\":2)", R"(\"epoch\":3)"},
                                 {R"(\"best\":true)", R"(\"best\":1111)"},
                                 {R"(\"format\":1)", R"(\"format\":2)"}}) {
    std::string text = whole;
    const auto place = text.find(from);
    ASSERT_NE(place, std::string::npos) << from;
    expect_refused(text.replace(place, from.size(), to), "the training cannot go on from ");
  }
}

TEST_F(TrainingStateFile, OfOtherTensorsIsNoState) {
  write_tensors(file_, trainer_.weights());
  expect_refused(bytes(), "it is not the state of a training");
}

TEST_F(TrainingStateFile, ThatCannotBeWrittenLeavesTheEarlierOne) {
  save();
  const std::string before = bytes();
  trainer_.seen = 9;
  EXPECT_THROW(save_training_state(folder_ / "missing" / "state.safetensors", "key", history_, trainer_), Error);
  EXPECT_EQ(bytes(), before);
}

}  // namespace
}  // namespace simile
