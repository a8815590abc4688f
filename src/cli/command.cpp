// SPDX-License-Identifier: Apache-2.0
#include "cli/command.hpp"

#include <ostream>

#include "simile/core/simd.hpp"
#include "simile/core/text.hpp"
#include "simile/core/units.hpp"
#include "simile/model/network.hpp"
#include "simile/similarity/compare.hpp"

namespace simile::cli {
namespace {

int thread_count(const RunOptions& options) {
  return options.threads > 0 ? static_cast<int>(options.threads) : ThreadPool::hardware_threads();
}

std::unique_ptr<Progress> make_progress(const RunOptions& options, const Streams& streams) {
  if (options.quiet) return make_silent_progress();
  if (streams.err_columns > 0) return make_terminal_progress(streams.err, streams.err_columns);
  return make_plain_progress(streams.err);
}

Device parse_device(const RunOptions& options) {
  try {
    return options.for_networks ? resolve_network_device(options.device) : resolve_device(options.device);
  } catch (const Error& error) {
    throw Error(error.code(), concat("--", error.what()), error.where());  // "device 'x': ..." names the flag so
  }
}

}  // namespace

RunContext::RunContext(const RunOptions& options, const Session& session)
    : pool_(thread_count(options)),
      progress_(make_progress(options, session.streams)),
      context_{.pool = pool_,
               .progress = *progress_,
               .cancellation = session.cancellation,
               .memory_bytes = options.memory_bytes > 0 ? options.memory_bytes : available_memory_bytes() / 2,
               .device = parse_device(options),
               .decode_worker = session.decode_worker,
               .device_memory_bytes = options.gpu_memory_bytes,
               .choose_device = options.device == "auto" && !options.for_networks} {
  log_verbose(options, session,
              concat("device ", to_string(context_.device),
                     options.device == "auto" ? " (auto)" : "", ", ", pool_.num_threads(),
                     " threads, ", to_string(simd_level()), ", memory ", format_bytes(context_.memory_bytes)));
}

CLI::App& add_group(CLI::App& program, const std::string& name, const std::string& description) {
  CLI::App* const group = program.add_subcommand(name, description);
  group->require_subcommand(1);
  group->footer(concat("simile ", name, " COMMAND --help tells more."));
  return *group;
}

void log_verbose(const RunOptions& options, const Session& session, const std::string& line) {
  if (options.verbose) session.streams.err << "simile: " << line << '\n';
}

}  // namespace simile::cli
