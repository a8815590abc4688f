// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <ostream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/made_weights.hpp"
#include "model/network/autoencoder.hpp"

#include "simile/core/csv.hpp"
#include "simile/core/error.hpp"
#include "simile/core/text.hpp"

namespace simile {
namespace {

using test::made_images;
using test::make_weights;
using ::testing::HasSubstr;

constexpr double kTolerance = 1e-4;  // relative

struct Output {
  std::string layer, shape;
  double norm = 0;
  std::vector<double> values;  ///< at even steps
};

struct ReferenceCase {
  std::string network;
  std::int64_t batch = 0, height = 0, width = 0;
  std::vector<Output> outputs;
};

void PrintTo(const ReferenceCase& of, std::ostream* out) {  // NOLINT(readability-identifier-naming): GoogleTest's
  *out << of.network << ' ' << of.batch << 'x' << of.height << 'x' << of.width;
}

double number(const std::string& text) { return std::stod(text); }

std::vector<ReferenceCase> reference_cases() {
  std::vector<ReferenceCase> cases;
  std::string key;
  for (const auto& row : read_csv(SIMILE_TEST_DATA "/network_reference.csv").rows) {
    const std::string its_key = concat(row[0], ' ', row[1], ' ', row[2], ' ', row[3]);
    if (its_key != key) cases.push_back({row[0], std::stoll(row[1]), std::stoll(row[2]), std::stoll(row[3]), {}});
    key = its_key;
    auto& output = cases.back().outputs.emplace_back(Output{row[4], row[5], number(row[6]), {}});
    for_each_part(row[7], ' ', [&](std::string_view part) { output.values.push_back(number(std::string(part))); });
  }
  return cases;
}

std::string shape_text(const at::Tensor& tensor) {
  std::string text;
  for (const auto extent : tensor.sizes()) text += (text.empty() ? "" : "x") + std::to_string(extent);
  return text;
}

class NetworkReference : public ::testing::TestWithParam<ReferenceCase> {};

void expect_output(const at::Tensor& tensor, const Output& wanted) {
  ASSERT_EQ(shape_text(tensor), wanted.shape) << wanted.layer;
  const auto flat = tensor.to(at::kDouble).contiguous().flatten();
  EXPECT_NEAR(flat.norm().item<double>(), wanted.norm, kTolerance * wanted.norm) << wanted.layer;
  const double size = wanted.norm / std::sqrt(static_cast<double>(flat.numel()));
  const std::int64_t step = std::max<std::int64_t>(1, flat.numel() / static_cast<std::int64_t>(wanted.values.size()));
  for (std::size_t k = 0; k < wanted.values.size(); ++k) {
    const auto value = flat[static_cast<std::int64_t>(k) * step].item<double>();
    EXPECT_NEAR(value, wanted.values[k], kTolerance * std::max(size, std::abs(wanted.values[k])))
        << wanted.layer << " at " << static_cast<std::int64_t>(k) * step;
  }
}

TEST_P(NetworkReference, OutputsAreThoseOfThePythonOriginal) {
  const auto& of = GetParam();
  const auto network = make_architecture(of.network);
  network->eval();
  make_weights(*network);
  const c10::InferenceMode inference;
  std::vector<std::string> layers;
  for (const auto& output : of.outputs) layers.push_back(output.layer);
  const auto maps = network->feature_maps(made_images(of.batch, of.height, of.width), layers);
  for (std::size_t k = 0; k < maps.size(); ++k) expect_output(maps[k], of.outputs[k]);
}

INSTANTIATE_TEST_SUITE_P(All, NetworkReference, ::testing::ValuesIn(reference_cases()), [](const auto& of) {
  return concat(of.param.network, "_", of.param.height, "x", of.param.width);
});

std::string message_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::invalid_argument);
    return error.what();
  }
  return "nothing was thrown";
}

TEST(Architecture, AllAreListedSortedAndInTheReference) {
  const auto names = architecture_names();
  EXPECT_TRUE(std::is_sorted(names.begin(), names.end()));
  std::map<std::string, int> in_reference;
  for (const auto& of : reference_cases()) ++in_reference[of.network];
  EXPECT_EQ(names.size(), in_reference.size());
  for (const auto& name : names) EXPECT_EQ(in_reference.count(name), 1) << name;
}

TEST(Architecture, AnUnknownOneNamesThoseThereAre) {
  EXPECT_THAT(message_of([] { make_architecture("resnet19"); }),
              HasSubstr("architecture 'resnet19': there are icas_autoencoder_128, "));
}

TEST(Architecture, SizesThatCannotBeTakenAreNamed) {
  const auto network = make_architecture("icas_autoencoder_128");
  EXPECT_THAT(message_of([&] { network->forward(at::zeros({1, 3, 48, 64})); }),
              HasSubstr("64x48 pixels: this autoencoder takes multiples of 32 from 32"));
  EXPECT_THAT(message_of([&] { network->forward(at::zeros({1, 1, 64, 64})); }),
              HasSubstr("[1, 1, 64, 64]: wanted is [b, 3, height, width]"));
}

TEST(Architecture, ALayerThatThereIsNotNamesThoseThereAre) {
  const auto network = make_architecture("resnet18", {.num_classes = 0});
  EXPECT_THAT(message_of([&] { network->embedding(at::zeros({1, 3, 32, 32}), "logits"); }),
              HasSubstr("layer 'logits': there are stem, layer1, layer2, layer3, layer4, pooled"));
}

TEST(Architecture, EmbeddingsAreVectorsWhateverTheLayer) {
  const auto network = make_architecture("resnet18");
  network->eval();
  const c10::InferenceMode inference;
  const auto images = made_images(2, 64, 64);
  EXPECT_EQ(shape_text(network->embedding(images)), "2x512");
  const auto map = network->feature_maps(images, {"layer2"}).front();
  EXPECT_TRUE(at::allclose(network->embedding(images, "layer2"), map.mean({2, 3})));
}

TEST(Architecture, EveryNamedLayerIsMetInOrder) {
  for (const auto& name : {"icas_autoencoder_128", "resnet18", "tf_efficientnet_lite0"}) {
    const auto network = make_architecture(name);
    network->eval();
    std::vector<std::string> met;
    network->walk(made_images(1, 64, 64), [&](std::string_view layer, const at::Tensor&) {
      met.emplace_back(layer);
      return true;
    });
    EXPECT_EQ(met, network->layers()) << name;
  }
}

TEST(IcasAutoencoder, DecodingTheCodeIsTheReconstruction) {
  const auto network = make_architecture("icas_autoencoder_256");
  network->eval();
  auto& autoencoder = dynamic_cast<IcasAutoencoder&>(*network);
  const auto images = made_images(1, 256, 512);
  const auto code = autoencoder.encode(images);
  EXPECT_EQ(shape_text(code.map), "1x256x1x2");
  EXPECT_TRUE(at::equal(autoencoder.decode(code), network->forward(images)));
  EXPECT_TRUE(at::equal(network->embedding(images), code.map.flatten(1)));
}

TEST(IcasAutoencoder, GradientsReachEveryParameter) {
  const auto network = make_architecture("icas_autoencoder_128");
  const auto images = made_images(4, 64, 64);
  at::mse_loss(network->forward(images), images).backward();
  for (const auto& item : network->named_parameters()) {
    ASSERT_TRUE(item.value().grad().defined()) << item.key();
    EXPECT_TRUE(at::isfinite(item.value().grad()).all().item<bool>()) << item.key();
  }
}

}  // namespace
}  // namespace simile
