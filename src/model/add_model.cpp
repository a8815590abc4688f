// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdint>
#include <system_error>
#include <vector>

#include "model/model_files.hpp"
#include "model/store_folder.hpp"

#include "simile/core/atomic_file.hpp"
#include "simile/core/error.hpp"
#include "simile/core/input_file.hpp"
#include "simile/core/sha256.hpp"
#include "simile/core/text.hpp"
#include "simile/model/model_store.hpp"
#include "simile/model/safetensors.hpp"

namespace simile {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kPieceBytes = 1 << 20;

/// Copies a file piece by piece; gives the checksum of what was copied.
std::string copy_file(const fs::path& from, AtomicFile& to) {
  const InputFile file(from);
  Sha256 hash;
  std::vector<std::uint8_t> piece(static_cast<std::size_t>(std::min(kPieceBytes, file.size_bytes())));
  for (std::int64_t at = 0; at < file.size_bytes(); at += std::ssize(piece)) {
    piece.resize(static_cast<std::size_t>(std::min(std::ssize(piece), file.size_bytes() - at)));
    naming(from, [&] { file.read_at(at, piece.data(), std::ssize(piece)); });
    hash.add(piece.data(), piece.size());
    to.write(piece);
  }
  return to_hex(hash.digest());
}

void check_target(const ModelStore& store, const std::string& name, bool overwrite) {
  if (overwrite) return;
  if (fs::exists(store.user / name / kCardName)) {
    throw Error(
        ErrorCode::invalid_argument,
        concat("model ", in_quotes(name), " exists (--overwrite replaces it, --name gives the new one another name)"));
  }
  for (const auto& shared : store.shared) {
    std::error_code ignored;
    if (!fs::exists(shared / name / kCardName, ignored)) continue;
    throw Error(ErrorCode::invalid_argument,
                concat("a model ", in_quotes(name),
                       " came with simile (--name gives yours another name, --overwrite lets it hide that one)"));
  }
}

/// Copies the weights under a name that says their checksum, which is known when all is copied; gives `card` with both.
ModelCard write_weights(const fs::path& folder, const fs::path& source, ModelCard card) {
  const fs::path arriving = folder / concat(kTemporaryPrefix, "arriving", kWeightsExtension);
  AtomicFile file(arriving);
  const std::string checksum = copy_file(source, file);
  if (!card.sha256.empty() && checksum != card.sha256) throw_other_weights(source, checksum, card.sha256);
  file.commit();
  card.sha256 = checksum;
  card.weights = concat(kWeightsPrefix, checksum.substr(0, kDigitsInName), kWeightsExtension);
  if (SafetensorsFile(arriving).tensors().empty()) {
    throw Error(ErrorCode::model, concat(in_quotes(source.native()), " has no tensors"));
  }
  fs::rename(arriving, folder / card.weights);
  return card;
}

Model write_model(const fs::path& folder, const Model& source, const ModelCard& source_card) {
  const bool is_new = !fs::exists(folder / kCardName);
  fs::create_directories(folder);
  try {
    const ModelCard card = write_weights(folder, source.weights, source_card);
    write_text(folder / kCardName, to_json(card));
    sync_folder(folder);
    remove_leftovers(folder, card.weights);
    return {card, folder / kCardName, folder / card.weights};
  } catch (...) {
    if (is_new) {
      std::error_code ignored;
      remove_leftovers(folder, {});
      fs::remove(folder, ignored);  // only when it is empty
    }
    throw;
  }
}

}  // namespace

void throw_other_weights(const fs::path& weights, const std::string& found, const std::string& wanted) {
  throw Error(ErrorCode::model,
              concat(in_quotes(weights.native()), " is not the file that its card describes: its SHA-256 is ", found,
                     ", the card's ", wanted));
}

Model add_model(const ModelStore& store, const AddModelOptions& options) {
  if (store.user.empty()) {
    throw Error(ErrorCode::io, "there is no place for models: neither HOME nor XDG_DATA_HOME is set");
  }
  const Model source = model_at(options.source, options.architecture);
  SafetensorsFile(source.weights);  // says what is wrong before anything is written
  ModelCard card = source.card;
  if (!options.name.empty()) card.name = options.name;
  validate(card);
  try {
    fs::create_directories(store.user);
    const StoreLock lock(store.user);
    check_target(store, card.name, options.overwrite);
    return write_model(store.user / card.name, source, card);
  } catch (const fs::filesystem_error& error) {
    throw Error(ErrorCode::io,
                concat("cannot write ", in_quotes(error.path1().native()), ": ", error.code().message()));
  }
}

}  // namespace simile
