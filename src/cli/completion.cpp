// SPDX-License-Identifier: Apache-2.0
#include "cli/completion.hpp"

#include <algorithm>
#include <cctype>

#include "simile/core/text.hpp"

namespace simile::cli {
namespace {

constexpr std::string_view kWordsMark = "words";

/// What offer_words() left on the option.
std::vector<std::string> offered_words(CLI::Option& option) {
  std::vector<std::string> words;
  for (int k = 0;; ++k) {
    const CLI::Validator* validator = nullptr;
    try {
      validator = option.get_validator(k);
    } catch (const CLI::OptionNotFound&) {
      return words;  // CLI11 does not say how many there are
    }
    if (!std::string_view(validator->get_name()).starts_with(kWordsMark)) continue;
    for_each_part(validator->get_name(), ' ', [&](std::string_view word) {
      if (word != kWordsMark) words.emplace_back(word);
    });
  }
}

/// The value that a placeholder such as DIR, FILE.npy or FILE|folders stands for.
CompletionValue value_of(CLI::Option& option, const std::string& placeholder) {
  CompletionValue value{offered_words(option), false, false};
  for_each_part(placeholder, '|', [&](std::string_view part) {
    if (part.starts_with("DIR")) value.folders = true;
    if (part.starts_with("FILE") || part.starts_with("IMAGE") || part.starts_with("PHOTOS")) value.files = true;
    const bool is_word = !part.empty() && std::islower(static_cast<unsigned char>(part.front())) != 0;
    if (is_word) value.words.emplace_back(part);
  });
  return value;
}

CompletionFlag flag_of(CLI::Option& option) {
  CompletionFlag flag;
  for (const auto& name : option.get_snames()) flag.names.push_back("-" + name);
  for (const auto& name : option.get_lnames()) flag.names.push_back("--" + name);
  flag.help = option.get_description();
  flag.repeatable = option.get_items_expected_max() > 1;
  if (option.get_items_expected_max() == 0) return flag;
  flag.placeholder = option.get_type_name();
  flag.value = value_of(option, flag.placeholder);
  return flag;
}

CompletionCommand command_of(CLI::App& app, const std::vector<CompletionFlag>& common) {
  CompletionCommand command{app.get_name(), app.get_description(), {}, {}, {}, {}};
  for (CLI::App* const part : app.get_subcommands([](CLI::App*) { return true; })) {
    command.commands.push_back(command_of(*part, common));
  }
  for (CLI::Option* const option : app.get_options()) {
    if (option->nonpositional()) {
      command.flags.push_back(flag_of(*option));
      continue;
    }
    const std::string name = option->get_name(/*positional=*/true);
    CompletionValue value = value_of(*option, name);
    if (value.words.empty() && !value.folders) value.files = true;
    if (!command.argument) command.placeholder = name;
    command.argument = std::move(value);
  }
  // The program's own options may also follow the command (fallthrough); of interest are those that say something.
  for (const auto& flag : common) {
    if (flag.value) command.flags.push_back(flag);
  }
  return command;
}

}  // namespace

CLI::Option* offer_words(CLI::Option* option, const std::vector<std::string>& words) {
  const auto accept = [](const std::string&) { return std::string(); };
  return option->check(CLI::Validator(accept, "", concat(kWordsMark, ' ', joined(words, " "))));
}

CompletionTree completion_tree(CLI::App& program) {
  CompletionTree tree;
  for (CLI::Option* const option : program.get_options()) tree.flags.push_back(flag_of(*option));
  for (CLI::App* const app : program.get_subcommands([](CLI::App*) { return true; })) {
    tree.commands.push_back(command_of(*app, tree.flags));
  }
  return tree;
}

std::vector<std::string> names_of(const std::vector<CompletionCommand>& commands) {
  std::vector<std::string> names;
  names.reserve(commands.size());
  for (const auto& command : commands) names.push_back(command.name);
  return names;
}

std::string joined(const std::vector<std::string>& parts, std::string_view separator) {
  std::string out;
  for (const auto& part : parts) out += concat(&part == &parts.front() ? "" : separator, part);
  return out;
}

}  // namespace simile::cli
