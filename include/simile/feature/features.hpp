// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "simile/core/array.hpp"
#include "simile/feature/method.hpp"

namespace simile {

/// Stands for the architecture where a network is a TorchScript module.
inline constexpr const char* kTorchScript = "torchscript";

/// Features::model_identity as a file of simile 0.1 may give it: without the precision and device that it had there.
std::string comparable_identity(std::string identity);

/// Whether vectors of these identities are comparable. One that is not known (empty) is taken for any.
bool comparable(std::string_view identity, std::string_view other);

/// The features of a run's items: row k belongs to item items[k] of the catalogue (ascending). One of the arrays is in
/// use, as the method says.
struct Features {
  Method method = Method::ssim;
  Array<std::uint8_t, 3> images;         ///< ssim: grey [n, height, width]
  Array<std::uint8_t, 4> colour_images;  ///< template: [n, height, width, 3]
  Array<std::uint8_t, 2> codes;          ///< hashes: [n, ceil(bits / 8)]; orb: descriptors of all items [m, 32]
  std::vector<std::int64_t> offsets;     ///< orb: [n + 1], item k has descriptors offsets[k] .. offsets[k + 1]
  std::int64_t bits = 0;                 ///< of a hash
  Array<std::uint32_t, 2> signatures;    ///< minhash: [n, 128]; all 2^32 - 1 where an image has no corners
  Array<float, 2> vectors;               ///< embedding: [n, d]
  std::string model{};                   ///< embedding: name of the network, where simile took them; else empty
  std::string architecture{};            ///< of its weights, where they have no card; kTorchScript of a module
  std::string model_identity{};          ///< of its weights and what they see: vectors of two are not comparable
  std::string arithmetic{};              ///< of precision and device, for people: does not make them incomparable
  std::int64_t width_px = 0;             ///< to which the images were resized before; 0: not known, or not at all
  std::int64_t height_px = 0;
  std::vector<std::int64_t> items;

  std::int64_t num_rows() const { return static_cast<std::int64_t>(items.size()); }
};

}  // namespace simile
