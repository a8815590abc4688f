// SPDX-License-Identifier: Apache-2.0
#include "model/network/efficientnet_lite_inference.hpp"

#include <algorithm>
#include <utility>

#include "model/network/same_padding.hpp"

#include "simile/core/error.hpp"

namespace simile {
namespace {

constexpr std::int64_t kStemKernel = 3;
constexpr std::int64_t kStemValues = kStemKernel * kStemKernel * 3;

}  // namespace

EfficientNetLiteInference::EfficientNetLiteInference(const std::vector<LiteLayer>& layers, std::int64_t height,
                                                     std::int64_t width, const std::array<double, 3>& mean,
                                                     const std::array<double, 3>& deviation)
    : kernels_(lite_kernels()), height_(height), width_(width) {
  for (std::size_t c = 0; c < mean.size(); ++c) {
    for (std::size_t byte = 0; byte < 256; ++byte) {
      normalised_[c][byte] = static_cast<float>((static_cast<double>(byte) / 255 - mean[c]) / deviation[c]);
    }
  }
  for (const auto& layer : layers) {
    Step step;
    step.kind = layer.kind;
    step.inputs = layer.inputs;
    step.outputs = layer.outputs;
    step.kernel = layer.kernel;
    step.stride = layer.stride;
    step.relu6 = layer.relu6;
    step.begins_block = layer.begins_block;
    step.adds_input = layer.adds_input;
    height = (height + layer.stride - 1) / layer.stride;
    width = (width + layer.stride - 1) / layer.stride;
    step.height = height;
    step.width = width;
    if (layer.kind == LiteLayer::Kind::depthwise && !steps_.empty()) {
      auto& before = steps_.back();
      const auto rows = same_padding(before.height, layer.kernel, layer.stride);
      const auto columns = same_padding(before.width, layer.kernel, layer.stride);
      before.widens = true;
      before.top = rows.before;
      before.bottom = rows.after;
      before.left = columns.before;
      before.right = columns.after;
    }
    prepare_weights(step, layer);
    steps_.push_back(std::move(step));
  }
  ensure(!steps_.empty() && steps_.front().kind == LiteLayer::Kind::stem, "a network without its first layer");
  steps_.back().widens = true;  // what is averaged next needs no place among the blocks
}

void EfficientNetLiteInference::prepare_weights(Step& step, const LiteLayer& layer) const {
  const std::int64_t area = layer.kernel * layer.kernel;
  if (layer.kind == LiteLayer::Kind::depthwise) {
    step.weights = Array<float, 1>({area * layer.outputs});
    step.bias = Array<float, 1>({layer.outputs});
    for (std::int64_t c = 0; c < layer.outputs; ++c) {
      for (std::int64_t k = 0; k < area; ++k) {
        step.weights.data()[k * layer.outputs + c] = layer.weights[static_cast<std::size_t>(c * area + k)];
      }
    }
  } else {
    const std::int64_t columns = kernels_.panel_columns;
    const std::int64_t panels = (layer.outputs + columns - 1) / columns;
    const std::int64_t values = layer.inputs * area;
    step.weights = Array<float, 1>({panels * columns * values});
    step.bias = Array<float, 1>({panels * columns});
    for (std::int64_t out = 0; out < layer.outputs; ++out) {
      float* const panel = step.weights.data() + out / columns * columns * values + out % columns;
      for (std::int64_t in = 0; in < layer.inputs; ++in) {
        for (std::int64_t k = 0; k < area; ++k) {
          // Of a patch, the channels of a pixel are side by side.
          panel[(k * layer.inputs + in) * columns] =
              layer.weights[static_cast<std::size_t>((out * layer.inputs + in) * area + k)];
        }
      }
    }
  }
  std::copy(layer.bias.begin(), layer.bias.end(), step.bias.data());
}

EfficientNetLiteInference::Workspace EfficientNetLiteInference::workspace() const {
  std::int64_t block = 0;
  std::int64_t wide = 0;
  std::int64_t narrow = steps_.front().width * kStemValues;
  for (const auto& step : steps_) {
    const std::int64_t values =
        (step.height + step.top + step.bottom) * (step.width + step.left + step.right) * step.outputs;
    auto& most = step.kind == LiteLayer::Kind::depthwise ? narrow : step.widens ? wide : block;
    most = std::max(most, values);
  }
  Workspace made;
  for (auto& each : made.blocks) each = Array<float, 1>({block});
  made.wide = Array<float, 1>({wide});
  made.narrow = Array<float, 1>({narrow});
  return made;
}

void EfficientNetLiteInference::zero_borders(const Step& step, float* target) const {
  const std::int64_t row = (step.left + step.width + step.right) * step.outputs;
  std::fill_n(target, step.top * row, 0.0F);
  std::fill_n(target + (step.top + step.height) * row, step.bottom * row, 0.0F);
  if (step.left + step.right == 0) return;
  for (std::int64_t y = 0; y < step.height; ++y) {
    float* const start = target + (step.top + y) * row;
    std::fill_n(start, step.left * step.outputs, 0.0F);
    std::fill_n(start + (step.left + step.width) * step.outputs, step.right * step.outputs, 0.0F);
  }
}

void EfficientNetLiteInference::run_stem(const Step& step, const std::uint8_t* image, Workspace& workspace) const {
  const auto rows = same_padding(height_, step.kernel, step.stride);
  const auto columns = same_padding(width_, step.kernel, step.stride);
  const std::int64_t row_stride = (step.left + step.width + step.right) * step.outputs;
  LiteProduct product;
  product.rows = workspace.narrow.data();
  product.pixels = product.width = step.width;
  product.inputs = kStemValues;
  product.outputs = step.outputs;
  product.panels = step.weights.data();
  product.bias = step.bias.data();
  product.relu6 = step.relu6;
  for (std::int64_t y = 0; y < step.height; ++y) {
    float* patch = workspace.narrow.data();
    for (std::int64_t x = 0; x < step.width; ++x) {
      const std::int64_t from_x = x * step.stride - columns.before;
      const bool whole = from_x >= 0 && from_x + kStemKernel <= width_;
      for (std::int64_t row = 0; row < kStemKernel; ++row, patch += kStemKernel * 3) {
        const std::int64_t from_y = y * step.stride - rows.before + row;
        if (from_y < 0 || from_y >= height_) {
          std::fill_n(patch, kStemKernel * 3, 0.0F);
          continue;
        }
        const std::uint8_t* const bytes = image + (from_y * width_ + from_x) * 3;
        for (std::int64_t k = 0; k < kStemKernel; ++k) {
          const bool inside = whole || (from_x + k >= 0 && from_x + k < width_);
          for (std::int64_t c = 0; c < 3; ++c) {
            patch[k * 3 + c] = inside ? normalised_[static_cast<std::size_t>(c)][bytes[k * 3 + c]] : 0.0F;
          }
        }
      }
    }
    product.target = workspace.wide.data() + (step.top + y) * row_stride + step.left * step.outputs;
    kernels_.product(product);
  }
}

void EfficientNetLiteInference::embed(const std::uint8_t* image, float* vector, Workspace& workspace) const {
  std::size_t turn = 0;  // which of the blocks' buffers is written next
  const float* input = nullptr;
  const float* block_input = nullptr;
  for (const auto& step : steps_) {
    if (step.begins_block) block_input = input;
    if (step.kind == LiteLayer::Kind::depthwise) {
      LiteDepthwise depthwise;
      const auto& before = *(&step - 1);
      depthwise.image = input;
      depthwise.padded_width = before.left + before.width + before.right;
      depthwise.channels = step.outputs;
      depthwise.kernel = step.kernel;
      depthwise.stride = step.stride;
      depthwise.weights = step.weights.data();
      depthwise.bias = step.bias.data();
      depthwise.target = workspace.narrow.data();
      depthwise.height = step.height;
      depthwise.width = step.width;
      kernels_.depthwise(depthwise);
      input = workspace.narrow.data();
      continue;
    }
    float* const target = step.widens ? workspace.wide.data() : workspace.blocks[turn].data();
    if (!step.widens) turn = 1 - turn;
    zero_borders(step, target);
    if (step.kind == LiteLayer::Kind::stem) {
      run_stem(step, image, workspace);
    } else {
      const std::int64_t row_stride = (step.left + step.width + step.right) * step.outputs;
      LiteProduct product;
      product.rows = input;
      product.pixels = step.height * step.width;
      product.inputs = step.inputs;
      product.outputs = step.outputs;
      product.panels = step.weights.data();
      product.bias = step.bias.data();
      product.added = step.adds_input ? block_input : nullptr;
      product.relu6 = step.relu6;
      product.target = target + step.top * row_stride + step.left * step.outputs;
      product.width = step.width;
      product.row_stride = row_stride;
      kernels_.product(product);
    }
    input = target;
  }
  const auto& last = steps_.back();
  const std::int64_t pixels = last.height * last.width;
  std::fill_n(vector, last.outputs, 0.0F);
  for (std::int64_t p = 0; p < pixels; ++p) {
    for (std::int64_t c = 0; c < last.outputs; ++c) vector[c] += input[p * last.outputs + c];
  }
  for (std::int64_t c = 0; c < last.outputs; ++c) vector[c] /= static_cast<float>(pixels);
}

}  // namespace simile
