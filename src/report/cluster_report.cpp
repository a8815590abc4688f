// SPDX-License-Identifier: Apache-2.0
#include "simile/report/cluster_report.hpp"

#include <algorithm>

#include "report/html_report_text.hpp"

#include "simile/cluster/purity.hpp"

namespace simile {
namespace {

ReportItem report_item(const ClusterResult& result, std::int64_t row) {
  const auto k = static_cast<std::size_t>(row);
  return {result.items[k], result.representatives.similarity[k],
          result.classes.empty() ? std::string() : result.classes[k]};
}

/// From a folder to another, with a slash at the end.
std::string path_between(const std::filesystem::path& folder, const std::filesystem::path& root) {
  const auto from = std::filesystem::weakly_canonical(folder);
  // A list named without a folder has an empty root: its paths start at the current folder.
  const auto to = std::filesystem::weakly_canonical(root.empty() ? std::filesystem::current_path() : root);
  std::string path = to.lexically_relative(from).native();
  if (path.empty()) path = to.native();
  if (path.back() != '/') path += '/';
  return path;
}

}  // namespace

ReportModel make_report_model(const ClusterResult& result) {
  ReportModel model;
  model.ids = result.catalogue.ids;
  for (std::int64_t cluster = 0; cluster < result.clustering.num_clusters(); ++cluster) {
    const auto& members = result.clustering.members[static_cast<std::size_t>(cluster)];
    const std::int64_t representative = result.representatives.of_cluster[static_cast<std::size_t>(cluster)];
    ReportGroup group;
    group.items.push_back(report_item(result, representative));
    for (const auto row : members) {
      if (row != representative) group.items.push_back(report_item(result, row));
    }
    if (!result.classes.empty()) group.classes = count_classes(members, result.classes);
    model.groups.push_back(std::move(group));
  }
  for (const auto row : result.clustering.outliers) model.outliers.push_back(report_item(result, row));
  for (const auto& [item, reason] : result.unreadable) {
    model.unreadable.emplace_back(result.catalogue.ids[static_cast<std::size_t>(item)], reason);
  }
  return model;
}

void show_where_photos_are(ReportModel& model, const std::filesystem::path& folder, const ClusterResult& result,
                           const MovePlan& plan, const std::vector<ItemError>& errors) {
  const std::string root = path_between(folder, result.catalogue.root);
  const auto original = [&](const std::string& id) { return id.starts_with('/') ? id : root + id; };
  model.ids.clear();
  for (const auto& id : result.catalogue.ids) model.ids.push_back(original(id));
  for (const auto& move : plan.moves) {
    const auto by_item = [](const ItemError& error, std::int64_t item) { return error.item < item; };
    const auto error = std::lower_bound(errors.begin(), errors.end(), move.item, by_item);
    if (error != errors.end() && error->item == move.item) continue;
    model.ids[static_cast<std::size_t>(move.item)] = move.destination.native();
  }
  model.unreadable.clear();
  for (const auto& [item, reason] : result.unreadable) {
    model.unreadable.emplace_back(model.ids[static_cast<std::size_t>(item)], reason);
  }
  model.link_prefix = "./";
}

std::string link_prefix(const std::filesystem::path& folder, const std::filesystem::path& root) {
  return report::percent_encode(path_between(folder, root));
}

}  // namespace simile
