// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "model/network/lite_kernels.hpp"

#include "simile/core/array.hpp"

namespace simile {

/// One convolution of the network, its batch norm folded into weights and bias.
struct LiteLayer {
  enum class Kind : unsigned char { stem, pointwise, depthwise };
  Kind kind{};
  std::int64_t inputs = 0;
  std::int64_t outputs = 0;
  std::int64_t kernel = 1;
  std::int64_t stride = 1;
  bool relu6 = true;
  bool begins_block = false;   ///< its input is what the block's last layer may add
  bool adds_input = false;     ///< the block's input is added to its output
  std::vector<float> weights;  ///< [outputs, inputs / groups, kernel, kernel]
  std::vector<float> bias;     ///< [outputs]
};

/// EfficientNet-Lite0's embedding on the CPU in fp32, one image after the other, without LibTorch: what eager execution
/// spends on allocating, on copies for padding, on batch norms and activations of their own, and on waiting for threads
/// at every layer is a good part of its time. Images are independent, so each thread takes one at a time, and a vector
/// depends on nothing but its image. Const: any number of threads, each with its own Workspace.
class EfficientNetLiteInference {
 public:
  /// Memory for one image on its way.
  struct Workspace {
    std::array<Array<float, 1>, 2> blocks;  ///< inputs and outputs of blocks, in turn
    Array<float, 1> wide;                   ///< widened, with zeros around
    Array<float, 1> narrow;                 ///< after the depthwise convolution
  };

  /// `layers` in the order in which they run. Mean and deviation as in a model card.
  EfficientNetLiteInference(const std::vector<LiteLayer>& layers, std::int64_t height, std::int64_t width,
                            const std::array<double, 3>& mean, const std::array<double, 3>& deviation);

  std::int64_t dimensions() const { return steps_.back().outputs; }
  Workspace workspace() const;
  /// RGB image [height, width, 3] to vector [dimensions()].
  void embed(const std::uint8_t* image, float* vector, Workspace& workspace) const;

 private:
  struct Step {
    LiteLayer::Kind kind{};
    std::int64_t inputs = 0, outputs = 0, kernel = 1, stride = 1;
    bool relu6 = true, begins_block = false, adds_input = false;
    std::int64_t height = 0, width = 0;  ///< of the output
    std::int64_t top = 0, bottom = 0, left = 0,
                 right = 0;         ///< zeros around the output, for the depthwise step after it
    bool widens = false;            ///< its output goes where a depthwise step looks
    Array<float, 1> weights, bias;  ///< in the kernels' order
  };

  void prepare_weights(Step& step, const LiteLayer& layer) const;
  void run_stem(const Step& step, const std::uint8_t* image, Workspace& workspace) const;
  void zero_borders(const Step& step, float* target) const;

  const LiteKernels& kernels_;
  std::vector<Step> steps_;
  std::int64_t height_, width_;
  std::array<std::array<float, 256>, 3> normalised_{};  ///< by channel and byte
};

}  // namespace simile
