// SPDX-License-Identifier: Apache-2.0
// VGG19 (Simonyan & Zisserman, ICLR 2015; without batch norm) with the names of torchvision. Layers:
// "relu1_1".."relu5_4" with "pool1".."pool5" after each block (feature maps), "fc6" and "fc7" (4,096 values after ReLU;
// the latter is the embedding), "logits". Of weights without the linear layers, the embedding is "pool5", averaged: 512
// values.
#include <array>

#include <torch/nn/modules/conv.h>
#include <torch/nn/modules/linear.h>

#include "model/network/networks.hpp"

#include "simile/core/error.hpp"
#include "simile/core/text.hpp"

namespace simile {
namespace {

constexpr std::array<std::int64_t, 5> kConvolutions{2, 2, 4, 4, 4};
constexpr std::array<std::int64_t, 5> kChannels{64, 128, 256, 512, 512};
constexpr std::int64_t kHidden = 4096;
constexpr std::int64_t kPooledSide = 7;  // what the linear layers see, whatever the size of the images
constexpr double kDropout = 0.5;
constexpr std::int64_t kLeastSide = 32;  // halved five times

class Vgg19 : public LayeredNetwork {
 public:
  explicit Vgg19(const ArchitectureOptions& options) {
    const auto features = register_module("features", std::make_shared<torch::nn::Module>());
    std::int64_t inputs = 3;
    std::int64_t position = 0;  // of convolutions, activations and pools together, as torchvision counts
    for (std::size_t block = 0; block < kChannels.size(); ++block) {
      for (std::int64_t k = 0; k < kConvolutions[block]; ++k, position += 2) {
        blocks_[block].push_back(features->register_module(
            std::to_string(position),
            torch::nn::Conv2d(torch::nn::Conv2dOptions(inputs, kChannels[block], 3).padding(1))));
        inputs = kChannels[block];
        const auto convolve = [this, block, k](const at::Tensor& x) {
          return blocks_[block][static_cast<std::size_t>(k)]->forward(x).relu_();
        };
        add_layer(concat("relu", block + 1, "_", k + 1), convolve);
      }
      ++position;
      add_layer(concat("pool", block + 1), [](const at::Tensor& x) { return at::max_pool2d(x, 2); }, Ends::stage);
    }
    if (!options.hidden_layers) return;
    const auto classifier = register_module("classifier", std::make_shared<torch::nn::Module>());
    const std::int64_t values = inputs * kPooledSide * kPooledSide;
    fc6_ = classifier->register_module("0", torch::nn::Linear(values, kHidden));
    fc7_ = classifier->register_module("3", torch::nn::Linear(kHidden, kHidden));
    add_layer("fc6", [this](const at::Tensor& x) {
      return fc6_->forward(at::adaptive_avg_pool2d(x, {kPooledSide, kPooledSide}).flatten(1)).relu_();
    });
    add_layer("fc7", [this](const at::Tensor& x) { return fc7_->forward(dropped(x)).relu_(); });
    if (options.num_classes == 0) return;
    logits_ = classifier->register_module("6", torch::nn::Linear(kHidden, options.num_classes));
    add_layer("logits", [this](const at::Tensor& x) { return logits_->forward(dropped(x)); });
  }

  std::string default_layer() const override { return fc7_.is_empty() ? "pool5" : "fc7"; }

  void check_size(std::int64_t height, std::int64_t width) const override {
    if (height >= kLeastSide && width >= kLeastSide) return;
    throw Error(ErrorCode::invalid_argument,
                concat("images of ", width, "x", height, " pixels: vgg19 takes sides from ", kLeastSide, " pixels"));
  }

 private:
  at::Tensor dropped(const at::Tensor& x) const { return at::dropout(x, kDropout, is_training()); }

  std::array<std::vector<torch::nn::Conv2d>, 5> blocks_;
  torch::nn::Linear fc6_{nullptr}, fc7_{nullptr}, logits_{nullptr};
};

}  // namespace

std::shared_ptr<NetworkModule> make_vgg19(const ArchitectureOptions& options) {
  return std::make_shared<Vgg19>(options);
}

}  // namespace simile
