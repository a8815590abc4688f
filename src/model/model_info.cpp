// SPDX-License-Identifier: Apache-2.0
#include "simile/model/model_info.hpp"

#include <nlohmann/json.hpp>

#include "simile/core/error.hpp"
#include "simile/core/text.hpp"

namespace simile {
namespace {

using nlohmann::ordered_json;

std::string text_of(const std::filesystem::path& path) { return to_valid_utf8(path.native()); }

}  // namespace

ModelInfo inspect_model(const Model& model) {
  const SafetensorsFile file(model.weights);
  check_weights(model);
  ModelInfo info{model, file.tensors(), file.num_values(),
                 static_cast<std::int64_t>(std::filesystem::file_size(model.weights)), std::nullopt};
  if (has_networks()) info.match = network_backend().match(model.card.architecture, file);
  return info;
}

void check_architecture(const ModelInfo& info) {
  if (!info.match || (info.match->missing.empty() && info.match->misshapen.empty())) return;
  const auto& [missing, unexpected, misshapen, num_parameters] = *info.match;
  throw Error(
      ErrorCode::model,
      concat(in_quotes(info.model.weights.native()), " does not hold weights of ", info.model.card.architecture, ": ",
             missing.empty() ? std::string()
                             : concat(missing.size(), " tensors are missing, the first ", in_quotes(missing.front())),
             missing.empty() || misshapen.empty() ? "" : "; ",
             misshapen.empty() ? std::string()
                               : concat(misshapen.size(), " have another shape, the first ", misshapen.front())));
}

std::string to_json(const ModelInfo& info) {
  ordered_json json;
  json["card"] = ordered_json::parse(to_json(info.model.card));
  if (!info.model.card_file.empty()) json["card_file"] = text_of(info.model.card_file);
  json["weights_file"] = text_of(info.model.weights);
  json["bytes"] = info.size_bytes;
  json["values"] = info.num_values;
  if (info.match) {
    json["missing"] = info.match->missing;
    json["unexpected"] = info.match->unexpected;
    json["misshapen"] = info.match->misshapen;
  }
  json["tensors"] = ordered_json::array();
  for (const auto& tensor : info.tensors) {
    json["tensors"].push_back({{"name", tensor.name}, {"dtype", to_string(tensor.type)}, {"shape", tensor.shape}});
  }
  return json.dump(2) + "\n";
}

std::string to_json(const std::vector<ListedModel>& models) {
  ordered_json json = ordered_json::array();
  for (const auto& listed : models) {
    ordered_json each;
    each["name"] = to_valid_utf8(listed.name);
    each["added_by_user"] = listed.of_user;
    if (listed.model) {
      const ModelCard& card = listed.model->card;
      each["architecture"] = card.architecture;
      each["width_px"] = card.width_px;
      each["height_px"] = card.height_px;
      each["dimensions"] = card.dimensions;
      each["card_file"] = text_of(listed.model->card_file);
      each["weights_file"] = text_of(listed.model->weights);
    } else {
      each["problem"] = to_valid_utf8(listed.problem);
    }
    json.push_back(std::move(each));
  }
  return json.dump(2) + "\n";
}

std::string describe_input(const ModelCard& card) {
  const std::string size = concat(card.width_px, "x", card.height_px, " px: ");
  if (card.fit == InputFit::stretch) return concat(size, "stretched to it");
  return concat(size, "the shorter side to ", card.shorter_side_px, " px, then the middle");
}

}  // namespace simile
