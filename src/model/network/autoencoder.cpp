// SPDX-License-Identifier: Apache-2.0
#include "model/network/autoencoder.hpp"

#include <torch/nn/modules/activation.h>
#include <torch/nn/modules/batchnorm.h>
#include <torch/nn/modules/conv.h>
#include <torch/nn/modules/dropout.h>

#include "model/network/networks.hpp"

#include "simile/core/error.hpp"
#include "simile/core/text.hpp"

namespace simile {
namespace {

using torch::nn::Sequential;

/// A 3x3 layer with what follows it up to the activation. Positions in the block are names of the state, so everything
/// counts, and in this order.
struct Layer {
  std::int64_t inputs, outputs;
  std::int64_t stride = 1;
  bool norm = false;
  double dropout = 0;
};

void finish_layer(Sequential& block, const Layer& layer) {
  if (layer.norm) block->push_back(torch::nn::BatchNorm2d(layer.outputs));
  block->push_back(torch::nn::ReLU());
  if (layer.dropout > 0) block->push_back(torch::nn::Dropout2d(layer.dropout));
}

IcasAutoencoder::Block encoder(const std::vector<Layer>& layers, bool pool) {
  IcasAutoencoder::Block block{Sequential(), pool};
  for (const auto& layer : layers) {
    block.layers->push_back(
        torch::nn::Conv2d(torch::nn::Conv2dOptions(layer.inputs, layer.outputs, 3).stride(layer.stride).padding(1)));
    finish_layer(block.layers, layer);
  }
  return block;
}

torch::nn::ConvTranspose2d transposed(const Layer& layer) {
  return torch::nn::ConvTranspose2d(torch::nn::ConvTranspose2dOptions(layer.inputs, layer.outputs, 3)
                                        .stride(layer.stride)
                                        .padding(1)
                                        .output_padding(layer.stride - 1));
}

IcasAutoencoder::Block decoder(const std::vector<Layer>& layers, bool unpool) {
  IcasAutoencoder::Block block{Sequential(), unpool};
  for (const auto& layer : layers) {
    block.layers->push_back(transposed(layer));
    finish_layer(block.layers, layer);
  }
  return block;
}

IcasAutoencoder::Block last_decoder(const std::vector<Layer>& layers) {
  auto block = decoder(layers, true);
  block.layers->push_back(transposed({16, 3, 2}));
  block.layers->push_back(torch::nn::Sigmoid());
  return block;
}

IcasAutoencoder::Block first_encoder() { return encoder({{3, 16, 2}, {16, 32, 2, true}, {32, 64, 2, true}}, true); }

}  // namespace

IcasAutoencoder::IcasAutoencoder(std::vector<Block> encoders, std::vector<Block> decoders, std::int64_t reduction,
                                 std::int64_t least_px)
    : encoders_(std::move(encoders)), decoders_(std::move(decoders)), reduction_(reduction), least_px_(least_px) {
  for (const auto& block : encoders_) {
    names_.push_back("encoder" + std::to_string(names_.size() + 1));
    register_module(names_.back(), block.layers);
  }
  for (const auto& block : decoders_) {
    names_.push_back("decoder" + std::to_string(names_.size() + 1));
    register_module(names_.back(), block.layers);
  }
}

std::vector<std::string> IcasAutoencoder::layers() const {
  auto names = names_;
  names[encoders_.size() - 1] = "embedding";
  names.back() = "reconstruction";
  return names;
}

void IcasAutoencoder::check_size(std::int64_t height, std::int64_t width) const {
  const auto fits = [&](std::int64_t side) { return side >= least_px_ && side % reduction_ == 0; };
  if (fits(height) && fits(width)) return;
  throw Error(ErrorCode::invalid_argument,
              concat("images of ", width, "x", height, " pixels: this autoencoder takes multiples of ", reduction_,
                     " from ", least_px_));
}

bool IcasAutoencoder::walk_encoders(const at::Tensor& images, const Visit& visit, Code& code) {
  check_images(images);
  check_size(images.size(2), images.size(3));
  code.map = images;
  for (std::size_t k = 0; k < encoders_.size(); ++k) {
    auto& block = encoders_[k];
    code.map = block.layers->forward(code.map);
    const bool last = k + 1 == encoders_.size();
    if (!visit(last ? "embedding" : names_[k], last ? code.map.flatten(1) : code.map)) return false;
    if (!block.pool) continue;
    at::Tensor indices;
    std::tie(code.map, indices) = at::max_pool2d_with_indices(code.map, 2);
    code.indices.push_back(indices);
  }
  return true;
}

void IcasAutoencoder::walk_decoders(const Code& code, const Visit& visit) {
  auto x = code.map;
  auto indices = code.indices.rbegin();
  for (std::size_t k = 0; k < decoders_.size(); ++k) {
    auto& block = decoders_[k];
    if (block.pool) {
      x = at::max_unpool2d(x, *indices++, {x.size(2) * 2, x.size(3) * 2});
    }
    x = block.layers->forward(x);
    const bool last = k + 1 == decoders_.size();
    if (!visit(last ? "reconstruction" : names_[encoders_.size() + k], x)) return;
  }
}

void IcasAutoencoder::walk(const at::Tensor& images, const Visit& visit) {
  Code code;
  if (walk_encoders(images, visit, code)) walk_decoders(code, visit);
}

IcasAutoencoder::Code IcasAutoencoder::encode(const at::Tensor& images) {
  Code code;
  walk_encoders(images, [](std::string_view, const at::Tensor&) { return true; }, code);
  return code;
}

at::Tensor IcasAutoencoder::decode(const Code& code) {
  at::Tensor last;
  walk_decoders(code, [&](std::string_view, const at::Tensor& output) {
    last = output;
    return true;
  });
  return last;
}

std::shared_ptr<NetworkModule> make_icas_autoencoder_128() {
  return std::make_shared<IcasAutoencoder>(
      std::vector{first_encoder(), encoder({{64, 128, 1, false, .2}}, true), encoder({{128, 256}}, false)},
      std::vector{decoder({{256, 128}}, false), decoder({{128, 64, 1, true, .4}}, true),
                  last_decoder({{64, 32, 2, true, .3}, {32, 16, 2, false, .2}})},
      32, 32);
}

std::shared_ptr<NetworkModule> make_icas_autoencoder_256() {
  return std::make_shared<IcasAutoencoder>(
      std::vector{first_encoder(), encoder({{64, 128, 2, false, .2}}, true), encoder({{128, 128, 1, false, .3}}, true),
                  encoder({{128, 128, 1, false, .4}}, true), encoder({{128, 256}}, false)},
      std::vector{decoder({{256, 128}}, false), decoder({{128, 128, 1, true}}, true),
                  decoder({{128, 128, 1, true}}, true), decoder({{128, 64, 2, false, .4}}, true),
                  last_decoder({{64, 32, 2, false, .3}, {32, 16, 2, false, .2}})},
      256, 256);
}

}  // namespace simile
