// SPDX-License-Identifier: Apache-2.0
#include "simile/feature/feature_file.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include <nlohmann/json.hpp>

#include "simile/core/atomic_file.hpp"
#include "simile/core/csv.hpp"
#include "simile/core/error.hpp"
#include "simile/core/npy.hpp"
#include "simile/core/text.hpp"
#include "simile/core/version.hpp"

namespace simile {
namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;

constexpr std::int64_t kMaxJsonBytes = 1 << 20;

std::span<const std::uint8_t> bytes_of(const void* data, std::int64_t size) {
  return {static_cast<const std::uint8_t*>(data), static_cast<std::size_t>(size)};
}

template <class T, int Rank>
void write_rows(AtomicFile& file, NpyType type, const Array<T, Rank>& rows) {
  write_npy(file, type, rows.shape(), bytes_of(rows.data(), rows.size_bytes()));
}

void write_array(AtomicFile& file, const Features& features) {
  switch (features.method) {
    case Method::ssim:
      return write_rows(file, NpyType::uint8, features.images);
    case Method::template_match:
      return write_rows(file, NpyType::uint8, features.colour_images);
    case Method::phash:
    case Method::dhash:
    case Method::ahash:
    case Method::orb:
      return write_rows(file, NpyType::uint8, features.codes);
    case Method::minhash:
      return write_rows(file, NpyType::uint32, features.signatures);
    case Method::embedding:
      return write_rows(file, NpyType::float32, features.vectors);
  }
}

/// The catalogue's root as it may be found again; empty when there is none, or JSON cannot say it.
std::string root_of(const Catalogue& catalogue) {
  if (!catalogue.has_files) return {};
  std::error_code error;
  const std::string root = fs::canonical(catalogue.root.empty() ? "." : catalogue.root, error).native();
  return error || to_valid_utf8(root) != root ? std::string() : root;
}

std::string description(const Features& features, const Catalogue& catalogue, double images_per_second) {
  ordered_json json;
  json["simile"] = kVersion;
  json["method"] = info(features.method).name;
  if (hash_kind(features.method)) json["bits"] = features.bits;
  if (features.width_px > 0) {
    json["width_px"] = features.width_px;
    json["height_px"] = features.height_px;
  }
  if (!features.model.empty()) {
    json["model"] = to_valid_utf8(features.model);
    if (!features.architecture.empty()) json["architecture"] = features.architecture;
    json["model_identity"] = features.model_identity;
    if (!features.arithmetic.empty()) json["arithmetic"] = features.arithmetic;
  }
  if (images_per_second > 0) json["images_per_second"] = images_per_second;
  if (const auto root = root_of(catalogue); !root.empty()) json["root"] = root;
  return json.dump(2) + "\n";
}

/// The column `path`; nothing when there is none: a table of the user's about something else.
std::vector<std::string> read_ids(const fs::path& path) {
  const CsvTable table = read_csv(path);
  std::vector<std::string> ids;
  if (std::find(table.header.begin(), table.header.end(), "path") == table.header.end()) return ids;
  const std::size_t column = table.column("path");
  for (const auto& row : table.rows) ids.push_back(row[column]);
  return ids;
}

/// What X.json says.
struct Description {
  const fs::path& path;
  const nlohmann::json& json;

  /// A whole number above 0.
  std::int64_t count(const char* name) const {
    const auto value = json.find(name);
    if (value == json.end() || !value->is_number_integer() || value->get<std::int64_t>() < 1) {
      throw Error(ErrorCode::decode, concat(in_quotes(path.native()), " is not as simile writes it: no ", name));
    }
    return value->get<std::int64_t>();
  }
};

}  // namespace

fs::path feature_companion(fs::path npy, const char* extension) { return npy.replace_extension(extension); }

std::vector<fs::path> feature_files(const fs::path& npy) {
  return {npy, feature_companion(npy, ".csv"), feature_companion(npy, ".json"),
          feature_companion(npy, kOffsetsExtension)};
}

void check_feature_file_target(const fs::path& npy, bool overwrite) {
  if (npy.extension() != ".npy") {
    throw Error(ErrorCode::invalid_argument, concat("--out ", in_quotes(npy.native()), ": the name must end in .npy"));
  }
  for (const auto& path : feature_files(npy)) {
    if (!overwrite && fs::exists(path)) {
      throw Error(ErrorCode::invalid_argument, concat(in_quotes(path.native()), " exists (--overwrite replaces it)"));
    }
  }
}

void write_feature_file(const fs::path& npy, const Features& features, const Catalogue& catalogue, bool overwrite,
                        double images_per_second) {
  check_feature_file_target(npy, overwrite);
  AtomicFile array(npy);
  write_array(array, features);
  AtomicFile names(feature_companion(npy, ".csv"));
  names.write("path\n");
  for (const auto item : features.items) {
    names.write(csv_field(catalogue.ids[static_cast<std::size_t>(item)]));
    names.write("\n");
  }
  AtomicFile about(feature_companion(npy, ".json"));
  about.write(description(features, catalogue, images_per_second));
  const fs::path offsets_path = feature_companion(npy, kOffsetsExtension);
  std::optional<AtomicFile> offsets;
  if (features.method == Method::orb) {
    offsets.emplace(offsets_path);
    const std::array<std::int64_t, 1> shape{static_cast<std::int64_t>(features.offsets.size())};
    write_npy(*offsets, NpyType::int64, shape, bytes_of(features.offsets.data(), shape[0] * 8));
  }
  // All or none: a full disk must not leave new names beside old features.
  for (AtomicFile* file : {&array, &names, &about}) file->sync();
  if (offsets) offsets->sync();
  names.commit();
  about.commit();
  if (offsets) {
    offsets->commit();
  } else {
    fs::remove(offsets_path);
  }
  array.commit();
}

FeatureFileInfo read_feature_file_info(const fs::path& npy) {
  FeatureFileInfo result;
  const fs::path csv = feature_companion(npy, ".csv");
  const fs::path json = feature_companion(npy, ".json");
  if (fs::exists(csv)) result.ids = read_ids(csv);
  if (!fs::exists(json)) return result;
  const std::string text = read_file(json, kMaxJsonBytes);
  const auto parsed = nlohmann::json::parse(text, nullptr, false);
  if (parsed.is_object() && !parsed.contains("simile") && !parsed.contains("method")) return result;  // not ours
  if (!parsed.is_object() || !parsed.contains("method") || !parsed["method"].is_string()) {
    throw Error(ErrorCode::decode, concat(in_quotes(json.native()), " is not as simile writes it: no method"));
  }
  result.method = parse_method(parsed["method"].get<std::string>());
  const Description about{json, parsed};
  if (parsed.contains("width_px") || parsed.contains("height_px")) {
    result.size = PixelSize{about.count("width_px"), about.count("height_px")};
  }
  if (const auto root = parsed.find("root"); root != parsed.end() && root->is_string()) result.root = *root;
  if (hash_kind(*result.method)) result.bits = about.count("bits");
  const auto text_of = [&](const char* name) {
    const auto value = parsed.find(name);
    return value != parsed.end() && value->is_string() ? value->get<std::string>() : std::string();
  };
  result.model = text_of("model");
  result.architecture = text_of("architecture");
  result.model_identity = comparable_identity(text_of("model_identity"));
  return result;
}

}  // namespace simile
