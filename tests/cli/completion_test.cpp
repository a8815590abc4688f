// SPDX-License-Identifier: Apache-2.0
// `simile completion`: the scripts, and what the shells themselves complete with them.
#include <cstdio>

#include "cli/command_line.hpp"

namespace simile {
namespace {

namespace fs = std::filesystem;
using test::CurrentFolder;
using test::Fails;
using test::simile_run;
using ::testing::AllOf;
using ::testing::AnyOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;
using ::testing::Not;
using ::testing::UnorderedElementsAre;
using Words = std::vector<std::string>;

std::string script_for(const std::string& shell) {
  const auto outcome = simile_run({"completion", shell});
  EXPECT_EQ(outcome.code, kExitDone) << outcome.err;
  return outcome.out;
}

TEST(Completion, NamesEveryCommandAndFlagForEveryShell) {
  for (const auto* shell : {"bash", "zsh", "fish"}) {
    const auto script = script_for(shell);
    for (const auto* word :
         {"cluster", "features", "threshold", "search", "explain", "merge", "undo", "devices", "completion"}) {
      EXPECT_THAT(script, HasSubstr(word)) << shell;
      std::istringstream help(simile_run({word, "--help"}).out);
      for (std::string line; std::getline(help, line);) {
        const auto start = line.find("--");
        if (!line.starts_with("  -") || start == std::string::npos) continue;
        const auto flag = line.substr(start + 2, line.find_first_of(" \n", start) - start - 2);
        EXPECT_THAT(script, HasSubstr(std::string(shell) == "fish" ? "-l " + flag : "--" + flag));
      }
    }
  }
}

TEST(Completion, RefusesOtherShells) {
  EXPECT_THAT(simile_run({"completion", "csh"}), Fails(kExitUsage, "SHELL 'csh': allowed are bash, zsh, fish"));
  EXPECT_THAT(simile_run({"completion"}), Fails(kExitUsage, "SHELL is required"));
}

/// A shell that is asked what it completes at the end of a line.
class Shell : public test::Runs {
 protected:
  void SetUp() override {
    folder_.write("here/my photos/a.jpg", std::string_view("x"));
    folder_.write("here/list.csv", std::string_view("x"));
  }
  bool has(const std::string& shell) const {
    return std::system(("command -v " + shell + " > /dev/null 2>&1").c_str()) == 0;
  }
  /// What a command prints, in lines; run in here/.
  Words lines_of(const std::string& command) const {
    const CurrentFolder here(path("here"));
    std::string text;
    std::FILE* const pipe = ::popen((command + " 2>&1").c_str(), "r");
    if (pipe == nullptr) return {"cannot run"};
    for (int character = std::fgetc(pipe); character != EOF; character = std::fgetc(pipe)) {
      text += static_cast<char>(character);
    }
    ::pclose(pipe);
    Words lines;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) lines.push_back(line);
    return lines;
  }
  fs::path write_script(const std::string& shell) const { return folder_.write("script", script_for(shell)); }
};

class Bash : public Shell {
 protected:
  /// `words`: the line as bash splits it (at blanks and at "="), the last one being completed.
  Words complete(const Words& words) const {
    std::string line = "source '" + write_script("bash").native() + "'; COMP_WORDS=(";
    for (const auto& word : words) line += "'" + word + "' ";
    line += "); COMP_CWORD=" + std::to_string(words.size() - 1) +
            "; _simile; for word in \"${COMPREPLY[@]}\"; do printf \"%s\\n\" \"$word\"; done";
    return lines_of("bash --norc --noprofile -c " + test_quoted(line));
  }
  static std::string test_quoted(const std::string& text) {
    std::string out = "'";
    for (const char character : text) out += character == '\'' ? std::string("'\\''") : std::string(1, character);
    return out + "'";
  }
};

TEST_F(Bash, CompletesCommandsFlagsWordsAndPaths) {
  if (!has("bash")) GTEST_SKIP() << "no bash here";
  EXPECT_THAT(complete({"simile", "clu"}), ElementsAre("cluster"));
  EXPECT_THAT(complete({"simile", ""}), IsSupersetOf({"cluster", "features", "undo", "devices", "completion"}));
  EXPECT_THAT(complete({"simile", "--v"}), ElementsAre("--version"));
  EXPECT_THAT(complete({"simile", "cluster", "--max"}),
              UnorderedElementsAre("--max-pixels", "--max-file-size", "--max-decode-time", "--max-edges"));
  EXPECT_THAT(complete({"simile", "merge", "--max"}), ElementsAre("--max-decode-time"));
  EXPECT_THAT(complete({"simile", "undo", "--"}), AllOf(Contains("--dry-run"), Not(Contains("--threshold"))));
  EXPECT_THAT(complete({"simile", "cluster", "--transfer", ""}), ElementsAre("none", "copy", "link", "move"));
  EXPECT_THAT(complete({"simile", "cluster", "--transfer", "="}), ElementsAre("none", "copy", "link", "move"));
  EXPECT_THAT(complete({"simile", "cluster", "--transfer", "=", "m"}), ElementsAre("move"));
  EXPECT_THAT(complete({"simile", "cluster", "-m", "d"}), ElementsAre("dhash"));
  EXPECT_THAT(complete({"simile", "features", "-m", "emb"}), ElementsAre("embedding"));
  EXPECT_THAT(complete({"simile", "cluster", "--device", ""}), ElementsAre("auto", "cpu", "cuda"));
  EXPECT_THAT(complete({"simile", "cluster", ""}), UnorderedElementsAre("my photos", "list.csv"));
  EXPECT_THAT(complete({"simile", "cluster", "--out", ""}), ElementsAre("my photos"));
  EXPECT_THAT(complete({"simile", "cluster", "--truth", ""}), UnorderedElementsAre("folders", "my photos", "list.csv"));
  EXPECT_THAT(complete({"simile", "cluster", "--threshold", ""}), IsEmpty());
  EXPECT_THAT(complete({"simile", "undo", ""}), ElementsAre("my photos"));
  EXPECT_THAT(complete({"simile", "merge", "my photos", ""}), ElementsAre("my photos"));
  EXPECT_THAT(complete({"simile", "merge", "--input", ""}), UnorderedElementsAre("my photos", "list.csv"));
  EXPECT_THAT(complete({"simile", "completion", ""}), ElementsAre("bash", "zsh", "fish"));
  EXPECT_THAT(complete({"simile", "devices", ""}), IsEmpty());
}

TEST_F(Bash, FindsTheCommandBehindTheProgramsOwnOptions) {
  if (!has("bash")) GTEST_SKIP() << "no bash here";
  EXPECT_THAT(complete({"simile", "--config", "cluster", "und"}), ElementsAre("undo"));
  EXPECT_THAT(complete({"simile", "--config", "=", "cluster", "undo", "--dr"}), ElementsAre("--dry-run"));
  EXPECT_THAT(complete({"simile", "--config", ""}), UnorderedElementsAre("my photos", "list.csv"));
  EXPECT_THAT(complete({"simile", "cluster", "undo", "--thresh"}), ElementsAre("--threshold"));
}

class Fish : public Shell {
 protected:
  /// Offered words, without their descriptions.
  Words complete(const std::string& line) const {
    Words words = lines_of("HOME='" + folder_.path().native() + "' fish --no-config -c 'source \"" +
                           write_script("fish").native() + "\"; complete -C \"" + line + "\"'");
    for (auto& word : words) word = word.substr(0, word.find('\t'));
    return words;
  }
};

TEST_F(Fish, CompletesCommandsFlagsWordsAndPaths) {
  if (!has("fish")) GTEST_SKIP() << "no fish here: its completion is not tested";
  EXPECT_THAT(complete("simile clu"), ElementsAre("cluster"));
  EXPECT_THAT(complete("simile "), AllOf(IsSupersetOf({"cluster", "features", "undo"}), Not(Contains("list.csv"))));
  EXPECT_THAT(complete("simile cluster --max-e"), ElementsAre("--max-edges"));
  EXPECT_THAT(complete("simile undo --"), AllOf(Contains("--dry-run"), Not(Contains("--threshold"))));
  EXPECT_THAT(complete("simile cluster --transfer "), UnorderedElementsAre("none", "copy", "link", "move"));
  EXPECT_THAT(complete("simile cluster --transfer=m"), ElementsAre("--transfer=move"));
  EXPECT_THAT(complete("simile cluster -m d"), ElementsAre("dhash"));
  EXPECT_THAT(complete("simile cluster l"), ElementsAre("list.csv"));
  EXPECT_THAT(complete("simile cluster --out "), ElementsAre(AnyOf("my photos/", "my\\ photos/")));
  EXPECT_THAT(complete("simile cluster --truth "), IsSupersetOf({"folders", "list.csv"}));
  EXPECT_THAT(complete("simile cluster --threshold "), IsEmpty());
  EXPECT_THAT(complete("simile undo "), ElementsAre(AnyOf("my photos/", "my\\ photos/")));
  EXPECT_THAT(complete("simile merge here "), ElementsAre(AnyOf("my photos/", "my\\ photos/")));
  EXPECT_THAT(complete("simile merge --ov"), ElementsAre("--overwrite"));
  EXPECT_THAT(complete("simile completion "), UnorderedElementsAre("bash", "zsh", "fish"));
  EXPECT_THAT(complete("simile --config cluster und"), ElementsAre("undo"));
}

class Zsh : public Shell {
 protected:
  /// An interactive zsh behind a pseudo terminal gets the line and a tab; what it would add is written to a file.
  Words complete(const std::string& line) const {
    folder_.write("driver", std::string_view(R"(
zmodload zsh/zpty || exit 1
zpty shell zsh -f -i
zpty -w shell 'autoload -Uz compinit; compinit -u -D; source '$1
zpty -w shell 'compadd() {
  local -a hits; builtin compadd -A hits "$@"; print -rl -- $hits >> '$3'; builtin compadd "$@" }
finished() { print -r -- done > '$3'.done }; compprefuncs=(); comppostfuncs=(finished)
bindkey "^I" complete-word; print -n rea; print dy'
while zpty -r shell text; do [[ $text == *ready* ]] && break; done
zpty -w -n shell $2$'\t'
for ((k = 0; k < 500; ++k)); do [[ -e $3.done ]] && break; sleep 0.01; done
zpty -d shell
[[ -e $3.done ]] || print "no answer"
[[ -e $3 ]] && sort -u $3
true
)"));
    fs::remove(path("hits"));
    fs::remove(path("hits.done"));
    Words words = lines_of("zsh -f '" + path("driver").native() + "' '" + write_script("zsh").native() + "' '" + line +
                           "' '" + path("hits").native() + "'");
    std::erase(words, "");
    return words;
  }
};

TEST_F(Zsh, CompletesCommandsFlagsWordsAndPaths) {
  if (!has("zsh")) GTEST_SKIP() << "no zsh here: its completion is not tested";
  EXPECT_THAT(complete("simile clu"), ElementsAre("cluster"));
  EXPECT_THAT(complete("simile cluster --max-e"), Contains("--max-edges"));
  EXPECT_THAT(complete("simile undo --d"), Contains("--dry-run"));
  EXPECT_THAT(complete("simile cluster --transfer "), UnorderedElementsAre("none", "copy", "link", "move"));
  EXPECT_THAT(complete("simile cluster -m d"), ElementsAre("dhash"));
  EXPECT_THAT(complete("simile cluster l"), Contains("list.csv"));
  EXPECT_THAT(complete("simile cluster --out "), ElementsAre(AnyOf("my photos", "my\\ photos")));
  EXPECT_THAT(complete("simile cluster --truth "), IsSupersetOf({"folders", "list.csv"}));
  EXPECT_THAT(complete("simile merge --tra"), Contains("--transfer"));
  EXPECT_THAT(complete("simile merge "), ElementsAre(AnyOf("my photos", "my\\ photos")));
  EXPECT_THAT(complete("simile completion "), UnorderedElementsAre("bash", "zsh", "fish"));
  EXPECT_THAT(complete("simile --config cluster und"), ElementsAre("undo"));
}

}  // namespace
}  // namespace simile
