// SPDX-License-Identifier: Apache-2.0
#include "simile/feature/feature_file.hpp"

#include <algorithm>

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

fs::path companion(fs::path npy, const char* extension) { return npy.replace_extension(extension); }

std::span<const std::uint8_t> bytes_of(const void* data, std::int64_t size) {
  return {static_cast<const std::uint8_t*>(data), static_cast<std::size_t>(size)};
}

void write_array(AtomicFile& file, const Features& features) {
  if (features.method == Method::ssim) {
    write_npy(file, NpyType::uint8, features.images.shape(), bytes_of(features.images.data(), features.images.size()));
  } else if (features.method == Method::embedding) {
    write_npy(file, NpyType::float32, features.vectors.shape(),
              bytes_of(features.vectors.data(), features.vectors.size_bytes()));
  } else {
    write_npy(file, NpyType::uint8, features.codes.shape(), bytes_of(features.codes.data(), features.codes.size()));
  }
}

std::string description(const Features& features) {
  ordered_json json;
  json["simile"] = kVersion;
  json["method"] = info(features.method).name;
  if (hash_kind(features.method)) json["bits"] = features.bits;
  if (features.method == Method::ssim) {
    json["width_px"] = features.images.shape(2);
    json["height_px"] = features.images.shape(1);
  }
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

}  // namespace

void check_feature_file_target(const fs::path& npy, bool overwrite) {
  if (npy.extension() != ".npy") {
    throw Error(ErrorCode::invalid_argument, concat("--out ", in_quotes(npy.native()), ": the name must end in .npy"));
  }
  for (const auto& path : {npy, companion(npy, ".csv"), companion(npy, ".json")}) {
    if (!overwrite && fs::exists(path)) {
      throw Error(ErrorCode::invalid_argument, concat(in_quotes(path.native()), " exists (--overwrite replaces it)"));
    }
  }
}

void write_feature_file(const fs::path& npy, const Features& features, const Catalogue& catalogue, bool overwrite) {
  check_feature_file_target(npy, overwrite);
  AtomicFile array(npy);
  write_array(array, features);
  AtomicFile names(companion(npy, ".csv"));
  names.write("path\n");
  for (const auto item : features.items) {
    names.write(csv_field(catalogue.ids[static_cast<std::size_t>(item)]));
    names.write("\n");
  }
  AtomicFile about(companion(npy, ".json"));
  about.write(description(features));
  // All or none: a full disk must not leave new names beside old features.
  for (AtomicFile* file : {&array, &names, &about}) file->sync();
  names.commit();
  about.commit();
  array.commit();
}

FeatureFileInfo read_feature_file_info(const fs::path& npy) {
  FeatureFileInfo result;
  const fs::path csv = companion(npy, ".csv");
  const fs::path json = companion(npy, ".json");
  if (fs::exists(csv)) result.ids = read_ids(csv);
  if (!fs::exists(json)) return result;
  const std::string text = read_file(json, kMaxJsonBytes);
  const auto parsed = nlohmann::json::parse(text, nullptr, false);
  if (parsed.is_object() && !parsed.contains("simile") && !parsed.contains("method")) return result;  // not ours
  if (!parsed.is_object() || !parsed.contains("method") || !parsed["method"].is_string()) {
    throw Error(ErrorCode::decode, concat(in_quotes(json.native()), " is not as simile writes it: no method"));
  }
  result.method = parse_method(parsed["method"].get<std::string>());
  if (!hash_kind(*result.method)) return result;
  const auto bits = parsed.find("bits");
  if (bits == parsed.end() || !bits->is_number_integer() || bits->get<std::int64_t>() < 1) {
    throw Error(ErrorCode::decode, concat(in_quotes(json.native()), " is not as simile writes it: no bits"));
  }
  result.bits = bits->get<std::int64_t>();
  return result;
}

}  // namespace simile
