// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace simile {

/// A chain of images, each alike to the next.
struct ChainPageModel {
  struct Item {
    std::int64_t index = 0;
    std::string id;
  };
  std::string title;   ///< name of the set
  std::string method;  ///< "ssim"
  std::string version;
  double direct = 0;                               ///< similarity of the first and the last
  std::vector<Item> items;                         ///< in order; two or more, or one
  std::vector<double> similarities;                ///< of every two successive items; empty: nothing joins them
  std::map<std::int64_t, std::string> thumbnails;  ///< by index: JPEG bytes
  std::string link_prefix;                         ///< as ReportModel's
};

/// The page: one self-contained HTML file without a script. The weakest pair is marked. Text from outside is escaped.
std::string chain_page(const ChainPageModel& model);

}  // namespace simile
