// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <functional>
#include <limits>
#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/csrc/jit/api/module.h>

#include "model/made_weights.hpp"
#include "model/network/efficientnet_lite.hpp"
#include "model/network/efficientnet_lite_inference.hpp"
#include "model/network/state_dict.hpp"
#include "model/network/tensor_view.hpp"
#include "support/temporary_folder.hpp"

#include "simile/core/array.hpp"
#include "simile/core/error.hpp"
#include "simile/core/simd.hpp"
#include "simile/model/model_card.hpp"
#include "simile/model/network.hpp"
#include "simile/model/safetensors.hpp"

extern "C" const void* simile_network_backend();

namespace simile {
namespace {

using test::TemporaryFolder;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const NetworkBackend& backend() { return *static_cast<const NetworkBackend*>(simile_network_backend()); }

using State = std::map<std::string, at::Tensor>;

State state_of(const NetworkModule& network) {
  State state;
  for (const auto& item : network.named_parameters()) state[item.key()] = item.value().detach().contiguous();
  for (const auto& item : network.named_buffers()) state[item.key()] = item.value().contiguous();
  return state;
}

void write_state(const std::filesystem::path& path, const State& state) {
  const std::map<at::ScalarType, TensorType> types{{at::kFloat, TensorType::float32},
                                                   {at::kDouble, TensorType::float64},
                                                   {at::kHalf, TensorType::float16},
                                                   {at::kBFloat16, TensorType::bfloat16},
                                                   {at::kLong, TensorType::int64}};
  std::vector<TensorBytes> tensors;
  for (const auto& [name, tensor] : state) {
    const auto* const data = static_cast<const std::uint8_t*>(tensor.const_data_ptr());
    tensors.push_back({name, types.at(tensor.scalar_type()), tensor.sizes().vec(), {data, tensor.nbytes()}});
  }
  write_safetensors(path, tensors);
}

std::string model_error(const std::function<void()>& action, ErrorCode code = ErrorCode::model) {
  try {
    action();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), code) << error.what();
    return error.what();
  }
  return "nothing was thrown";
}

/// Of random weights, whose errors grow from layer to layer; a wrong weight or bias gives about 1.
constexpr double kBfloat16Tolerance = 0.15;

double relative_difference(const at::Tensor& a, const at::Tensor& b) {
  return ((a - b).norm() / b.norm()).item<double>();
}

Array<std::uint8_t, 4> byte_images(std::int64_t batch, std::int64_t height, std::int64_t width) {
  Array<std::uint8_t, 4> images({batch, height, width, 3});
  Random random(7);
  std::generate_n(images.data(), images.size(), [&] { return static_cast<std::uint8_t>(random.below(256)); });
  return images;
}

ModelCard card_for(const std::string& architecture, std::int64_t height, std::int64_t width, std::int64_t dimensions) {
  ModelCard card;
  card.name = "mine";
  card.architecture = architecture;
  card.height_px = height;
  card.width_px = width;
  card.mean = {0.485, 0.456, 0.406};
  card.deviation = {0.229, 0.224, 0.225};
  card.dimensions = dimensions;
  return card;
}

/// As the definition says: [b, 3, h, w] of (value / 255 - mean) / deviation.
at::Tensor normalised(const Array<std::uint8_t, 4>& images, const ModelCard& card) {
  auto values = to_tensor(images.view()).permute({0, 3, 1, 2}).to(at::kDouble) / 255;
  for (std::int64_t c = 0; c < 3; ++c) {
    const auto at = static_cast<std::size_t>(c);
    values.select(1, c).sub_(card.mean[at]).div_(card.deviation[at]);
  }
  return values.to(at::kFloat);
}

std::shared_ptr<NetworkModule> made(const std::string& architecture, const ArchitectureOptions& options = {}) {
  auto network = make_architecture(architecture, options);
  network->eval();
  test::make_weights(*network);
  return network;
}

/// A folder with resnet18.safetensors, and its weights.
class NetworkFile : public ::testing::Test {
 protected:
  std::filesystem::path write(const State& state) const {
    write_state(file_, state);
    return file_;
  }
  TemporaryFolder folder_;
  std::filesystem::path file_ = folder_.path() / "mine.safetensors";
  std::shared_ptr<NetworkModule> network_ = made("resnet18", {.num_classes = 10});
  State state_ = state_of(*network_);
};

