// SPDX-License-Identifier: Apache-2.0
#include "simile/cli/run.hpp"

#include <algorithm>
#include <array>
#include <exception>
#include <filesystem>
#include <new>
#include <optional>
#include <ostream>

#include "cli/command.hpp"
#include "cli/settings.hpp"

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

/// How options are shown in help: "--out DIR   Result folder (default: PHOTOS_clustered)".
class HelpFormatter : public CLI::Formatter {
 public:
  std::string make_option_opts(const CLI::Option* option) const override {
    return option->get_positional() || option->get_type_name().empty() || option->get_expected_max() == 0
               ? ""
               : " " + option->get_type_name();
  }
  std::string make_option_desc(const CLI::Option* option) const override {
    const std::string& shown = option->get_default_str();
    std::string text = option->get_description();
    if (option->get_required() && !option->get_positional()) text += " (required)";
    if (!shown.empty()) text += concat(" (default: ", shown, ")");
    return text;
  }
};

using Arguments = std::vector<std::string>;

/// The first word that is a command's name; the end where there is none.
Arguments::const_iterator find_command(const Arguments& arguments, const std::vector<Command>& commands) {
  for (auto word = arguments.begin(); word != arguments.end(); ++word) {
    if (*word == "--config" && word + 1 != arguments.end()) {
      ++word;  // a file's name, whatever it is
      continue;
    }
    const auto is_it = [&](const Command& command) { return command.parser->get_name() == *word; };
    if (std::any_of(commands.begin(), commands.end(), is_it)) return word;
  }
  return arguments.end();
}

bool has_flag(const Arguments& arguments, std::string_view flag) {
  const auto end = std::find(arguments.begin(), arguments.end(), "--");
  return std::find(arguments.begin(), end, flag) != end;
}

/// What the user got wrong, naming it.
std::string explain(const CLI::ParseError& error, const CLI::App& program, const CLI::App* command,
                    const std::vector<Command>& commands) {
  const std::string text = error.what();
  const auto left = program.remaining(true);
  if (error.get_name() == "ArgumentMismatch") return text.substr(0, text.find(':')) + " needs a value";
  constexpr std::string_view kConversion = "Could not convert: ";
  if (const auto sign = text.rfind(" = "); text.starts_with(kConversion) && sign != std::string::npos) {
    return concat(text.substr(kConversion.size(), sign - kConversion.size()), " ", in_quotes(text.substr(sign + 3)),
                  ": allowed are true and false");  // of a switch: other values are texts to CLI11
  }
  if (command == nullptr) {
    std::string known;
    for (const auto& each : commands) known += concat(known.empty() ? "" : ", ", each.parser->get_name());
    const std::string hint = concat("; commands are ", known, " (simile --help tells more)");
    if (left.empty()) return concat(error.get_name() == "RequiredError" ? "a command is missing" : text, hint);
    return concat(in_quotes(left.front()), left.front().starts_with('-') ? " is no option" : " is no command", hint);
  }
  const std::string hint = concat(" (simile ", command->get_name(), " --help tells more)");
  const auto is_flag = [](const std::string& word) { return word.size() > 1 && word.front() == '-'; };
  if (const auto flag = std::find_if(left.begin(), left.end(), is_flag); flag != left.end()) {
    return concat(*flag, cli::suggestion(*command, *flag, ": no such option" + hint));
  }
  if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::ExtrasError)) {
    return concat(in_quotes(left.empty() ? text.substr(text.rfind(": ") + 2) : left.front()), " was not expected",
                  hint);
  }
  return text + (error.get_name() == "RequiredError" ? hint : "");
}

int parse_and_execute(const Arguments& arguments, const Streams& streams, const Cancellation& cancellation,
                      const std::string& decode_worker) {
  CLI::App program("Groups images by how alike they are, exactly.", "simile");
  program.formatter(std::make_shared<HelpFormatter>());
  program.get_formatter()->column_width(32);
  program.set_version_flag("--version", concat("simile ", kVersion));
  std::string config;  // named_config() reads it from the arguments, before they are parsed
  program.add_option("--config", config, "Read options from a TOML file: one section a command, e.g. [cluster]")
      ->type_name("FILE")
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  program.fallthrough();  // --config may also follow the command
  program.require_subcommand(1);
  const std::array adders{cli::add_cluster_command, cli::add_threshold_command, cli::add_search_command,
                          cli::add_explain_command, cli::add_features_command,  cli::add_merge_command,
                          cli::add_undo_command,    cli::add_devices_command,   cli::add_completion_command};
  std::vector<Command> commands;
  for (const auto& add : adders) commands.push_back(add(program));
  program.footer(concat(cli::kSettingsHelp,
                        "\n\nsimile COMMAND --help tells more. Data goes to stdout, logs to stderr.\n"
                        "Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted."));

  const auto word = find_command(arguments, commands);
  CLI::App* const command = word == arguments.end() ? nullptr : program.get_subcommand(*word);
  std::optional<cli::Settings> settings;
  Arguments all = arguments;
  if (has_flag(arguments, "--help") || has_flag(arguments, "-h")) {
    all = command == nullptr ? Arguments{"--help"} : Arguments{*word, "--help"};  // whatever else is right or wrong
  } else if (has_flag(arguments, "--version")) {
    all = {"--version"};
  } else if (command != nullptr) {
    settings.emplace(program, *command, arguments);
    const auto given = settings->arguments();
    all.insert(all.begin() + (word - arguments.begin()) + 1, given.begin(), given.end());
  }

  try {
    std::reverse(all.begin(), all.end());
    program.parse(all);
    for (const auto& each : commands) {
      if (each.parser->parsed()) each.execute({streams, cancellation, arguments, decode_worker});
    }
  } catch (const CLI::ParseError& error) {
    // CLI11 writes help and version to the first stream.
    if (error.get_exit_code() == 0) return program.exit(error, streams.out, streams.err);
    const std::string message = explain(error, program, command, commands);
    if (!settings) return report(streams, kExitUsage, message);
    const bool of_value = error.get_name() == "ValidationError";
    return report(streams, kExitUsage, of_value ? settings->explain(message) : settings->as_typed(message));
  } catch (const Error& error) {
    if (!settings) throw;
    throw Error(error.code(), settings->explain(error.what()), error.where());
  }
  return kExitDone;
}

}  // namespace

int run(const std::vector<std::string>& arguments, const Streams& streams, const Cancellation& cancellation,
        const std::string& decode_worker) {
  try {
    return parse_and_execute(arguments, streams, cancellation, decode_worker);
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
