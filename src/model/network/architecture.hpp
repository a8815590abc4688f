// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <ATen/ATen.h>
#include <torch/nn/module.h>
#include <torch/nn/modules/batchnorm.h>
#include <torch/nn/modules/conv.h>

namespace simile {

/// What differs between weights of one architecture.
struct ArchitectureOptions {
  std::int64_t num_classes = 1000;  ///< outputs of the last linear layer; 0: there is none. Autoencoders have none
  bool hidden_layers = true;        ///< vgg19: the two linear layers of 4,096 before it, too
  std::int64_t grid = 0;            ///< ViT: patches along a side for which positions are learnt; 0: as published
};

/// A network as a LibTorch module: names of parameters and buffers are those of torchvision, timm or icas, so that
/// published weights fit as they are. Images are [b, 3, height, width], normalised, of any memory format.
class NetworkModule : public torch::nn::Module {
 public:
  /// Called with each named layer's output; false ends the walk, so that what comes after costs nothing.
  using Visit = std::function<bool(std::string_view layer, const at::Tensor& output)>;

  /// Names of the layers in the order in which walk() meets them.
  virtual std::vector<std::string> layers() const = 0;
  /// The layer whose output is taken as the embedding when none is named.
  virtual std::string default_layer() const = 0;
  /// Runs the network. Throws invalid_argument for images whose size it cannot take.
  virtual void walk(const at::Tensor& images, const Visit& visit) = 0;
  /// Throws invalid_argument naming what is allowed.
  virtual void check_size(std::int64_t height, std::int64_t width) const = 0;
  /// For inference only, once, in evaluation mode: batch norms become part of the convolutions before them.
  virtual void fold_norms() {}

  /// The last layer's output: [b, classes], or an autoencoder's images.
  at::Tensor forward(const at::Tensor& images);
  /// The outputs of these layers, in their order, as they are. Throws invalid_argument for a layer that there is not.
  std::vector<at::Tensor> feature_maps(const at::Tensor& images, const std::vector<std::string>& wanted);
  /// [b, d], contiguous: a layer's output as it is, feature maps averaged over all places, of tokens the class token.
  at::Tensor embedding(const at::Tensor& images, const std::string& layer);
  at::Tensor embedding(const at::Tensor& images) { return embedding(images, default_layer()); }

 protected:
  /// Throws invalid_argument unless the images are [b, 3, height, width].
  static void check_images(const at::Tensor& images);
};

/// A network whose named layers follow one another, so that it can be run in two parts.
class LayeredNetwork : public NetworkModule {
 public:
  std::vector<std::string> layers() const override;
  void walk(const at::Tensor& images, const Visit& visit) override;
  /// The layers that end a stage, in their order: before each next one the network can be cut.
  std::vector<std::string> stages() const;
  /// What layer `last` gives for the output of layer `after`; empty: for images. Throws invalid_argument for layers
  /// that there are not, or not in this order.
  at::Tensor run(const at::Tensor& input, std::string_view after, std::string_view last);

 protected:
  using Layer = std::function<at::Tensor(const at::Tensor& input)>;
  enum class Ends : unsigned char { layer, stage };
  /// Appends a layer: the first takes images, each other one what the one before gives.
  void add_layer(std::string name, Layer run, Ends ends = Ends::layer);

 private:
  struct Named {
    std::string name;
    Layer run;
    Ends ends;
  };
  void check_input(const at::Tensor& images) const;
  std::size_t place_of(std::string_view layer) const;

  std::vector<Named> chain_;
};

/// The norm becomes part of the convolution's weights and bias, and is empty then.
void fold_norm(torch::nn::Conv2d& convolution, torch::nn::BatchNorm2d& norm);

/// What output becomes in an embedding.
at::Tensor pooled(const at::Tensor& output);

/// "icas_autoencoder_128", "icas_autoencoder_256", "resnet18", "resnet50", "tf_efficientnet_lite0", "vgg19",
/// "vit_base_patch14_dinov2", "vit_base_patch32_clip_224", "vit_small_patch14_dinov2": sorted.
std::vector<std::string> architecture_names();

/// A network with LibTorch's own initial weights, in training mode. Throws invalid_argument naming all architectures.
std::shared_ptr<NetworkModule> make_architecture(std::string_view name, const ArchitectureOptions& options = {});

}  // namespace simile
