// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "model/network/architecture.hpp"

#include "simile/core/random.hpp"
#include "simile/train/fine_tuning.hpp"

namespace simile {

/// A network, cut in two: what comes before the cut stays as it is, and its outputs for images and mirrored images are
/// kept where memory allows.
class TorchFineTuner final : public FineTuner {
 public:
  /// Both networks have the same weights, are on the device and in evaluation mode. `fixed`, which may be made for
  /// inference alone, is run up to the cut.
  TorchFineTuner(std::shared_ptr<LayeredNetwork> network, std::shared_ptr<LayeredNetwork> fixed, const ModelCard& card,
                 View<const std::uint8_t, 4> images, const FineTuningOptions& options, const Context& context);

  std::int64_t dimensions() const override { return dimensions_; }
  std::int64_t num_trained() const override;
  std::int64_t num_parameters() const override;
  void restart() override;
  void restart_from(const SafetensorsFile& weights) override;
  Array<float, 2> embed(std::span<const std::int64_t> rows, const Context& context) override;
  double train(std::span<const std::int64_t> rows, std::span<const std::int32_t> labels, LinearModel& head,
               std::int64_t epochs, const Context& context) override;
  std::vector<HostTensor> weights() const override;

 private:
  /// Images of a step without gradients.
  std::int64_t forward_batch() const;
  /// Whether each image of a batch is mirrored, [b] of bool; undefined: none is.
  using Mirrored = at::Tensor;

  void cut(std::int64_t stages);
  void find_trained();
  void keep_outputs(const Context& context);
  at::Tensor outputs_before_cut(bool mirrored, ProgressPhase& phase, const Context& context) const;
  at::Tensor images_of(const at::Tensor& rows, const Mirrored& mirrored) const;
  /// What the part that is trained takes.
  at::Tensor inputs_of(std::span<const std::int64_t> rows, const Mirrored& mirrored) const;
  at::Tensor embeddings_of(const at::Tensor& inputs) const;
  at::Tensor indices_of(std::span<const std::int64_t> rows) const;

  std::shared_ptr<LayeredNetwork> network_, fixed_;
  FineTuningOptions options_;
  at::Device device_;
  at::Tensor images_;            ///< bytes, on the host
  at::Tensor mean_, deviation_;  ///< of values 0 to 255
  std::string after_;            ///< the layer before the cut; empty: all is trained
  std::string last_;             ///< whose output is the embedding
  std::int64_t dimensions_ = 0;
  std::vector<at::Tensor> trained_, at_first_;  ///< parameters, and their values when the network was opened
  at::Tensor kept_, kept_mirrored_;             ///< outputs before the cut, or undefined
};

}  // namespace simile
