// SPDX-License-Identifier: Apache-2.0
// Cards are plain, networks are LibTorch's: that the two fit is seen only where both are.
#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/network/architecture.hpp"

#include "simile/model/model_card.hpp"

namespace simile {
namespace {

TEST(BuiltInCards, SayWhatTheirNetworksDo) {
  const at::NoGradGuard no_gradients;
  for (const auto& card : built_in_cards()) {
    SCOPED_TRACE(card.name);
    ArchitectureOptions options;
    if (card.layer == "logits") options.num_classes = card.dimensions;  // CLIP's projection
    const auto network = make_architecture(card.architecture, options);
    network->eval();
    EXPECT_NO_THROW(network->check_size(card.height_px, card.width_px));
    EXPECT_THAT(network->layers(), testing::Contains(card.layer));
    EXPECT_EQ(network->embedding(at::zeros({1, 3, 224, 224}), card.layer).size(1), card.dimensions);
  }
}

TEST(BuiltInCards, AreThereForEveryArchitectureWithPublishedWeights) {
  for (const auto& name : architecture_names()) {
    if (name.starts_with("icas_")) continue;  // training writes their cards
    EXPECT_NE(find_built_in_card(name), nullptr) << name;
  }
}

}  // namespace
}  // namespace simile
