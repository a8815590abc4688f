// SPDX-License-Identifier: Apache-2.0
#include "cli/config_file.hpp"

#include <filesystem>

#include <toml++/toml.h>

#include "simile/core/atomic_file.hpp"
#include "simile/core/error.hpp"
#include "simile/core/text.hpp"

namespace simile::cli {
namespace {

constexpr std::int64_t kMaxConfigBytes = 1 << 20;

int line_of(const toml::node& node) { return static_cast<int>(node.source().begin.line); }

/// The value's text, as it would stand on the command line.
std::string value_text(const std::string& file, const toml::node& node) {
  if (const auto* text = node.as_string()) return text->get();
  if (const auto* number = node.as_integer()) return std::to_string(number->get());
  if (const auto* number = node.as_floating_point()) return format_double(number->get());
  if (const auto* flag = node.as_boolean()) return flag->get() ? "true" : "false";
  throw_config_error(file, line_of(node), "a value is a text, a number, true or false, or a list of these");
}

std::vector<std::string> value_texts(const std::string& file, const toml::node& node) {
  const toml::array* const list = node.as_array();
  if (list == nullptr) return {value_text(file, node)};
  std::vector<std::string> values;
  for (const auto& value : *list) values.push_back(value_text(file, value));
  return values;
}

/// The lines of a section and of those within it, which are called after it: "train.autoencoder".
void add_section(const std::string& file, const std::string& name, const toml::table& section,
                 std::vector<ConfigLine>& lines) {
  lines.push_back({name, {}, {}, line_of(section)});
  for (const auto& [key, node] : section) {
    if (const toml::table* const part = node.as_table()) {
      add_section(file, concat(name, '.', std::string(key.str())), *part, lines);
    } else {
      lines.push_back({name, std::string(key.str()), value_texts(file, node), line_of(node)});
    }
  }
}

}  // namespace

std::vector<ConfigLine> read_config(const std::string& file) {
  const auto refuse = [&](const char* why) {
    throw Error(ErrorCode::invalid_argument, concat("--config ", in_quotes(file), ": ", why));
  };
  std::error_code ignored;
  const auto status = std::filesystem::status(file, ignored);
  if (!std::filesystem::exists(status)) refuse("no such file");
  if (std::filesystem::is_directory(status)) refuse("is a folder");
  try {
    std::vector<ConfigLine> lines;
    for (const auto& [name, node] : toml::parse(read_file(file, kMaxConfigBytes), file)) {
      const toml::table* const section = node.as_table();
      if (section == nullptr) {
        lines.push_back({{}, std::string(name.str()), value_texts(file, node), line_of(node)});
        continue;
      }
      add_section(file, std::string(name.str()), *section, lines);
    }
    return lines;
  } catch (const toml::parse_error& error) {
    throw_config_error(file, static_cast<int>(error.source().begin.line), std::string(error.description()));
  }
}

void throw_config_error(const std::string& file, int line, const std::string& message) {
  throw Error(ErrorCode::invalid_argument, concat("config file ", in_quotes(file), ", line ", line, ": ", message));
}

}  // namespace simile::cli
