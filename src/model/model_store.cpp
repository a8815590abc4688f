// SPDX-License-Identifier: Apache-2.0
#include "simile/model/model_store.hpp"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <system_error>

#include "model/model_files.hpp"

#include "simile/core/error.hpp"
#include "simile/core/sha256.hpp"
#include "simile/core/text.hpp"

namespace simile {
namespace {

namespace fs = std::filesystem;

fs::path data_folder() {
  const auto absolute = [](const char* variable) {
    const char* const value = std::getenv(variable);  // NOLINT(concurrency-mt-unsafe)
    const fs::path path(value == nullptr ? "" : value);
    return path.is_absolute() ? path : fs::path();
  };
  if (const auto data = absolute("XDG_DATA_HOME"); !data.empty()) return data / "simile";
  if (const auto home = absolute("HOME"); !home.empty()) return home / ".local" / "share" / "simile";
  return {};
}

bool is_there(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

bool is_folder(const fs::path& path) {
  std::error_code ignored;
  return fs::is_directory(path, ignored);
}

/// "alexnet, resnet50".
std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const auto& name : names) text += concat(text.empty() ? "" : ", ", name);
  return text;
}

Model with_card(const fs::path& card_file) {
  Model model{read_model_card(card_file), card_file, {}};
  if (model.card.weights.empty()) {
    throw Error(ErrorCode::model, concat("model card ", in_quotes(card_file.native()), " names no weights"));
  }
  model.weights = card_file.parent_path() / model.card.weights;
  if (!is_there(model.weights)) {
    throw Error(ErrorCode::not_found, concat("the weights ", in_quotes(model.weights.native()), " of model ",
                                             in_quotes(model.card.name), " are not there"));
  }
  return model;
}

/// With the card beside a file, if it is about this file and of this architecture (empty: of any).
std::optional<Model> with_card_beside(const fs::path& weights, const std::string& architecture) {
  const fs::path card_file = weights.parent_path() / kCardName;
  if (!is_there(card_file)) return std::nullopt;
  ModelCard card;
  try {
    card = read_model_card(card_file);
  } catch (const Error&) {
    if (architecture.empty()) throw;
    return std::nullopt;  // of something else: what the user says is enough
  }
  if (!architecture.empty() && card.architecture != architecture) return std::nullopt;
  if (fs::path(card.weights).lexically_normal() != weights.filename()) return std::nullopt;
  return Model{std::move(card), card_file, weights};
}

Model with_architecture(const fs::path& weights, const std::string& architecture) {
  std::vector<std::string> known;
  for (const auto& card : built_in_cards()) known.push_back(card.name);
  if (architecture.empty()) {
    throw Error(ErrorCode::invalid_argument, concat(in_quotes(weights.native()), " has no ", kCardName,
                                                    " beside it: --arch says what it is: ", joined(known)));
  }
  const ModelCard* const built_in = find_built_in_card(architecture);
  if (built_in == nullptr) {
    throw Error(ErrorCode::invalid_argument,
                concat("--arch ", in_quotes(architecture), ": allowed are ", joined(known)));
  }
  Model model{*built_in, {}, weights};
  model.card.weights = weights.filename().native();
  model.card.source.clear();  // the card's is of other weights
  model.card.licence.clear();
  return model;
}

/// Throws unless `architecture` is empty or the model's.
Model checked(Model model, const std::string& architecture) {
  if (architecture.empty() || model.card.architecture == architecture) return model;
  throw Error(ErrorCode::invalid_argument,
              concat("--arch ", in_quotes(architecture), ": the card ", in_quotes(model.card_file.native()), " says ",
                     model.card.architecture));
}

}  // namespace