TEST_F(NetworkFile, EveryFloatingPointTypeIsTaken) {
  const auto images = test::made_images(1, 64, 64);
  const c10::InferenceMode inference;
  const auto wanted = network_->forward(images);
  const std::map<at::ScalarType, double> types{
      {at::kFloat, 0}, {at::kDouble, 0}, {at::kHalf, 3e-3}, {at::kBFloat16, 3e-2}};
  for (const auto& [type, tolerance] : types) {
    State state;
    for (const auto& [name, tensor] : state_) {
      state[name] = tensor.is_floating_point() ? tensor.to(type) : tensor;
    }
    const auto loaded = load_architecture("resnet18", SafetensorsFile(write(state)));
    const auto output = loaded->forward(images);
    EXPECT_EQ(output.sizes(), wanted.sizes());
    EXPECT_LE(relative_difference(output, wanted), tolerance) << at::toString(type);
  }
}

/// A file of zeros, which takes no space, with these tensors of F32.
void write_zeros(const std::filesystem::path& path, const std::map<std::string, std::vector<std::int64_t>>& shapes) {
  std::string header = "{";
  std::int64_t end = 0;
  for (const auto& [name, shape] : shapes) {
    std::int64_t begin = end;
    std::string extents;
    std::int64_t count = 1;
    for (const auto extent : shape) {
      count *= extent;
      extents += (extents.empty() ? "" : ",") + std::to_string(extent);
    }
    end += 4 * count;
    header += (begin > 0 ? ",\"" : "\"") + name + "\":{\"dtype\":\"F32\",\"shape\":[" + extents +
              "],\"data_offsets\":[" + std::to_string(begin) + "," + std::to_string(end) + "]}";
  }
  header += "}";
  header.resize((header.size() + 7) / 8 * 8, ' ');
  const auto size = static_cast<std::uint64_t>(header.size());
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(&size), sizeof size);
  file << header;
  file.close();
  std::filesystem::resize_file(path, 8 + header.size() + static_cast<std::uint64_t>(end));
}

TEST(Vgg19File, LinearLayersMayHaveTimmsNames) {
  const TemporaryFolder folder;
  const auto path = folder.path() / "vgg19.safetensors";
  std::map<std::string, std::vector<std::int64_t>> shapes;
  for (const auto& [name, tensor] : state_of(*make_architecture("vgg19", {.hidden_layers = false}))) {
    shapes[name] = tensor.sizes().vec();
  }
  shapes["pre_logits.fc1.weight"] = {4096, 512, 7, 7};
  shapes["pre_logits.fc1.bias"] = {4096};
  shapes["pre_logits.fc2.weight"] = {4096, 4096, 1, 1};
  shapes["pre_logits.fc2.bias"] = {4096};
  shapes["head.fc.weight"] = {10, 4096};
  shapes["head.fc.bias"] = {10};
  write_zeros(path, shapes);
  const auto match = backend().match("vgg19", SafetensorsFile(path));
  EXPECT_THAT(match.missing, IsEmpty());
  EXPECT_THAT(match.unexpected, IsEmpty());
  EXPECT_THAT(match.misshapen, IsEmpty());
  shapes["pre_logits.fc1.weight"] = {4096, 512, 7, 6};
  write_zeros(path, shapes);
  EXPECT_THAT(backend().match("vgg19", SafetensorsFile(path)).misshapen, ElementsAre(HasSubstr("classifier.0.weight")));
  shapes.erase("pre_logits.fc2.bias");
  write_zeros(path, shapes);
  EXPECT_THAT(backend().match("vgg19", SafetensorsFile(path)).missing, ElementsAre("classifier.3.bias"));
}

TEST_F(NetworkFile, CountersOfBatchesAndTheLastLayerMayBeMissing) {
  std::erase_if(state_, [](const auto& item) {
    return item.first.ends_with("num_batches_tracked") || item.first.starts_with("fc.");
  });
  const SafetensorsFile file(write(state_));
  const auto match = backend().match("resnet18", file);
  EXPECT_THAT(match.missing, IsEmpty());
  EXPECT_THAT(match.unexpected, IsEmpty());
  EXPECT_THAT(match.misshapen, IsEmpty());
  EXPECT_GT(match.num_parameters, 11'000'000);
  EXPECT_EQ(load_architecture("resnet18", file)->layers().back(), "pooled");
}

