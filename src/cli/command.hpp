// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "cli/options.hpp"

#include "simile/cli/run.hpp"
#include "simile/core/context.hpp"

namespace simile::cli {

/// Where options come from besides flags, for the end of the help.
inline constexpr const char* kSettingsHelp =
    "Options can also come from variables, such as SIMILE_MIN_SIZE=3 (not switches, --include and --exclude), and "
    "from\n"
    "simile.toml in the current folder or --config FILE, in a section [COMMAND]. A flag wins over a variable over a "
    "file.";

/// What a command is given besides its options.
struct Session {
  const Streams& streams;
  const Cancellation& cancellation;
  const std::vector<std::string>& arguments;  ///< the whole command line, for manifests
  const std::string& decode_worker;           ///< Context::decode_worker
};

/// A command: its parser, and what to do once it has parsed.
struct Command {
  CLI::App* parser = nullptr;
  std::function<void(const Session&)> execute;
};

/// Adds a group of commands, such as `simile train`.
CLI::App& add_group(CLI::App& program, const std::string& name, const std::string& description);

/// Each adds its parser to the program's and owns its options through `execute`.
Command add_cluster_command(CLI::App& program);
Command add_merge_command(CLI::App& program);
Command add_search_command(CLI::App& program);
Command add_explain_command(CLI::App& program);
Command add_threshold_command(CLI::App& program);
Command add_features_command(CLI::App& program);
Command add_embed_command(CLI::App& program);
Command add_undo_command(CLI::App& program);
Command add_model_list_command(CLI::App& parent);
Command add_model_add_command(CLI::App& parent);
Command add_model_info_command(CLI::App& parent);
Command add_model_remove_command(CLI::App& parent);
Command add_train_autoencoder_command(CLI::App& train);
Command add_devices_command(CLI::App& program);
Command add_completion_command(CLI::App& program);
Command add_predict_command(CLI::App& program);
Command add_train_helper_command(CLI::App& train);
Command add_train_finetune_command(CLI::App& train);

/// A context made from flags, with what it refers to.
class RunContext {
 public:
  RunContext(const RunOptions& options, const Session& session);
  const Context& get() const { return context_; }

 private:
  ThreadPool pool_;
  std::unique_ptr<Progress> progress_;
  Context context_;
};

/// Writes a line to the log (stderr) when `verbose`.
void log_verbose(const RunOptions& options, const Session& session, const std::string& line);

}  // namespace simile::cli
