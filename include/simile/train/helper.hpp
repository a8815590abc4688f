// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "simile/train/linear_probe.hpp"

namespace simile {

/// What a helper is. linear: multinomial logistic regression; ridge: least squares; mlp: one hidden layer with ReLU;
/// finetune: linear, on vectors of the network beside it, whose last stages were trained together with it.
enum class HelperKind : unsigned char { linear, ridge, mlp, finetune };

std::string_view to_string(HelperKind kind);
/// Throws invalid_argument naming --kind and what is allowed.
HelperKind parse_helper_kind(std::string_view text);

/// A trained helper: unit vectors go through its layers, with max(0, x) between them; the last one's outputs, divided
/// by the temperature, are logits.
struct Helper {
  HelperKind kind = HelperKind::linear;
  std::vector<std::string> classes;  ///< UTF-8, ascending bytes
  std::vector<LinearModel> layers;   ///< one, or two for mlp; the last has a row for each class
  double temperature = 1;
  std::string embedding;         ///< what the vectors are, for people: "vectors of 1280 values"
  std::string model{};           ///< network that made them, Features::model; empty: not known
  std::string architecture{};    ///< Features::architecture
  std::string model_identity{};  ///< Features::model_identity
  ProbeOptions probe{};          ///< with which it was fitted, for the next round

  std::int64_t dimensions() const { return layers.front().dimensions(); }
};

/// helper.json and helper.safetensors in `folder`. `extra`: a JSON object of figures that helper.json also keeps.
/// Throws io.
void write_helper(const std::filesystem::path& folder, const Helper& helper, const std::string& extra);

/// Whether `folder` holds a helper.
bool is_helper(const std::filesystem::path& folder);
/// Throws invalid_argument, naming both, when the vectors were made by another network than the helper's. What is not
/// known is not compared.
void check_same_network(const Helper& helper, std::string_view model, std::string_view model_identity);
/// Reads what write_helper() wrote and believes nothing: throws model naming the file and what is wrong, not_found.
Helper read_helper(const std::filesystem::path& folder);

/// Probabilities of rows of `vectors` [n, d], [n, classes]; NaN for rows that are not finite. Throws invalid_argument
/// when the vectors are of another size.
Array<float, 2> predict(const Helper& helper, View<const float, 2> vectors, const Context& context);

/// The scores before the temperature.
Array<float, 2> helper_scores(const Helper& helper, View<const float, 2> vectors, const Context& context);

/// The outputs of the last layer but one as a better embedding, [n, h]. Throws model for helpers without such a layer.
Array<float, 2> helper_embedding(const Helper& helper, View<const float, 2> vectors, const Context& context);

/// `previous` as a start for other classes: rows by class name, zeros for new ones. Null when it is of another kind or
/// size, or has a hidden layer.
std::unique_ptr<LinearModel> start_from(const Helper& previous, HelperKind kind, std::span<const std::string> classes,
                                        std::int64_t dimensions);

/// How a small network is trained.
struct MlpOptions {
  std::int64_t hidden = 256;
  std::int64_t epochs = 200;
  std::int64_t batch = 64;
  double learning_rate = 1e-3;
  double weight_decay = 1e-2;
  double dropout = 0.3;
  bool balanced = false;
  std::uint64_t seed = 0;
  int threads = 1;

  /// Throws invalid_argument naming the flag.
  void validate() const;
};

/// What libsimile_learn trains for the helper.
class HelperBackend {
 public:
  virtual ~HelperBackend() = default;
  /// Unit vectors [n, d] and their classes; the two layers of an mlp. `start` of as many layers, or empty. The same
  /// seed and number of threads give the same bits. Throws model when the loss is not finite, cancelled.
  virtual std::vector<LinearModel> train_mlp(View<const float, 2> vectors, std::span<const std::int32_t> labels,
                                             std::int64_t num_classes, const MlpOptions& options,
                                             std::span<const LinearModel> start, const Context& context) const = 0;
};

}  // namespace simile
