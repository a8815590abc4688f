// SPDX-License-Identifier: Apache-2.0
#include "cli/completion.hpp"

#include "simile/core/text.hpp"

namespace simile::cli {
namespace {

/// Text inside single quotes, with a backslash before what _arguments and _describe would read as theirs.
std::string escaped(std::string_view text) {
  std::string out;
  for (const char character : text) {
    if (character == '\'') {
      out += "'\\''";
      continue;
    }
    if (std::string_view("[]:\\").find(character) != std::string_view::npos) out += '\\';
    out += character;
  }
  return out;
}

/// ":placeholder:action" of a value.
std::string offer(const std::string& placeholder, const CompletionValue& value) {
  const std::string words = joined(value.words, " ");
  std::string action = value.files ? "_files" : value.folders ? "_files -/" : "";
  if (!words.empty() && action.empty()) action = concat('(', words, ')');
  if (!words.empty() && value.files) action = concat(" _simile_or_files ", words);
  return concat(':', escaped(placeholder), ':', action.empty() ? " " : action);
}

/// A flag as _arguments wants it; of its names one excludes the others.
std::string flag_spec(const CompletionFlag& flag) {
  std::string names;
  for (const auto& name : flag.names) {
    const char* const joint = !flag.value ? "" : name.starts_with("--") ? "=" : "+";
    names += concat(names.empty() ? "" : ",", name, joint);
  }
  if (flag.names.size() > 1) names = concat('{', names, '}');
  std::string head = flag.repeatable ? "'*'" : concat("'(", joined(flag.names, " "), ")'");
  const std::string value = flag.value ? offer(flag.placeholder, *flag.value) : "";
  return concat(head, names, "'[", escaped(flag.help), ']', value, '\'');
}

}  // namespace

std::string zsh_completion(const CompletionTree& tree) {
  std::string out =
      "#compdef simile\n# zsh completion for simile, made by: simile completion zsh\n\n"
      "_simile_or_files() {\n  local -a words=(\"$@\")\n  compadd -a words\n  _files\n}\n\n_simile() {\n"
      "  local context state state_descr line curcontext=$curcontext\n  typeset -A opt_args\n  local -a commands=(\n";
  for (const auto& command : tree.commands) out += concat("    '", command.name, ':', escaped(command.help), "'\n");
  out += "  )\n  _arguments -C \\\n";
  for (const auto& flag : tree.flags) out += concat("    ", flag_spec(flag), " \\\n");
  out +=
      "    '1: :->command' \\\n    '*:: :->arguments' && return\n"
      "  case $state in\n    command) _describe -t commands command commands ;;\n    arguments)\n"
      "      curcontext=\"${curcontext%:*}-$words[1]:\"\n      case $words[1] in\n";
  for (const auto& command : tree.commands) {
    out += concat("        ", command.name, ")\n          _arguments");
    for (const auto& flag : command.flags) out += concat(" \\\n            ", flag_spec(flag));
    if (command.argument) out += concat(" \\\n            '*", offer(command.placeholder, *command.argument), "'");
    out += " ;;\n";
  }
  // Autoloaded from a folder of functions, the file is the function's body; sourced, it registers itself.
  return out +
         "      esac ;;\n  esac\n}\n\nif [ \"$funcstack[1]\" = _simile ]; then\n  _simile \"$@\"\nelse\n"
         "  compdef _simile simile\nfi\n";
}

}  // namespace simile::cli
