// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace simile {

/// How an image is brought to a network's input size.
enum class InputFit : unsigned char {
  crop,     ///< its shorter side to a length, then the middle of it
  stretch,  ///< to the size, whatever its shape
};

/// What one needs to know to use a network's weights: `card.json` beside them.
struct ModelCard {
  std::string name;          ///< letters, digits, '.', '_', '-'; at most 100, the first a letter or a digit
  std::string architecture;  ///< written as a name is; the one whose parameters' names the weights have ("resnet50")
  std::int64_t width_px = 0;
  std::int64_t height_px = 0;
  InputFit fit = InputFit::crop;
  std::int64_t shorter_side_px = 0;  ///< with crop: of the image before it is cropped; at least both sizes
  std::array<double, 3> mean{};      ///< of R, G, B in [0, 1]: what the network sees is (value - mean) / deviation
  std::array<double, 3> deviation{1, 1, 1};  ///< above 0
  std::string layer;                         ///< whose output is the embedding; empty: the architecture's usual one
  std::int64_t dimensions = 0;               ///< values of an embedding
  std::string licence;
  std::string source;    ///< where the weights are from
  std::string weights;   ///< their file, relative to the card and not above it; empty: none yet
  std::string sha256;    ///< of that file, 64 lower-case hexadecimal digits; empty: not known
  std::string training;  ///< how they were trained: a JSON object as text, or empty

  bool operator==(const ModelCard&) const = default;
};

/// `text` as a card may be named: other signs become '_', and what begins with none of its letters gets an "a".
std::string card_name(std::string_view text);

/// Throws model, saying which field has which wrong value, and what is allowed.
void validate(const ModelCard& card);

/// The card as a JSON text that parse_model_card() reads. Throws as validate().
std::string to_json(const ModelCard& card);

/// Reads what to_json() writes. Strict: a field that is missing, of another type, out of its range or unknown is an
/// error (model) that names it.
ModelCard parse_model_card(std::string_view json);

/// parse_model_card() of a file of at most 1 MB; errors name it, also not_found and io.
ModelCard read_model_card(const std::filesystem::path& path);

/// The cards of the architectures with published weights (models/*.json), by name. They name no weights; their
/// preprocessing is that of the weights in their `source`.
const std::vector<ModelCard>& built_in_cards();
/// The one of this name; nullptr when there is none.
const ModelCard* find_built_in_card(std::string_view name);

}  // namespace simile