Model model_at(const fs::path& path, const std::string& architecture) {
  if (!is_there(path)) throw Error(ErrorCode::not_found, concat("there is no model ", in_quotes(path.native())));
  if (is_folder(path)) {
    if (is_there(path / kCardName)) return checked(with_card(path / kCardName), architecture);
    throw Error(ErrorCode::not_found, concat(in_quotes(path.native()), " holds no ", kCardName, ": it is no model"));
  }
  if (path.extension() == kCardExtension) return checked(with_card(path), architecture);
  if (path.extension() == kWeightsExtension) {
    if (auto model = with_card_beside(path, architecture)) return *std::move(model);
    return with_architecture(path, architecture);
  }
  throw Error(ErrorCode::invalid_argument,
              concat(in_quotes(path.native()),
                     " is neither a card (.json) nor weights (.safetensors); other formats, "
                     "such as PyTorch's pickles, which can run programs, are not read: models/README.md tells how to "
                     "convert them"));
}

namespace {

/// Whether it is a path by its looks.
bool is_path(const std::string& model) {
  const fs::path path(model);
  return model.find('/') != std::string::npos || model.starts_with('.') || path.extension() == kCardExtension ||
         path.extension() == kWeightsExtension;
}

/// The folder of this name in the store; empty when there is none.
fs::path find_folder(const ModelStore& store, const std::string& name) {
  if (!store.user.empty() && is_there(store.user / name / kCardName)) return store.user / name;
  for (const auto& shared : store.shared) {
    if (is_there(shared / name / kCardName)) return shared / name;
  }
  return {};
}

[[noreturn]] void throw_unknown(const ModelStore& store, const std::string& name) {
  std::vector<std::string> names;
  for (const auto& listed : list_models(store)) names.push_back(listed.name);
  const ModelCard* const built_in = find_built_in_card(name);
  throw Error(ErrorCode::not_found,
              concat("there is no model ", in_quotes(name), "; ",
                     names.empty() ? std::string("there are none at all") : concat("there are ", joined(names)),
                     built_in == nullptr ? std::string()
                                         : concat("; weights for ", name, ": --model FILE.safetensors --arch ", name,
                                                  ", published at ", built_in->source)));
}

}  // namespace

ModelStore default_model_store() {
  ModelStore store;
  if (const auto data = data_folder(); !data.empty()) store.user = data / "models";
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error).parent_path();
  if (!error) {
    const fs::path prefix = program.parent_path();
    store.shared = {program / "models", prefix / "models", prefix / "share" / "simile" / "models"};
  }
  return store;
}

fs::path find_in_store(const ModelStore& store, const std::string& model) {
  return model.empty() || is_path(model) ? fs::path() : find_folder(store, model);
}

Model find_model(const ModelStore& store, const std::string& model, const std::string& architecture) {
  const fs::path path(model);
  if (is_path(model)) return model_at(path, architecture);
  const fs::path folder = find_folder(store, model);
  if (folder.empty() && (model.empty() || !is_there(path))) throw_unknown(store, model);
  return model_at(folder.empty() ? path : folder, architecture);
}

void check_weights(const Model& model) {
  if (model.card.sha256.empty()) return;
  const std::string found = sha256_of_file(model.weights);
  if (found != model.card.sha256) throw_other_weights(model.weights, found, model.card.sha256);
}

std::vector<ListedModel> list_models(const ModelStore& store) {
  std::map<std::string, ListedModel> listed;
  const auto list = [&](const fs::path& folder, bool of_user) {
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(folder, error)) {
      const std::string name = entry.path().filename().native();
      if (!is_there(entry.path() / kCardName) || listed.contains(name)) continue;
      ListedModel& model = listed[name];
      model.name = name;
      model.of_user = of_user;
      try {
        model.model = with_card(entry.path() / kCardName);
      } catch (const Error& problem) {
        model.problem = problem.what();
      }
    }
  };
  if (!store.user.empty()) list(store.user, true);
  for (const auto& shared : store.shared) list(shared, false);
  std::vector<ListedModel> all;
  for (auto& [name, model] : listed) all.push_back(std::move(model));
  return all;
}

}  // namespace simile
