// SPDX-License-Identifier: Apache-2.0
#include "model/network/architecture.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "model/network/networks.hpp"

#include "simile/core/error.hpp"
#include "simile/core/text.hpp"

namespace simile {
namespace {

using Make = std::shared_ptr<NetworkModule> (*)(const ArchitectureOptions&);

constexpr std::array<std::pair<std::string_view, Make>, 9> kArchitectures{{
    {"icas_autoencoder_128", [](const auto&) { return make_icas_autoencoder_128(); }},
    {"icas_autoencoder_256", [](const auto&) { return make_icas_autoencoder_256(); }},
    {"resnet18", make_resnet18},
    {"resnet50", make_resnet50},
    {"tf_efficientnet_lite0", make_efficientnet_lite0},
    {"vgg19", make_vgg19},
    {"vit_base_patch14_dinov2", make_vit_base_patch14_dinov2},
    {"vit_base_patch32_clip_224", make_vit_base_patch32_clip_224},
    {"vit_small_patch14_dinov2", make_vit_small_patch14_dinov2},
}};

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const auto& word : words) out += (out.empty() ? "" : ", ") + word;
  return out;
}

Error unknown_layer(const std::string& layer, const std::vector<std::string>& known) {
  return {ErrorCode::invalid_argument, concat("layer ", in_quotes(layer), ": there are ", joined(known))};
}

}  // namespace

std::vector<std::string> architecture_names() {
  std::vector<std::string> names;
  for (const auto& [name, make] : kArchitectures) names.emplace_back(name);
  return names;
}

std::shared_ptr<NetworkModule> make_architecture(std::string_view name, const ArchitectureOptions& options) {
  for (const auto& [known, make] : kArchitectures) {
    if (known == name) return make(options);
  }
  throw Error(ErrorCode::invalid_argument,
              concat("architecture ", in_quotes(std::string(name)), ": there are ", joined(architecture_names())));
}

void fold_norm(torch::nn::Conv2d& convolution, torch::nn::BatchNorm2d& norm) {
  if (norm.is_empty()) return;
  const at::NoGradGuard no_grad;
  // In double: the product of rounded factors would be rounded twice.
  const auto scale = norm->weight.to(at::kDouble) / at::sqrt(norm->running_var.to(at::kDouble) + norm->options.eps());
  auto shift = norm->bias.to(at::kDouble) - norm->running_mean.to(at::kDouble) * scale;
  if (convolution->bias.defined()) shift += convolution->bias.to(at::kDouble) * scale;
  const auto& weight = convolution->weight;
  const auto scaled = (weight.to(at::kDouble) * scale.view({-1, 1, 1, 1})).to(weight.scalar_type());
  convolution->weight.set_data(scaled.contiguous(at::MemoryFormat::ChannelsLast));
  // A buffer, so that it moves with the module.
  convolution->bias = convolution->register_buffer("folded_bias", shift.to(weight.scalar_type()));
  norm = nullptr;
}

at::Tensor pooled(const at::Tensor& output) {
  if (output.dim() == 4) return output.mean({2, 3});
  if (output.dim() == 3) return output.select(1, 0).contiguous();
  return output.contiguous();
}

void NetworkModule::check_images(const at::Tensor& images) {
  if (images.dim() == 4 && images.size(1) == 3) return;
  std::string shape;
  for (const auto extent : images.sizes()) shape += (shape.empty() ? "" : ", ") + std::to_string(extent);
  throw Error(ErrorCode::invalid_argument, concat("images of shape [", shape, "]: wanted is [b, 3, height, width]"));
}

at::Tensor NetworkModule::forward(const at::Tensor& images) {
  at::Tensor last;
  walk(images, [&](std::string_view, const at::Tensor& output) {
    last = output;
    return true;
  });
  return last;
}

std::vector<at::Tensor> NetworkModule::feature_maps(const at::Tensor& images, const std::vector<std::string>& wanted) {
  const auto known = layers();
  for (const auto& layer : wanted) {
    if (std::find(known.begin(), known.end(), layer) != known.end()) continue;
    throw unknown_layer(layer, known);
  }
  std::vector<at::Tensor> maps(wanted.size());
  auto left = wanted.size();
  if (left == 0) return maps;
  walk(images, [&](std::string_view layer, const at::Tensor& output) {
    for (std::size_t k = 0; k < wanted.size(); ++k) {
      if (wanted[k] != layer) continue;
      maps[k] = output;
      --left;
    }
    return left > 0;
  });
  return maps;
}

void LayeredNetwork::add_layer(std::string name, Layer run, Ends ends) {
  chain_.push_back({std::move(name), std::move(run), ends});
}

std::vector<std::string> LayeredNetwork::layers() const {
  std::vector<std::string> names;
  for (const auto& layer : chain_) names.push_back(layer.name);
  return names;
}

std::vector<std::string> LayeredNetwork::stages() const {
  std::vector<std::string> names;
  for (const auto& layer : chain_) {
    if (layer.ends == Ends::stage) names.push_back(layer.name);
  }
  return names;
}

void LayeredNetwork::check_input(const at::Tensor& images) const {
  check_images(images);
  check_size(images.size(2), images.size(3));
}

std::size_t LayeredNetwork::place_of(std::string_view layer) const {
  for (std::size_t k = 0; k < chain_.size(); ++k) {
    if (chain_[k].name == layer) return k;
  }
  throw unknown_layer(std::string(layer), layers());
}

void LayeredNetwork::walk(const at::Tensor& images, const Visit& visit) {
  check_input(images);
  auto x = images;
  for (const auto& layer : chain_) {
    x = layer.run(x);
    if (!visit(layer.name, x)) return;
  }
}

at::Tensor LayeredNetwork::run(const at::Tensor& input, std::string_view after, std::string_view last) {
  if (after.empty()) check_input(input);
  const std::size_t begin = after.empty() ? 0 : place_of(after) + 1;
  const std::size_t end = place_of(last) + 1;
  if (begin > end) {
    throw Error(ErrorCode::invalid_argument,
                concat("layer ", in_quotes(std::string(last)), " comes before ", in_quotes(std::string(after))));
  }
  auto x = input;
  for (std::size_t k = begin; k < end; ++k) x = chain_[k].run(x);
  return x;
}

at::Tensor NetworkModule::embedding(const at::Tensor& images, const std::string& layer) {
  return pooled(feature_maps(images, {layer}).front());
}

}  // namespace simile
