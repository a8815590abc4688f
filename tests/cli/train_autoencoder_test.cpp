// SPDX-License-Identifier: Apache-2.0
// The built program: kill -9, a full disk, two runs at once, and what it tells.
#include <csignal>
#include <thread>

#include <nlohmann/json.hpp>

#include "cli/command_line.hpp"
#include "cli/process.hpp"
#include "cli/small_disk.hpp"

#include "simile/core/random.hpp"

namespace simile {
namespace {

namespace fs = std::filesystem;
using test::Fails;
using test::Process;
using test::simile_run;
using test::SmallDisk;
using test::text_of;
using test::wait_until;
using ::testing::HasSubstr;

class TrainAutoencoderCommand : public test::Runs {
 protected:
  void SetUp() override { ::setenv("SIMILE_LEARN_LIBRARY", SIMILE_LEARN_LIBRARY_FILE, 1); }

  void write_images(std::int64_t count) const {
    std::vector<std::uint8_t> pixels;
    for (std::int64_t k = 0; k < count; ++k) {
      const auto image = natural_image(32, 32, static_cast<std::uint64_t>(k));
      pixels.insert(pixels.end(), image.data(), image.data() + image.size());
    }
    test::write_array(path("images.npy"), NpyType::uint8, {count, 32, 32}, pixels);
  }
  std::vector<std::string> command(const std::string& epochs) const {
    if (!fs::exists(path("images.npy"))) write_images(64);
    return {"train",
            "autoencoder",
            path("images.npy").native(),
            "--size",
            "32",
            "--epochs",
            epochs,
            "--batch-size",
            "16",
            "--threads",
            "1",
            "--out",
            out_.native(),
            "--quiet"};
  }
  std::vector<std::string> kept() const {
    return {text_of(out_ / "loss.csv"), text_of(out_ / "model.safetensors"), text_of(out_ / "split.csv")};
  }
};

TEST_F(TrainAutoencoderCommand, KilledAgainAndAgainGivesTheSameCurve) {
  const auto arguments = command("4");
  {
    Process process(arguments);
    ASSERT_EQ(process.wait(), kExitDone) << process.err();
  }
  const auto reference = kept();
  ASSERT_EQ(read_csv(out_ / "loss.csv").rows.size(), 4U);
  fs::remove_all(out_);
  Random random(3);
  int killed = 0;
  int resumable = 0;
  for (int k = 0; k < 6; ++k) {
    Process process(arguments);
    // From before the first epoch to the end.
    const char* const first = k % 2 == 0 ? "run.json" : "state.safetensors";
    wait_until([&] { return fs::exists(out_ / first) || !process.running(); });
    if (k > 1) std::this_thread::sleep_for(std::chrono::milliseconds(random.below(300)));
    process.send(SIGKILL);
    killed += process.wait() == -SIGKILL ? 1 : 0;
    resumable += fs::exists(out_ / "state.safetensors") ? 1 : 0;
  }
  EXPECT_GT(killed, 0);
  EXPECT_GT(resumable, 0);
  Process process(arguments);
  EXPECT_EQ(process.wait(), kExitDone) << process.err();
  EXPECT_EQ(kept(), reference);
  for (const auto& entry : fs::directory_iterator(out_)) {
    EXPECT_THAT(entry.path().filename().native(), ::testing::Not(::testing::StartsWith(".simile-")));
  }
}

TEST_F(TrainAutoencoderCommand, AFullDiskKeepsTheLastStateAndALaterRunGoesOn) {
  auto arguments = command("3");
  {
    Process process(arguments);
    ASSERT_EQ(process.wait(), kExitDone) << process.err();
  }
  const auto reference = kept();
  // A model has 3 MB, a state 9 MB: one of each fits, a second state does not.
  const SmallDisk disk(path("disk"), "19m");
  SIMILE_NEEDS(disk);
  out_ = disk.folder() / "out";
  arguments = command("3");
  {
    Process process(arguments);
    EXPECT_EQ(process.wait(), kExitFailed);
    EXPECT_THAT(process.err(),
                HasSubstr("cannot write '" + (out_ / "state.safetensors").native() + "': No space left on device"));
  }
  EXPECT_GE(read_csv(out_ / "loss.csv").rows.size(), 1U);
  ASSERT_TRUE(disk.resize("64m"));
  arguments.emplace_back("--json");
  Process process(arguments);
  EXPECT_EQ(process.wait(), kExitDone) << process.err();
  EXPECT_EQ(nlohmann::json::parse(process.out())["epochs_resumed"], 1);
  EXPECT_EQ(kept(), reference);
}

TEST_F(TrainAutoencoderCommand, ASecondRunIntoTheSameFolderIsRefused) {
  Process first(command("1000"));
  ASSERT_TRUE(wait_until([&] { return fs::exists(out_ / "run.json") || !first.running(); }));
  Process second(command("1000"));
  EXPECT_EQ(second.wait(), kExitFailed);
  EXPECT_THAT(second.err(), HasSubstr("another run is writing to '" + out_.native() + "'"));
  first.send(SIGINT);
  EXPECT_EQ(first.wait(), kExitInterrupted);
}

TEST_F(TrainAutoencoderCommand, TellsWhatWasTrained) {
  auto arguments = command("2");
  const auto run = simile_run(arguments);
  EXPECT_EQ(run.code, kExitDone) << run.err;
  EXPECT_THAT(run.out, HasSubstr("64 images, 2 epochs in "));
  EXPECT_THAT(run.out, HasSubstr("256 values an image; the model is '" + out_.native() + "'"));
  EXPECT_THAT(simile_run(arguments).out, HasSubstr("This training was finished before: 64 images, 2 epochs"));
  arguments.emplace_back("--json");
  EXPECT_EQ(nlohmann::json::parse(simile_run(arguments).out)["was_finished"], true);
}

TEST_F(TrainAutoencoderCommand, RefusesWrongValuesBeforeAnyWork) {
  const auto refused = [&](const std::string& flag, const std::string& value, const std::string& message) {
    auto arguments = command("1");
    arguments.insert(arguments.end(), {flag, value});
    EXPECT_THAT(simile_run(arguments), Fails(kExitUsage, message));
    EXPECT_FALSE(fs::exists(out_));
  };
  refused("--loss", "l2", "--loss 'l2': allowed are mse, l1, perceptual");
  refused("--size", "48", "--size 48: allowed are 32, 64, 128, 256, 512, 1024");
  refused("--lr", "fast", "--lr 'fast': allowed are numbers");
  refused("--lr", "-1", "--lr -1: allowed are numbers above 0");
  refused("--epochs", "0", "--epochs '0': allowed are whole numbers from 1 to 100000");
  refused("--validation", "1", "--validation 1: allowed are 0 to 0.5");
  refused("--device", "gpu", "--device 'gpu': allowed are auto, cpu, cuda and cuda:N");
  refused("--device", "cuda:x", "--device 'cuda:x'");
  refused("--precision", "fp16", "--precision fp16: allowed are fp32, bf16 for training");
  refused("--perceptual-model", "vgg19", "--perceptual-model: no effect with --loss mse");
}

TEST_F(TrainAutoencoderCommand, ClusterTrainsAModelThatIsMissingOnlyWhenToldSo) {
  write_images(24);
  std::vector<std::string> arguments{"cluster",   path("images.npy").native(),
                                     "--method",  "embedding",
                                     "--model",   path("model").native(),
                                     "--out",     out_.native(),
                                     "--threads", "1"};
  EXPECT_THAT(simile_run(arguments), Fails(kExitFailed, "there is no model '" + path("model").native() + "'"));
  EXPECT_FALSE(fs::exists(path("model")));
  arguments.emplace_back("--train");
  const auto refused = simile_run({"cluster", path("images.npy").native(), "--train", "--out", out_.native()});
  EXPECT_THAT(refused, Fails(kExitUsage, "--train: needs --method embedding and --model DIR"));
  auto dry = arguments;
  dry.emplace_back("--dry-run");
  EXPECT_THAT(simile_run(dry).out, ::testing::AllOf(HasSubstr("an autoencoder is trained first"),
                                                    HasSubstr("nothing was written (--dry-run)")));
  EXPECT_FALSE(fs::exists(path("model")));
  const auto run = simile_run(arguments);
  EXPECT_EQ(run.code, kExitDone) << run.err;
  EXPECT_THAT(run.err, HasSubstr("no finished model at '" + path("model").native() + "': an autoencoder is trained"));
  EXPECT_TRUE(fs::exists(path("model/manifest.json")));
  EXPECT_TRUE(fs::exists(out_ / "clusters.csv"));
  arguments.emplace_back("--overwrite");
  const auto before = test::snapshot(path("model"));
  EXPECT_THAT(simile_run(arguments).err, ::testing::Not(HasSubstr("an autoencoder is trained")));
  arguments.emplace_back("--dry-run");
  EXPECT_THAT(simile_run(arguments).out, ::testing::Not(HasSubstr("an autoencoder is trained")));
  EXPECT_EQ(test::snapshot(path("model")), before);
}

TEST_F(TrainAutoencoderCommand, ALibraryThatIsMissingIsNamed) {
  const test::Variable variable("SIMILE_LEARN_LIBRARY", path("nowhere.so").native());
  const auto arguments = command("1");
  // A process of its own: this one may have opened it.
  Process process(arguments);
  EXPECT_EQ(process.wait(), kExitFailed);
  EXPECT_THAT(process.err(),
              HasSubstr("this needs libsimile_learn.so, which is not at '" + path("nowhere.so").native()));
  EXPECT_FALSE(fs::exists(out_));
}

}  // namespace
}  // namespace simile
