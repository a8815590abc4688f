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

/// The arguments with the environment's put right after the subcommand's name.
std::vector<std::string> complete(const std::vector<std::string>& arguments, const std::vector<Command>& commands) {
  for (auto word = arguments.begin(); word != arguments.end(); ++word) {
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

int parse_and_execute(const std::vector<std::string>& arguments, const Streams& streams,
                      const Cancellation& cancellation) {
  CLI::App program("Groups images by how alike they are, exactly.", "simile");
  program.set_version_flag("--version", concat("simile ", kVersion));
  program.set_config("--config", "", "Read options from a TOML file: one section a command, e.g. [cluster]");
  program.require_subcommand(1);
  program.get_formatter()->column_width(32);
  program.footer(
      "simile COMMAND --help tells more. Data goes to stdout, logs to stderr.\n"
      "Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted.");
  const std::array<Command (*)(CLI::App&), 3> adders{cli::add_cluster_command, cli::add_features_command,
                                                     cli::add_devices_command};
  std::vector<Command> commands;
  for (const auto& add : adders) commands.push_back(add(program));
  if (std::filesystem::exists("simile.toml")) program.get_config_ptr()->default_str("simile.toml");

  try {
    auto reversed = complete(arguments, commands);
    std::reverse(reversed.begin(), reversed.end());
    program.parse(reversed);
  } catch (const CLI::ParseError& error) {
    // CLI11 writes help and version to the first stream and errors to the second.
    return program.exit(error, streams.out, streams.err) == 0 ? kExitDone : kExitUsage;
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
