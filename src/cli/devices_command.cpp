// SPDX-License-Identifier: Apache-2.0
#include <ostream>

#include "cli/command.hpp"

#include "simile/core/units.hpp"
#include "simile/similarity/compare.hpp"

namespace simile::cli {

Command add_devices_command(CLI::App& program) {
  CLI::App* const app = program.add_subcommand("devices", "List what comparing can run on here");
  return {app, [](const Session& session) {
            for (const Backend* backend : backends()) {
              for (const auto& device : backend->devices()) {
                session.streams.out << to_string(device.device) << "  " << device.description << ", "
                                    << format_bytes(device.memory_bytes) << '\n';
              }
              if (const std::string problem = backend->problem(); !problem.empty()) {
                session.streams.err << "simile: no " << backend->name() << " device: " << problem << '\n';
              }
            }
          }};
}

}  // namespace simile::cli
