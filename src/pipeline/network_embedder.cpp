// SPDX-License-Identifier: Apache-2.0
#include "pipeline/network_embedder.hpp"

#include <algorithm>
#include <utility>

#include "simile/core/array.hpp"
#include "simile/core/error.hpp"
#include "simile/core/sha256.hpp"
#include "simile/core/text.hpp"
#include "simile/model/model_store.hpp"
#include "simile/model/network_input.hpp"
#include "simile/model/safetensors.hpp"
#include "simile/train/helper.hpp"

namespace simile {
namespace {

class NetworkEmbedder final : public ImageEmbedder {
 public:
  NetworkEmbedder(std::string name, std::string architecture, ModelCard card, std::string checksum,
                  std::unique_ptr<Network> network, const NetworkOptions& options)
      : name_(std::move(name)),
        architecture_(std::move(architecture)),
        card_(std::move(card)),
        checksum_(std::move(checksum)),
        network_(std::move(network)),
        options_(options) {}

  std::string name() const override { return name_; }
  std::string identity() const override {
    const bool crop = card_.fit == InputFit::crop;
    return concat(card_.architecture, ", weights ", checksum_, ", layer ",
                  card_.layer.empty() ? "default" : card_.layer, ", ", card_.width_px, "x", card_.height_px,
                  crop ? " of " : " stretched", crop ? std::to_string(card_.shorter_side_px) : std::string(), ", mean ",
                  numbers(card_.mean), ", deviation ", numbers(card_.deviation));
  }
  std::string arithmetic() const override {
    return concat(to_string(options_.precision), " on ", options_.device.kind == Device::Kind::cuda ? "cuda" : "cpu");
  }
  std::string architecture() const override { return architecture_; }
  std::int64_t dimensions() const override { return network_->dimensions(); }
  std::int64_t batch() const override { return network_->best_batch(); }
  PixelSize resized_to() const override { return resized_for_network(card_); }
  std::vector<std::uint8_t> prepare(View<const std::uint8_t, 3> image) const override {
    return network_input(card_, image);
  }

  void embed(std::span<const std::vector<std::uint8_t>> prepared, View<float, 2> vectors) override {
    // Always a whole batch: kernels are chosen by its size, and a vector must not depend on what is embedded with it.
    if (images_.data() == nullptr) {
      images_ = Array<std::uint8_t, 4>({batch(), card_.height_px, card_.width_px, 3});
      vectors_ = Array<float, 2>({batch(), dimensions()});
    }
    const std::int64_t count = std::ssize(prepared);
    for (std::int64_t k = 0; k < count; ++k) {
      const auto& input = prepared[static_cast<std::size_t>(k)];
      std::copy(input.begin(), input.end(), images_.view()[k].data);
    }
    network_->embed(std::as_const(images_).view(), vectors_.view());
    std::copy_n(vectors_.data(), count * dimensions(), vectors.data);
  }

 private:
  static std::string numbers(const std::array<double, 3>& values) {
    return concat(format_double(values[0]), "/", format_double(values[1]), "/", format_double(values[2]));
  }

  std::string name_, architecture_;
  ModelCard card_;
  std::string checksum_;
  std::unique_ptr<Network> network_;
  NetworkOptions options_;
  Array<std::uint8_t, 4> images_;
  Array<float, 2> vectors_;
};

/// Whether it is a helper's folder without a network of its own. Names of the store come before folders here.
bool means_helper(const std::string& model) {
  return !model.empty() && find_in_store(default_model_store(), model).empty() && is_helper(model) &&
         !std::filesystem::exists(std::filesystem::path(model) / "card.json");
}

/// A network and the hidden layer of a helper that was trained on its vectors.
class HelperEmbedder final : public ImageEmbedder {
 public:
  HelperEmbedder(std::shared_ptr<ImageEmbedder> network, Helper helper, std::string name, std::string checksum)
      : network_(std::move(network)),
        helper_(std::move(helper)),
        name_(std::move(name)),
        checksum_(std::move(checksum)) {}

  std::string name() const override { return name_; }
  std::string identity() const override { return concat(network_->identity(), "; helper ", checksum_); }
  std::string arithmetic() const override { return network_->arithmetic(); }
  std::int64_t dimensions() const override { return helper_.layers.front().num_classes(); }
  std::int64_t batch() const override { return network_->batch(); }
  PixelSize resized_to() const override { return network_->resized_to(); }
  std::vector<std::uint8_t> prepare(View<const std::uint8_t, 3> image) const override {
    return network_->prepare(image);
  }
  void embed(std::span<const std::vector<std::uint8_t>> prepared, View<float, 2> vectors) override {
    Array<float, 2> seen({std::ssize(prepared), network_->dimensions()});
    network_->embed(prepared, seen.view());
    const Context context{pool_, *progress_, cancellation_, std::int64_t{1} << 30};
    const auto hidden = helper_embedding(helper_, std::as_const(seen).view(), context);
    std::copy_n(hidden.data(), hidden.size(), vectors.data);
  }

