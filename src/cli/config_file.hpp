// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace simile::cli {

/// A line of a config file: a setting, or the start of a section (no name, no values).
struct ConfigLine {
  std::string section;  ///< of a section within another both names: "train.autoencoder"
  std::string name;
  std::vector<std::string> values;
  int line = 0;
};

/// The settings of a TOML file: sections of `name = value`, values that are texts, numbers, booleans or lists of them.
/// Throws invalid_argument naming file and line.
std::vector<ConfigLine> read_config(const std::string& file);

/// Throws the error of a line: "config file 'simile.toml', line 3: ...".
[[noreturn]] void throw_config_error(const std::string& file, int line, const std::string& message);

}  // namespace simile::cli
