// SPDX-License-Identifier: Apache-2.0
// Ctrl-C, kill -9 and a second run, against the built program: nothing of the user's lost, no half-written result.
#include <csignal>
#include <thread>

#include <nlohmann/json.hpp>

#include "cli/command_line.hpp"
#include "cli/process.hpp"

#include "simile/core/random.hpp"

namespace simile {
namespace {

namespace fs = std::filesystem;
using test::Process;
using test::snapshot;
using test::wait_until;
using ::testing::HasSubstr;

constexpr const char* kCheckpoint = ".out.checkpoint";

class Interruption : public test::Runs {
 protected:
  fs::path partial() const { return path(".out.simile-partial"); }

  /// So many different images that comparing them takes long.
  fs::path many_images(std::int64_t count) const {
    const auto pixels = noise_image(count, 28 * 28, 1);
    return test::write_array(path("many.npy"), NpyType::uint8, {count, 28, 28},
                             {pixels.data(), static_cast<std::size_t>(pixels.size())});
  }
  std::vector<std::string> command(const fs::path& input) const {
    return {"cluster", input.native(), "--out", out_.native(), "--threads", "1", "--threshold", "0.9"};
  }
};

TEST_F(Interruption, BySignalEndsWith130AndLeavesNothingButWhatALaterRunGoesOnFrom) {
  const auto input = many_images(12000);
  const auto before = snapshot(folder_.path());
  for (const int signal : {SIGINT, SIGTERM}) {
    Process process(command(input));
    ASSERT_TRUE(wait_until([&] { return fs::exists(partial()) || !process.running(); }));
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    ASSERT_TRUE(process.running()) << "too little work to be interrupted";
    process.send(signal);
    EXPECT_EQ(process.wait(), kExitInterrupted);
    EXPECT_THAT(process.err(), HasSubstr("simile: interrupted\n"));
    EXPECT_EQ(process.out(), "");
    auto after = snapshot(folder_.path());
    after.erase(kCheckpoint);
    EXPECT_EQ(after, before);
  }
}

TEST_F(Interruption, ByFiftyKillsGivesTheSameBytesAndNoPairIsComparedTwiceForNothing) {
  const auto input = many_images(4000);
  auto arguments = command(input);
  for (const auto* flag : {"--checkpoint", "0", "--json"}) arguments.emplace_back(flag);
  ASSERT_EQ(test::simile_run(arguments).code, kExitDone);
  const auto reference = test::tables(out_);
  fs::remove_all(out_);
  Random random(7);
  int killed = 0;
  for (int k = 0; k < 50; ++k) {
    Process process(arguments);
    std::this_thread::sleep_for(std::chrono::milliseconds(random.below(180)));
    process.send(SIGKILL);
    killed += process.wait() == -SIGKILL ? 1 : 0;
    if (!fs::exists(out_)) continue;
    EXPECT_EQ(test::tables(out_), reference);
    fs::remove_all(out_);
  }
  EXPECT_GT(killed, 25);
  // A last one, killed with work behind it: the next goes on from there.
  Process process(arguments);
  ASSERT_TRUE(wait_until([&] { return fs::exists(folder_ / kCheckpoint) || !process.running(); }));
  process.send(SIGKILL);
  ASSERT_EQ(process.wait(), -SIGKILL) << "too little work to be interrupted";
  const auto last = test::simile_run(arguments);
  ASSERT_EQ(last.code, kExitDone) << last.err;
  EXPECT_EQ(test::tables(out_), reference);
  EXPECT_GT(nlohmann::json::parse(last.out)["pairs_resumed"], 0);
  EXPECT_FALSE(fs::exists(folder_ / kCheckpoint));
}

TEST_F(Interruption, OfBatchesGivesTheSameBytes) {
  const auto input = many_images(4000);
  auto arguments = command(input);
  for (const auto* flag : {"--checkpoint", "0", "--batch-size", "900", "--json"}) arguments.emplace_back(flag);
  const auto reference_run = test::simile_run(arguments);
  ASSERT_EQ(reference_run.code, kExitDone) << reference_run.err;
  const auto reference = test::tables(out_);
  fs::remove_all(out_);
  Random random(8);
  for (int k = 0; k < 12; ++k) {
    Process process(arguments);
    std::this_thread::sleep_for(std::chrono::milliseconds(random.below(200)));
    process.send(SIGKILL);
    process.wait();
    if (fs::exists(out_)) fs::remove_all(out_);
  }
  const auto last = test::simile_run(arguments);
  ASSERT_EQ(last.code, kExitDone) << last.err;
  EXPECT_EQ(test::tables(out_), reference);
  EXPECT_EQ(nlohmann::json::parse(last.out)["pairs"], nlohmann::json::parse(reference_run.out)["pairs"]);
}

TEST_F(Interruption, NeverTrustsAForeignOrDamagedCheckpoint) {
  const auto input = many_images(600);
  const auto arguments = command(input);
  ASSERT_EQ(test::simile_run(arguments).code, kExitDone);
  const auto reference = test::tables(out_);
  for (const std::string& content : {std::string(), std::string("nothing"), std::string(5000, '\0')}) {
    fs::remove_all(out_);
    folder_.write(kCheckpoint, content);
    const auto run = test::simile_run(arguments);
    EXPECT_EQ(run.code, kExitDone) << run.err;
    EXPECT_THAT(run.err, HasSubstr("simile: note: the checkpoint '" + path(kCheckpoint).native() +
                                   "' cannot be continued from: it is "));
    EXPECT_EQ(test::tables(out_), reference);
    EXPECT_FALSE(fs::exists(folder_ / kCheckpoint));
  }
}

TEST_F(Interruption, NeverTrustsForeignOrDamagedBatches) {
  const auto input = many_images(600);
  auto arguments = command(input);
  arguments.insert(arguments.end(), {"--batch-size", "100"});
  ASSERT_EQ(test::simile_run(arguments).code, kExitDone);
  const auto reference = test::tables(out_);
  for (const std::string& content : {std::string(), std::string("nothing"), std::string(5000, '\0')}) {
    fs::remove_all(out_);
    folder_.write(".out.batches", content);
    const auto run = test::simile_run(arguments);
    EXPECT_EQ(run.code, kExitDone) << run.err;
    EXPECT_THAT(run.err, HasSubstr("simile: note: the checkpoint '" + path(".out.batches").native() +
                                   "' cannot be continued from: it is "));
    EXPECT_EQ(test::tables(out_), reference);
    EXPECT_FALSE(fs::exists(path(".out.batches")));
  }
}

TEST_F(Interruption, GoesOnWhereNoCheckpointCanBeWritten) {
  auto arguments = command(many_images(600));
  arguments.insert(arguments.end(), {"--batch-size", "100", "--checkpoint", "0"});
  fs::create_directory(path(".out.batches"));  // no file can take its place
  const auto run = test::simile_run(arguments);
  EXPECT_EQ(run.code, kExitDone) << run.err;
  EXPECT_THAT(run.err, HasSubstr("simile: note: "));
}

TEST_F(Interruption, KeepsAnEarlierResult) {
  const auto small =
      test::write_array(path("small.npy"), NpyType::float32, {2, 1}, test::bytes_of(std::vector<float>{1, 1}));
  ASSERT_EQ(test::simile_run(command(small)).code, kExitDone);
  auto arguments = command(many_images(12000));
  arguments.emplace_back("--overwrite");
  const auto before = snapshot(folder_.path());
  Process process(arguments);
  ASSERT_TRUE(wait_until([&] { return fs::exists(partial()) || !process.running(); }));
  process.send(SIGINT);
  EXPECT_EQ(process.wait(), kExitInterrupted);
  auto after = snapshot(folder_.path());
  after.erase(kCheckpoint);
  EXPECT_EQ(after, before);
}

TEST_F(Interruption, ByASecondRunIsRefusedAndTheFirstFinishes) {
  auto arguments = command(many_images(3000));
  Process first(arguments);
  ASSERT_TRUE(wait_until([&] { return fs::exists(partial()) || !first.running(); }));
  first.send(SIGSTOP);
  ASSERT_TRUE(fs::exists(partial())) << "too little work for two runs at once";
  Process second(arguments);
  EXPECT_EQ(second.wait(), kExitFailed);
  EXPECT_THAT(second.err(), HasSubstr("another run is writing to '" + out_.native() + "'"));
  first.send(SIGCONT);
  EXPECT_EQ(first.wait(), kExitDone) << first.err();
  EXPECT_TRUE(fs::exists(out_ / "manifest.json"));
  EXPECT_FALSE(fs::exists(partial()));
  EXPECT_FALSE(fs::exists(path(".out.simile-lock")));
}

bool is_complete(const fs::path& result) {
  const auto manifest = nlohmann::json::parse(test::text_of(result / "manifest.json"), nullptr, false);
  if (!manifest.is_object()) return false;
  for (const auto& [name, checksum] : manifest["sha256"].items()) {
    if (!fs::exists(result / name)) return false;
  }
  return fs::exists(result / "clusters.csv") && fs::exists(result / "report.html");
}

TEST_F(Interruption, ByKillLeavesNothingHalfAndTheNextRunGivesTheSameBytes) {
  const auto input = photos({9, 8, 7, 6, 5, 4, 3, 2, 1});
  const auto originals = snapshot(input);
  auto arguments = command(input);
  for (const auto* flag : {"--transfer", "copy", "--similarities", "--overwrite", "--quiet"})
    arguments.emplace_back(flag);
  ASSERT_EQ(test::simile_run(arguments).code, kExitDone);
  const auto reference = test::tables(out_);
  int killed = 0;
  for (const int delay_ms : {0, 5, 15, 30, 50, 75, 110, 160}) {
    for (const bool replacing : {false, true}) {
      if (!replacing) fs::remove_all(out_);
      SCOPED_TRACE(std::to_string(delay_ms) + " ms" + (replacing ? ", replacing" : ""));
      {
        Process process(arguments);
        std::this_thread::sleep_for(std::chrono::milliseconds(delay_ms));
        process.send(SIGKILL);
        killed += process.wait() == -SIGKILL ? 1 : 0;
      }
      EXPECT_EQ(snapshot(input), originals);
      EXPECT_TRUE(is_complete(out_) || (!replacing && !fs::exists(out_)));
      const auto again = test::simile_run(arguments);
      ASSERT_EQ(again.code, kExitDone) << again.err;
      EXPECT_EQ(test::tables(out_), reference);
      std::set<std::string> beside;
      for (const auto& entry : fs::directory_iterator(folder_.path())) beside.insert(entry.path().filename().native());
      EXPECT_EQ(beside, (std::set<std::string>{"out", "photos"}));
    }
  }
  EXPECT_GT(killed, 0) << "every run was over before it was killed";
  EXPECT_EQ(snapshot(input), originals);
}

}  // namespace
}  // namespace simile
