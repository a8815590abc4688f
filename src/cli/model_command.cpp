// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <ostream>
#include <string_view>
#include <utility>

#include "cli/command.hpp"
#include "cli/completion.hpp"

#include "simile/core/text.hpp"
#include "simile/core/units.hpp"
#include "simile/model/model_info.hpp"
#include "simile/model/model_store.hpp"

namespace simile::cli {
namespace {

struct ModelFlags {
  std::string model;
  AddModelOptions add;
  bool tensors = false;
  bool json = false;
  bool dry_run = false;
};

void add_architecture_option(CLI::App& app, std::string& target) {
  std::vector<std::string> names;
  for (const auto& card : built_in_cards()) names.push_back(card.name);
  offer_words(app.add_option("--arch", target, "Architecture of a .safetensors file without a card")
                  ->type_name("NAME")
                  ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast),
              names);
}

void add_json_option(CLI::App& app, bool& target) { app.add_flag("--json", target, "For programs: JSON on stdout"); }

using Row = std::array<std::string, 5>;

void print_table(std::ostream& out, const std::vector<Row>& rows) {
  std::array<std::size_t, 5> widths{};
  for (const auto& row : rows) {
    for (std::size_t k = 0; k < row.size(); ++k) widths[k] = std::max(widths[k], row[k].size());
  }
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t k = 0; k + 1 < row.size(); ++k) line += row[k] + std::string(widths[k] - row[k].size() + 2, ' ');
    out << line << row.back() << '\n';
  }
}

void print_list(const std::vector<ListedModel>& models, const ModelStore& store, const Streams& streams) {
  if (models.empty()) {
    streams.err << "simile: there are no models in " << in_quotes(store.user.native());
    for (const auto& folder : store.shared) streams.err << ", " << in_quotes(folder.native());
    streams.err << "; scripts/set-up-models makes the default one, simile model add takes yours\n";
    return;
  }
  std::vector<Row> rows{{"NAME", "ARCHITECTURE", "INPUT", "VALUES", "FROM"}};
  for (const auto& listed : models) {
    const std::string from = listed.of_user ? "you" : "simile";
    if (!listed.model) {
      rows.push_back({to_valid_utf8(listed.name), "-", "-", "-", concat(from, "; not usable: ", listed.problem)});
      continue;
    }
    const ModelCard& card = listed.model->card;
    rows.push_back({to_valid_utf8(listed.name), card.architecture, concat(card.width_px, "x", card.height_px),
                    std::to_string(card.dimensions), from});
  }
  print_table(streams.out, rows);
}

std::string joined(const std::array<double, 3>& numbers) {
  return concat(numbers[0], " ", numbers[1], " ", numbers[2]);
}

/// How images are brought to the network, and who says so: weights do not say it themselves.
std::string preprocessing(const ModelCard& card, const Model& source) {
  const std::string what =
      concat("input ", describe_input(card), "; mean ", joined(card.mean), ", std ", joined(card.deviation), ", as ");
  if (!source.card_file.empty()) return concat(what, in_quotes(to_valid_utf8(source.card_file.native())), " says");
  return concat(what, "the weights published at ", find_built_in_card(card.architecture)->source,
                " want it; if yours want something else, change it in card.json there");
}

std::string shape_text(const TensorInfo& tensor) {
  std::string text;
  for (const auto extent : tensor.shape) text += concat(text.empty() ? "" : ", ", extent);
  return concat("[", text, "]");
}

bool fits(const StateMatch& match) { return match.missing.empty() && match.misshapen.empty(); }

/// "all 296 tensors of the architecture are there".
std::string describe_match(const StateMatch& match) {
  const auto part = [](const std::vector<std::string>& names, std::string_view what) {
    return names.empty() ? std::string()
                         : concat(names.size(), " ", what, ": ", to_valid_utf8(names.front()),
                                  names.size() > 1 ? ", ...; " : "; ");
  };
  std::string text = part(match.missing, "missing") + part(match.misshapen, "of another shape") +
                     part(match.unexpected, "that the architecture has not");
  if (!text.empty()) text.resize(text.size() - 2);
  return text.empty() ? "the architecture's tensors, by name and shape" : text;
}

