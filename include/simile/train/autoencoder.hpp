// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "simile/core/array.hpp"
#include "simile/core/device.hpp"
#include "simile/core/view.hpp"
#include "simile/model/network.hpp"
#include "simile/model/safetensors.hpp"
#include "simile/train/host_tensor.hpp"

namespace simile {

/// How far a reconstruction is from its image, both with values 0 to 1: mean squared difference, mean absolute
/// difference, or the mean over layers of the mean absolute difference of a network's feature maps.
enum class AutoencoderLoss : unsigned char { mse, l1, perceptual };

/// "mse", "l1", "perceptual".
std::string_view to_string(AutoencoderLoss loss);
/// Throws invalid_argument naming --loss and what is allowed.
AutoencoderLoss parse_autoencoder_loss(std::string_view text);

inline constexpr std::int64_t kMinAutoencoderSidePx = 32;
inline constexpr std::int64_t kMaxAutoencoderSidePx = 1024;

/// How an autoencoder is trained; validate() before use.
struct AutoencoderOptions {
  AutoencoderLoss loss = AutoencoderLoss::mse;
  std::int64_t side_px = 64;      ///< of the square images: a power of two, 32 to 1024
  std::int64_t epochs = 30;       ///< at most
  double learning_rate = 1e-3;    ///< of the first epochs; learning_rate_of() says of which
  std::int64_t batch_size = 128;  ///< images of a step
  std::int64_t patience = 10;     ///< epochs without a better validation loss that end the training
  double validation_share = 0.1;  ///< of the images, 0 to 0.5; without any, the training loss decides
  std::uint64_t seed = 0;
  bool augment = false;  ///< mirror and shift images at random
  Precision precision = Precision::fp32;

  /// Throws invalid_argument naming the flag, its value and what is allowed.
  void validate() const;
};

/// A network whose feature maps are compared, in the perceptual loss.
struct PerceptualNetwork {
  const ModelCard* card = nullptr;
  const SafetensorsFile* weights = nullptr;
  std::vector<std::string> layers;  ///< names of the architecture's modules whose outputs are taken
};

/// Told after every step how many images it had. What it throws ends the epoch, whose weights are then of no use.
using StepDone = std::function<void(std::int64_t num_images)>;

/// An autoencoder in training with its images; all that changes from epoch to epoch is in it, all that decides when to
/// stop is outside. The same calls give the same bits on the CPU for one thread count.
class AutoencoderTrainer {
 public:
  virtual ~AutoencoderTrainer() = default;

  /// One step of Adam per batch of the images `rows`, in their order. Dropout and augmentation come from the seed and
  /// `epoch` alone. Gives the mean loss of the images before their step; once it is not finite, that, at once.
  virtual double train(std::span<const std::int64_t> rows, std::int64_t epoch, double learning_rate,
                       const StepDone& done) = 0;
  /// The mean loss of the images, without dropout.
  virtual double evaluate(std::span<const std::int64_t> rows, const StepDone& done) = 0;
  /// [rows, side, side, 3], without dropout.
  virtual Array<std::uint8_t, 4> reconstruct(std::span<const std::int64_t> rows) = 0;

  /// The network's parameters and buffers by name.
  virtual std::vector<HostTensor> weights() const = 0;
  /// weights() and what the optimiser knows: "weights.encoder1.0.weight", "first.encoder1.0.weight", ...
  virtual std::vector<HostTensor> state() const = 0;
  /// Goes on where state() was taken. Throws model naming the first tensor that is not there or has another shape.
  virtual void restore(const SafetensorsFile& state) = 0;

  /// As a model card names it.
  virtual std::string architecture() const = 0;
  virtual std::int64_t num_parameters() const = 0;
  /// Values of an image's embedding.
  virtual std::int64_t dimensions() const = 0;
};

/// What libsimile_learn can do with autoencoders.
class AutoencoderBackend {
 public:
  virtual ~AutoencoderBackend() = default;
  /// A network with weights from options.seed. `images` [n, side, side, 3], RGB, contiguous, outlive the trainer;
  /// `perceptual` is needed by that loss alone, and is copied. Throws invalid_argument for a precision that the device
  /// has not and for layers that the network has not (naming those it has), model when weights do not fit,
  /// out_of_memory.
  virtual std::unique_ptr<AutoencoderTrainer> start(View<const std::uint8_t, 4> images,
                                                    const AutoencoderOptions& options,
                                                    const PerceptualNetwork& perceptual, const Device& device,
                                                    int threads) const = 0;
};

}  // namespace simile
