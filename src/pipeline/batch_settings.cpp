// SPDX-License-Identifier: Apache-2.0
#include "pipeline/batch_settings.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "simile/core/error.hpp"
#include "simile/core/text.hpp"

namespace simile {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using nlohmann::ordered_json;

/// What settings look like as flags, by name; a flag that was not given has no value.
using Flags = std::vector<std::pair<std::string, std::string>>;

Flags flags_of(const BatchSettings& settings) {
  const FeatureOptions& features = settings.features;
  const auto& size = features.size;
  return {{"--method", std::string(info(*features.method).name)},
          {"--size", size ? concat(size->width_px, "x", size->height_px) : std::string()},
          {"--scale", features.scale ? format_double(*features.scale) : std::string()},
          {"--hash-size", features.hash_size ? std::to_string(*features.hash_size) : std::string()},
          {"--full-decode", features.full_decode ? "on" : ""},
          {"--window", std::string(to_string(settings.metric.window.value_or(SsimWindow::uniform)))},
          {"--threshold", format_double(settings.threshold)},
          {"--seed", std::to_string(settings.seed)}};
}

/// The JSON object in `manifest`, whose values are asked for by type.
class Reader {
 public:
  Reader(const std::string& text, const fs::path& manifest)
      : json_(json::parse(text, nullptr, /*allow_exceptions=*/false)), manifest_(manifest) {
    if (!json_.is_object()) fail("is no object");
  }

  bool has(const char* name) const { return json_.contains(name); }
  std::string text(const char* name) const { return get<std::string>(name, &json::is_string); }
  double number(const char* name) const { return get<double>(name, &json::is_number); }
  bool flag(const char* name) const { return get<bool>(name, &json::is_boolean); }
  std::int64_t count(const char* name) const {
    const auto value = get<std::int64_t>(name, &json::is_number_integer);
    if (value < 0) fail(concat("has a wrong ", name));
    return value;
  }
  std::vector<std::string> texts(const char* name) const {
    std::vector<std::string> values;
    for (const auto& value : get<json>(name, &json::is_array)) {
      if (!value.is_string()) fail(concat("has a wrong ", name));
      values.push_back(value.get<std::string>());
    }
    return values;
  }
  [[noreturn]] void fail(const std::string& what) const {
    throw Error(ErrorCode::decode,
                concat(in_quotes(manifest_.native()), " is not as simile writes it: \"batches\" ", what));
  }

 private:
  template <class T>
  T get(const char* name, bool (json::*is_type)() const noexcept) const {
    const auto value = json_.find(name);
    if (value == json_.end()) fail(concat("has no ", name));
    if (!((*value).*is_type)()) fail(concat("has a wrong ", name));
    return value->template get<T>();
  }

  json json_;
  const fs::path& manifest_;
};

FeatureOptions read_features(const Reader& reader) {
  FeatureOptions features;
  features.method = parse_method(reader.text("method"));
  if (reader.has("width_px")) features.size = PixelSize{reader.count("width_px"), reader.count("height_px")};
  if (reader.has("scale")) features.scale = reader.number("scale");
  if (reader.has("hash_size")) {
    features.hash_size = static_cast<int>(std::min<std::int64_t>(reader.count("hash_size"), kMaxHashSize + 1));
  }
  features.full_decode = reader.flag("full_decode");
  features.limits.max_pixels = reader.count("max_pixels");
  features.limits.max_file_bytes = reader.count("max_file_bytes");
  if (reader.has("max_decode_seconds")) features.limits.max_decode_seconds = reader.count("max_decode_seconds");
  features.validate();
  return features;
}

}  // namespace

std::string to_json(const BatchSettings& settings) {
  const FeatureOptions& features = settings.features;
  ordered_json json;
  json["size"] = settings.batch_size;
  if (to_valid_utf8(settings.input) == settings.input) json["input"] = settings.input;
  json["include"] = settings.listing.include;  // UTF-8, as ClusterOptions::validate() has seen
  json["exclude"] = settings.listing.exclude;
  json["method"] = info(*features.method).name;
  if (features.size) {
    json["width_px"] = features.size->width_px;
    json["height_px"] = features.size->height_px;
  }
  if (features.scale) json["scale"] = *features.scale;
  if (features.hash_size) json["hash_size"] = *features.hash_size;
  json["full_decode"] = features.full_decode;
  json["max_pixels"] = features.limits.max_pixels;
  json["max_file_bytes"] = features.limits.max_file_bytes;
  json["max_decode_seconds"] = features.limits.max_decode_seconds;
  if (settings.metric.window) json["window"] = to_string(*settings.metric.window);
  json["threshold"] = settings.threshold;
  if (!settings.threshold_reason.empty()) json["threshold_reason"] = settings.threshold_reason;
  json["seed"] = settings.seed;
  return json.dump();
}

BatchSettings parse_batch_settings(const std::string& text, const fs::path& manifest) {
  const Reader reader(text, manifest);
  BatchSettings settings;
  settings.batch_size = reader.count("size");
  if (reader.has("input")) settings.input = reader.text("input");
  settings.listing = {reader.texts("include"), reader.texts("exclude")};
  try {
    settings.features = read_features(reader);
    if (reader.has("window")) settings.metric.window = parse_window(reader.text("window"));
    for (const auto* globs : {&settings.listing.include, &settings.listing.exclude}) {
      for (const auto& glob : *globs) glob_match(glob, "");
    }
  } catch (const Error& error) {
    if (error.code() != ErrorCode::invalid_argument) throw;
    reader.fail(concat("has a value that is not allowed: ", error.what()));
  }
  settings.threshold = reader.number("threshold");
  if (reader.has("threshold_reason")) settings.threshold_reason = reader.text("threshold_reason");
  settings.seed = static_cast<std::uint64_t>(reader.count("seed"));
  return settings;
}

void check_mergeable(const BatchSettings& first, const fs::path& first_folder, const BatchSettings& other,
                     const fs::path& other_folder) {
  const Flags ours = flags_of(first);
  const Flags theirs = flags_of(other);
  const auto described = [](const std::string& value) { return value.empty() ? " is not set" : " is " + value; };
  for (std::size_t k = 0; k < ours.size(); ++k) {
    if (ours[k].second == theirs[k].second) continue;
    throw Error(ErrorCode::invalid_argument,
                concat("only batches made alike can be merged: ", ours[k].first, described(ours[k].second), " in ",
                       in_quotes(first_folder.native()), ",", described(theirs[k].second), " in ",
                       in_quotes(other_folder.native())));
  }
}

}  // namespace simile
