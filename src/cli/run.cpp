// SPDX-License-Identifier: Apache-2.0
#include "simile/cli/run.hpp"

#include <algorithm>
#include <array>
#include <exception>
#include <filesystem>
#include <new>
#include <ostream>

#include "cli/command.hpp"

#include "simile/core/error.hpp"
#include "simile/core/text.hpp"
#include "simile/core/version.hpp"

namespace simile {
namespace {

using cli::Command;

int exit_code(ErrorCode code) {
  switch (code) {
    case ErrorCode::invalid_argument:
      return kExitUsage;
    case ErrorCode::cancelled:
      return kExitInterrupted;
    default:
      return kExitFailed;
  }
}

int report(const Streams& streams, int code, std::string_view message) {
  streams.err << "simile: " << message << '\n' << std::flush;
  return code;
}

constexpr const char* kDefaultConfig = "simile.toml";

/// The arguments with the environment's put right after the subcommand's name.
std::vector<std::string> complete(const std::vector<std::string>& arguments, const std::vector<Command>& commands) {
  for (auto word = arguments.begin(); word != arguments.end(); ++word) {
    if (*word == "--config" && word + 1 != arguments.end()) {
      ++word;  // a file's name, whatever it is
      continue;
    }
    for (const auto& command : commands) {
      if (command.parser->get_name() != *word) continue;
      std::vector<std::string> all(arguments.begin(), word + 1);
      const auto rest = cli::with_environment(*command.parser, {word + 1, arguments.end()});
      all.insert(all.end(), rest.begin(), rest.end());
      return all;
    }
  }
  return arguments;
}

/// What the user got wrong, where CLI11's own message would not name it.
std::string explain(const CLI::ParseError& error, CLI::App& program, const std::vector<Command>& commands) {
  const auto left = program.remaining();
  if (program.get_subcommands().empty() && !left.empty() && error.get_name() == "RequiredError") {
    std::string known;
    for (const auto& command : commands) known += concat(known.empty() ? "" : ", ", command.parser->get_name());
    return concat(in_quotes(left.front()), left.front().starts_with('-') ? " is no option" : " is no command",
                  "; commands are ", known, " (simile --help tells more)");
  }
  if (error.get_name() == "ConfigError") {
    const CLI::Option& config = *program.get_config_ptr();
    const std::string text = error.what();
    std::string name = text.substr(text.rfind(' ') + 1);
    if (name.ends_with(".++")) name.resize(name.size() - 3);  // a section, as CLI11 writes it
    return concat("config file ", in_quotes(config.count() > 0 ? config.results().back() : kDefaultConfig), ": ",
                  in_quotes(name), " is not known (sections are commands, names are their flags without dashes)");
  }
  return {};
}

int parse_and_execute(const std::vector<std::string>& arguments, const Streams& streams,
                      const Cancellation& cancellation) {
  CLI::App program("Groups images by how alike they are, exactly.", "simile");
  program.set_version_flag("--version", concat("simile ", kVersion));
  program.set_config("--config", "", "Read options from a TOML file: one section a command, e.g. [cluster]");
  program.allow_config_extras(CLI::config_extras_mode::error);  // a misspelt option must not be passed over
  program.fallthrough();                                        // --config may also follow the command
  program.require_subcommand(1);
  program.get_formatter()->column_width(32);
  program.footer(
      "simile COMMAND --help tells more. Data goes to stdout, logs to stderr.\n"
      "Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted.");
  const std::array<Command (*)(CLI::App&), 3> adders{cli::add_cluster_command, cli::add_features_command,
                                                     cli::add_devices_command};
  std::vector<Command> commands;
  for (const auto& add : adders) commands.push_back(add(program));
  if (std::filesystem::is_regular_file(kDefaultConfig)) program.get_config_ptr()->default_str(kDefaultConfig);

  try {
    auto reversed = complete(arguments, commands);
    std::reverse(reversed.begin(), reversed.end());
    program.parse(reversed);
  } catch (const CLI::ParseError& error) {
    if (const auto message = explain(error, program, commands); !message.empty()) {
      return report(streams, kExitUsage, message);
    }
    // CLI11 writes help and version to the first stream and errors to the second.
    return program.exit(error, streams.out, streams.err) == 0 ? kExitDone : kExitUsage;
  } catch (const Error& error) {
    throw Error(error.code(), concat(error.what(), cli::environment_note(error.what(), arguments)), error.where());
  }
  for (const auto& command : commands) {
    if (command.parser->parsed()) command.execute({streams, cancellation, arguments});
  }
  return kExitDone;
}

}  // namespace

int run(const std::vector<std::string>& arguments, const Streams& streams, const Cancellation& cancellation) {
  try {
    return parse_and_execute(arguments, streams, cancellation);
  } catch (const Error& error) {
    if (error.code() == ErrorCode::internal) {
      return report(streams, kExitFailed,
                    concat("internal error, please report it: ", error.what(), " (", error.where().file_name(), ":",
                           error.where().line(), ")"));
    }
    return report(streams, exit_code(error.code()), error.what());
  } catch (const std::filesystem::filesystem_error& error) {
    return report(streams, kExitFailed, concat(in_quotes(error.path1().native()), ": ", error.code().message()));
  } catch (const std::bad_alloc&) {
    return report(streams, kExitFailed, "out of memory (lower --memory or --threads)");
  } catch (const std::exception& error) {
    return report(streams, kExitFailed, error.what());
  }
}

}  // namespace simile
