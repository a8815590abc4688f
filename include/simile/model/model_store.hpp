// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "simile/model/model_card.hpp"

namespace simile {

/// Folders with models: each model is a folder there, named as the model, that holds `card.json` and its weights.
struct ModelStore {
  std::filesystem::path user;                 ///< what the user added; empty: nowhere
  std::vector<std::filesystem::path> shared;  ///< what came with the program
};

/// $XDG_DATA_HOME/simile/models, else ~/.local/share/simile/models; and, from the program's folder, `models`,
/// `../models` (the build folder) and `../share/simile/models` (an installation).
ModelStore default_model_store();

/// A model that is there: what its card says, and its weights.
struct Model {
  ModelCard card;
  std::filesystem::path card_file;  ///< empty: a built-in card
  std::filesystem::path weights;
};

/// The model that a user means by `model`: a name in the store (the user's own first), a folder with `card.json` (as
/// training leaves it), a card, or a `.safetensors` file. Such a file has the card beside it, if that names the file,
/// or else the built-in one of `architecture`. A text with a '/' or one of these endings is a path.
/// Throws not_found saying which models there are; invalid_argument when an architecture is missing, not known or not
/// the card's, or the file is of a kind that is never read (pickles); model for a wrong card. Weights are not opened.
Model find_model(const ModelStore& store, const std::string& model, const std::string& architecture = {});

/// The folder of the model that `model` names, the user's own first; empty when it is a path, or no name of the store.
/// A name means the store's model also where a folder of this name lies in the working directory ("./NAME").
std::filesystem::path find_in_store(const ModelStore& store, const std::string& model);

/// Throws model unless the weights have the checksum that the card says. A card without one is not checked.
void check_weights(const Model& model);

/// A folder of the store.
struct ListedModel {
  std::string name;
  bool of_user = false;
  std::optional<Model> model;
  std::string problem;  ///< why there is no model: a wrong card, no weights
};

/// All models by name; one that the user added hides one of the same name that came with the program.
std::vector<ListedModel> list_models(const ModelStore& store);

/// A JSON array with an object a model; ends with a newline.
std::string to_json(const std::vector<ListedModel>& models);

struct AddModelOptions {
  std::string source;        ///< a folder with a card, a card, or a `.safetensors` file
  std::string name;          ///< empty: the card's
  std::string architecture;  ///< as for find_model()
  bool overwrite = false;    ///< replace the user's model of this name; hide one that came with the program
};

/// Copies a model to the user's store: checks that the weights are a `.safetensors` file with the card's checksum, and
/// writes them before the card, so that the model appears, or is replaced, whole. The new card names the new file and
/// its checksum. Throws as find_model(), invalid_argument when there is such a model and `overwrite` is not set, model
/// when the weights are not those of the card, io.
Model add_model(const ModelStore& store, const AddModelOptions& options);

struct RemovedModel {
  std::filesystem::path folder;
  std::int64_t num_files = 0;
  std::int64_t size_bytes = 0;          ///< of the files
  bool folder_stays = false;            ///< with files that are not simile's
  std::filesystem::path shown_instead;  ///< the model of this name that came with the program; empty: none
};

/// Removes a model that the user added: its card, first, its weights, and the folder, unless other files are in it,
/// which stay. `dry_run`: only says what would go. Throws not_found, invalid_argument for what came with the program
/// or is a symbolic link, io.
RemovedModel remove_model(const ModelStore& store, const std::string& name, bool dry_run);

}  // namespace simile