void print_info(std::ostream& out, const ModelInfo& info, bool tensors) {
  const ModelCard& card = info.model.card;
  const auto line = [&](std::string_view what, const std::string& value) {
    out << what << std::string(14 - what.size(), ' ') << (value.empty() ? "not known" : value) << '\n';
  };
  line("name", card.name);
  line("architecture", card.architecture);
  line("input", describe_input(card));
  line("mean", joined(card.mean));
  line("std", joined(card.deviation));
  line("embedding", concat(format_counted(card.dimensions, "value", "values"),
                           card.layer.empty() ? std::string() : concat(" of layer ", card.layer)));
  line("licence", to_valid_utf8(card.licence));
  line("source", to_valid_utf8(card.source));
  line("card", info.model.card_file.empty() ? "built in" : to_valid_utf8(info.model.card_file.native()));
  line("weights", to_valid_utf8(info.model.weights.native()));
  line("", concat(format_bytes(info.size_bytes), ", ", format_counted(std::ssize(info.tensors), "tensor", "tensors"),
                  ", ", format_counted(info.num_values, "value", "values")));
  line("SHA-256", card.sha256.empty() ? "" : concat(card.sha256, ", checked"));
  if (info.match) line(fits(*info.match) ? "fits" : "does not fit", describe_match(*info.match));
  if (!tensors) return;
  for (const auto& tensor : info.tensors) {
    out << "  " << in_quotes(tensor.name) << ' ' << to_string(tensor.type) << ' ' << shape_text(tensor) << '\n';
  }
}

}  // namespace

Command add_model_list_command(CLI::App& parent) {
  auto flags = std::make_shared<ModelFlags>();
  CLI::App* const app = parent.add_subcommand("list", "List the models that --model NAME finds");
  add_json_option(*app, flags->json);
  return {app, [flags](const Session& session) {
            const ModelStore store = default_model_store();
            const auto models = list_models(store);
            if (flags->json) {
              session.streams.out << to_json(models);
            } else {
              print_list(models, store, session.streams);
            }
          }};
}

Command add_model_add_command(CLI::App& parent) {
  auto flags = std::make_shared<ModelFlags>();
  CLI::App* const app = parent.add_subcommand("add", "Copy a model to where --model NAME finds it");
  app->add_option("FILE", flags->add.source, "A card.json, its folder, or a .safetensors file (then with --arch)")
      ->required()
      ->type_name("");
  app->add_option("--name", flags->add.name, "Name in the list (default: the card's, or the architecture)")
      ->type_name("NAME")
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  add_architecture_option(*app, flags->add.architecture);
  app->add_flag("--overwrite", flags->add.overwrite, "Replace a model of this name");
  app->footer(concat("Weights are copied to ~/.local/share/simile/models ($XDG_DATA_HOME).\n\n", kSettingsHelp));
  return {app, [flags](const Session& session) {
            const ModelStore store = default_model_store();
            const Model source = find_model(store, flags->add.source, flags->add.architecture);
            check_architecture(inspect_model(source));
            const Model model = add_model(store, flags->add);
            session.streams.out << "added " << model.card.name << " to "
                                << in_quotes(model.card_file.parent_path().native()) << '\n'
                                << preprocessing(model.card, source) << '\n';
          }};
}

Command add_model_info_command(CLI::App& parent) {
  auto flags = std::make_shared<ModelFlags>();
  CLI::App* const app = parent.add_subcommand("info", "Say what a model is, and check its weights");
  app->add_option("FILE", flags->model,
                  "Which model: a name of simile model list, a card.json, its folder, or a .safetensors file")
      ->required()
      ->type_name("");
  add_architecture_option(*app, flags->add.architecture);
  app->add_flag("--tensors", flags->tensors, "List every tensor, too");
  add_json_option(*app, flags->json);
  return {app, [flags](const Session& session) {
            const Model model = find_model(default_model_store(), flags->model, flags->add.architecture);
            const ModelInfo info = inspect_model(model);
            if (flags->json) {
              session.streams.out << to_json(info);
            } else {
              print_info(session.streams.out, info, flags->tensors);
            }
            check_architecture(info);
          }};
}

Command add_model_remove_command(CLI::App& parent) {
  auto flags = std::make_shared<ModelFlags>();
  CLI::App* const app = parent.add_subcommand("remove", "Remove a model that you added");
  app->add_option("NAME", flags->model, "Its name in simile model list")->required()->type_name("");
  app->add_flag("--dry-run", flags->dry_run, "Only say what would be removed");
  app->footer(
      concat("The copy in your folder of models goes, with its card. The file that it was added from stays; so do "
             "models\nthat came with simile, and files in the folder that are not simile's.\n\n",
             kSettingsHelp));
  return {app, [flags](const Session& session) {
            const RemovedModel removed = remove_model(default_model_store(), flags->model, flags->dry_run);
            session.streams.out << (flags->dry_run ? "to be removed: " : "removed ") << flags->model << ", "
                                << format_counted(removed.num_files, "file", "files") << " of "
                                << format_bytes(removed.size_bytes) << " in " << in_quotes(removed.folder.native())
                                << '\n';
            if (removed.folder_stays) session.streams.out << "other files there stay\n";
            if (!removed.shown_instead.empty()) {
              session.streams.out << "--model " << flags->model << (flags->dry_run ? " will mean" : " means")
                                  << " the one that came with simile\n";
            }
            if (flags->dry_run) session.streams.out << "nothing was removed (--dry-run)\n";
          }};
}

}  // namespace simile::cli
