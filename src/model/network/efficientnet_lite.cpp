// SPDX-License-Identifier: Apache-2.0
#include "model/network/efficientnet_lite.hpp"

#include <ATen/core/dispatch/Dispatcher.h>

#include "model/network/networks.hpp"
#include "model/network/same_padding.hpp"

#include "simile/core/error.hpp"
#include "simile/core/text.hpp"

namespace simile {
namespace {

struct Stage {
  std::int64_t outputs, kernel, stride, blocks;
};
constexpr std::array<Stage, 7> kStages{
    {{16, 3, 1, 1}, {24, 3, 2, 2}, {40, 5, 2, 2}, {80, 3, 2, 3}, {112, 5, 1, 3}, {192, 5, 2, 4}, {320, 3, 1, 1}}};
constexpr std::array<const char*, 7> kStageNames{"stage0", "stage1", "stage2", "stage3", "stage4", "stage5", "stage6"};
constexpr std::int64_t kStemChannels = 32;
constexpr std::int64_t kHeadChannels = 1280;
constexpr double kNormEps = 1e-3;

SameConvolution make_convolution(std::int64_t inputs, std::int64_t outputs, std::int64_t kernel, std::int64_t stride,
                                 bool depthwise = false) {
  SameConvolution made;
  made.convolution = torch::nn::Conv2d(
      torch::nn::Conv2dOptions(inputs, outputs, kernel).stride(stride).groups(depthwise ? inputs : 1).bias(false));
  made.norm = torch::nn::BatchNorm2d(torch::nn::BatchNorm2dOptions(outputs).eps(kNormEps));
  return made;
}

LiteLayer lite_layer(const SameConvolution& of) {
  LiteLayer layer;
  const auto& options = of.convolution->options;
  layer.kind = options.groups() > 1 ? LiteLayer::Kind::depthwise : LiteLayer::Kind::pointwise;
  if (options.in_channels() == 3) layer.kind = LiteLayer::Kind::stem;
  layer.inputs = options.in_channels();
  layer.outputs = options.out_channels();
  layer.kernel = of.kernel();
  layer.stride = of.stride();
  layer.relu6 = of.relu6;
  const auto copied = [](const at::Tensor& tensor) {
    const auto values = tensor.to(at::kFloat).contiguous(at::MemoryFormat::Contiguous);
    const auto* const data = values.const_data_ptr<float>();
    return std::vector<float>(data, data + values.numel());
  };
  layer.weights = copied(of.convolution->weight);
  layer.bias = copied(of.convolution->bias);
  return layer;
}

}  // namespace

at::Tensor SameConvolution::forward(const at::Tensor& x) {
  const auto rows = same_padding(x.size(2), kernel(), stride());
  const auto columns = same_padding(x.size(3), kernel(), stride());
  const bool even = rows.even() && columns.even();
  // The convolution's own padding costs no copy.
  const auto padded = even ? x : at::constant_pad_nd(x, {columns.before, columns.after, rows.before, rows.after});
  const std::array<std::int64_t, 2> own{even ? rows.before : 0, even ? columns.before : 0};
  if (fused) return fused_forward(padded, own);
  auto y = at::conv2d(padded, convolution->weight, convolution->bias, convolution->options.stride(), own, 1,
                      convolution->options.groups());
  if (!norm.is_empty()) y = norm->forward(y);
  return relu6 ? at::hardtanh_(y, 0, 6) : y;
}

at::Tensor SameConvolution::fused_forward(const at::Tensor& x, at::IntArrayRef padding) {
  using Scalars = c10::List<std::optional<at::Scalar>>;
  using Pack = at::Tensor(const at::Tensor&, at::IntArrayRef, at::IntArrayRef, at::IntArrayRef, std::int64_t,
                          at::OptionalIntArrayRef);
  using Convolve = at::Tensor(const at::Tensor&, const at::Tensor&, const std::optional<at::Tensor>&, at::IntArrayRef,
                              at::IntArrayRef, at::IntArrayRef, std::int64_t, std::string_view, Scalars,
                              std::optional<std::string_view>);
  auto& dispatcher = c10::Dispatcher::singleton();
  static const auto pack = dispatcher.findSchemaOrThrow("mkldnn::_reorder_convolution_weight", "").typed<Pack>();
  static const auto convolve = dispatcher.findSchemaOrThrow("mkldnn::_convolution_pointwise", "").typed<Convolve>();
  const std::array<std::int64_t, 2> strides{stride(), stride()};
  const std::array<std::int64_t, 2> dilation{1, 1};
  const std::int64_t groups = convolution->options.groups();
  if (x.sizes() != at::IntArrayRef(seen)) {
    seen = x.sizes().vec();
    packed = pack.call(convolution->weight, padding, strides, dilation, groups, at::IntArrayRef(seen));
  }
  return convolve.call(x, packed, convolution->bias, padding, strides, dilation, groups, relu6 ? "hardtanh" : "none",
                       relu6 ? Scalars{0.0, 6.0} : Scalars{}, "");
}

EfficientNetLiteBlock::EfficientNetLiteBlock(std::int64_t inputs, std::int64_t outputs, std::int64_t kernel,
                                             std::int64_t stride, std::int64_t expansion)
    : residual(inputs == outputs && stride == 1) {
  const std::int64_t wide = inputs * expansion;
  std::vector<const char*> names{"conv_dw", "conv_pw"};
  if (expansion > 1) {
    names = {"conv_pw", "conv_dw", "conv_pwl"};
    parts.push_back(make_convolution(inputs, wide, 1, 1));
  }
  parts.push_back(make_convolution(wide, wide, kernel, stride, true));
  parts.push_back(make_convolution(wide, outputs, 1, 1));
  parts.back().relu6 = false;
  for (std::size_t k = 0; k < parts.size(); ++k) {
    register_module(names[k], parts[k].convolution);
    register_module("bn" + std::to_string(k + 1), parts[k].norm);
  }
}

at::Tensor EfficientNetLiteBlock::forward(const at::Tensor& x) {
  auto y = x;
  for (auto& part : parts) y = part.forward(y);
  return residual ? y + x : y;
}

EfficientNetLite0::EfficientNetLite0(const ArchitectureOptions& options)
    : stem(make_convolution(3, kStemChannels, 3, 2)),
      head(make_convolution(kStages.back().outputs, kHeadChannels, 1, 1)) {
  register_module("conv_stem", stem.convolution);
  register_module("bn1", stem.norm);
  const auto blocks = register_module("blocks", std::make_shared<torch::nn::Module>());
  std::int64_t channels = kStemChannels;
  for (const auto& [outputs, kernel, stride, count] : kStages) {
    const auto stage = blocks->register_module(std::to_string(stages.size()), std::make_shared<torch::nn::Module>());
    const std::int64_t expansion = stages.empty() ? 1 : 6;
    auto& made = stages.emplace_back();
    for (std::int64_t k = 0; k < count; ++k) {
      made.push_back(stage->register_module(
          std::to_string(k),
          std::make_shared<EfficientNetLiteBlock>(channels, outputs, kernel, k == 0 ? stride : 1, expansion)));
      channels = outputs;
    }
  }
  register_module("conv_head", head.convolution);
  register_module("bn2", head.norm);
  add_layer("stem", [this](const at::Tensor& images) { return stem.forward(images); }, Ends::stage);
  for (std::size_t k = 0; k < stages.size(); ++k) {
    const auto stage = [this, k](const at::Tensor& input) {
      auto x = input;
      for (const auto& block : stages[k]) x = block->forward(x);
      return x;
    };
    add_layer(kStageNames[k], stage, Ends::stage);
  }
  add_layer("head", [this](const at::Tensor& x) { return head.forward(x); });
  add_layer("pooled", [](const at::Tensor& x) { return x.mean({2, 3}); });
  if (options.num_classes == 0) return;
  classifier = register_module("classifier", torch::nn::Linear(kHeadChannels, options.num_classes));
  add_layer("logits", [this](const at::Tensor& x) { return classifier->forward(x); });
}

void EfficientNetLite0::check_size(std::int64_t height, std::int64_t width) const {
  if (height >= 1 && width >= 1) return;
  throw Error(ErrorCode::invalid_argument, concat("images of ", width, "x", height, " pixels: wanted is 1x1 or more"));
}

void EfficientNetLite0::fold_norms() {
  fold_norm(stem.convolution, stem.norm);
  for (const auto& stage : stages) {
    for (const auto& block : stage) {
      for (auto& part : block->parts) fold_norm(part.convolution, part.norm);
    }
  }
  fold_norm(head.convolution, head.norm);
}

void EfficientNetLite0::fuse() {
  if (!at::hasMKLDNN()) return;
  stem.fused = head.fused = true;
  for (const auto& stage : stages) {
    for (const auto& block : stage) {
      for (auto& part : block->parts) part.fused = true;
    }
  }
}

std::vector<LiteLayer> lite_layers(const EfficientNetLite0& network) {
  ensure(network.stem.norm.is_empty(), "the norms have not been folded");
  std::vector<LiteLayer> layers{lite_layer(network.stem)};
  for (const auto& stage : network.stages) {
    for (const auto& block : stage) {
      const auto first = layers.size();
      for (const auto& part : block->parts) layers.push_back(lite_layer(part));
      layers[first].begins_block = true;
      layers.back().adds_input = block->residual;
    }
  }
  layers.push_back(lite_layer(network.head));
  return layers;
}

std::shared_ptr<NetworkModule> make_efficientnet_lite0(const ArchitectureOptions& options) {
  return std::make_shared<EfficientNetLite0>(options);
}

}  // namespace simile
