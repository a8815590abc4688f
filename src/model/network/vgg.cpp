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

class Vgg19 : public NetworkModule {
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
      }
      ++position;
    }
    if (!options.hidden_layers) return;
    const auto classifier = register_module("classifier", std::make_shared<torch::nn::Module>());
    const std::int64_t values = inputs * kPooledSide * kPooledSide;
    fc6_ = classifier->register_module("0", torch::nn::Linear(values, kHidden));
    fc7_ = classifier->register_module("3", torch::nn::Linear(kHidden, kHidden));
    if (options.num_classes > 0) {
      logits_ = classifier->register_module("6", torch::nn::Linear(kHidden, options.num_classes));
    }
  }

  std::vector<std::string> layers() const override {
    std::vector<std::string> names;
    for (std::size_t block = 0; block < blocks_.size(); ++block) {
      for (std::size_t k = 0; k < blocks_[block].size(); ++k) names.push_back(relu_name(block, k));
      names.push_back("pool" + std::to_string(block + 1));
    }
    if (!fc6_.is_empty()) names.insert(names.end(), {"fc6", "fc7"});
    if (!logits_.is_empty()) names.emplace_back("logits");
    return names;
  }

  std::string default_layer() const override { return fc7_.is_empty() ? "pool5" : "fc7"; }

  void check_size(std::int64_t height, std::int64_t width) const override {
    if (height >= kLeastSide && width >= kLeastSide) return;
    throw Error(ErrorCode::invalid_argument,
                concat("images of ", width, "x", height, " pixels: vgg19 takes sides from ", kLeastSide, " pixels"));
  }

  void walk(const at::Tensor& images, const Visit& visit) override {
    check_images(images);
    check_size(images.size(2), images.size(3));
    auto x = images;
    for (std::size_t block = 0; block < blocks_.size(); ++block) {
      for (std::size_t k = 0; k < blocks_[block].size(); ++k) {
        x = blocks_[block][k]->forward(x).relu_();
        if (!visit(relu_name(block, k), x)) return;
      }
      x = at::max_pool2d(x, 2);
      if (!visit("pool" + std::to_string(block + 1), x)) return;
    }
    if (fc6_.is_empty()) return;
    x = at::adaptive_avg_pool2d(x, {kPooledSide, kPooledSide}).flatten(1);
    x = fc6_->forward(x).relu_();
    if (!visit("fc6", x)) return;
    x = fc7_->forward(at::dropout(x, kDropout, is_training())).relu_();
    if (!visit("fc7", x) || logits_.is_empty()) return;
    visit("logits", logits_->forward(at::dropout(x, kDropout, is_training())));
  }

 private:
  static std::string relu_name(std::size_t block, std::size_t k) { return concat("relu", block + 1, "_", k + 1); }

  std::array<std::vector<torch::nn::Conv2d>, 5> blocks_;
  torch::nn::Linear fc6_{nullptr}, fc7_{nullptr}, logits_{nullptr};
};

}  // namespace

std::shared_ptr<NetworkModule> make_vgg19(const ArchitectureOptions& options) {
  return std::make_shared<Vgg19>(options);
}

}  // namespace simile
