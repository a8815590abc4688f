// SPDX-License-Identifier: Apache-2.0
#include "simile/model/model_card.hpp"

#include <cmath>
#include <fstream>
#include <functional>
#include <iterator>
#include <limits>
#include <ostream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/expect_error.hpp"
#include "model/cards.hpp"
#include "support/temporary_folder.hpp"

namespace simile {
namespace {

using nlohmann::ordered_json;
using test::a_card;

TEST(ModelCard, IsReadBackAsItWasWritten) {
  ModelCard card = a_card();
  EXPECT_EQ(parse_model_card(to_json(card)), card);
  card.fit = InputFit::stretch;
  card.shorter_side_px = 0;
  card.layer = "pooled";
  card.sha256 = std::string(64, 'a');
  card.weights = "weights/model.safetensors";
  card.training = R"({"seed":7,"epochs":[1,2]})";
  card.licence = "CC-BY é";
  EXPECT_EQ(parse_model_card(to_json(card)), card);
  card.weights.clear();
  card.sha256.clear();
  EXPECT_EQ(parse_model_card(to_json(card)), card);
}

struct Damage {
  const char* what;
  std::function<void(ordered_json&)> damage;
  const char* reason;
};
void PrintTo(const Damage& damage, std::ostream* out) { *out << damage.what; }

class DamagedCard : public testing::TestWithParam<Damage> {};

TEST_P(DamagedCard, IsRefusedWithItsReason) {
  ModelCard card = a_card();
  card.training = "{}";
  ordered_json json = ordered_json::parse(to_json(card));
  GetParam().damage(json);
  expect_error(ErrorCode::model, GetParam().reason, [&] { parse_model_card(json.dump()); });
}

INSTANTIATE_TEST_SUITE_P(
    ModelCard, DamagedCard,
    testing::Values(
        Damage{"other_json", [](auto& j) { j.erase("simile_model_card"); }, "is no model card"},
        Damage{"later_version", [](auto& j) { j["simile_model_card"] = 2; },
               "simile_model_card 2: this program reads 1"},
        Damage{"no_name", [](auto& j) { j.erase("name"); }, "has no name"},
        Damage{"name_with_slash", [](auto& j) { j["name"] = "a/b"; }, "name 'a/b': allowed are up to 100 letters"},
        Damage{"name_dots", [](auto& j) { j["name"] = ".."; }, "name '..'"},
        Damage{"name_flag", [](auto& j) { j["name"] = "-v"; }, "name '-v'"},
        Damage{"name_empty", [](auto& j) { j["name"] = ""; }, "name ''"},
        Damage{"name_long", [](auto& j) { j["name"] = std::string(101, 'a'); }, "up to 100 letters"},
        Damage{"name_number", [](auto& j) { j["name"] = 1; }, "name must be a text, not 1"},
        Damage{"no_architecture", [](auto& j) { j.erase("architecture"); }, "has no architecture"},
        Damage{"architecture", [](auto& j) { j["architecture"] = "res net"; }, "architecture 'res net'"},
        Damage{"no_input", [](auto& j) { j.erase("input"); }, "has no input"},
        Damage{"input_list", [](auto& j) { j["input"] = {1}; }, "input must be an object, not [1]"},
        Damage{"no_width", [](auto& j) { j["input"].erase("width_px"); }, "has no input.width_px"},
        Damage{"width_0", [](auto& j) { j["input"]["width_px"] = 0; },
               "input.width_px 0: allowed are whole numbers from 1"},
        Damage{"width_broken", [](auto& j) { j["input"]["width_px"] = 1.5; },
               "input.width_px must be a whole number, not 1.5"},
        Damage{"width_huge", [](auto& j) { j["input"]["width_px"] = std::numeric_limits<std::uint64_t>::max(); },
               "input.width_px must be a smaller number"},
        Damage{"height_negative", [](auto& j) { j["input"]["height_px"] = -1; }, "input.height_px -1"},
        Damage{"height_large", [](auto& j) { j["input"]["height_px"] = 5000; }, "input.height_px 5000"},
        Damage{"fit", [](auto& j) { j["input"]["fit"] = "pad"; }, "input.fit 'pad': allowed are crop, stretch"},
        Damage{"no_shorter_side", [](auto& j) { j["input"].erase("shorter_side_px"); }, "has no input.shorter_side_px"},
        Damage{"small_shorter_side", [](auto& j) { j["input"]["shorter_side_px"] = 223; },
               "input.shorter_side_px 223: allowed are whole numbers from 224"},
        Damage{"stretch_has_no_shorter_side", [](auto& j) { j["input"]["fit"] = "stretch"; },
               "unknown field 'input.shorter_side_px'"},
        Damage{"mean_of_two", [](auto& j) { j["input"]["mean"] = {0, 0}; },
               "input.mean must be a list of three numbers"},
        Damage{"mean_of_texts", [](auto& j) { j["input"]["mean"] = {"0", "0", "0"}; },
               "input.mean must be a list of three numbers"},
        Damage{"mean_large", [](auto& j) { j["input"]["mean"] = {0, 1e6, 0}; }, "input.mean 1e+06"},
        Damage{"std_0", [](auto& j) { j["input"]["std"] = {1, 1, 0}; }, "input.std 0: allowed are numbers from"},
        Damage{"std_negative", [](auto& j) { j["input"]["std"] = {-1, 1, 1}; }, "input.std -1"},
        Damage{"no_dimensions", [](auto& j) { j["embedding"] = ordered_json::object(); },
               "has no embedding.dimensions"},
        Damage{"dimensions_0", [](auto& j) { j["embedding"]["dimensions"] = 0; }, "embedding.dimensions 0"},
        Damage{"layer", [](auto& j) { j["embedding"]["layer"] = "a b"; }, "embedding.layer 'a b'"},
        Damage{"no_licence", [](auto& j) { j.erase("licence"); }, "has no licence"},
        Damage{"source_number", [](auto& j) { j["source"] = 3; }, "source must be a text"},
        Damage{"absolute_weights", [](auto& j) { j["weights"]["file"] = "/etc/passwd"; },
               "weights.file '/etc/passwd': allowed are paths below"},
        Damage{"weights_above", [](auto& j) { j["weights"]["file"] = "a/../../b"; }, "weights.file 'a/../../b'"},
        Damage{"weights_folder", [](auto& j) { j["weights"]["file"] = "a/"; }, "weights.file 'a/'"},
        Damage{"no_weights_file", [](auto& j) { j["weights"].erase("file"); }, "has no weights.file"},
        Damage{"sha256_short", [](auto& j) { j["weights"]["sha256"] = "abc"; }, "weights.sha256 'abc': allowed are 64"},
        Damage{"sha256_upper", [](auto& j) { j["weights"]["sha256"] = std::string(64, 'A'); }, "weights.sha256"},
        Damage{"training_list", [](auto& j) { j["training"] = {1}; }, "training must be an object"},
        Damage{"typo", [](auto& j) { j["license"] = ""; }, "unknown field 'license'"},
        Damage{"typo_inside", [](auto& j) { j["input"]["std_dev"] = 1; }, "unknown field 'input.std_dev'"}),
    [](const auto& each) { return std::string(each.param.what); });

TEST(ModelCard, IsRefusedWhenItIsNoJson) {
  expect_error(ErrorCode::model, "is not valid JSON", [] { parse_model_card(""); });
  expect_error(ErrorCode::model, "is not valid JSON", [] { parse_model_card("{\"name\": \"\xff\"}"); });
  expect_error(ErrorCode::model, "is not valid JSON", [] { parse_model_card(to_json(a_card()) + "}"); });
  expect_error(ErrorCode::model, "is not a JSON object", [] { parse_model_card("[]"); });
  expect_error(ErrorCode::model, "nested too deeply",
               [] { parse_model_card(std::string(100'000, '[') + std::string(100'000, ']')); });
  expect_error(ErrorCode::model, "has 'name' twice", [] { parse_model_card(R"({"name": "a", "name": "b"})"); });
  expect_error(ErrorCode::model, "has 'mean' twice", [] { parse_model_card(R"({"input": {"mean": 1, "mean": 2}})"); });
}

TEST(ModelCard, IsCheckedBeforeItIsWritten) {
  ModelCard card = a_card();
  card.mean[1] = std::nan("");
  expect_error(ErrorCode::model, "input.mean nan", [&] { to_json(card); });
  card = a_card();
  card.training = "[]";
  expect_error(ErrorCode::model, "training is not a JSON object", [&] { to_json(card); });
  card = a_card();
  card.source = "\xff";
  expect_error(ErrorCode::model, "source '\\xFF'", [&] { to_json(card); });
}

TEST(ModelCard, NamesItsFileInErrors) {
  const test::TemporaryFolder folder;
  const auto path = folder.write("card.json", "{}");
  expect_error(ErrorCode::model, "card.json': is no model card", [&] { read_model_card(path); });
  expect_error(ErrorCode::not_found, "none.json'", [&] { read_model_card(folder / "none.json"); });
  folder.write("card.json", std::string(1'000'001, ' '));
  expect_error(ErrorCode::invalid_argument, "card.json' has 976.6 KiB, more than", [&] { read_model_card(path); });
}

TEST(BuiltInCards, AreThoseOfTheArchitecturesWithPublishedWeights) {
  std::vector<std::string> names;
  for (const auto& card : built_in_cards()) {
    names.push_back(card.name);
    EXPECT_EQ(card.architecture, card.name);
    EXPECT_TRUE(card.weights.empty()) << card.name;
    EXPECT_NO_THROW(validate(card)) << card.name;
  }
  EXPECT_THAT(names,
              testing::ElementsAre("resnet18", "resnet50", "tf_efficientnet_lite0", "vgg19", "vit_base_patch14_dinov2",
                                   "vit_base_patch32_clip_224", "vit_small_patch14_dinov2"));
  ASSERT_NE(find_built_in_card("resnet50"), nullptr);
  EXPECT_EQ(find_built_in_card("resnet50")->dimensions, 2048);
  EXPECT_EQ(find_built_in_card("alexnet"), nullptr);
}

}  // namespace
}  // namespace simile
