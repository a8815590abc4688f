// SPDX-License-Identifier: Apache-2.0
#include <string_view>

#include "resnet18.json.hpp"
#include "resnet50.json.hpp"
#include "tf_efficientnet_lite0.json.hpp"
#include "vgg19.json.hpp"
#include "vit_base_patch14_dinov2.json.hpp"
#include "vit_base_patch32_clip_224.json.hpp"
#include "vit_small_patch14_dinov2.json.hpp"

#include "simile/model/model_card.hpp"

namespace simile {

const std::vector<ModelCard>& built_in_cards() {
  static const std::vector<ModelCard> cards = [] {
    std::vector<ModelCard> all;
    for (const auto text : {kResnet18Card, kResnet50Card, kEfficientnetLite0Card, kVgg19Card, kDinov2BaseCard,
                            kClipBaseCard, kDinov2SmallCard}) {
      all.push_back(parse_model_card(text));
    }
    return all;
  }();
  return cards;
}

}  // namespace simile
