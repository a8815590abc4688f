// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <filesystem>
#include <string_view>
#include <vector>

#include "simile/core/context.hpp"
#include "simile/report/cluster_result.hpp"

namespace simile {

/// What happens to the photos themselves after a clustering.
enum class Transfer { none, copy, link, move };

/// Their names, in the order of the enumeration.
inline constexpr std::array<std::string_view, 4> kTransferNames{"none", "copy", "link", "move"};

/// Throws invalid_argument naming what is allowed.
Transfer parse_transfer(std::string_view text);

/// Puts every readable photo below `folder`, at its transfer_place(), as a copy or as a symbolic link to the original.
/// Originals are not touched; `none` and `move` (which has its plan: report/move.hpp) do nothing. Gives the rows that
/// could not be transferred, with reasons, and writes them to transfer_errors.csv when there are any. Throws io when
/// the folder itself cannot be written.
std::vector<ItemError> transfer_files(const std::filesystem::path& folder, const ClusterResult& result,
                                      Transfer transfer, const Context& context);

/// Where a row's photo goes below the result folder: results/cluster_<k>/<path> or results/outliers/<path>.
std::filesystem::path transfer_place(const ClusterResult& result, std::int64_t row);

/// Where an item goes below its cluster's folder: its path, with parts that lead upwards renamed, so that nothing is
/// written outside.
std::filesystem::path transfer_path(const std::string& id);

}  // namespace simile
