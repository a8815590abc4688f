// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "simile/report/cluster_result.hpp"

namespace simile::test {

inline std::string text_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

/// Paths of everything below a folder, relative to it; folders end in a slash.
inline std::set<std::string> tree(const std::filesystem::path& folder) {
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    names.insert(entry.path().lexically_relative(folder).native() +
                 (entry.is_directory() && !entry.is_symlink() ? "/" : ""));
  }
  return names;
}

/// A catalogue of readable items with component labels, representatives being each cluster's first member.
class ResultMaker {
 public:
  ResultMaker(std::vector<std::string> ids, const std::vector<std::int64_t>& labels) {
    catalogue_.ids = std::move(ids);
    clustering_ = make_clustering(labels, 2);
  }
  Catalogue& catalogue() { return catalogue_; }
  std::filesystem::path catalogue_path(std::int64_t item) const { return catalogue_.file(item); }

  ClusterResult result() const {
    ClusterResult result{catalogue_, {}, clustering_, {}, {}, {}};
    for (std::int64_t row = 0; row < clustering_.num_items(); ++row) result.items.push_back(row);
    for (const auto& members : clustering_.members) result.representatives.of_cluster.push_back(members.front());
    result.representatives.similarity.assign(result.items.size(), 1);
    return result;
  }

 private:
  Catalogue catalogue_;
  Clustering clustering_;
};

}  // namespace simile::test