 private:
  std::shared_ptr<ImageEmbedder> network_;
  Helper helper_;
  std::string name_, checksum_;
  ThreadPool pool_{1};  // the caller's own is busy with reading
  std::unique_ptr<Progress> progress_ = make_silent_progress();
  Cancellation cancellation_;
};

/// The helper's folder as a model: what its network sees, better told apart. Throws model when the helper has no hidden
/// layer, or its network is not known or has changed.
std::shared_ptr<ImageEmbedder> open_helper(const NetworkChoice& choice, const Context& context) {
  const std::filesystem::path folder = choice.model;
  Helper helper = read_helper(folder);
  if (helper.layers.size() < 2) {
    throw Error(ErrorCode::model, concat(in_quotes(choice.model), ": a helper of kind ", to_string(helper.kind),
                                         " has no hidden layer to be an embedding (simile train helper --kind mlp)"));
  }
  if (helper.model_identity.empty()) {
    throw Error(ErrorCode::model, concat(in_quotes(choice.model),
                                         ": which network made the vectors it was trained on "
                                         "is not known; train it on what simile embed wrote"));
  }
  if (means_helper(helper.model)) {
    throw Error(ErrorCode::model,
                concat(in_quotes(choice.model), ": its network ", in_quotes(helper.model), " is a helper, too"));
  }
  NetworkChoice of_network = choice;
  of_network.model = helper.model;
  of_network.architecture = helper.architecture;
  auto network = open_embedder(of_network, context);
  if (network->identity() != helper.model_identity) {
    throw Error(ErrorCode::model, concat(in_quotes(choice.model), ": its network was ", helper.model_identity,
                                         ", and is now ", network->identity()));
  }
  if (network->dimensions() != helper.dimensions()) {
    throw Error(ErrorCode::model, concat(in_quotes(choice.model), ": made for ", helper.dimensions(),
                                         " values, its network gives ", network->dimensions()));
  }
  return std::make_shared<HelperEmbedder>(std::move(network), std::move(helper), model_name(choice),
                                          sha256_of_file(folder / "helper.safetensors"));
}

/// What a TorchScript module is taken for when no card is named: ImageNet's preprocessing.
ModelCard card_of_torchscript(const std::string& file) {
  ModelCard card = *find_built_in_card(kDefaultModel);
  card.name = std::filesystem::path(file).stem().native();
  card.architecture = kTorchScript;
  card.layer.clear();
  return card;
}

std::shared_ptr<ImageEmbedder> open_torchscript(const NetworkChoice& choice, const NetworkOptions& options) {
  const ModelCard card = choice.model.empty() ? card_of_torchscript(choice.torchscript) : read_model_card(choice.model);
  auto network = network_backend(options.device).open_torchscript(choice.torchscript, card, options);
  return std::make_shared<NetworkEmbedder>(card.name, kTorchScript, card, sha256_of_file(choice.torchscript),
                                           std::move(network), options);
}

}  // namespace

std::string model_name(const NetworkChoice& choice) {
  if (choice.model.empty()) return kDefaultModel;
  if (!find_in_store(default_model_store(), choice.model).empty()) return choice.model;
  return std::filesystem::absolute(choice.model).lexically_normal().native();
}

std::shared_ptr<ImageEmbedder> open_embedder(const NetworkChoice& choice, const Context& context) {
  const NetworkOptions options{choice.precision.empty() ? Precision::fp32 : parse_precision(choice.precision),
                               context.device, context.pool.num_threads()};
  if (!choice.torchscript.empty()) return open_torchscript(choice, options);
  if (means_helper(choice.model)) return open_helper(choice, context);
  const Model model =
      find_model(default_model_store(), choice.model.empty() ? kDefaultModel : choice.model, choice.architecture);
  check_weights(model);
  const SafetensorsFile weights(model.weights);
  auto network = network_backend(options.device).open(model.card, weights, options);
  return std::make_shared<NetworkEmbedder>(
      model_name(choice), choice.architecture, model.card,
      model.card.sha256.empty() ? sha256_of_file(model.weights) : model.card.sha256, std::move(network), options);
}

FeatureOptions with_embedder(FeatureOptions options, const Dataset& dataset, const Context& context) {
  const bool needed = !dataset.features && choose_method(dataset, options) == Method::embedding;
  if (needed && options.embedder == nullptr) options.embedder = open_embedder(options.network, context);
  return options;
}

}  // namespace simile
