// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "simile/core/array.hpp"
#include "simile/core/context.hpp"
#include "simile/core/view.hpp"
#include "simile/model/safetensors.hpp"
#include "simile/train/host_tensor.hpp"
#include "simile/train/linear_probe.hpp"

namespace simile {

struct ModelCard;

/// How a network's last stages are trained on labelled images; validate() before use.
struct FineTuningOptions {
  std::int64_t stages = 2;  ///< how many, counted from the end; 0: all of the network
  std::int64_t epochs = 8;
  std::int64_t batch_size = 32;  ///< images of a step
  double learning_rate = 3e-4;   ///< the highest: a tenth of the steps lead up to it, the others down to 0
  bool balanced = false;         ///< classes weigh the same, however many labels they have
  bool mirror = true;            ///< every image is seen as it is or mirrored, at random
  std::uint64_t seed = 0;

  /// Throws invalid_argument naming the flag, its value and what is allowed.
  void validate() const;
};

/// A network with labelled images, of which the last stages are trained together with the layer that tells the classes
/// apart. Norms keep their statistics. The same calls give the same bits on the CPU for one thread count and budget of
/// memory.
class FineTuner {
 public:
  virtual ~FineTuner() = default;
  /// Values of an embedding.
  virtual std::int64_t dimensions() const = 0;
  /// Parameters that are trained, and all there are.
  virtual std::int64_t num_trained() const = 0;
  virtual std::int64_t num_parameters() const = 0;

  /// The weights that the network was opened with, or others of its shape. Throws model when they do not fit.
  virtual void restart() = 0;
  virtual void restart_from(const SafetensorsFile& weights) = 0;
  /// Embeddings of the images `rows`, [rows, dimensions()].
  virtual Array<float, 2> embed(std::span<const std::int64_t> rows, const Context& context) = 0;
  /// Trains from where the network stands. `head` [classes, dimensions()], of embeddings of unit length, is where its
  /// last layer starts and becomes what it was trained to be: first fitted alone, it does not pull the network away
  /// from what it knows (Kumar et al., ICLR 2022). Gives the mean loss of the last epoch. Shows its progress. Throws
  /// model when the loss is not finite, cancelled.
  virtual double train(std::span<const std::int64_t> rows, std::span<const std::int32_t> labels, LinearModel& head,
                       std::int64_t epochs, const Context& context) = 0;
  /// All parameters and buffers by name.
  virtual std::vector<HostTensor> weights() const = 0;
};

/// What libsimile_learn can do with networks and labels.
class FineTuningBackend {
 public:
  virtual ~FineTuningBackend() = default;
  /// `images` [n, height, width, 3] as network_input() makes them for the card, contiguous, outlive the tuner. What the
  /// stages that stay give for each image is kept where context.memory_bytes allow. Throws invalid_argument for a
  /// network that has not so many stages or none, model when weights do not fit, out_of_memory.
  virtual std::unique_ptr<FineTuner> open(View<const std::uint8_t, 4> images, const ModelCard& card,
                                          const SafetensorsFile& weights, const FineTuningOptions& options,
                                          const Context& context) const = 0;
};

}  // namespace simile
