// SPDX-License-Identifier: Apache-2.0
#include "model/network/efficientnet_lite_network.hpp"

#include <algorithm>
#include <cmath>

#include "simile/core/cancellation.hpp"
#include "simile/core/error.hpp"
#include "simile/core/text.hpp"
#include "simile/core/thread_pool.hpp"

namespace simile {
namespace {

constexpr std::int64_t kImagesPerThread = 4;  // so that threads seldom wait for the last one

class EfficientNetLiteNetwork final : public Network {
 public:
  EfficientNetLiteNetwork(const std::vector<LiteLayer>& layers, const ModelCard& card, const NetworkOptions& options)
      : name_(card.name),
        inference_(layers, card.height_px, card.width_px, card.mean, card.deviation),
        height_(card.height_px),
        width_(card.width_px),
        pool_(options.threads) {
    for (int worker = 0; worker < options.threads; ++worker) workspaces_.push_back(inference_.workspace());
  }

  std::int64_t dimensions() const override { return inference_.dimensions(); }
  std::int64_t best_batch() const override { return kImagesPerThread * pool_.num_threads(); }

  void embed(View<const std::uint8_t, 4> images, View<float, 2> vectors) override {
    ensure(images.shape[1] == height_ && images.shape[2] == width_ && images.shape[3] == 3 && images.contiguous(),
           "images of another size than the card's");
    ensure(vectors.shape[0] == images.shape[0] && vectors.shape[1] == dimensions() && vectors.stride[1] == 1,
           "vectors of another shape");
    pool_.parallel_for(images.shape[0], Cancellation(), [&](int worker, std::int64_t item) {
      float* const vector = vectors[item].data;
      inference_.embed(images[item].data, vector, workspaces_[static_cast<std::size_t>(worker)]);
      if (std::all_of(vector, vector + dimensions(), [](float value) { return std::isfinite(value); })) return;
      throw Error(ErrorCode::model, concat("network ", in_quotes(name_), ": an embedding is not finite"));
    });
  }

 private:
  std::string name_;
  EfficientNetLiteInference inference_;
  std::int64_t height_, width_;
  ThreadPool pool_;
  std::vector<EfficientNetLiteInference::Workspace> workspaces_;
};

}  // namespace

std::unique_ptr<Network> make_efficientnet_lite_network(const std::vector<LiteLayer>& layers, const ModelCard& card,
                                                        const NetworkOptions& options) {
  return std::make_unique<EfficientNetLiteNetwork>(layers, card, options);
}

}  // namespace simile
