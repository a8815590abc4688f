// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>

#include "model/network/architecture.hpp"

#include "simile/core/random.hpp"

namespace simile::test {

/// CRC-32 (IEEE 802.3), bit by bit.
inline std::uint32_t crc32(std::string_view text) {
  std::uint32_t sum = 0xffffffffU;
  for (const char character : text) {
    sum ^= static_cast<unsigned char>(character);
    for (int bit = 0; bit < 8; ++bit) sum = (sum >> 1) ^ ((sum & 1U) != 0 ? 0xedb88320U : 0U);
  }
  return ~sum;
}

/// Numbers low + (high - low) u, u uniform, of the stream that the name seeds: what scripts/reference/networks.py
/// makes.
inline at::Tensor made_values(const std::string& name, at::IntArrayRef shape, double low, double scale) {
  auto values = at::empty(shape, at::kFloat);
  auto* const data = values.data_ptr<float>();
  Random random(crc32(name));
  for (std::int64_t k = 0; k < values.numel(); ++k) data[k] = static_cast<float>(scale * random.uniform() + low);
  return values;
}

/// Fills parameters and buffers by their names.
inline void make_weights(NetworkModule& network) {
  const at::NoGradGuard no_grad;
  const auto fill = [](const std::string& name, at::Tensor& tensor) {
    const auto ends = [&](std::string_view end) { return name.ends_with(end); };
    const auto shape = tensor.sizes();
    if (ends("num_batches_tracked")) return;
    double low = -0.1;
    double scale = 0.2;
    if (ends("running_var")) {
      low = 0.5;
      scale = 1;
    } else if (shape.size() >= 2 && ends("weight")) {
      const auto fan_in = static_cast<double>(tensor.numel() / shape[0]);
      low = -std::sqrt((shape.size() == 4 ? 6 : 3) / fan_in);
      scale = -2 * low;
    } else if (ends("weight") || ends("gamma")) {
      low = 0.75;
      scale = 0.5;
    }
    tensor.copy_(made_values(name, shape, low, scale));
  };
  for (auto& item : network.named_parameters()) fill(item.key(), item.value());
  for (auto& item : network.named_buffers()) fill(item.key(), item.value());
}

/// Images [batch, 3, height, width] with values in [-2, 2).
inline at::Tensor made_images(std::int64_t batch, std::int64_t height, std::int64_t width) {
  return made_values("image " + std::to_string(height) + " " + std::to_string(width), {batch, 3, height, width}, -2, 4);
}

}  // namespace simile::test
