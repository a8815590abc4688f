// SPDX-License-Identifier: Apache-2.0
// Decoders in processes of their own, as the program runs them.
#include <csignal>

#include "cli/command_line.hpp"
#include "cli/process.hpp"
#include "support/fake_decoder.hpp"
#include "support/tiff_files.hpp"

namespace simile {
namespace {

namespace fs = std::filesystem;
using test::Process;
using test::wait_until;
using ::testing::HasSubstr;

class DecodingProcess : public test::Runs {
 protected:
  void add(const std::string& name, std::uint64_t seed, const std::string& order = {}) {
    auto file = test::write_tiff(natural_image(30, 40, seed).data(), 40, 30,
                                 {.samples = 1, .photometric = PHOTOMETRIC_MINISBLACK});
    if (!order.empty()) file = test::with_order(std::move(file), order);
    folder_.write("photos/" + name, file);
  }
  std::vector<std::string> command(const std::vector<std::string>& more = {}) const {
    std::vector<std::string> words{"cluster", path("photos").native(), "--out", out_.native(), "--no-cache", "--quiet"};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }
  static test::ProcessOptions with_fake_decoder() { return {.program = SIMILE_PROGRAM_WITH_FAKE_DECODER}; }
  /// The decoder's process, once it hangs.
  pid_t hanging() const {
    const auto file = path("process");
    if (!wait_until([&] { return fs::exists(file); })) return 0;
    return std::stoi(test::text_of(file));
  }
  std::string order_to_hang() const { return "hang:" + path("process").native(); }
};

bool is_gone(pid_t process) {
  return wait_until([&] {
    std::ifstream file("/proc/" + std::to_string(process) + "/stat");  // an orphan may wait for ever to be reaped
    std::string number, name, state;
    return !(file >> number >> name >> state) || state == "Z";
  });
}

bool decodes_in_a_child(pid_t process) {
  for (const auto& entry : fs::directory_iterator("/proc")) {
    std::ifstream status(entry.path() / "stat");
    std::string number, name, state, parent;
    if (!(status >> number >> name >> state >> parent) || parent != std::to_string(process)) continue;
    if (test::text_of(entry.path() / "cmdline").find("--decode-worker") != std::string::npos) return true;
  }
  return false;
}

TEST_F(DecodingProcess, GivesTheSameTables) {
  for (std::uint64_t k = 0; k < 300; ++k) add(std::to_string(1000 + k) + ".tif", k / 2);
  Process process(command());
  bool seen = false;
  wait_until([&] { return (seen = decodes_in_a_child(process.id())) || !process.running(); });
  EXPECT_TRUE(seen);
  ASSERT_EQ(process.wait(), kExitDone) << process.err();
  const auto tables = test::tables(out_);
  fs::remove_all(out_);
  Process within(command({"--max-decode-time", "0"}));
  ASSERT_EQ(within.wait(), kExitDone) << within.err();
  EXPECT_EQ(test::tables(out_), tables);
  EXPECT_EQ(tables.at("unreadable.csv"), "path,reason\n");
}

/// Bit n - 1 is for signal n.
std::uint64_t ignored_signals(pid_t process) {
  std::ifstream status("/proc/" + std::to_string(process) + "/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("SigIgn:")) return std::stoull(line.substr(7), nullptr, 16);
  }
  return 0;
}

TEST_F(DecodingProcess, KnowsHowADecoderEndedWhateverTheShellIgnores) {
  for (std::uint64_t k = 0; k < 300; ++k) add(std::to_string(1000 + k) + ".tif", k / 2);
  Process process(command(), {.ignored_children = true});
  wait_until([&] { return decodes_in_a_child(process.id()) || !process.running(); });
  EXPECT_EQ(ignored_signals(process.id()) >> (SIGCHLD - 1) & 1, 0u);
}

TEST_F(DecodingProcess, MakesWhatFailsARowAndTheRunGoesOn) {
  for (std::uint64_t k = 0; k < 8; ++k) add(std::to_string(k) + ".tif", k);
  add("3.tif", 3, "crash");
  add("5.tif", 5, "hang");
  Process process(command({"--max-decode-time=1"}), with_fake_decoder());
  ASSERT_EQ(process.wait(), kExitDone) << process.err();
  EXPECT_EQ(test::tables(out_).at("unreadable.csv"),
            "path,reason\n3.tif,\"the decoder crashed (signal 11, Segmentation fault)\"\n"
            "5.tif,decoding takes longer than --max-decode-time 1\n");
  EXPECT_EQ(test::clusters(out_).size(), 6u);
}

TEST_F(DecodingProcess, EndsByCtrlCWithTheRun) {
  add("0.tif", 0, order_to_hang());
  Process process(command(), with_fake_decoder());
  const auto decoder = hanging();
  ASSERT_GT(decoder, 0);
  EXPECT_NE(::getpgid(decoder), ::getpgid(process.id())) << "Ctrl-C would kill the decoder, too";
  process.send(SIGINT);
  EXPECT_EQ(process.wait(), kExitInterrupted);
  EXPECT_THAT(process.err(), HasSubstr("simile: interrupted\n"));
  EXPECT_TRUE(is_gone(decoder));
  EXPECT_FALSE(fs::exists(out_));
}

TEST_F(DecodingProcess, EndsWhenTheRunIsKilled) {
  add("0.tif", 0, order_to_hang());
  Process process(command(), with_fake_decoder());
  const auto decoder = hanging();
  ASSERT_GT(decoder, 0);
  process.send(SIGKILL);
  EXPECT_EQ(process.wait(), -SIGKILL);
  EXPECT_TRUE(is_gone(decoder));
}

TEST_F(DecodingProcess, TakesTheTimeOfTheBatchesWhenTheyAreMerged) {
  for (std::uint64_t k = 0; k < 3; ++k) add(std::to_string(k) + ".tif", k);
  add("1.tif", 1, "hang");
  Process apart(command({"--max-decode-time=1", "--batch-size=2", "--no-merge"}), with_fake_decoder());
  ASSERT_EQ(apart.wait(), kExitDone) << apart.err();
  const std::vector<std::string> words{"merge", out_.native(), "--no-cache", "--quiet", "--overwrite"};
  for (const auto& [more, seconds] : {std::pair{"--threads=1", 1}, std::pair{"--max-decode-time=2", 2}}) {
    auto told = words;
    told.emplace_back(more);
    Process merge(told, with_fake_decoder());
    ASSERT_EQ(merge.wait(), kExitDone) << merge.err();
    EXPECT_THAT(test::text_of(path("out_merged/unreadable.csv")),
                HasSubstr("longer than --max-decode-time " + std::to_string(seconds) + "\n"));
  }
}

TEST_F(DecodingProcess, TakesItsTimeFromTheSettings) {
  const test::Variable variable("SIMILE_MAX_DECODE_TIME", "1");
  for (std::uint64_t k = 0; k < 2; ++k) add(std::to_string(k) + ".tif", k);
  add("1.tif", 1, "hang");
  Process process(command(), with_fake_decoder());
  ASSERT_EQ(process.wait(), kExitDone) << process.err();
  EXPECT_THAT(test::tables(out_).at("unreadable.csv"), HasSubstr("longer than --max-decode-time 1"));
}

}  // namespace
}  // namespace simile
