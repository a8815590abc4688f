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

/// A parser of `commands` and what follows each, at some depth of the line; states are named by `level`.
std::string parser(const std::vector<CompletionFlag>& flags, const std::vector<CompletionCommand>& commands,
                   const std::string& level, const std::string& indent);

std::string command_case(const CompletionCommand& command, const std::string& indent) {
  std::string out = concat(indent, command.name, ")\n");
  if (!command.commands.empty()) {
    return out + parser(command.flags, command.commands, command.name, indent + "  ") + indent + "  ;;\n";
  }
  out += concat(indent, "  _arguments");
  for (const auto& flag : command.flags) out += concat(" \\\n", indent, "    ", flag_spec(flag));
  if (command.argument) {
    out += concat(" \\\n", indent, "    '*", offer(command.placeholder, *command.argument), "'");
  }
  return out + " ;;\n";
}

std::string parser(const std::vector<CompletionFlag>& flags, const std::vector<CompletionCommand>& commands,
                   const std::string& level, const std::string& indent) {
  std::string out = concat(indent, "local -a ", level, "_commands=(\n");
  for (const auto& command : commands) {
    out += concat(indent, "  '", command.name, ':', escaped(command.help), "'\n");
  }
  out += concat(indent, ")\n", indent, "_arguments -C \\\n");
  for (const auto& flag : flags) out += concat(indent, "  ", flag_spec(flag), " \\\n");
  out += concat(indent, "  '1: :->", level, "_command' \\\n", indent, "  '*:: :->", level, "_arguments' && return\n");
  out += concat(indent, "case $state in\n", indent, "  ", level, "_command) _describe -t commands command ", level,
                "_commands ;;\n", indent, "  ", level, "_arguments)\n");
  out += concat(indent, "    curcontext=\"${curcontext%:*}-$words[1]:\"\n", indent, "    case $words[1] in\n");
  for (const auto& command : commands) out += command_case(command, indent + "      ");
  return out + indent + "    esac ;;\n" + indent + "esac\n";
}

}  // namespace

std::string zsh_completion(const CompletionTree& tree) {
  // Autoloaded from a folder of functions, the file is the function's body; sourced, it registers itself.
  return concat(
      "#compdef simile\n# zsh completion for simile, made by: simile completion zsh\n\n"
      "_simile_or_files() {\n  local -a words=(\"$@\")\n  compadd -a words\n  _files\n}\n\n_simile() {\n"
      "  local context state state_descr line curcontext=$curcontext\n  typeset -A opt_args\n",
      parser(tree.flags, tree.commands, "simile", "  "),
      "}\n\nif [ \"$funcstack[1]\" = _simile ]; then\n  _simile \"$@\"\nelse\n  compdef _simile simile\nfi\n");
}

}  // namespace simile::cli
