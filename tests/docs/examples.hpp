// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdio>
#include <string>

namespace simile::test {

/// What an example prints on its standard output; "failed: ..." when it cannot be run or does not end well.
inline std::string output_of(const std::string& example, const std::string& argument = "") {
  const std::string command = std::string("'") + SIMILE_EXAMPLES "/example_" + example + "' '" + argument + "'";
  std::FILE* const pipe = ::popen(command.c_str(), "r");
  if (pipe == nullptr) return "failed: " + command;
  std::string text;
  for (int character = std::fgetc(pipe); character != EOF; character = std::fgetc(pipe)) {
    text += static_cast<char>(character);
  }
  return ::pclose(pipe) == 0 ? text : "failed: " + text;
}

}  // namespace simile::test
