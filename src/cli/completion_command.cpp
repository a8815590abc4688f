// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <ostream>

#include "cli/command.hpp"
#include "cli/completion.hpp"

#include "simile/core/error.hpp"
#include "simile/core/text.hpp"

namespace simile::cli {
namespace {

struct Shell {
  const char* name;
  std::string (*script)(const CompletionTree& tree);
};
constexpr std::array<Shell, 3> kShells{{{"bash", bash_completion}, {"zsh", zsh_completion}, {"fish", fish_completion}}};

const Shell& parse_shell(const std::string& text) {
  for (const auto& shell : kShells) {
    if (text == shell.name) return shell;
  }
  throw Error(ErrorCode::invalid_argument, concat("SHELL ", in_quotes(text), ": allowed are bash, zsh, fish"));
}

}  // namespace

Command add_completion_command(CLI::App& program) {
  CLI::App* const app =
      program.add_subcommand("completion", "Print a script that lets a shell complete simile's options");
  auto shell = std::make_shared<std::string>();
  std::vector<std::string> names;
  for (const auto& each : kShells) names.emplace_back(each.name);
  offer_words(app->add_option("SHELL", *shell, "bash, zsh or fish")->required()->type_name(""), names);
  app->footer(
      "bash:  source <(simile completion bash)         in ~/.bashrc\n"
      "zsh:   source <(simile completion zsh)          in ~/.zshrc, after compinit\n"
      "fish:  simile completion fish | source          in ~/.config/fish/config.fish\n"
      "Installed packages have all three in place.");
  return {app, [&program, shell](const Session& session) {
            session.streams.out << parse_shell(*shell).script(completion_tree(program));
          }};
}

}  // namespace simile::cli