TEST_F(NetworkFile, WhatDoesNotFitIsNamedAndCounted) {
  state_.erase("layer1.0.conv1.weight");
  state_.erase("layer1.0.conv2.weight");
  state_["extra"] = at::zeros({2});
  state_["bn1.bias"] = at::zeros({63});
  state_["bn1.weight"] = at::zeros({64}, at::kLong);
  const SafetensorsFile file(write(state_));
  const auto match = backend().match("resnet18", file);
  EXPECT_THAT(match.missing, ElementsAre("layer1.0.conv1.weight", "layer1.0.conv2.weight"));
  EXPECT_THAT(match.unexpected, ElementsAre("extra"));
  EXPECT_THAT(match.misshapen,
              ElementsAre("bn1.weight: I64, wanted F32, F64, F16 or BF16", "bn1.bias: [63], wanted [64]"));
  EXPECT_THAT(model_error([&] { load_architecture("resnet18", file); }),
              HasSubstr("mine.safetensors' has no 'layer1.0.conv1.weight' and 1 more"));
  state_ = state_of(*network_);
  state_["bn1.bias"] = at::zeros({63});
  const SafetensorsFile other(write(state_));
  EXPECT_THAT(model_error([&] { load_architecture("resnet18", other); }), HasSubstr("'bn1.bias: [63], wanted [64]'"));
}

TEST_F(NetworkFile, WeightsOfAnotherArchitectureAreRefused) {
  const SafetensorsFile file(write(state_));
  for (const auto& name : {"resnet50", "vgg19", "tf_efficientnet_lite0", "icas_autoencoder_128"}) {
    EXPECT_THAT(model_error([&] { load_architecture(name, file); }), HasSubstr("another architecture")) << name;
  }
  EXPECT_EQ(backend().architectures(), architecture_names());
}

TEST_F(NetworkFile, VectorsAreThoseOfTheModule) {
  const auto card = card_for("resnet18", 64, 96, 512);
  const SafetensorsFile file(write(state_));
  const auto network = backend().open(card, file, {});
  ASSERT_EQ(network->dimensions(), 512);
  EXPECT_GE(network->best_batch(), 1);
  const auto images = byte_images(3, 64, 96);
  Array<float, 2> vectors({3, 512});
  network->embed(images.view(), vectors.view());
  const c10::InferenceMode inference;
  const auto wanted = network_->embedding(normalised(images, card));
  EXPECT_LE(relative_difference(to_tensor(vectors.view()), wanted), 1e-5);  // norms are folded
}

TEST_F(NetworkFile, CardsThatDoNotFitAreRefused) {
  const SafetensorsFile file(write(state_));
  EXPECT_THAT(model_error([&] { backend().open(card_for("resnet18", 64, 64, 100), file, {}); }),
              HasSubstr("its card says 100 dimensions, the network gives 512"));
  auto card = card_for("resnet18", 64, 64, 512);
  card.layer = "layer5";
  EXPECT_THAT(model_error([&] { backend().open(card, file, {}); }, ErrorCode::invalid_argument),
              HasSubstr("layer 'layer5'"));
  EXPECT_THAT(
      model_error([&] { backend().open(card_for("resnet18", 64, 64, 512), file, {.precision = Precision::fp16}); },
                  ErrorCode::invalid_argument),
      HasSubstr("--precision fp16"));
}

TEST_F(NetworkFile, AnEmbeddingThatIsNotFiniteIsAnError) {
  state_["bn1.bias"] = at::full({64}, std::numeric_limits<float>::quiet_NaN());
  const SafetensorsFile file(write(state_));
  const auto network = backend().open(card_for("resnet18", 64, 64, 512), file, {});
  const auto images = byte_images(1, 64, 64);
  Array<float, 2> vectors({1, 512});
  EXPECT_THAT(model_error([&] { network->embed(images.view(), vectors.view()); }), HasSubstr("not finite"));
}

