// SPDX-License-Identifier: Apache-2.0
// Vision transformers (Dosovitskiy et al., ICLR 2021) with the names of timm: DINOv2's (Oquab et al., 2023: layer
// scale) and CLIP's image tower (Radford et al., 2021: norm before the blocks). Layers: "block0".. (tokens, [b, 1 +
// patches, d], class token first), "tokens" (after the last norm), "cls" (its class token: the embedding), "logits" (of
// CLIP's weights with 512 outputs: the projection that texts share).
#include <cmath>

#include <torch/nn/modules/conv.h>
#include <torch/nn/modules/linear.h>
#include <torch/nn/modules/normalization.h>

#include "model/network/networks.hpp"

#include "simile/core/error.hpp"
#include "simile/core/text.hpp"

namespace simile {
namespace {

using torch::nn::LayerNorm;
using torch::nn::Linear;

struct Shape {
  std::int64_t width, heads, patch, grid;
  double norm_eps;
  bool clip;  ///< norm before the blocks, no bias of patches, a last linear layer; else layer scale
};
constexpr std::int64_t kBlocks = 12;
constexpr Shape kDinov2Small{384, 6, 14, 37, 1e-6, false};
constexpr Shape kDinov2Base{768, 12, 14, 37, 1e-6, false};
constexpr Shape kClipBase{768, 12, 32, 7, 1e-5, true};
constexpr double kInitialDeviation = 0.02;
constexpr double kInitialLayerScale = 1e-5;

LayerNorm layer_norm(const Shape& shape) {
  return LayerNorm(torch::nn::LayerNormOptions({shape.width}).eps(shape.norm_eps));
}

class TransformerBlock : public torch::nn::Module {
 public:
  explicit TransformerBlock(const Shape& shape)
      : heads_(shape.heads),
        norm1_(register_module("norm1", layer_norm(shape))),
        norm2_(register_module("norm2", layer_norm(shape))) {
    const auto attention = register_module("attn", std::make_shared<torch::nn::Module>());
    qkv_ = attention->register_module("qkv", Linear(shape.width, 3 * shape.width));
    projection_ = attention->register_module("proj", Linear(shape.width, shape.width));
    const auto mlp = register_module("mlp", std::make_shared<torch::nn::Module>());
    fc1_ = mlp->register_module("fc1", Linear(shape.width, 4 * shape.width));
    fc2_ = mlp->register_module("fc2", Linear(4 * shape.width, shape.width));
    if (shape.clip) return;
    for (auto* const scale : {&scale1_, &scale2_}) {
      const auto holder = register_module(scale == &scale1_ ? "ls1" : "ls2", std::make_shared<torch::nn::Module>());
      *scale = holder->register_parameter("gamma", at::full({shape.width}, kInitialLayerScale));
    }
  }

  at::Tensor forward(const at::Tensor& x) {
    const auto y = x + scaled(attention(norm1_->forward(x)), scale1_);
    return y + scaled(fc2_->forward(at::gelu(fc1_->forward(norm2_->forward(y)))), scale2_);
  }

 private:
  static at::Tensor scaled(const at::Tensor& x, const at::Tensor& scale) { return scale.defined() ? x * scale : x; }

  at::Tensor attention(const at::Tensor& x) {
    const std::int64_t batch = x.size(0);
    const std::int64_t tokens = x.size(1);
    const std::int64_t width = x.size(2);
    const auto qkv = qkv_->forward(x).reshape({batch, tokens, 3, heads_, width / heads_}).permute({2, 0, 3, 1, 4});
    const auto y = at::scaled_dot_product_attention(qkv[0], qkv[1], qkv[2]);
    return projection_->forward(y.transpose(1, 2).reshape({batch, tokens, width}));
  }

