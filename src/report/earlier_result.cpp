// SPDX-License-Identifier: Apache-2.0
#include "report/earlier_result.hpp"

#include <algorithm>
#include <array>
#include <fstream>
#include <string_view>
#include <unordered_set>

#include <nlohmann/json.hpp>

#include "report/move_journal.hpp"

#include "simile/core/csv.hpp"
#include "simile/core/error.hpp"
#include "simile/core/text.hpp"
#include "simile/report/transfer.hpp"

namespace simile {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 16> kResultNames{
    "clusters.csv", "similarities.csv",    "unreadable.csv",   "keep.csv",          "report.html",   "manifest.json",
    "results",      "transfer_errors.csv", "threshold.csv",    "threshold.svg",     "threshold.png", "threshold.html",
    "pairs.csv",    "batches.csv",         report::kMovesName, report::kJournalName};

/// Of simile train helper and finetune; in no other folder are they simile's.
constexpr std::array<std::string_view, 18> kHelperNames{
    "helper.json",        "helper.safetensors", "card.json",          "model.safetensors", "labels.csv",
    "ignored_labels.csv", "classes.csv",        "confusion.csv",      "confusion.svg",     "reliability.csv",
    "reliability.svg",    "learning_curve.csv", "learning_curve.svg", "held_out.csv",      "next.csv",
    "report.html",        "manifest.json",      "curvature.state"};

template <std::size_t N>
bool holds(const std::array<std::string_view, N>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// Where clusters.csv says that photos were transferred to, relative to `folder`. Nothing when it cannot be read: then
/// no file below results/ is known to be simile's.
std::unordered_set<std::string> transferred_paths(const fs::path& folder) {
  std::unordered_set<std::string> paths;
  try {
    const CsvTable table = read_csv(folder / "clusters.csv");
    const std::size_t path = table.column("path");
    const std::size_t cluster = table.column("cluster");
    for (const auto& row : table.rows) {
      const std::string group = row[cluster] == "-1" ? "outliers" : concat("cluster_", row[cluster]);
      paths.insert((fs::path("results") / group / transfer_path(row[path])).native());
    }
  } catch (const Error& error) {
    if (error.code() == ErrorCode::cancelled || error.code() == ErrorCode::internal) throw;
  }
  return paths;
}

}  // namespace

std::optional<std::string> find_foreign_entry(const fs::path& folder) {
  const bool helper = fs::exists(folder / "helper.json") && !fs::exists(folder / "clusters.csv");
  for (const auto& entry : fs::directory_iterator(folder)) {
    const auto name = entry.path().filename().native();
    const bool own = helper ? holds(kHelperNames, name) : holds(kResultNames, name);
    const bool own_kind = name == "results" ? entry.is_directory() : entry.is_regular_file();
    if (!own || !own_kind || entry.is_symlink()) return name;
  }
  const fs::path results = folder / "results";
  if (!fs::is_directory(results)) return std::nullopt;
  const auto own = transferred_paths(folder);
  for (const auto& entry : fs::recursive_directory_iterator(results)) {
    if (entry.is_directory() && !entry.is_symlink()) continue;
    const auto name = entry.path().lexically_relative(folder).native();
    if (!own.contains(name)) return name;
  }
  return std::nullopt;
}

bool has_own_manifest(const fs::path& folder) {
  std::ifstream file(folder / "manifest.json", std::ios::binary);
  const auto parsed = nlohmann::json::parse(file, nullptr, /*allow_exceptions=*/false);
  return parsed.is_object() && parsed.contains("simile");
}

}  // namespace simile
