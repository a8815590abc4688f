// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <CLI/CLI.hpp>

namespace simile::cli {

/// Words that an option takes, for shells to offer; whether another word is allowed is for the option's parser to say.
CLI::Option* offer_words(CLI::Option* option, const std::vector<std::string>& words);

/// What can be typed where a value is expected: any of these, none where only the user knows.
struct CompletionValue {
  std::vector<std::string> words;
  bool files = false;
  bool folders = false;
};

struct CompletionFlag {
  std::vector<std::string> names;        ///< "-o", "--out"
  std::string help;                      ///< one line
  std::string placeholder;               ///< of its value: "DIR"
  std::optional<CompletionValue> value;  ///< none: a switch
  bool repeatable = false;
};

struct CompletionCommand {
  std::string name;
  std::string help;
  std::vector<CompletionFlag> flags;
  std::string placeholder;                  ///< of its arguments: "PHOTOS"
  std::optional<CompletionValue> argument;  ///< none: it takes no arguments
  std::vector<CompletionCommand> commands;  ///< of a group, such as `simile train`, which is no command itself
};

/// The program as shells are told of it.
struct CompletionTree {
  std::vector<CompletionFlag> flags;  ///< before a command
  std::vector<CompletionCommand> commands;
};

/// Read from the parser, so that it cannot be out of date.
CompletionTree completion_tree(CLI::App& program);

/// Scripts that make a shell complete the command line of `simile`.
std::string bash_completion(const CompletionTree& tree);
std::string zsh_completion(const CompletionTree& tree);
std::string fish_completion(const CompletionTree& tree);

/// The names of commands.
std::vector<std::string> names_of(const std::vector<CompletionCommand>& commands);

/// `parts` with `separator` between them.
std::string joined(const std::vector<std::string>& parts, std::string_view separator);

}  // namespace simile::cli
