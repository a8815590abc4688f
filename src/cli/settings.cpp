// SPDX-License-Identifier: Apache-2.0
#include "cli/settings.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <numeric>

#include "cli/config_file.hpp"

#include "simile/core/error.hpp"
#include "simile/core/text.hpp"

namespace simile::cli {
namespace {

constexpr const char* kDefaultConfig = "simile.toml";

/// "max-pixels" -> "SIMILE_MAX_PIXELS".
std::string environment_variable(const std::string& name) {
  std::string variable = "SIMILE_";
  for (const char character : name) {
    variable += character == '-'
                    ? '_'
                    : static_cast<char>(character >= 'a' && character <= 'z' ? character - 'a' + 'A' : character);
  }
  return variable;
}

/// The value of SIMILE_<NAME>; empty where there is none.
std::string environment_value(const std::string& name) {
  const char* const value = std::getenv(environment_variable(name).c_str());  // NOLINT(concurrency-mt-unsafe)
  return value == nullptr ? std::string() : value;
}

bool is_switch(const CLI::Option& option) { return option.get_expected_max() == 0; }
bool is_list(const CLI::Option& option) {
  return option.get_multi_option_policy() != CLI::MultiOptionPolicy::TakeLast && !is_switch(option);
}

/// How many characters must be changed, added or left out to make one of the other.
std::size_t distance(const std::string& a, const std::string& b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0]++;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t changed = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({changed, row[j] + 1, diagonal + 1});
    }
  }
  return row.back();
}

/// What sections of a config file may be called: commands and groups of commands.
std::vector<std::string> section_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* const part : app.get_subcommands([](const CLI::App*) { return true; })) {
    names.push_back(full_name(*part, '.'));
    for (auto& name : section_names(*part)) names.push_back(std::move(name));
  }
  return names;
}

}  // namespace

std::string full_name(const CLI::App& command, char separator) {
  const CLI::App* const group = command.get_parent();
  const bool in_group = group != nullptr && group->get_parent() != nullptr;
  return in_group ? concat(full_name(*group, separator), separator, command.get_name()) : command.get_name();
}

std::string named_config(const std::vector<std::string>& arguments) {
  constexpr std::string_view kJoined = "--config=";
  std::string file;
  for (auto word = arguments.begin(); word != arguments.end() && *word != "--"; ++word) {
    if (*word == "--config" && word + 1 != arguments.end()) file = *++word;
    if (word->starts_with(kJoined)) file = word->substr(kJoined.size());
  }
  return file;
}

std::string suggestion(const CLI::App& command, const std::string& flag, const std::string& otherwise) {
  const std::string name = flag.substr(0, flag.find('='));
  std::string best;
  std::size_t least = name.size() < 6 ? 2 : 3;  // fewer changes than that
  for (const CLI::Option* option : command.get_options()) {
    for (const auto& known : option->get_lnames()) {
      if (const auto changes = distance(name, "--" + known); changes < least) {
        least = changes;
        best = "--" + known;
      }
    }
  }
  return best.empty() ? otherwise : concat(": did you mean ", best, "?");
}

Settings::Settings(const CLI::App& program, const CLI::App& command, const std::vector<std::string>& arguments)
    : command_(command), typed_(arguments) {
  std::error_code ignored;
  if (const auto file = named_config(arguments); !file.empty()) {
    add_config(program, file);
  } else if (command.get_options().size() > 1 && std::filesystem::is_regular_file(kDefaultConfig, ignored)) {
    add_config(program, kDefaultConfig);  // a command with nothing but --help has nothing to be set
  }
  add_environment();
}

void Settings::add_environment() {
  for (const CLI::Option* option : command_.get_options()) {
    if (option->get_lnames().empty() || is_list(*option) || is_switch(*option)) continue;
    const std::string& name = option->get_lnames().front();
    if (const auto value = environment_value(name); !value.empty()) {
      given_.push_back({option, concat("--", name, "=", value), environment_variable(name)});
    }
  }
}

void Settings::add_config(const CLI::App& program, const std::string& file) {
  const auto sections = section_names(program);
  for (const auto& [section, name, values, line] : read_config(file)) {
    if (section.empty()) {
      throw_config_error(file, line, concat(in_quotes(name), " is in no section, such as [cluster]"));
    }
    if (std::find(sections.begin(), sections.end(), section) == sections.end()) {
      throw_config_error(file, line, concat(in_quotes(section), " is not known: sections are called like commands"));
    }
    if (section != full_name(command_, '.') || name.empty()) continue;
    const std::string flag = "--" + name;
    const CLI::Option* const option = command_.get_option_no_throw(flag);
    if (option == nullptr || option == command_.get_help_ptr()) {
      throw_config_error(
          file, line,
          concat(in_quotes(section + "." + name), " is not known",
                 suggestion(command_, flag,
                            concat(" (names are the flags of simile ", full_name(command_), " without dashes)"))));
    }
    if (values.size() != 1 && !is_list(*option)) throw_config_error(file, line, in_quotes(name) + " takes one value");
    if (is_list(*option) && is_typed(flag)) continue;
    for (const auto& value : values) {
      if (value.empty()) throw_config_error(file, line, in_quotes(name) + " has an empty value");
      if (is_switch(*option) && value != "true" && value != "false") {
        throw_config_error(file, line, concat(flag, " ", in_quotes(value), ": allowed are true and false"));
      }
      if (is_switch(*option) && value == "false") continue;
      given_.push_back({option, is_switch(*option) ? flag : concat(flag, "=", value), file});
    }
  }
}

bool Settings::is_typed(const std::string& flag) const {
  return std::any_of(typed_.begin(), typed_.end(), [&](const std::string& argument) {
    return argument.starts_with(flag) &&
           (argument.size() == flag.size() || argument[flag.size()] == '=' || !flag.starts_with("--"));
  });
}

std::vector<std::string> Settings::arguments() const {
  std::vector<std::string> arguments;
  arguments.reserve(given_.size());
  for (const auto& given : given_) arguments.push_back(given.argument);
  return arguments;
}

std::string Settings::as_typed(const std::string& message) const {
  const std::string flag = message.substr(0, message.find_first_of(" :"));
  const CLI::Option* const option = flag.starts_with("--") ? command_.get_option_no_throw(flag) : nullptr;
  if (option == nullptr || option->get_snames().empty()) return message;
  const std::string letter = "-" + option->get_snames().front();
  return !is_typed(flag) && is_typed(letter) ? letter + message.substr(flag.size()) : message;
}

std::string Settings::explain(const std::string& message) const {
  const std::string flag = message.substr(0, message.find_first_of(" :"));
  const CLI::Option* const option = flag.starts_with("--") ? command_.get_option_no_throw(flag) : nullptr;
  if (option == nullptr) return message;
  std::size_t others = 0;
  std::string source;
  std::string value;
  for (const auto& given : given_) {
    if (given.option != option) continue;
    ++others;
    source = given.source;
    value = given.argument.substr(std::min(given.argument.find('='), given.argument.size() - 1) + 1);
  }
  if (option->count() > others) {  // a flag was typed, and it wins
    return as_typed(message);
  }
  if (source.empty()) return message;
  const std::string refused = concat(flag, " ", in_quotes(value));
  const auto place = message.starts_with(refused) ? refused.size() : std::min(message.find(": "), message.size());
  return concat(message.substr(0, place), " (from ", source, ")", message.substr(place));
}

}  // namespace simile::cli
