// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <utility>
#include <vector>

#include <torch/nn/modules/container/sequential.h>

#include "model/network/architecture.hpp"

namespace simile {

/// The autoencoders of icas: encoder blocks that end in max-pools, decoder blocks that begin by undoing them with the
/// pools' indices. Values of images are in [0, 1]; outputs, too. Layers: "encoder1"... (before its pool), "embedding"
/// (the last encoder block's output, flattened), "decoderK"..., the last of which is "reconstruction".
class IcasAutoencoder : public NetworkModule {
 public:
  /// One block: its layers, and whether a pool follows (encoder) or an unpooling precedes (decoder).
  struct Block {
    torch::nn::Sequential layers;
    bool pool = false;
  };
  struct Code {
    at::Tensor map;                   ///< [b, 256, height / reduction, width / reduction]
    std::vector<at::Tensor> indices;  ///< of each pool, what decode() needs besides
  };

  IcasAutoencoder(std::vector<Block> encoders, std::vector<Block> decoders, std::int64_t reduction,
                  std::int64_t least_px);
  std::vector<std::string> layers() const override;
  std::string default_layer() const override { return "embedding"; }
  void walk(const at::Tensor& images, const Visit& visit) override;
  void check_size(std::int64_t height, std::int64_t width) const override;

  Code encode(const at::Tensor& images);
  at::Tensor decode(const Code& code);

 private:
  bool walk_encoders(const at::Tensor& images, const Visit& visit, Code& code);
  void walk_decoders(const Code& code, const Visit& visit);

  std::vector<Block> encoders_, decoders_;
  std::vector<std::string> names_;  ///< of encoders, then of decoders
  std::int64_t reduction_, least_px_;
};

}  // namespace simile
