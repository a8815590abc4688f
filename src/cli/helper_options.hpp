// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "cli/command.hpp"

#include "simile/pipeline/helper_run.hpp"

namespace simile::cli {

/// Flags of all commands that train a helper, which HelperRunOptions do not hold as they are typed.
struct HelperFlags {
  std::string strategy = "diverse";
  std::int64_t seed = 0;
  bool json = false;
};

/// Labels, the folder, --update and --seed.
void add_helper_options(CLI::App& app, HelperFlags& flags, HelperRunOptions& options);
/// What to label next, and how the summary is printed.
void add_helper_outputs(CLI::App& app, HelperFlags& flags, HelperRunOptions& options);
/// Throws invalid_argument naming --strategy.
void take_helper_flags(const HelperFlags& flags, const Session& session, HelperRunOptions& options);
/// Prints the summary, and which images could not be read.
void show_helper(const HelperFlags& flags, const Session& session, const TrainHelperSummary& summary);

}  // namespace simile::cli
