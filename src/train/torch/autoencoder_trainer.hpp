// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "model/network/autoencoder.hpp"
#include "train/torch/adam.hpp"
#include "train/torch/image_batches.hpp"
#include "train/torch/reconstruction_loss.hpp"

#include "simile/train/autoencoder.hpp"

namespace simile {

/// An icas autoencoder, Adam, a loss, and images: docs in AutoencoderTrainer.
class TorchAutoencoderTrainer final : public AutoencoderTrainer {
 public:
  /// `network` is on the device, with its first weights.
  TorchAutoencoderTrainer(std::string architecture, std::shared_ptr<NetworkModule> network, ImageBatches images,
                          std::unique_ptr<ReconstructionLoss> loss, const AutoencoderOptions& options,
                          const at::Device& device, int threads);

  double train(std::span<const std::int64_t> rows, std::int64_t epoch, double learning_rate,
               const StepDone& done) override;
  double evaluate(std::span<const std::int64_t> rows, const StepDone& done) override;
  Array<std::uint8_t, 4> reconstruct(std::span<const std::int64_t> rows) override;
  std::vector<HostTensor> weights() const override;
  std::vector<HostTensor> state() const override;
  void restore(const SafetensorsFile& state) override;
  std::string architecture() const override { return architecture_; }
  std::int64_t num_parameters() const override;
  std::int64_t dimensions() const override { return dimensions_; }

 private:
  /// Of the images in [0, 1], in fp32 whatever the precision.
  at::Tensor reconstruct_values(const at::Tensor& images);
  template <class Visit>
  void for_each_batch(std::span<const std::int64_t> rows, const Visit& visit) const;

  std::string architecture_;
  std::shared_ptr<NetworkModule> network_;
  ImageBatches images_;
  std::unique_ptr<ReconstructionLoss> loss_;
  AutoencoderOptions options_;
  at::Device device_;
  int threads_;
  std::int64_t dimensions_ = 0;
  std::vector<std::string> parameter_names_;
  Adam adam_;
};

}  // namespace simile
