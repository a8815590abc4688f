// SPDX-License-Identifier: Apache-2.0
#include "model/network/state_dict.hpp"

#include <array>
#include <cmath>
#include <functional>
#include <set>
#include <utility>

#include "simile/core/error.hpp"
#include "simile/core/text.hpp"

namespace simile {
namespace {

using Entry = std::function<void(const std::string& name, at::Tensor& tensor)>;

void for_each_entry(const NetworkModule& network, const Entry& visit) {
  for (auto& item : network.named_parameters()) visit(item.key(), item.value());
  for (auto& item : network.named_buffers()) visit(item.key(), item.value());
}

/// Not part of what the network computes.
bool optional(std::string_view name) { return name.ends_with("num_batches_tracked"); }

std::string shape_text(at::IntArrayRef shape) {
  std::string text;
  for (const auto extent : shape) text += (text.empty() ? "" : ", ") + std::to_string(extent);
  return "[" + text + "]";
}

at::ScalarType scalar_type(TensorType type) {
  switch (type) {
    case TensorType::float64:
      return at::kDouble;
    case TensorType::float32:
      return at::kFloat;
    case TensorType::float16:
      return at::kHalf;
    case TensorType::bfloat16:
      return at::kBFloat16;
    case TensorType::int64:
      return at::kLong;
    case TensorType::int32:
      return at::kInt;
    case TensorType::int16:
      return at::kShort;
    case TensorType::int8:
      return at::kChar;
    case TensorType::uint8:
      return at::kByte;
    case TensorType::boolean:
      return at::kBool;
  }
  return at::kFloat;
}

/// Weights are numbers with a fraction; integers in their place are another network's, quantised.
bool same_kind(TensorType type, const at::Tensor& tensor) {
  return at::isFloatingType(scalar_type(type)) == tensor.is_floating_point();
}

/// timm has vgg19's linear layers as convolutions of the whole map: the same values in the same order.
constexpr std::array<std::pair<std::string_view, std::string_view>, 3> kOtherNames{
    {{"classifier.0.", "pre_logits.fc1."}, {"classifier.3.", "pre_logits.fc2."}, {"classifier.6.", "head.fc."}}};

/// The tensor of this name, or of the one that others give it.
const TensorInfo* find_tensor(const SafetensorsFile& weights, std::string_view name) {
  if (const auto* const found = weights.find(name)) return found;
  for (const auto& [own, other] : kOtherNames) {
    if (name.starts_with(own)) return weights.find(concat(other, name.substr(own.size())));
  }
  return nullptr;
}

/// Whether the tensor is of this shape; by another name, also where it has axes of 7x7 or 1x1 that a linear layer has
/// not.
bool has_shape(const TensorInfo& found, const std::string& name, at::IntArrayRef wanted) {
  const at::IntArrayRef shape(found.shape);
  if (shape == wanted || found.name == name) return shape == wanted;
  return shape.size() == 4 && wanted.size() == 2 && shape[0] == wanted[0] && found.count() == wanted[0] * wanted[1];
}

std::int64_t extent_of(const SafetensorsFile& weights, std::string_view name, std::size_t axis) {
  const auto* const tensor = find_tensor(weights, name);
  // A tensor without values has any extents: they are of no network.
  return tensor != nullptr && tensor->count() > 0 && axis < tensor->shape.size() ? tensor->shape[axis] : 0;
}

std::string first_and_count(const std::vector<std::string>& names) {
  const std::string more = names.size() > 1 ? concat(" and ", names.size() - 1, " more") : std::string();
  return in_quotes(names.front()) + more;
}

}  // namespace

ArchitectureOptions options_of(std::string_view architecture, const SafetensorsFile& weights) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kLastLayers{
      {{"resnet", "fc"}, {"tf_efficientnet", "classifier"}, {"vgg", "classifier.6"}, {"vit_", "head"}}};
  ArchitectureOptions options;
  for (const auto& [family, layer] : kLastLayers) {
    if (architecture.starts_with(family)) options.num_classes = extent_of(weights, concat(layer, ".weight"), 0);
  }
  options.hidden_layers = find_tensor(weights, "classifier.0.weight") != nullptr;
  const std::int64_t patches = extent_of(weights, "pos_embed", 1) - 1;
  const auto side =
      static_cast<std::int64_t>(std::lround(std::sqrt(static_cast<double>(std::max<std::int64_t>(patches, 0)))));
  constexpr std::int64_t kMaxGrid = 512;  // a larger one is damage; its weights would not fit either
  if (patches > 0 && side * side == patches && side <= kMaxGrid) options.grid = side;
  return options;
}

StateMatch match_state(const NetworkModule& network, const SafetensorsFile& weights) {
  StateMatch match;
  std::set<std::string, std::less<>> known;
  for_each_entry(network, [&](const std::string& name, at::Tensor& tensor) {
    known.insert(name);
    if (!optional(name)) match.num_parameters += tensor.numel();
    const auto* const found = find_tensor(weights, name);
    if (found != nullptr) known.insert(found->name);
    if (found == nullptr) {
      if (!optional(name)) match.missing.push_back(name);
    } else if (!has_shape(*found, name, tensor.sizes())) {
      match.misshapen.push_back(concat(name, ": ", shape_text(found->shape), ", wanted ", shape_text(tensor.sizes())));
    } else if (!same_kind(found->type, tensor)) {
      match.misshapen.push_back(concat(name, ": ", to_string(found->type), ", wanted ",
                                       tensor.is_floating_point() ? "F32, F64, F16 or BF16" : "integers"));
    }
  });
  for (const auto& tensor : weights.tensors()) {
    if (!known.contains(tensor.name)) match.unexpected.push_back(tensor.name);
  }
  return match;
}

void load_state(NetworkModule& network, const SafetensorsFile& weights) {
  const auto match = match_state(network, weights);
  const std::string file = in_quotes(weights.path().native());
  if (!match.missing.empty()) {
    throw Error(ErrorCode::model, concat(file, " has no ", first_and_count(match.missing),
                                         ": these are weights of another architecture, or not all of them"));
  }
  if (!match.misshapen.empty()) {
    throw Error(ErrorCode::model,
                concat(file, ": weights of another architecture: ", first_and_count(match.misshapen)));
  }
  const at::NoGradGuard no_grad;
  for_each_entry(network, [&](const std::string& name, at::Tensor& tensor) {
    const auto* const found = find_tensor(weights, name);
    if (found == nullptr) return;
    const auto type = scalar_type(found->type);
    if (type == tensor.scalar_type() && tensor.is_contiguous()) {
      weights.read(*found, tensor.data_ptr());
      return;
    }
    const auto values = at::empty(tensor.sizes(), type);
    weights.read(*found, values.data_ptr());
    tensor.copy_(values);
  });
}

std::shared_ptr<NetworkModule> load_architecture(std::string_view architecture, const SafetensorsFile& weights,
                                                 const ArchitectureOptions& options) {
  auto network = make_architecture(architecture, options);
  load_state(*network, weights);
  network->eval();
  return network;
}

std::shared_ptr<NetworkModule> load_architecture(std::string_view architecture, const SafetensorsFile& weights) {
  return load_architecture(architecture, weights, options_of(architecture, weights));
}

StateMatch match_architecture(std::string_view architecture, const SafetensorsFile& weights) {
  return match_state(*make_architecture(architecture, options_of(architecture, weights)), weights);
}

}  // namespace simile