TEST(FoldNorms, OutputsStayWhatTheyWere) {
  const c10::InferenceMode inference(false);
  const at::NoGradGuard no_grad;
  for (const auto& name : {"resnet18", "resnet50", "tf_efficientnet_lite0"}) {
    const auto network = made(name);
    const auto images = test::made_images(1, 64, 70);
    const auto wanted = network->forward(images);
    network->fold_norms();
    EXPECT_LE(relative_difference(network->forward(images), wanted), 2e-5) << name;
    EXPECT_LE(relative_difference(network->forward(images.contiguous(at::MemoryFormat::ChannelsLast)), wanted), 2e-5);
  }
}

TEST(FoldNorms, BiasesMoveWithTheirModule) {
  const at::NoGradGuard no_grad;
  for (const auto& name : {"resnet18", "tf_efficientnet_lite0"}) {
    const auto network = made(name);
    const auto images = test::made_images(1, 64, 64);
    const auto wanted = network->embedding(images);
    network->fold_norms();
    network->to(at::kBFloat16);
    const auto output = network->embedding(images.to(at::kBFloat16));
    EXPECT_EQ(output.scalar_type(), at::kBFloat16);
    EXPECT_LE(relative_difference(output.to(at::kFloat), wanted), kBfloat16Tolerance) << name;
  }
}

TEST(EfficientNetLite0, Bfloat16IsNearOrRefusedByName) {
  const TemporaryFolder folder;
  write_state(folder.path() / "lite.safetensors", state_of(*made("tf_efficientnet_lite0")));
  const SafetensorsFile file(folder.path() / "lite.safetensors");
  const auto card = card_for("tf_efficientnet_lite0", 64, 64, 1280);
  const auto images = byte_images(3, 64, 64);
  Array<float, 2> wanted({3, 1280});
  Array<float, 2> vectors({3, 1280});
  backend().open(card, file, {})->embed(images.view(), wanted.view());
  try {
    const auto network = backend().open(card, file, {.precision = Precision::bf16});
    network->embed(images.view(), vectors.view());
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::invalid_argument);
    EXPECT_THAT(error.what(), HasSubstr("--precision bf16: this CPU has no instructions for it"));
    GTEST_SKIP() << "no bf16 on this CPU";
  }
  EXPECT_LE(relative_difference(to_tensor(vectors.view()), to_tensor(wanted.view())), kBfloat16Tolerance);
}

TEST(EfficientNetLite0, FusedConvolutionsGiveTheSame) {
  const at::NoGradGuard no_grad;
  const auto network = made("tf_efficientnet_lite0");
  const std::vector<at::Tensor> inputs{test::made_images(2, 64, 64), test::made_images(1, 75, 98)};
  std::vector<at::Tensor> wanted;
  for (const auto& images : inputs) wanted.push_back(network->embedding(images));
  network->fold_norms();
  dynamic_cast<EfficientNetLite0&>(*network).fuse();
  for (std::size_t k = 0; k < inputs.size(); ++k) {
    const auto images = inputs[k].contiguous(at::MemoryFormat::ChannelsLast);
    EXPECT_LE(relative_difference(network->embedding(images), wanted[k]), 2e-5);
  }
}

TEST(EfficientNetLiteInference, VectorsAreThoseOfTheModuleAtEveryLevelAndSize) {
  const at::NoGradGuard no_grad;
  const auto before = simd_level();
  for (const auto& [height, width] : {std::pair{224, 224}, {75, 98}, {33, 64}, {1, 1}, {2, 225}}) {
    const auto card = card_for("tf_efficientnet_lite0", height, width, 1280);
    const auto images = byte_images(2, height, width);
    const auto network = made("tf_efficientnet_lite0");
    const auto wanted = network->embedding(normalised(images, card));
    network->fold_norms();
    const auto layers = lite_layers(dynamic_cast<const EfficientNetLite0&>(*network));
    for (const auto level : supported_simd_levels()) {
      set_simd_level(level);
      const EfficientNetLiteInference inference(layers, height, width, card.mean, card.deviation);
      auto workspace = inference.workspace();
      Array<float, 2> vectors({2, 1280});
      for (std::int64_t k = 0; k < 2; ++k) {
        inference.embed(images.view()[k].data, vectors.view()[k].data, workspace);
      }
      EXPECT_LE(relative_difference(to_tensor(vectors.view()), wanted), 2e-5)
          << to_string(level) << ' ' << height << 'x' << width;
    }
  }
  set_simd_level(before);
}

