// SPDX-License-Identifier: Apache-2.0
#include "simile/cli/run.hpp"

#include <algorithm>
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

std::vector<CLI::App*> parts_of(CLI::App& app) {
  return app.get_subcommands([](CLI::App* /*part*/) { return true; });
}

/// What a command line asks for: a command, a group without one of its commands, or the program itself.
struct Asked {
  CLI::App* app;    ///< the program's parser where no word is a command's name
  std::size_t end;  ///< number of arguments up to and with the last word of its name; 0 for the program
  bool is_command() const { return end > 0 && parts_of(*app).empty(); }
};

/// The first words that are names of a group and of one of its commands, or of a command.
Asked find_command(const Arguments& arguments, CLI::App& program) {
  Asked asked{&program, 0};
  for (std::size_t k = 0; k < arguments.size() && !asked.is_command(); ++k) {
    if (arguments[k] == "--config" && k + 1 < arguments.size()) {
      ++k;  // a file's name, whatever it is
      continue;
    }
    for (CLI::App* const part : parts_of(*asked.app)) {
      if (part->get_name() == arguments[k]) asked = {part, k + 1};
    }
  }
  return asked;
}

bool has_flag(const Arguments& arguments, std::string_view flag) {
  const auto end = std::find(arguments.begin(), arguments.end(), "--");
  return std::find(arguments.begin(), end, flag) != end;
}

/// What the user got wrong, naming it.
std::string explain(const CLI::ParseError& error, const CLI::App& program, const Asked& asked) {
  const std::string text = error.what();
  const auto left = program.remaining(true);
  if (error.get_name() == "ArgumentMismatch") return text.substr(0, text.find(':')) + " needs a value";
  constexpr std::string_view kConversion = "Could not convert: ";
  if (const auto sign = text.rfind(" = "); text.starts_with(kConversion) && sign != std::string::npos) {
    return concat(text.substr(kConversion.size(), sign - kConversion.size()), " ", in_quotes(text.substr(sign + 3)),
                  ": allowed are true and false");  // of a switch: other values are texts to CLI11
  }
  const CLI::App& command = *asked.app;
  const std::string name = asked.end == 0 ? "simile" : concat("simile ", cli::full_name(command));
  if (!asked.is_command()) {
    std::string known;
    for (const auto* each : parts_of(*asked.app)) known += concat(known.empty() ? "" : ", ", each->get_name());
    const std::string hint = concat("; commands are ", known, " (", name, " --help tells more)");
    const std::string of = asked.end == 0 ? "" : concat(" of ", name);
    if (left.empty())
      return concat(error.get_name() == "RequiredError" ? "a command" + of + " is missing" : text, hint);
    return concat(in_quotes(left.front()), left.front().starts_with('-') ? " is no option" : " is no command" + of,
                  hint);
  }
  const std::string hint = concat(" (", name, " --help tells more)");
  const auto is_flag = [](const std::string& word) { return word.size() > 1 && word.front() == '-'; };
  if (const auto flag = std::find_if(left.begin(), left.end(), is_flag); flag != left.end()) {
    return concat(*flag, cli::suggestion(command, *flag, ": no such option" + hint));
  }
  if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::ExtrasError)) {
    return concat(in_quotes(left.empty() ? text.substr(text.rfind(": ") + 2) : left.front()), " was not expected",
                  hint);
  }
  return text + (error.get_name() == "RequiredError" ? hint : "");
}

/// Every command, in the order in which people are shown them.
std::vector<Command> add_commands(CLI::App& program) {
  std::vector<Command> commands{cli::add_cluster_command(program),  cli::add_threshold_command(program),
                                cli::add_search_command(program),   cli::add_explain_command(program),
                                cli::add_features_command(program), cli::add_embed_command(program)};
  CLI::App& model = cli::add_group(program, "model", "Networks that turn images into embeddings");
  commands.push_back(cli::add_model_list_command(model));
  commands.push_back(cli::add_model_add_command(model));
  commands.push_back(cli::add_model_info_command(model));
  commands.push_back(cli::add_model_remove_command(model));
  CLI::App& train = cli::add_group(program, "train", "Train networks with your photos, or a helper with your labels");
  commands.push_back(cli::add_train_autoencoder_command(train));
  commands.push_back(cli::add_train_helper_command(train));
  commands.push_back(cli::add_train_finetune_command(train));
  commands.push_back(cli::add_predict_command(program));
  commands.push_back(cli::add_merge_command(program));
  commands.push_back(cli::add_undo_command(program));
  commands.push_back(cli::add_devices_command(program));
  commands.push_back(cli::add_completion_command(program));
  return commands;
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
  const std::vector<Command> commands = add_commands(program);
  program.footer(concat(cli::kSettingsHelp,
                        "\n\nsimile COMMAND --help tells more. Data goes to stdout, logs to stderr.\n"
                        "Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted."));

  const Asked asked = find_command(arguments, program);
  std::optional<cli::Settings> settings;
  Arguments all = arguments;
  if (has_flag(arguments, "--help") || has_flag(arguments, "-h")) {
    all = {"--help"};  // whatever else is right or wrong
    if (asked.end > 0)
      for_each_part(cli::full_name(*asked.app), ' ',
                    [&](std::string_view word) { all.insert(all.end() - 1, std::string(word)); });
  } else if (has_flag(arguments, "--version")) {
    all = {"--version"};
  } else if (asked.is_command()) {
    settings.emplace(program, *asked.app, arguments);
    const auto given = settings->arguments();
    all.insert(all.begin() + static_cast<std::ptrdiff_t>(asked.end), given.begin(), given.end());
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
    const std::string message = explain(error, program, asked);
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
