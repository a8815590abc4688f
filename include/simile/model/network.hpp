// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "simile/core/device.hpp"
#include "simile/core/view.hpp"

namespace simile {

struct ModelCard;
class SafetensorsFile;

/// Arithmetic of a network's layers. Sums are taken in fp32 in any case.
enum class Precision : unsigned char { fp32, bf16, fp16 };

/// "fp32", "bf16", "fp16".
std::string_view to_string(Precision precision);
/// Throws invalid_argument naming --precision and what is allowed.
Precision parse_precision(std::string_view text);

/// How a network is run.
struct NetworkOptions {
  Precision precision = Precision::fp32;
  Device device{};
  int threads = 1;  ///< of the CPU
};

/// A network with its weights that turns images into vectors. One thread at a time.
class Network {
 public:
  virtual ~Network() = default;
  /// Values of a vector.
  virtual std::int64_t dimensions() const = 0;
  /// Images for which embed() is fastest.
  virtual std::int64_t best_batch() const = 0;
  /// RGB images of the card's input size, [b, height, width, 3] contiguous, become vectors [b, dimensions()]. Mean and
  /// deviation are taken off inside. Throws model when a value is not finite, out_of_memory.
  virtual void embed(View<const std::uint8_t, 4> images, View<float, 2> vectors) = 0;
};

/// How the tensors of a file fit an architecture.
struct StateMatch {
  std::vector<std::string> missing;     ///< that the architecture has and the file has not
  std::vector<std::string> unexpected;  ///< the other way round
  std::vector<std::string> misshapen;   ///< in both, with other shapes: "fc.weight: [10, 512], wanted [1000, 512]"
  std::int64_t num_parameters = 0;      ///< values of the architecture
};

/// What libsimile_learn can do with networks.
class NetworkBackend {
 public:
  virtual ~NetworkBackend() = default;
  /// Names of the architectures that it has, sorted.
  virtual std::vector<std::string> architectures() const = 0;
  /// Throws invalid_argument for an architecture that there is not.
  virtual StateMatch match(std::string_view architecture, const SafetensorsFile& weights) const = 0;
  /// Throws model when weights and architecture do not fit, invalid_argument for a precision that the device has not.
  virtual std::unique_ptr<Network> open(const ModelCard& card, const SafetensorsFile& weights,
                                        const NetworkOptions& options) const = 0;
  /// A TorchScript module, which is a program: only from who is trusted. Its output for [b, 3, h, w] is the vector.
  virtual std::unique_ptr<Network> open_torchscript(const std::filesystem::path& file, const ModelCard& card,
                                                    const NetworkOptions& options) const = 0;
};

/// Whether this installation has networks: libsimile_learn is where it is looked for.
bool has_networks();

/// The device that "auto", "cpu", "cuda" or "cuda:1" means for networks: auto is a GPU where there is a driver and
/// LibTorch's CUDA half. Throws invalid_argument for another text or a device that is not there: a forced device never
/// falls back. Opens libsimile_learn unless the answer is the CPU without it.
Device resolve_network_device(std::string_view text);

/// Opens libsimile_learn at its first use; `device` of the first call of any kind decides whether LibTorch's CUDA half
/// is opened, too. Throws model when this build has no networks, naming what is missing.
const NetworkBackend& network_backend(const Device& device = {});

}  // namespace simile