TEST(EfficientNetLiteNetwork, VectorsDependOnNothingButTheirImage) {
  const TemporaryFolder folder;
  const auto path = folder.path() / "lite.safetensors";
  auto state = state_of(*made("tf_efficientnet_lite0"));
  write_state(path, state);
  const auto card = card_for("tf_efficientnet_lite0", 64, 64, 1280);
  const auto images = byte_images(7, 64, 64);
  Array<float, 2> together({7, 1280});
  Array<float, 2> alone({7, 1280});
  const SafetensorsFile file(path);
  backend().open(card, file, {.threads = 3})->embed(images.view(), together.view());
  const auto single = backend().open(card, file, {});
  for (std::int64_t k = 6; k >= 0; --k) {
    Array<std::uint8_t, 4> image({1, 64, 64, 3});
    std::copy_n(images.view()[k].data, image.size(), image.data());
    const View<float, 2> vector(alone.view()[k].data, {1, 1280});
    single->embed(image.view(), vector);
  }
  EXPECT_TRUE(at::equal(to_tensor(together.view()), to_tensor(alone.view())));
  state["bn2.bias"] = at::full({1280}, std::numeric_limits<float>::quiet_NaN());
  write_state(path, state);
  const auto broken = backend().open(card, SafetensorsFile(path), {});
  EXPECT_THAT(model_error([&] { broken->embed(images.view(), together.view()); }), HasSubstr("not finite"));
}

TEST(EfficientNetLiteNetwork, AnotherLayerThanTheUsualRunsTheModule) {
  const TemporaryFolder folder;
  const auto module = made("tf_efficientnet_lite0");
  write_state(folder.path() / "lite.safetensors", state_of(*module));
  auto card = card_for("tf_efficientnet_lite0", 64, 64, 40);
  card.layer = "stage2";
  const auto network = backend().open(card, SafetensorsFile(folder.path() / "lite.safetensors"), {});
  const auto images = byte_images(2, 64, 64);
  Array<float, 2> vectors({2, 40});
  network->embed(images.view(), vectors.view());
  const c10::InferenceMode inference;
  EXPECT_LE(relative_difference(to_tensor(vectors.view()), module->embedding(normalised(images, card), "stage2")),
            2e-5);
}

TEST(TorchScript, AModulesOutputIsTheVector) {
  const TemporaryFolder folder;
  const auto path = folder.path() / "mean.pt";
  torch::jit::Module module("mean");
  module.define("def forward(self, x):\n  return x.mean([2, 3])\n");
  module.save(path.native());
  const auto card = card_for("torchscript", 16, 24, 0);
  const auto network = backend().open_torchscript(path, card, {});
  ASSERT_EQ(network->dimensions(), 3);
  const auto images = byte_images(2, 16, 24);
  Array<float, 2> vectors({2, 3});
  network->embed(images.view(), vectors.view());
  EXPECT_LE(relative_difference(to_tensor(vectors.view()), normalised(images, card).mean({2, 3})), 1e-5);
}

TEST(TorchScript, WhatIsNoModuleOrFailsIsNamed) {
  const TemporaryFolder folder;
  const auto card = card_for("torchscript", 16, 16, 0);
  const auto path = folder.path() / "module.pt";
  EXPECT_THAT(model_error([&] { backend().open_torchscript(path, card, {}); }, ErrorCode::not_found),
              HasSubstr("--torchscript"));
  std::ofstream(path) << "PK this is no archive";
  EXPECT_THAT(model_error([&] { backend().open_torchscript(path, card, {}); }), HasSubstr("is no TorchScript module"));
  const auto open_source = [&](const std::string& source) {
    torch::jit::Module module("mine");
    module.define(source);
    module.save(path.native());
    backend().open_torchscript(path, card, {});
  };
  EXPECT_THAT(model_error([&] { open_source("def forward(self, x):\n  return x\n"); }), HasSubstr("is not [1, d]"));
  EXPECT_THAT(model_error([&] { open_source("def forward(self, x):\n  return [x]\n"); }),
              HasSubstr("something else than a tensor"));
  EXPECT_THAT(model_error([&] { open_source("def forward(self, x):\n  return x.view([7])\n"); }), HasSubstr("view"));
}

}  // namespace
}  // namespace simile
