// SPDX-License-Identifier: Apache-2.0
#include <initializer_list>
#include <set>
#include <utility>

#include <nlohmann/json.hpp>

#include "simile/core/atomic_file.hpp"
#include "simile/core/error.hpp"
#include "simile/core/text.hpp"
#include "simile/model/model_card.hpp"

namespace simile {
namespace {

using json = nlohmann::ordered_json;  // as the text has them: training keeps its order

constexpr const char* kVersionField = "simile_model_card";
constexpr std::int64_t kVersion = 1;
constexpr std::int64_t kMaxBytes = 1'000'000;
constexpr int kMaxDepth = 32;

[[noreturn]] void refuse(const std::string& reason) { throw Error(ErrorCode::model, reason); }

/// The text as JSON; an object that has a key twice is refused, as one of its two values would be lost.
json parse_strictly(std::string_view text) {
  std::vector<std::set<std::string>> keys;
  std::string problem;
  const auto look = [&](int depth, json::parse_event_t event, json& parsed) {
    if (depth > kMaxDepth) problem = "is nested too deeply";
    if (event == json::parse_event_t::object_start) keys.emplace_back();
    if (event == json::parse_event_t::object_end) keys.pop_back();
    if (event == json::parse_event_t::key && problem.empty() && !keys.back().insert(parsed.get<std::string>()).second) {
      problem = concat("has ", in_quotes(parsed.get<std::string>()), " twice");
    }
    return problem.empty();  // what is too deep is not kept
  };
  json parsed = json::parse(text, look, /*allow_exceptions=*/false);
  if (!problem.empty()) refuse(problem);
  if (parsed.is_discarded()) refuse("is not valid JSON");
  if (!parsed.is_object()) refuse("is not a JSON object");
  return parsed;
}

/// An object of the card, whose fields are taken by type; each that is not taken is unknown.
class Fields {
 public:
  Fields(const json& object, std::string prefix) : object_(object), prefix_(std::move(prefix)) {}

  bool has(const char* name) const { return object_.contains(name); }
  std::string text(const char* name) { return get<std::string>(name, &json::is_string, "a text"); }
  std::string text_or_nothing(const char* name) { return has(name) ? text(name) : std::string(); }
  std::int64_t number(const char* name) {
    const json& value = find(name, &json::is_number_integer, "a whole number");
    if (value.is_number_unsigned() && value.get<std::uint64_t>() > (1ULL << 62)) wrong(name, "a smaller number", value);
    return value.get<std::int64_t>();
  }
  std::array<double, 3> three_numbers(const char* name) {
    const json& value = find(name, &json::is_array, "a list of three numbers");
    std::array<double, 3> numbers{};
    if (value.size() != numbers.size()) wrong(name, "a list of three numbers", value);
    for (std::size_t k = 0; k < numbers.size(); ++k) {
      if (!value[k].is_number()) wrong(name, "a list of three numbers", value);
      numbers[k] = value[k].get<double>();
    }
    return numbers;
  }
  Fields object(const char* name) { return {find(name, &json::is_object, "an object"), concat(prefix_, name, ".")}; }
  std::string object_as_text(const char* name) { return find(name, &json::is_object, "an object").dump(); }

  void finish() const {
    for (const auto& [name, value] : object_.items()) {
      if (!taken_.contains(name)) refuse(concat("has the unknown field ", in_quotes(prefix_ + name)));
    }
  }

 private:
  using IsType = bool (json::*)() const noexcept;

  const json& find(const char* name, IsType is_type, const char* wanted) {
    const auto value = object_.find(name);
    if (value == object_.end()) refuse(concat("has no ", prefix_, name));
    if (!((*value).*is_type)()) wrong(name, wanted, *value);
    taken_.insert(name);
    return *value;
  }
  template <class T>
  T get(const char* name, IsType is_type, const char* wanted) {
    return find(name, is_type, wanted).template get<T>();
  }
  [[noreturn]] void wrong(const char* name, const char* wanted, const json& value) const {
    refuse(concat(prefix_, name, " must be ", wanted, ", not ", to_valid_utf8(value.dump().substr(0, 60))));
  }

  const json& object_;
  std::string prefix_;
  std::set<std::string> taken_;
};

InputFit parse_fit(const std::string& text) {
  if (text == "crop") return InputFit::crop;
  if (text == "stretch") return InputFit::stretch;
  refuse(concat("input.fit ", in_quotes(text), ": allowed are crop, stretch"));
}

void read_input(Fields input, ModelCard& card) {
  card.width_px = input.number("width_px");
  card.height_px = input.number("height_px");
  card.fit = parse_fit(input.text("fit"));
  if (card.fit == InputFit::crop) card.shorter_side_px = input.number("shorter_side_px");
  card.mean = input.three_numbers("mean");
  card.deviation = input.three_numbers("std");
  input.finish();
}

}  // namespace

std::string to_json(const ModelCard& card) {
  validate(card);
  json out;
  out[kVersionField] = kVersion;
  out["name"] = card.name;
  out["architecture"] = card.architecture;
  json& input = out["input"];
  input["width_px"] = card.width_px;
  input["height_px"] = card.height_px;
  input["fit"] = card.fit == InputFit::crop ? "crop" : "stretch";
  if (card.fit == InputFit::crop) input["shorter_side_px"] = card.shorter_side_px;
  input["mean"] = card.mean;
  input["std"] = card.deviation;
  if (!card.layer.empty()) out["embedding"]["layer"] = card.layer;
  out["embedding"]["dimensions"] = card.dimensions;
  out["licence"] = card.licence;
  out["source"] = card.source;
  if (!card.weights.empty()) out["weights"]["file"] = card.weights;
  if (!card.sha256.empty()) out["weights"]["sha256"] = card.sha256;
  if (!card.training.empty()) {
    out["training"] = json::parse(card.training, nullptr, /*allow_exceptions=*/false);
    if (!out["training"].is_object()) refuse("training is not a JSON object");
  }
  return out.dump(2) + "\n";
}

ModelCard parse_model_card(std::string_view text) {
  const json parsed = parse_strictly(text);
  Fields fields(parsed, "");
  if (!fields.has(kVersionField)) refuse(concat("is no model card: it has no ", kVersionField));
  if (const auto version = fields.number(kVersionField); version != kVersion) {
    refuse(concat(kVersionField, " ", version, ": this program reads ", kVersion));
  }
  ModelCard card;
  card.name = fields.text("name");
  card.architecture = fields.text("architecture");
  read_input(fields.object("input"), card);
  Fields embedding = fields.object("embedding");
  card.layer = embedding.text_or_nothing("layer");
  card.dimensions = embedding.number("dimensions");
  embedding.finish();
  card.licence = fields.text("licence");
  card.source = fields.text("source");
  if (fields.has("weights")) {
    Fields weights = fields.object("weights");
    card.weights = weights.text("file");
    card.sha256 = weights.text_or_nothing("sha256");
    weights.finish();
  }
  if (fields.has("training")) card.training = fields.object_as_text("training");
  fields.finish();
  validate(card);
  return card;
}

ModelCard read_model_card(const std::filesystem::path& path) {
  const std::string text = read_file(path, kMaxBytes);
  try {
    return parse_model_card(text);
  } catch (const Error& error) {
    throw Error(error.code(), concat("model card ", in_quotes(path.native()), ": ", error.what()), error.where());
  }
}

}  // namespace simile
