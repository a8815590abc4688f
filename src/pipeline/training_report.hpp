// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "simile/core/view.hpp"
#include "simile/train/training_loop.hpp"

namespace simile {

/// metrics.jsonl, loss.csv, loss.svg and loss.png in `folder`, each whole. loss.csv has no times: the same training
/// gives the same bytes. Throws io.
void write_training_tables(const std::filesystem::path& folder, const TrainingHistory& history,
                           const std::string& title);

/// A JPEG: rows of originals, each above a row of its reconstructions. Both [n, side, side, 3], n >= 1.
std::vector<std::uint8_t> reconstruction_grid(View<const std::uint8_t, 4> originals,
                                              View<const std::uint8_t, 4> reconstructions);

}  // namespace simile
