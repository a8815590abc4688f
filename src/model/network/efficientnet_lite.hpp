// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <memory>
#include <utility>
#include <vector>

#include <torch/nn/modules/batchnorm.h>
#include <torch/nn/modules/conv.h>
#include <torch/nn/modules/linear.h>

#include "model/network/architecture.hpp"
#include "model/network/efficientnet_lite_inference.hpp"

namespace simile {

/// A convolution that pads as TensorFlow's "same" does, by the input's size, followed by batch norm and perhaps ReLU6.
/// The two layers belong to whom registers them.
struct SameConvolution {
  torch::nn::Conv2d convolution{nullptr};
  torch::nn::BatchNorm2d norm{nullptr};
  bool relu6 = true;
  bool fused = false;              ///< after folding, on the CPU: by oneDNN's operations with activation
  at::Tensor packed;               ///< its weights in oneDNN's order,
  std::vector<std::int64_t> seen;  ///< which depends on the shape of its input

  std::int64_t kernel() const { return convolution->options.kernel_size()->at(0); }
  std::int64_t stride() const { return convolution->options.stride()->at(0); }
  at::Tensor forward(const at::Tensor& x);

 private:
  at::Tensor fused_forward(const at::Tensor& x, at::IntArrayRef padding);
};

/// Widening by 1x1 (but in the first stage), a depthwise convolution, narrowing by 1x1 without activation; added to its
/// input where the shape stays.
class EfficientNetLiteBlock : public torch::nn::Module {
 public:
  EfficientNetLiteBlock(std::int64_t inputs, std::int64_t outputs, std::int64_t kernel, std::int64_t stride,
                        std::int64_t expansion);
  at::Tensor forward(const at::Tensor& x);

  std::vector<SameConvolution> parts;  ///< two or three
  bool residual = false;
};

/// EfficientNet-Lite0 (Tan & Le, ICML 2019, and TensorFlow's TPU models) with the names of timm's
/// tf_efficientnet_lite0. Layers: "stem", "stage0".."stage6" (feature maps), "head" (the last one, 1,280 channels),
/// "pooled" (its mean over all places: the embedding), "logits".
class EfficientNetLite0 : public LayeredNetwork {
 public:
  explicit EfficientNetLite0(const ArchitectureOptions& options);
  std::string default_layer() const override { return "pooled"; }
  void check_size(std::int64_t height, std::int64_t width) const override;
  void fold_norms() override;
  /// For inference on the CPU, after fold_norms() and on weights of their last type: convolutions with their
  /// activations at once and packed weights. One thread at a time from then on. No effect where LibTorch has no oneDNN.
  void fuse();

  SameConvolution stem, head;
  std::vector<std::vector<std::shared_ptr<EfficientNetLiteBlock>>> stages;
  torch::nn::Linear classifier{nullptr};
};

/// What EfficientNetLiteInference runs, of a network on the CPU in fp32 after fold_norms().
std::vector<LiteLayer> lite_layers(const EfficientNetLite0& network);

}  // namespace simile
