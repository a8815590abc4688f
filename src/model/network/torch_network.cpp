// SPDX-License-Identifier: Apache-2.0
#include "model/network/torch_network.hpp"

#include <array>
#include <string>
#include <utility>

#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <c10/core/InferenceMode.h>

#include "model/network/tensor_view.hpp"
#include "model/network/torch_errors.hpp"

#include "simile/core/error.hpp"
#include "simile/core/text.hpp"

namespace simile {
namespace {

class TorchNetwork final : public Network {
 public:
  TorchNetwork(const ModelCard& card, const NetworkOptions& options, TorchNetworkParts parts)
      : card_(card), options_(options), parts_(std::move(parts)), device_(torch_device(options.device)) {
    with_torch_errors([&] {
      const c10::InferenceMode inference;
      at::set_num_threads(options_.threads);
      mean_ = channels(card_.mean);
      deviation_ = channels(card_.deviation);
      if (parts_.dimensions == 0) parts_.dimensions = try_out();
    });
  }

  std::int64_t dimensions() const override { return parts_.dimensions; }
  std::int64_t best_batch() const override { return parts_.best_batch; }

  void embed(View<const std::uint8_t, 4> images, View<float, 2> vectors) override {
    ensure(images.shape[1] == card_.height_px && images.shape[2] == card_.width_px && images.shape[3] == 3,
           "images of another size than the card's");
    ensure(vectors.shape[0] == images.shape[0] && vectors.shape[1] == dimensions(), "vectors of another shape");
    if (images.shape[0] == 0) return;
    with_torch_errors([&] {
      const c10::InferenceMode inference;
      at::set_num_threads(options_.threads);
      const auto result = parts_.embed(normalised(to_tensor(images))).to(at::kFloat);
      if (!at::isfinite(result).all().item<bool>()) {
        throw Error(ErrorCode::model,
                    concat("network ", in_quotes(card_.name), ": an embedding is not finite",
                           parts_.type == at::kHalf ? " (fp16 overflows in some networks; try bf16)" : ""));
      }
      to_tensor(vectors).copy_(result);
    });
  }

 private:
  at::Tensor channels(const std::array<double, 3>& values) const {
    auto tensor = at::empty({1, 3, 1, 1}, at::kFloat);
    for (std::size_t k = 0; k < values.size(); ++k) tensor.data_ptr<float>()[k] = static_cast<float>(255 * values[k]);
    return tensor.to(device_);
  }

  /// [b, h, w, 3] of bytes as [b, 3, h, w], channels last in memory.
  at::Tensor normalised(const at::Tensor& images) const {
    const auto values = images.permute({0, 3, 1, 2}).to(device_).to(at::kFloat);
    return ((values - mean_) / deviation_).to(parts_.type).contiguous(at::MemoryFormat::ChannelsLast);
  }

  std::int64_t try_out() const {
    const auto output = parts_.embed(normalised(at::zeros({1, card_.height_px, card_.width_px, 3}, at::kByte)));
    if (output.dim() != 2 || output.size(0) != 1 || output.size(1) < 1) {
      throw Error(ErrorCode::model,
                  concat("network ", in_quotes(card_.name), ": its output for one image is not [1, d]"));
    }
    return output.size(1);
  }

  ModelCard card_;
  NetworkOptions options_;
  TorchNetworkParts parts_;
  at::Device device_;
  at::Tensor mean_, deviation_;
};

bool cpu_has_bf16() {
#if defined(__x86_64__)
  return __builtin_cpu_supports("avx512bf16") != 0;
#else
  return false;
#endif
}

}  // namespace

std::unique_ptr<Network> make_torch_network(const ModelCard& card, const NetworkOptions& options,
                                            TorchNetworkParts parts) {
  return std::make_unique<TorchNetwork>(card, options, std::move(parts));
}

at::ScalarType scalar_type(const NetworkOptions& options) {
  const bool on_cpu = options.device.kind == Device::Kind::cpu;
  switch (options.precision) {
    case Precision::fp32:
      return at::kFloat;
    case Precision::bf16:
      // Without instructions for it, bf16 is emulated and slower than fp32.
      if (on_cpu && !cpu_has_bf16()) {
        throw Error(ErrorCode::invalid_argument,
                    "--precision bf16: this CPU has no instructions for it (AVX512_BF16); allowed is fp32");
      }
      return at::kBFloat16;
    case Precision::fp16:
      if (on_cpu) {
        throw Error(ErrorCode::invalid_argument,
                    "--precision fp16: only on a GPU; on a CPU, fp32 and bf16 are allowed");
      }
      return at::kHalf;
  }
  return at::kFloat;
}

}  // namespace simile
