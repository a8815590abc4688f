// SPDX-License-Identifier: Apache-2.0
#include "cli/completion.hpp"

#include "simile/core/text.hpp"

namespace simile::cli {
namespace {

std::string all_names(const std::vector<CompletionFlag>& flags) {
  std::string names;
  for (const auto& flag : flags) names += concat(names.empty() ? "" : " ", joined(flag.names, " "));
  return names;
}

/// The call that offers a value: _simile_offer WHAT WORDS.
std::string offer(const CompletionValue& value) {
  const char* const what = value.files ? "files" : value.folders ? "folders" : "words";
  return concat("_simile_offer ", what, " '", joined(value.words, " "), "'");
}

/// Cases "command:flag" of a command, or of the program itself where `command` is empty.
std::string flag_cases(const std::string& command, const std::vector<CompletionFlag>& flags) {
  std::string out;
  for (const auto& flag : flags) {
    if (!flag.value) continue;
    std::string patterns;
    for (const auto& name : flag.names) patterns += concat(patterns.empty() ? "" : "|", '\'', command, ':', name, '\'');
    out += concat("    ", patterns, ") ", offer(*flag.value), "; return ;;\n");
  }
  return out;
}

/// A command or a group by its whole name, such as "train helper".
struct Named {
  std::string name;
  const CompletionCommand& command;
};

std::vector<Named> all_named(const CompletionTree& tree) {
  std::vector<Named> named;
  for (const auto& command : tree.commands) {
    named.push_back({command.name, command});
    for (const auto& part : command.commands) named.push_back({concat(command.name, ' ', part.name), part});
  }
  return named;
}

constexpr std::string_view kHead = R"(# bash completion for simile, made by: simile completion bash

# WHAT (words, files, folders) and further WORDS that fit what is being typed go to COMPREPLY.
_simile_offer() {
  case $1 in
    files) mapfile -t COMPREPLY < <(compgen -W "$2" -- "$word"; compgen -f -- "$word") ;;
    folders) mapfile -t COMPREPLY < <(compgen -W "$2" -- "$word"; compgen -d -- "$word") ;;
    *) mapfile -t COMPREPLY < <(compgen -W "$2" -- "$word") ;;
  esac
  # Without a match readline would offer files; where paths are wanted, it may: it knows more about quotes.
  if [ "$1" = words ]; then compopt +o default 2> /dev/null; else compopt -o filenames 2> /dev/null; fi
}

_simile() {
  local word=${COMP_WORDS[COMP_CWORD]} flag=${COMP_WORDS[COMP_CWORD-1]} command= k
  # "--flag=value" arrives as three words.
  if [ "$word" = = ]; then
    word=
  elif [ "$flag" = = ]; then
    flag=${COMP_WORDS[COMP_CWORD-2]}
  fi
  for ((k = 1; k < COMP_CWORD; ++k)); do
    case "${command:+$command }${COMP_WORDS[k]}" in
)";

}  // namespace

std::string bash_completion(const CompletionTree& tree) {
  const auto named = all_named(tree);
  std::string out(kHead);
  for (const auto& flag : tree.flags) {
    if (!flag.value) continue;
    out += concat("      ", joined(flag.names, "|"),
                  ") if [ \"${COMP_WORDS[k+1]}\" = = ]; then ((k += 2)); else ((++k)); fi ;;\n");
  }
  for (const auto& [name, command] : named) {
    out += concat("      '", name, "') command='", name, command.commands.empty() ? "'; break ;;\n" : "' ;;\n");
  }
  out += "    esac\n  done\n  case $command:$flag in\n" + flag_cases("", tree.flags);
  for (const auto& [name, command] : named) out += flag_cases(name, command.flags);
  out += "  esac\n  case $command:$word in\n";
  out += concat("    :-*) _simile_offer words '", all_names(tree.flags), "' ;;\n");
  out += concat("    :*) _simile_offer words '", joined(names_of(tree.commands), " "), "' ;;\n");
  for (const auto& [name, command] : named) {
    out += concat("    '", name, ":-'*) _simile_offer words '", all_names(command.flags), "' ;;\n");
    const CompletionValue value =
        command.argument.value_or(CompletionValue{names_of(command.commands), /*files=*/false, /*folders=*/false});
    out += concat("    '", name, ":'*) ", offer(value), " ;;\n");
  }
  return out + "  esac\n}\n\ncomplete -o default -F _simile simile\n";
}

}  // namespace simile::cli
