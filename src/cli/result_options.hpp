// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <iosfwd>
#include <string>

#include "cli/options.hpp"

#include "simile/report/manifest.hpp"

namespace simile::cli {

/// What a run that made a result folder says to people.
void print_summary(std::ostream& out, const ClusterSummary& summary);

/// Flags that are shared by the commands that make result folders.
void add_truth_option(CLI::App& app, std::string& truth);
void add_folder_options(CLI::App& app, std::filesystem::path& out, const std::string& shown_default, bool& overwrite,
                        Transfer& transfer);
void add_checkpoint_option(CLI::App& app, std::int64_t& seconds);
void add_output_options(CLI::App& app, bool& dry_run, bool& json);

}  // namespace simile::cli
