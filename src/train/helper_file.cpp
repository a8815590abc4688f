// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include <nlohmann/json.hpp>

#include "simile/core/atomic_file.hpp"
#include "simile/core/error.hpp"
#include "simile/core/text.hpp"
#include "simile/core/version.hpp"
#include "simile/feature/features.hpp"
#include "simile/model/safetensors.hpp"
#include "simile/train/helper.hpp"

namespace simile {
namespace {

namespace fs = std::filesystem;

constexpr const char* kJsonName = "helper.json";
constexpr const char* kWeightsName = "helper.safetensors";
constexpr std::int64_t kMaxJsonBytes = 64LL << 20;

template <class T>
std::span<const std::uint8_t> bytes_of(const T* values, std::int64_t count) {
  return {reinterpret_cast<const std::uint8_t*>(values), static_cast<std::size_t>(count) * sizeof(T)};
}

void write_weights(const fs::path& file, const Helper& helper) {
  std::vector<TensorBytes> tensors;
  for (std::size_t k = 0; k < helper.layers.size(); ++k) {
    const LinearModel& layer = helper.layers[k];
    tensors.push_back({concat("layers.", k, ".weight"),
                       TensorType::float32,
                       {layer.num_classes(), layer.dimensions()},
                       bytes_of(layer.weights.data(), layer.weights.size())});
    tensors.push_back({concat("layers.", k, ".bias"),
                       TensorType::float32,
                       {layer.num_classes()},
                       bytes_of(layer.bias.data(), std::ssize(layer.bias))});
  }
  write_safetensors(file, tensors);
}

/// The tensor's values; throws model unless it is there with `rank` axes and finite.
std::vector<float> read_values(const SafetensorsFile& file, const std::string& name, std::size_t rank,
                               std::vector<std::int64_t>& shape) {
  const auto wrong = [&](const std::string& what) {
    return Error(ErrorCode::model, concat(in_quotes(file.path().native()), ": ", name, " ", what));
  };
  const TensorInfo* const tensor = file.find(name);
  if (tensor == nullptr) throw wrong("is missing");
  if (tensor->type != TensorType::float32 || tensor->shape.size() != rank) {
    throw wrong(concat("is not of type F32 with ", rank, rank == 1 ? " axis" : " axes"));
  }
  std::vector<float> values(static_cast<std::size_t>(tensor->count()));
  file.read(*tensor, values.data());
  for (const float value : values) {
    if (!std::isfinite(value)) throw wrong("has a value that is not finite");
  }
  shape = tensor->shape;
  return values;
}

LinearModel read_layer(const SafetensorsFile& file, std::size_t k, std::int64_t inputs) {
  std::vector<std::int64_t> shape;
  const std::string name = concat("layers.", k, ".weight");
  const std::vector<float> weights = read_values(file, name, 2, shape);
  LinearModel layer;
  if (shape[0] < 1 || shape[1] < 1 || (inputs > 0 && shape[1] != inputs)) {
    throw Error(ErrorCode::model, concat(in_quotes(file.path().native()), ": ", name, " is of [", shape[0], ", ",
                                         shape[1], "], wanted [.., ", inputs, "]"));
  }
  layer.weights = Array<float, 2>({shape[0], shape[1]});
  std::copy(weights.begin(), weights.end(), layer.weights.data());
  std::vector<std::int64_t> of_bias;
  layer.bias = read_values(file, concat("layers.", k, ".bias"), 1, of_bias);
  if (of_bias[0] != shape[0]) {
    throw Error(ErrorCode::model, concat(in_quotes(file.path().native()), ": layers.", k, ".bias has ", of_bias[0],
                                         " values, wanted ", shape[0]));
  }
  return layer;
}

}  // namespace

void write_helper(const fs::path& folder, const Helper& helper, const std::string& extra) {
  write_weights(folder / kWeightsName, helper);
  nlohmann::ordered_json json;
  json["simile"] = std::string(kVersion);
  json["kind"] = std::string(to_string(helper.kind));
  json["classes"] = helper.classes;
  json["dimensions"] = helper.dimensions();
  json["temperature"] = helper.temperature;
  json["embedding"] = to_valid_utf8(helper.embedding);
  if (!helper.model_identity.empty()) {
    json["model"] = to_valid_utf8(helper.model);
    if (!helper.architecture.empty()) json["architecture"] = helper.architecture;
    json["model_identity"] = to_valid_utf8(helper.model_identity);
  }
  json["c"] = helper.probe.c;
  json["balanced"] = helper.probe.balanced;
  if (!extra.empty()) json["figures"] = nlohmann::ordered_json::parse(extra);
  write_text(folder / kJsonName, json.dump(2) + "\n");
}

bool is_helper(const fs::path& folder) { return fs::exists(folder / kJsonName); }

void check_same_network(const Helper& helper, std::string_view model, std::string_view model_identity) {
  if (comparable(helper.model_identity, model_identity)) return;
  if (helper.model == model) {
    throw Error(ErrorCode::invalid_argument,
                concat("the network ", in_quotes(helper.model), " has changed since ",
                       "either these vectors or the helper were made: embed again (simile embed PHOTOS --model ",
                       in_quotes(helper.model), " --overwrite)"));
  }
  throw Error(ErrorCode::invalid_argument,
              concat("the helper was trained on vectors of ", in_quotes(helper.model), " (", helper.model_identity,
                     "), these are of ", in_quotes(std::string(model)), " (", model_identity, ")"));
}

Helper read_helper(const fs::path& folder) {
  const fs::path path = folder / kJsonName;
  if (!fs::exists(path)) {
    throw Error(ErrorCode::not_found, concat("no helper in ", in_quotes(folder.native()), ": it has no ", kJsonName,
                                             " (simile train helper makes one)"));
  }
  const auto json = nlohmann::json::parse(read_file(path, kMaxJsonBytes), nullptr, /*allow_exceptions=*/false);
  Helper helper;
  std::int64_t dimensions = 0;
  try {
    helper.kind = parse_helper_kind(json.at("kind").get<std::string>());
    helper.classes = json.at("classes").get<std::vector<std::string>>();
    dimensions = json.at("dimensions").get<std::int64_t>();
    helper.temperature = json.at("temperature").get<double>();
    helper.embedding = json.at("embedding").get<std::string>();
    helper.model = json.value("model", std::string());
    helper.architecture = json.value("architecture", std::string());
    helper.model_identity = comparable_identity(json.value("model_identity", std::string()));
    helper.probe.c = json.at("c").get<double>();
    helper.probe.balanced = json.at("balanced").get<bool>();
    helper.probe.validate();
  } catch (const nlohmann::json::exception& error) {
    throw Error(ErrorCode::model, concat(in_quotes(path.native()), ": ", error.what()));
  } catch (const Error& error) {
    throw Error(ErrorCode::model, concat(in_quotes(path.native()), ": ", error.what()));
  }
  if (!(helper.temperature > 0) || !std::isfinite(helper.temperature) || helper.classes.size() < 2) {
    throw Error(ErrorCode::model, concat(in_quotes(path.native()), ": not a helper's temperature and classes"));
  }
  const SafetensorsFile file(folder / kWeightsName);
  std::int64_t width = dimensions;
  for (std::size_t k = 0; k < (helper.kind == HelperKind::mlp ? 2U : 1U); ++k) {
    helper.layers.push_back(read_layer(file, k, width));
    width = helper.layers.back().num_classes();
  }
  if (width != std::ssize(helper.classes)) {
    throw Error(ErrorCode::model,
                concat(in_quotes(folder.native()), ": ", helper.classes.size(), " classes, but weights of ", width));
  }
  return helper;
}

}  // namespace simile
