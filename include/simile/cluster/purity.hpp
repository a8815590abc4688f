// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "simile/cluster/clustering.hpp"

namespace simile {

/// Agreement of clusters with true classes, over grouped items that have one.
struct Purity {
  std::int64_t judged = 0;   ///< grouped items with a true class
  std::int64_t correct = 0;  ///< of those, members of their cluster's most frequent class
  /// Share in [0, 1]; 0 when none was judged.
  double value() const { return judged > 0 ? static_cast<double>(correct) / static_cast<double>(judged) : 0; }
};

/// How often each class occurs among `items`; an empty class is "unknown" and not counted.
std::map<std::string, std::int64_t> count_classes(const std::vector<std::int64_t>& items,
                                                  const std::vector<std::string>& classes);

/// `classes` holds the true class of every item of the clustering, empty where unknown. A cluster's most frequent class
/// counts once where several are equally frequent.
Purity purity(const Clustering& clustering, const std::vector<std::string>& classes);

}  // namespace simile
