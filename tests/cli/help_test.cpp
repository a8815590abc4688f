// SPDX-License-Identifier: Apache-2.0
#include "cli/command_line.hpp"
#include "cli/process.hpp"

#include "simile/core/version.hpp"

namespace simile {
namespace {

using test::Fails;
using test::Process;
using test::simile_run;
using ::testing::HasSubstr;
using Flags = std::set<std::string>;

/// Long flags that a help text explains: "  --out DIR ..." or "  -o,--out DIR ...", each on a line of its own.
Flags flags_of(const std::string& help) {
  Flags flags;
  std::istringstream lines(help);
  for (std::string line; std::getline(lines, line);) {
    if (line.size() < 5 || !line.starts_with("  -")) continue;
    const auto start = line.find("--", 2);
    if (start != 2 && start != 5) continue;
    flags.insert(line.substr(start, line.find_first_not_of("abcdefghijklmnopqrstuvwxyz-", start) - start));
  }
  return flags;
}

const Flags kRunFlags{"--help", "--threads", "--memory", "--quiet", "--verbose"};
const Flags kInputFlags{"--method",     "--size",          "--scale",           "--hash-size",  "--full-decode",
                        "--include",    "--exclude",       "--cache",           "--cache-size", "--no-cache",
                        "--max-pixels", "--max-file-size", "--max-decode-time", "--model",      "--arch",
                        "--precision",  "--torchscript"};

struct CommandHelp {
  const char* command;
  bool reads;
  Flags own;
};
void PrintTo(const CommandHelp& value, std::ostream* out) { *out << value.command; }
class Help : public ::testing::TestWithParam<CommandHelp> {};

TEST_P(Help, ListsEveryFlagOfTheCommandAndNoOther) {
  Flags expected = GetParam().own;
  if (GetParam().reads) {
    expected.insert(kRunFlags.begin(), kRunFlags.end());
    expected.insert(kInputFlags.begin(), kInputFlags.end());
  }
  const auto outcome = simile_run({GetParam().command, "--help"});
  EXPECT_EQ(outcome.code, kExitDone);
  EXPECT_EQ(outcome.err, "");
  EXPECT_EQ(flags_of(outcome.out), expected);
  EXPECT_EQ(simile_run({GetParam().command, "-h"}).out, outcome.out);
  EXPECT_EQ(outcome.out.find('\t'), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(
    Each, Help,
    ::testing::Values(
        CommandHelp{"cluster", true, {"--window",   "--threshold",  "--auto-threshold", "--min-size",     "--truth",
                                      "--out",      "--overwrite",  "--transfer",       "--similarities", "--max-edges",
                                      "--no-chain", "--batch-size", "--no-merge",       "--checkpoint",   "--seed",
                                      "--dry-run",  "--json",       "--device",         "--gpu-memory",   "--train"}},
        CommandHelp{"explain", true, {"--window", "--page", "--overwrite", "--json", "--device", "--gpu-memory"}},
        CommandHelp{"search",
                    true,
                    {"--window", "--query", "--top", "--page", "--overwrite", "--json", "--device", "--gpu-memory"}},
        CommandHelp{"threshold",
                    true,
                    {"--window", "--sample", "--seed", "--label", "--answers", "--out", "--overwrite", "--json",
                     "--device", "--gpu-memory"}},
        CommandHelp{"features", true, {"--out", "--overwrite"}},
        CommandHelp{"embed",
                    false,
                    {"--help",
                     "--model",
                     "--arch",
                     "--precision",
                     "--torchscript",
                     "--out",
                     "--overwrite",
                     "--full-decode",
                     "--include",
                     "--exclude",
                     "--max-pixels",
                     "--max-file-size",
                     "--max-decode-time",
                     "--cache",
                     "--no-cache",
                     "--cache-size",
                     "--threads",
                     "--memory",
                     "--quiet",
                     "--verbose",
                     "--device"}},
        CommandHelp{"merge", false, {"--help",      "--input",      "--threshold",       "--min-size", "--checkpoint",
                                     "--truth",     "--out",        "--overwrite",       "--transfer", "--cache",
                                     "--no-cache",  "--cache-size", "--max-decode-time", "--dry-run",  "--json",
                                     "--threads",   "--memory",     "--quiet",           "--verbose",  "--device",
                                     "--gpu-memory"}},
        CommandHelp{"undo", false, {"--help", "--dry-run", "--quiet", "--verbose"}},
        CommandHelp{"devices", false, {"--help"}}, CommandHelp{"completion", false, {"--help"}}),
    [](const auto& test) { return std::string(test.param.command); });

TEST(Program, HelpsOnStandardOutput) {
  const auto outcome = simile_run({"--help"});
  EXPECT_EQ(outcome.code, kExitDone);
  EXPECT_EQ(flags_of(outcome.out), (Flags{"--help", "--version", "--config"}));
  for (const auto* part : {"\n  cluster ", "\n  features ", "\n  embed ", "\n  train ", "\n  predict ", "\n  merge ",
                           "\n  undo ", "\n  model ", "\n  devices ", "\n  completion ", "130 interrupted"}) {
    EXPECT_THAT(outcome.out, HasSubstr(part));
  }
  Process process({"--help"});
  EXPECT_EQ(process.wait(), kExitDone);
  EXPECT_EQ(process.out(), outcome.out);
  EXPECT_EQ(process.err(), "");
}

TEST(Program, HelpReadsWell) {
  const auto cluster = simile_run({"cluster", "--help"}).out;
  for (const auto* part :
       {"\n  PHOTOS      ", "--method METHOD", "(default: ssim for images)", "(default: 64, orb 256;",
        "\n  ssim       structure of ", "same poses (0.8)", "SIMILE_MIN_SIZE", "simile.toml"}) {
    EXPECT_THAT(cluster, HasSubstr(part));
  }
  EXPECT_THAT(cluster, HasSubstr("auto, cpu, cuda or cuda:N"));
  EXPECT_THAT(simile_run({"--help"}).out, HasSubstr("--config FILE "));
}

TEST(Program, SaysItsVersion) {
  const auto outcome = simile_run({"--version"});
  EXPECT_EQ(outcome.code, kExitDone);
  EXPECT_EQ(outcome.out, "simile " + std::string(kVersion) + "\n");
}

TEST(Program, RefusesWhatItDoesNotKnowByName) {
  EXPECT_THAT(simile_run({}), Fails(kExitUsage, "simile: a command is missing; commands are cluster"));
  EXPECT_THAT(simile_run({"cluter", "x"}),
              Fails(kExitUsage, "'cluter' is no command; commands are cluster, threshold, search, explain, features"));
  EXPECT_THAT(simile_run({"--bogus"}), Fails(kExitUsage, "'--bogus' is no option"));
  EXPECT_THAT(simile_run({"cluster", "x", "--bogus"}),
              Fails(kExitUsage, "simile: --bogus: no such option (simile cluster --help"));
  EXPECT_THAT(simile_run({"cluster", "x", "--overwrit"}),
              Fails(kExitUsage, "simile: --overwrit: did you mean --overwrite?"));
  EXPECT_THAT(simile_run({"cluster", "--treshold", "1", "x"}),
              Fails(kExitUsage, "--treshold: did you mean --threshold?"));
  EXPECT_THAT(simile_run({"cluster", "x", "-t"}), Fails(kExitUsage, "simile: -t needs a value"));
  EXPECT_THAT(simile_run({"cluster", "x", "-tx"}), Fails(kExitUsage, "simile: -t 'x': allowed are numbers"));
  EXPECT_THAT(simile_run({"features", "x", "-o", "x.npy", "--device", "cpu"}), Fails(kExitUsage, "--device: no such"));
  EXPECT_THAT(simile_run({"cluster", "x", "y"}), Fails(kExitUsage, "simile: 'y' was not expected"));
  EXPECT_THAT(simile_run({"cluster", "x", "devices"}), Fails(kExitUsage, "simile: 'devices' was not expected"));
  EXPECT_THAT(simile_run({"cluster"}), Fails(kExitUsage, "simile: PHOTOS is required"));
  EXPECT_THAT(simile_run({"features", "x"}), Fails(kExitUsage, "simile: --out is required"));
}

TEST(Program, NamesTheSwitchThatIsGivenAValue) {
  EXPECT_THAT(simile_run({"cluster", "x", "--overwrite=x"}),
              Fails(kExitUsage, "simile: --overwrite 'x': allowed are true and false"));
  EXPECT_THAT(simile_run({"--config"}), Fails(kExitUsage, "simile: --config needs a value"));
  EXPECT_THAT(simile_run({"devices", "y"}), Fails(kExitUsage, "simile: 'y' was not expected"));
}

TEST(Program, TakesFoldersThatAreCalledLikeCommands) {
  EXPECT_THAT(simile_run({"cluster", "features"}), Fails(kExitFailed, "no such file or folder: 'features'"));
  EXPECT_THAT(simile_run({"cluster", "cluster"}), Fails(kExitFailed, "no such file or folder: 'cluster'"));
}

TEST(Program, ListsDevices) {
  const auto outcome = simile_run({"devices"});
  EXPECT_EQ(outcome.code, kExitDone);
  EXPECT_THAT(outcome.out, ::testing::StartsWith("cpu  "));
}

TEST(Program, FailsQuietlyWhenNobodyReads) {
  Process process({"cluster", "--help"}, {.broken_pipe = true});
  EXPECT_EQ(process.wait(), kExitFailed);  // not a death by SIGPIPE
  Process full({"--help"}, {.standard_out = "/dev/full"});
  EXPECT_EQ(full.wait(), kExitFailed);
  EXPECT_THAT(full.err(), HasSubstr("cannot write to the standard output"));
}

}  // namespace
}  // namespace simile
