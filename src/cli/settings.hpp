// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include <CLI/CLI.hpp>

namespace simile::cli {

/// What a command's options are given by other means than flags: by a config file and by SIMILE_<FLAG> variables.
class Settings {
 public:
  /// Of the command within `program`; `arguments` are the whole command line. Throws invalid_argument for a config file
  /// that is named and missing, cannot be understood, or sets what there is not.
  Settings(const CLI::App& program, const CLI::App& command, const std::vector<std::string>& arguments);

  /// Arguments to put before the command's own, so that a flag wins over the environment and the environment over the
  /// config file.
  std::vector<std::string> arguments() const;

  /// `message` ("--threshold needs a value") with the short flag if that was typed.
  std::string as_typed(const std::string& message) const;

  /// `message` ("--threads '0': ...") with where the refused value came from, or with the short flag if that was typed.
  std::string explain(const std::string& message) const;

 private:
  struct Given {
    const CLI::Option* option;
    std::string argument;
    std::string source;
  };
  void add_environment();
  void add_config(const CLI::App& program, const std::string& file);
  bool is_typed(const std::string& flag) const;

  const CLI::App& command_;
  const std::vector<std::string>& typed_;
  std::vector<Given> given_;
};

/// Name of a command with that of its group before it: "train autoencoder".
std::string full_name(const CLI::App& command, char separator = ' ');

/// ": did you mean --threshold?" when a flag of the command is nearly called `flag`; else `otherwise`.
std::string suggestion(const CLI::App& command, const std::string& flag, const std::string& otherwise);

/// The file that the last --config names; empty: none.
std::string named_config(const std::vector<std::string>& arguments);

}  // namespace simile::cli
