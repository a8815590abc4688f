// SPDX-License-Identifier: Apache-2.0
#include "simile/report/batches.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <unordered_map>
#include <unordered_set>

#include <nlohmann/json.hpp>

#include "report/move_journal.hpp"

#include "simile/core/atomic_file.hpp"
#include "simile/core/csv.hpp"
#include "simile/core/error.hpp"
#include "simile/core/sha256.hpp"
#include "simile/core/text.hpp"

namespace simile {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr const char* kBatchesName = "batches.csv";
constexpr const char* kClustersName = "clusters.csv";
constexpr const char* kUnreadableName = "unreadable.csv";
constexpr std::int64_t kMaxManifestBytes = 64 << 20;  // its command line may name many globs

[[noreturn]] void throw_foreign(const fs::path& file, const std::string& why) {
  throw Error(ErrorCode::decode, concat(in_quotes(file.native()), " is not as simile writes it: ", why));
}

json read_manifest(const fs::path& folder) {
  const fs::path file = folder / "manifest.json";
  std::error_code missing;
  if (!fs::is_directory(folder, missing)) {
    throw Error(ErrorCode::not_found, concat("no such folder: ", in_quotes(folder.native())));
  }
  if (!fs::exists(file, missing)) {
    throw Error(ErrorCode::not_found,
                concat(in_quotes(folder.native()), " is no result folder of simile: it has no manifest.json"));
  }
  json manifest = json::parse(read_file(file, kMaxManifestBytes), nullptr, /*allow_exceptions=*/false);
  if (manifest.is_discarded()) throw_foreign(file, "it is no JSON");
  if (!manifest.is_object() || !manifest.contains("simile")) throw_foreign(file, "it names no version of simile");
  return manifest;
}

/// The manifest's part about batches that are still apart.
json batches_of(const fs::path& folder, json& manifest) {
  const json summary = manifest.value("summary", json::object());
  const auto merged = summary.is_object() ? summary.find("merged") : summary.end();
  if (summary.is_object() && merged != summary.end() && *merged == true) {
    throw Error(ErrorCode::invalid_argument, concat(in_quotes(folder.native()), " is merged already"));
  }
  if (!manifest.contains("batches")) {
    throw Error(
        ErrorCode::invalid_argument,
        concat(in_quotes(folder.native()), " holds no batches: simile cluster --batch-size N --no-merge makes them"));
  }
  json batches = std::move(manifest["batches"]);
  const auto is_size = [](const json& value) { return value.is_number_integer() && value.get<std::int64_t>() >= 2; };
  if (!batches.is_object() || !batches.contains("size") || !is_size(batches["size"])) {
    throw_foreign(folder / "manifest.json", "its batches have no size");
  }
  return batches;
}

/// A table of the folder, which the manifest has a checksum of.
class Table {
 public:
  Table(const fs::path& folder, const char* name, const json& manifest) : path_(folder / name) {
    std::error_code missing;
    if (!fs::is_regular_file(path_, missing)) throw_foreign(path_, "there is no such file");
    const json sums = manifest.value("sha256", json::object());
    if (!sums.is_object() || sums.value(name, json()) != json(sha256_of_file(path_))) {
      throw_foreign(path_, "its checksum is not that in manifest.json (it is cut off, or was edited)");
    }
    table_ = read_csv(path_);
  }

  std::vector<std::string> texts(const char* name) const {
    const auto found = std::find(table_.header.begin(), table_.header.end(), name);
    if (found == table_.header.end()) throw_foreign(path_, concat("no column ", name));
    std::vector<std::string> values;
    values.reserve(table_.rows.size());
    for (const auto& row : table_.rows) values.push_back(row[static_cast<std::size_t>(found - table_.header.begin())]);
    return values;
  }

  std::vector<std::int64_t> numbers(const char* name) const {
    std::vector<std::int64_t> values;
    for (const auto& text : texts(name)) {
      std::int64_t value = 0;
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
      if (error != std::errc() || end != text.data() + text.size()) {
        throw_foreign(path_, concat("the ", name, " ", in_quotes(text), " is no number"));
      }
      values.push_back(value);
    }
    return values;
  }

  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
  CsvTable table_;
};

/// The smallest row of every row's group. Throws unless the numbers are those that make_clustering() gives these
/// groups, and no group is in two batches.
std::vector<std::int64_t> labels_of(const std::vector<std::int64_t>& clusters, std::int64_t batch_size,
                                    const fs::path& path) {
  std::vector<std::int64_t> labels;
  std::unordered_map<std::int64_t, std::int64_t> first_of;
  for (std::int64_t row = 0; row < std::ssize(clusters); ++row) {
    const std::int64_t cluster = clusters[static_cast<std::size_t>(row)];
    const std::int64_t label = cluster == kOutlier ? row : first_of.emplace(cluster, row).first->second;
    if (label / batch_size != row / batch_size) {
      throw_foreign(path, concat("cluster ", cluster, " has images of two batches"));
    }
    labels.push_back(label);
  }
  if (make_clustering(labels, 2).cluster != clusters) {
    throw_foreign(path, "its cluster numbers do not count groups of two images or more from the largest on");
  }
  return labels;
}

void check_ids(const Batches& batches, const Table& table) {
  std::unordered_set<std::string> seen;
  for (const auto* ids : {&batches.ids, &batches.unreadable}) {
    for (const auto& id : *ids) {
      if (!seen.insert(id).second) throw_foreign(table.path(), concat(in_quotes(id), " is there twice"));
    }
  }
}

}  // namespace

void write_batches(const fs::path& folder, const ClusterResult& result, const std::vector<std::string>& feature_keys,
                   std::int64_t batch_size) {
  AtomicFile file(folder / kBatchesName);
  file.write("path,batch,feature\n");
  for (std::int64_t row = 0; row < result.clustering.num_items(); ++row) {
    file.write(concat(csv_field(result.id(row)), ",", row / batch_size, ",",
                      feature_keys[static_cast<std::size_t>(row)], "\n"));
  }
  file.commit();
}

Batches read_batches(const fs::path& folder) {
  json manifest = read_manifest(folder);
  const json settings = batches_of(folder, manifest);
  if (report::holds_moved_originals(folder)) {
    throw Error(ErrorCode::invalid_argument,
                concat(in_quotes(folder.native()), " holds the photos themselves, which were moved there; simile undo ",
                       in_quotes(folder.native()), " puts them back first"));
  }
  const Table clusters(folder, kClustersName, manifest);
  const Table apart(folder, kBatchesName, manifest);
  Batches batches;
  batches.settings = settings.dump();
  batches.batch_size = settings["size"].get<std::int64_t>();
  batches.ids = clusters.texts("path");
  batches.unreadable = Table(folder, kUnreadableName, manifest).texts("path");
  check_ids(batches, clusters);
  if (apart.texts("path") != batches.ids) throw_foreign(apart.path(), "its images are not those of clusters.csv");
  batches.feature_keys = apart.texts("feature");
  const auto batch_of = apart.numbers("batch");
  for (std::int64_t row = 0; row < std::ssize(batch_of); ++row) {
    if (batch_of[static_cast<std::size_t>(row)] != row / batches.batch_size) {
      throw_foreign(apart.path(), concat("its batches are not of ", batches.batch_size, " images"));
    }
  }
  batches.labels = labels_of(clusters.numbers("cluster"), batches.batch_size, clusters.path());
  return batches;
}

}  // namespace simile