  std::int64_t heads_;
  LayerNorm norm1_, norm2_;
  Linear qkv_{nullptr}, projection_{nullptr}, fc1_{nullptr}, fc2_{nullptr};
  at::Tensor scale1_, scale2_;
};

class VisionTransformer : public LayeredNetwork {
 public:
  VisionTransformer(const Shape& shape, const ArchitectureOptions& options)
      : patch_(shape.patch), grid_(options.grid > 0 ? options.grid : shape.grid), norm_(layer_norm(shape)) {
    class_token_ = register_parameter("cls_token", at::randn({1, 1, shape.width}) * kInitialDeviation);
    positions_ = register_parameter("pos_embed", at::randn({1, 1 + grid_ * grid_, shape.width}) * kInitialDeviation);
    const auto embed = register_module("patch_embed", std::make_shared<torch::nn::Module>());
    patches_ = embed->register_module(
        "proj", torch::nn::Conv2d(torch::nn::Conv2dOptions(3, shape.width, patch_).stride(patch_).bias(!shape.clip)));
    if (shape.clip) norm_pre_ = register_module("norm_pre", layer_norm(shape));
    const auto blocks = register_module("blocks", std::make_shared<torch::nn::Module>());
    for (std::int64_t k = 0; k < kBlocks; ++k) {
      blocks_.push_back(blocks->register_module(std::to_string(k), std::make_shared<TransformerBlock>(shape)));
    }
    register_module("norm", norm_);
    for (std::size_t k = 0; k < blocks_.size(); ++k) {
      const auto block = [this, k](const at::Tensor& x) { return blocks_[k]->forward(k == 0 ? tokens_of(x) : x); };
      add_layer("block" + std::to_string(k), block, Ends::stage);
    }
    add_layer("tokens", [this](const at::Tensor& x) { return norm_->forward(x); });
    add_layer("cls", [](const at::Tensor& x) { return x.select(1, 0); });
    if (!shape.clip || options.num_classes == 0) return;
    head_ = register_module("head", Linear(shape.width, options.num_classes));
    add_layer("logits", [this](const at::Tensor& x) { return head_->forward(x); });
  }

  std::string default_layer() const override { return "cls"; }

  void check_size(std::int64_t height, std::int64_t width) const override {
    const auto fits = [&](std::int64_t side) { return side >= patch_ && side % patch_ == 0; };
    if (fits(height) && fits(width)) return;
    throw Error(ErrorCode::invalid_argument,
                concat("images of ", width, "x", height, " pixels: this network takes multiples of ", patch_,
                       " pixels, its patches"));
  }

 private:
  at::Tensor tokens_of(const at::Tensor& images) {
    const auto map = patches_->forward(images);
    auto x = at::cat({class_token_.expand({map.size(0), -1, -1}), map.flatten(2).transpose(1, 2)}, 1);
    x = x + positions(map.size(2), map.size(3));
    return norm_pre_.is_empty() ? x : norm_pre_->forward(x);
  }

  /// What was learnt for a square of patches, resampled to another grid as timm does (antialiased bicubic, in fp32).
  at::Tensor positions(std::int64_t rows, std::int64_t columns) const {
    if (rows == grid_ && columns == grid_) return positions_;
    const auto square = positions_.slice(1, 1).reshape({1, grid_, grid_, -1}).permute({0, 3, 1, 2}).to(at::kFloat);
    const auto resampled = at::_upsample_bicubic2d_aa(square, {rows, columns}, false);
    const auto tokens = resampled.permute({0, 2, 3, 1}).reshape({1, rows * columns, -1}).to(positions_.scalar_type());
    return at::cat({positions_.slice(1, 0, 1), tokens}, 1);
  }

  std::int64_t patch_, grid_;
  at::Tensor class_token_, positions_;
  torch::nn::Conv2d patches_{nullptr};
  LayerNorm norm_pre_{nullptr};
  std::vector<std::shared_ptr<TransformerBlock>> blocks_;
  LayerNorm norm_;
  Linear head_{nullptr};
};

}  // namespace

std::shared_ptr<NetworkModule> make_vit_base_patch14_dinov2(const ArchitectureOptions& options) {
  return std::make_shared<VisionTransformer>(kDinov2Base, options);
}

std::shared_ptr<NetworkModule> make_vit_base_patch32_clip_224(const ArchitectureOptions& options) {
  return std::make_shared<VisionTransformer>(kClipBase, options);
}

std::shared_ptr<NetworkModule> make_vit_small_patch14_dinov2(const ArchitectureOptions& options) {
  return std::make_shared<VisionTransformer>(kDinov2Small, options);
}

}  // namespace simile
