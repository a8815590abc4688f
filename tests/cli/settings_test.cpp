// SPDX-License-Identifier: Apache-2.0
// Where values come from: flag, then SIMILE_*, then the config file, then default.
#include <nlohmann/json.hpp>

#include "cli/command_line.hpp"

namespace simile {
namespace {

namespace fs = std::filesystem;
using test::CurrentFolder;
using test::Fails;
using test::Outcome;
using test::simile_run;
using test::Variable;
using ::testing::HasSubstr;

class Settings : public ::testing::Test {
 protected:
  Settings() : here_(folder_.path()) { folder_.write("photos/0.png", test::png_of(natural_image(64, 64, 1))); }

  Outcome plan(std::vector<std::string> arguments = {}) const {
    arguments.insert(arguments.begin(), {"cluster", "photos", "--dry-run"});
    return simile_run(arguments);
  }
  void config(const std::string& text, const std::string& name = "simile.toml") const {
    folder_.write(name, std::string_view(text));
  }

  test::TemporaryFolder folder_;
  CurrentFolder here_;
};

TEST_F(Settings, FlagWinsOverEnvironmentOverConfigFileOverDefault) {
  EXPECT_THAT(plan().out, HasSubstr("alike from 0.8 on"));
  config("[cluster]\nthreshold = 0.3\n");
  EXPECT_THAT(plan().out, HasSubstr("alike from 0.3 on"));
  const Variable variable("SIMILE_THRESHOLD", "0.4");
  EXPECT_THAT(plan().out, HasSubstr("alike from 0.4 on"));
  EXPECT_THAT(plan({"--threshold", "0.5"}).out, HasSubstr("alike from 0.5 on"));
  EXPECT_THAT(plan({"-t0.6"}).out, HasSubstr("alike from 0.6 on"));
}

TEST_F(Settings, EnvironmentGivesEveryFlagThatTakesAValue) {
  const Variable method("SIMILE_METHOD", "phash");
  const Variable min_size("SIMILE_MIN_SIZE", "5");
  const Variable out("SIMILE_OUT", "elsewhere");
  const auto outcome = plan();
  for (const auto* part : {"by phash", "at least 5", "elsewhere'"}) EXPECT_THAT(outcome.out, HasSubstr(part));
}

TEST_F(Settings, EmptyVariableIsNone) {
  const Variable variable("SIMILE_THRESHOLD", "");
  EXPECT_THAT(plan().out, HasSubstr("alike from 0.8 on"));
}

TEST_F(Settings, BadVariableIsRefusedByItsName) {
  const Variable variable("SIMILE_MIN_SIZE", "none");
  EXPECT_THAT(
      plan(),
      Fails(kExitUsage, "--min-size 'none' (from SIMILE_MIN_SIZE): allowed are whole numbers from 1 to 1099511627776"));
  EXPECT_EQ(plan({"--min-size", "3"}).code, kExitDone);
  const auto given = plan({"--min-size", "0"});
  EXPECT_EQ(given.code, kExitUsage);
  EXPECT_EQ(given.err.find("SIMILE_MIN_SIZE"), std::string::npos) << given.err;
}

TEST_F(Settings, BadVariableDoesNotStopHelp) {
  const Variable variable("SIMILE_THREADS", "none");
  EXPECT_EQ(simile_run({"--help"}).code, kExitDone);
  EXPECT_EQ(simile_run({"devices"}).code, kExitDone);
}

TEST_F(Settings, ConfigFileMayBeNamedBeforeOrAfterTheCommand) {
  config("[cluster]\nmin-size = 7\n", "mine.toml");
  EXPECT_THAT(simile_run({"--config", "mine.toml", "cluster", "photos", "--dry-run"}).out, HasSubstr("at least 7"));
  EXPECT_THAT(plan({"--config", "mine.toml"}).out, HasSubstr("at least 7"));
  config("[cluster]\nmin-size = 8\n");
  EXPECT_THAT(plan({"--config", "mine.toml"}).out, HasSubstr("at least 7"));  // instead of simile.toml
}

TEST_F(Settings, ConfigFileMayBeCalledLikeACommand) {
  config("[cluster]\nmin-size = 7\n", "features");
  const Variable variable("SIMILE_THRESHOLD", "0.4");
  const auto outcome = simile_run({"--config", "features", "cluster", "photos", "--dry-run"});
  EXPECT_THAT(outcome.out, HasSubstr("at least 7"));
  EXPECT_THAT(outcome.out, HasSubstr("alike from 0.4"));
}

TEST_F(Settings, ConfigFileMaySetSwitchesListsAndTextWithBlanks) {
  folder_.write("photos/1.jpg", std::string_view("x"));
  folder_.write("photos/2.gif", std::string_view("x"));
  config(
      "# mine\n[cluster]\noverwrite = true\ninclude = [\"*.png\", \"*.jpg\"]\nout = \"my results\"  # here\n\n"
      "[features]\nthreads = 2\nout = \"x.npy\"\n");
  fs::create_directory("my results");
  const auto outcome = plan();
  EXPECT_THAT(outcome.out, HasSubstr("2 items"));
  EXPECT_THAT(outcome.out, HasSubstr("my results'"));
}

TEST_F(Settings, ConfigFileWithAMisspeltOptionIsRefusedNamingIt) {
  config("[cluster]\nthreshhold = 0.3\n");
  EXPECT_THAT(plan(),
              Fails(kExitUsage,
                    "config file 'simile.toml', line 2: 'cluster.threshhold' is not known: did you mean --threshold?"));
  config("[cluter]\nthreshold = 0.3\n");
  EXPECT_THAT(plan(), Fails(kExitUsage, "config file 'simile.toml', line 1: 'cluter' is not known"));
  config("threshold = 0.3\n");  // under no command
  EXPECT_THAT(plan(), Fails(kExitUsage, "config file 'simile.toml', line 1: 'threshold' is in no section"));
}

TEST_F(Settings, BrokenConfigFileIsRefused) {
  for (const auto& [text, problem] : std::vector<std::pair<const char*, const char*>>{
           {"\n[cluster\nthreshold = 0.3\n", "line 2: "},
           {"[cluster]\noverwrite\n", "line 2: "},
           {"[cluster]\nthreshold =\n", "line 2: "},
           {"[cluster]\nthreshold = ", "line 2: "},
           {"[cluster]\nthreshold = 0.3 0.4\n", "line 2: "},
           {"[cluster]\nthreshold = [0.3, 0.4]\n", "line 2: 'threshold' takes one value"},
           {"[cluster]\ninclude = [\"a\"\n\"b\"]\n", "line 3: "},
           {"[cluster]\ninclude = [\"a\",\n", "line "},
           {"[cluster]\nout = \"a\n", "line "},
           {"[cluster]\nout = \"a\\", "line "},
           {"[cluster]\nout = \"\"\n", "line 2: 'out' has an empty value"},
           {"[cluster]\nhelp = true\n", "line 2: 'cluster.help' is not known"}}) {
    config(text, "mine.toml");
    EXPECT_THAT(plan({"--config", "mine.toml"}),
                Fails(kExitUsage, std::string("simile: config file 'mine.toml', ").append(problem)));
  }
  config("\x89PNG\r\n\x1a\n binary", "mine.toml");
  EXPECT_THAT(plan({"--config", "mine.toml"}), Fails(kExitUsage, "config file 'mine.toml'"));
}

TEST_F(Settings, BadValuesInAConfigFileAreRefused) {
  config("[cluster]\nthreads = 0\n");
  EXPECT_THAT(plan(),
              Fails(kExitUsage, "simile: --threads '0' (from simile.toml): allowed are whole numbers from 1 to 1024"));
  config("[cluster]\noverwrite = \"banana\"\n");
  EXPECT_THAT(plan(), Fails(kExitUsage, "--overwrite 'banana': allowed are true and false"));
  config("[cluster]\nthreshold = 7\n");
  EXPECT_THAT(plan(), Fails(kExitUsage, "simile: --threshold 7 (from simile.toml): allowed for ssim are"));
  EXPECT_THAT(plan({"-t", "8"}), Fails(kExitUsage, "simile: -t 8: allowed for ssim are"));
  EXPECT_EQ(plan({"-t", "1"}).code, kExitDone);
  config("[cluster]\ninclude = '['\n");
  EXPECT_THAT(plan(), Fails(kExitUsage, "--include (from simile.toml): "));
  EXPECT_EQ(plan({"--include", "*"}).code, kExitDone);
}

TEST_F(Settings, BadConfigFileDoesNotStopHelpOrOtherCommands) {
  config("[cluster\n");
  for (const auto& arguments : std::vector<std::vector<std::string>>{
           {"--help"}, {"-h"}, {"--version"}, {"cluster", "--help"}, {"features", "x", "-h"}, {"devices"}}) {
    EXPECT_EQ(simile_run(arguments).code, kExitDone) << arguments.back();
  }
  config("[cluster]\nthreshold = 7\nmisspelt = 1\n[features]\nmethod = \"dhash\"\n");
  const auto outcome = simile_run({"features", "photos", "--out", "f.npy"});
  EXPECT_EQ(outcome.code, kExitDone) << outcome.err;
  EXPECT_THAT(test::text_of("f.json"), HasSubstr("dhash"));
}

TEST_F(Settings, MissingConfigFileIsRefusedOnlyWhenItWasNamed) {
  EXPECT_EQ(plan().code, kExitDone);
  EXPECT_THAT(plan({"--config", "no.toml"}), Fails(kExitUsage, "simile: --config 'no.toml': no such file\n"));
  EXPECT_THAT(plan({"--config", "photos"}), Fails(kExitUsage, "--config 'photos': is a folder"));
  fs::create_directory("simile.toml");
  EXPECT_EQ(plan().code, kExitDone);
}

}  // namespace
}  // namespace simile
