// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <ostream>

#include "cli/command.hpp"

#include "simile/core/text.hpp"
#include "simile/core/units.hpp"
#include "simile/pipeline/explain.hpp"

namespace simile::cli {
namespace {

struct ExplainFlags {
  ExplainOptions options;
  RunOptions run;
  bool json = false;
};

std::string shown(double similarity) {
  return std::isfinite(similarity) ? format_double(similarity) : std::string("alike to nothing");
}

void print_chain(std::ostream& out, const ExplainSummary& summary) {
  if (summary.chain.empty()) {
    out << "nothing joins the two\n";
  } else if (summary.chain.size() == 1) {
    out << "an image is alike to itself\n";
  } else {
    out << "joined by every threshold up to " << shown(summary.weakest) << ", over "
        << format_counted(std::ssize(summary.similarities), "pair", "pairs") << ":\n";
    for (std::size_t k = 0; k < summary.chain.size(); ++k) {
      out << "  " << summary.chain[k] << '\n';
      if (k < summary.similarities.size()) {
        out << "    " << shown(summary.similarities[k])
            << (summary.similarities[k] == summary.weakest ? "  (weakest)" : "") << '\n';
      }
    }
  }
  out << "compared with each other: " << shown(summary.direct) << '\n';
}

void execute(const ExplainFlags& flags, const Session& session) {
  const RunContext context(flags.run, session);
  const ExplainSummary summary = run_explain(flags.options, context.get());
  if (flags.json) {
    session.streams.out << to_json(summary);
  } else {
    print_chain(session.streams.out, summary);
  }
}

}  // namespace

Command add_explain_command(CLI::App& program) {
  auto flags = std::make_shared<ExplainFlags>();
  ExplainOptions& options = flags->options;
  CLI::App* const app = program.add_subcommand("explain", "Show the chain of pairs that joins two images");
  app->add_option("PHOTOS", options.input,
                  "A folder, a list of paths, an IDX file, or a .npy of images, embeddings or hashes")
      ->required()
      ->type_name("");
  app->add_option("A", options.from, "An image of the set: its path as in clusters.csv, or the file")
      ->required()
      ->type_name("");
  app->add_option("B", options.to, "Another one")->required()->type_name("");
  app->add_option("--page", options.page, "Also write the chain as an HTML page with pictures")
      ->type_name("FILE.html")
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  app->add_flag("--overwrite", options.overwrite, "Replace an earlier page");
  app->add_flag("--json", flags->json, "Print JSON");
  add_input_options(*app, options.listing, options.features);
  add_window(*app, options.metric.window);
  add_run_options(*app, flags->run);
  add_device_option(*app, flags->run);
  app->footer(kSettingsHelp);
  return {app, [flags](const Session& session) { execute(*flags, session); }};
}

}  // namespace simile::cli
