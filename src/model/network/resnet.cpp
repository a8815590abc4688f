// SPDX-License-Identifier: Apache-2.0
// ResNet-18 and ResNet-50 (He et al., CVPR 2016; the stride of a bottleneck is in its 3x3 convolution) with the names
// of torchvision. Layers: "stem" (after its pool), "layer1".."layer4" (feature maps), "pooled" (the mean of the last
// over all places: the embedding), "logits".
#include <array>
#include <utility>

#include <torch/nn/modules/batchnorm.h>
#include <torch/nn/modules/conv.h>
#include <torch/nn/modules/linear.h>

#include "model/network/networks.hpp"

#include "simile/core/error.hpp"
#include "simile/core/text.hpp"

namespace simile {
namespace {

using torch::nn::BatchNorm2d;
using torch::nn::Conv2d;

Conv2d convolution(std::int64_t inputs, std::int64_t outputs, std::int64_t kernel, std::int64_t stride) {
  return Conv2d(torch::nn::Conv2dOptions(inputs, outputs, kernel).stride(stride).padding(kernel / 2).bias(false));
}

at::Tensor convolved(Conv2d& layer, BatchNorm2d& norm, const at::Tensor& x) {
  const auto y = layer->forward(x);
  return norm.is_empty() ? y : norm->forward(y);
}

/// Two 3x3 convolutions, or 1x1, 3x3 and 1x1 (a bottleneck), added to the input.
class ResidualBlock : public torch::nn::Module {
 public:
  ResidualBlock(std::int64_t inputs, std::int64_t width, std::int64_t stride, bool bottleneck) {
    const std::int64_t outputs = bottleneck ? 4 * width : width;
    if (bottleneck) {
      add(convolution(inputs, width, 1, 1), width);
      add(convolution(width, width, 3, stride), width);
      add(convolution(width, outputs, 1, 1), outputs);
    } else {
      add(convolution(inputs, width, 3, stride), width);
      add(convolution(width, outputs, 3, 1), outputs);
    }
    if (inputs != outputs || stride != 1) {
      const auto downsample = register_module("downsample", std::make_shared<torch::nn::Module>());
      shortcut_ = downsample->register_module("0", convolution(inputs, outputs, 1, stride));
      shortcut_norm_ = downsample->register_module("1", BatchNorm2d(outputs));
    }
  }

  at::Tensor forward(const at::Tensor& x) {
    auto y = x;
    for (std::size_t k = 0; k < parts_.size(); ++k) {
      y = convolved(parts_[k].first, parts_[k].second, y);
      if (k + 1 < parts_.size()) y = y.relu_();
    }
    const auto shortcut = shortcut_.is_empty() ? x : convolved(shortcut_, shortcut_norm_, x);
    return y.add_(shortcut).relu_();
  }

  void fold_norms() {
    for (auto& [layer, norm] : parts_) fold_norm(layer, norm);
    if (!shortcut_.is_empty()) fold_norm(shortcut_, shortcut_norm_);
  }

 private:
  void add(const Conv2d& layer, std::int64_t outputs) {
    const auto number = std::to_string(parts_.size() + 1);
    parts_.emplace_back(register_module("conv" + number, layer), register_module("bn" + number, BatchNorm2d(outputs)));
  }

  std::vector<std::pair<Conv2d, BatchNorm2d>> parts_;
  Conv2d shortcut_{nullptr};
  BatchNorm2d shortcut_norm_{nullptr};
};

class ResNet : public LayeredNetwork {
 public:
  ResNet(const std::array<std::int64_t, 4>& blocks, bool bottleneck, std::int64_t num_classes)
      : stem_(register_module("conv1", convolution(3, 64, 7, 2))), stem_norm_(register_module("bn1", BatchNorm2d(64))) {
    std::int64_t channels = 64;
    for (std::size_t k = 0; k < blocks.size(); ++k) {
      const auto stage = register_module(kStages[k], std::make_shared<torch::nn::Module>());
      const std::int64_t width = std::int64_t{64} << k;
      for (std::int64_t block = 0; block < blocks[k]; ++block) {
        const std::int64_t stride = block == 0 && k > 0 ? 2 : 1;
        stages_[k].push_back(stage->register_module(
            std::to_string(block), std::make_shared<ResidualBlock>(channels, width, stride, bottleneck)));
        channels = bottleneck ? 4 * width : width;
      }
    }
    add_layer("stem", [this](const at::Tensor& images) { return stem(images); }, Ends::stage);
    for (std::size_t k = 0; k < blocks.size(); ++k) {
      add_layer(kStages[k], [this, k](const at::Tensor& x) { return stage(k, x); }, Ends::stage);
    }
    add_layer("pooled", [](const at::Tensor& x) { return x.mean({2, 3}); });
    if (num_classes == 0) return;
    classifier_ = register_module("fc", torch::nn::Linear(channels, num_classes));
    add_layer("logits", [this](const at::Tensor& x) { return classifier_->forward(x); });
  }

  std::string default_layer() const override { return "pooled"; }

  void check_size(std::int64_t height, std::int64_t width) const override {
    if (height >= 1 && width >= 1) return;
    throw Error(ErrorCode::invalid_argument,
                concat("images of ", width, "x", height, " pixels: wanted is 1x1 or more"));
  }

  void fold_norms() override {
    fold_norm(stem_, stem_norm_);
    for (const auto& stage : stages_) {
      for (const auto& block : stage) block->fold_norms();
    }
  }

 private:
  at::Tensor stem(const at::Tensor& images) {
    return at::max_pool2d(convolved(stem_, stem_norm_, images).relu_(), 3, 2, 1);
  }

  at::Tensor stage(std::size_t k, const at::Tensor& input) {
    auto x = input;
    for (const auto& block : stages_[k]) x = block->forward(x);
    return x;
  }

  static constexpr std::array<const char*, 4> kStages{"layer1", "layer2", "layer3", "layer4"};
  Conv2d stem_;
  BatchNorm2d stem_norm_;
  std::array<std::vector<std::shared_ptr<ResidualBlock>>, 4> stages_;
  torch::nn::Linear classifier_{nullptr};
};

}  // namespace

std::shared_ptr<NetworkModule> make_resnet18(const ArchitectureOptions& options) {
  return std::make_shared<ResNet>(std::array<std::int64_t, 4>{2, 2, 2, 2}, false, options.num_classes);
}

std::shared_ptr<NetworkModule> make_resnet50(const ArchitectureOptions& options) {
  return std::make_shared<ResNet>(std::array<std::int64_t, 4>{3, 4, 6, 3}, true, options.num_classes);
}

}  // namespace simile
