// SPDX-License-Identifier: Apache-2.0
#include "cli/completion.hpp"

#include "simile/core/text.hpp"

namespace simile::cli {
namespace {

std::string fish_quoted(std::string_view text) {
  std::string out = "'";
  for (const char character : text) {
    if (character == '\'' || character == '\\') out += '\\';
    out += character;
  }
  return out += '\'';
}

/// The options of `complete` that offer a value: -x takes no files, -F does even where others do not.
std::string offer(const CompletionValue& value) {
  std::string out;
  if (!value.words.empty()) out += concat(" -a ", fish_quoted(joined(value.words, " ")));
  if (value.folders) out += " -a '(__fish_complete_directories (commandline -ct))'";
  return out + (value.files ? " -F" : "");
}

std::string flag_line(const std::string& condition, const CompletionFlag& flag) {
  std::string out = concat("complete -c simile", condition);
  for (const auto& name : flag.names) out += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
  out += concat(" -d ", fish_quoted(flag.help));
  if (flag.value) out += concat(flag.value->files ? " -r" : " -x", offer(*flag.value));
  return out + '\n';
}

constexpr std::string_view kHead = R"(# fish completion for simile, made by: simile completion fish

# The command in the line so far; nothing before it.
function __simile_command
    set -l words (commandline -opc)
    set -e words[1]
    set -l skip no
    set -l command
    for word in $words
        if test $skip = yes
            set skip no
            continue
        end
        switch "$command$word"
)";

/// A command within a group, or within nothing where `group` is empty.
void add_command(const std::string& group, const CompletionCommand& command, std::string& out) {
  const std::string name = group.empty() ? command.name : concat(group, ' ', command.name);
  const std::string within = concat(" -n 'contains -- ", concat('"', name, '"'), " (__simile_command)'");
  out += '\n';
  if (command.argument) out += concat("complete -c simile", within, offer(*command.argument), '\n');
  for (const auto& part : command.commands) {
    out += concat("complete -c simile", within, " -a ", part.name, " -d ", fish_quoted(part.help), '\n');
  }
  for (const auto& flag : command.flags) out += flag_line(within, flag);
  for (const auto& part : command.commands) add_command(name, part, out);
}

}  // namespace

std::string fish_completion(const CompletionTree& tree) {
  std::string out(kHead);
  for (const auto& flag : tree.flags) {
    if (flag.value) out += concat("            case ", joined(flag.names, " "), "\n                set skip yes\n");
  }
  for (const auto& command : tree.commands) {
    out += concat("            case ", command.name, "\n");
    if (command.commands.empty()) {
      out += "                echo $word\n                return\n";
      continue;
    }
    out += "                set command \"$word \"\n";
    for (const auto& part : command.commands) {
      out += concat("            case '", command.name, ' ', part.name,
                    "'\n                echo $command$word\n                return\n");
    }
  }
  out +=
      "        end\n    end\n    if test -n \"$command\"\n        string trim $command\n    end\nend\n\n"
      "complete -c simile -f\n";
  const std::string none = " -n 'test (count (__simile_command)) = 0'";
  for (const auto& flag : tree.flags) out += flag_line(none, flag);
  for (const auto& command : tree.commands) {
    out += concat("complete -c simile", none, " -a ", command.name, " -d ", fish_quoted(command.help), '\n');
  }
  for (const auto& command : tree.commands) add_command({}, command, out);
  return out;
}

}  // namespace simile::cli
