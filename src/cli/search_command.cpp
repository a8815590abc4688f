// SPDX-License-Identifier: Apache-2.0
#include <ostream>

#include "cli/command.hpp"

#include "simile/core/csv.hpp"
#include "simile/core/text.hpp"
#include "simile/core/units.hpp"
#include "simile/pipeline/search.hpp"

namespace simile::cli {
namespace {

struct SearchFlags {
  SearchOptions options;
  RunOptions run;
  bool json = false;
};

void print_csv(std::ostream& out, const SearchSummary& summary) {
  out << "query,rank,path,similarity\n";
  for (const auto& result : summary.results) {
    std::int64_t rank = 0;
    for (const auto& hit : result.hits) {
      out << csv_field(result.query) << ',' << ++rank << ',' << csv_field(hit.id) << ','
          << format_double(hit.similarity) << '\n';
    }
  }
}

void execute(const SearchFlags& flags, const Session& session) {
  const RunContext context(flags.run, session);
  const SearchSummary summary = run_search(flags.options, context.get());
  if (flags.json) {
    session.streams.out << to_json(summary);
  } else {
    print_csv(session.streams.out, summary);
  }
  if (summary.num_unreadable > 0 && !flags.run.quiet) {
    session.streams.err << "simile: " << format_counted(summary.num_unreadable, "item", "items")
                        << " could not be read: left out of the search\n";
  }
}

}  // namespace

Command add_search_command(CLI::App& program) {
  auto flags = std::make_shared<SearchFlags>();
  SearchOptions& options = flags->options;
  CLI::App* const app = program.add_subcommand("search", "Rank a set by how alike its images are to one or more");
  app->add_option("PHOTOS", options.input,
                  "A folder, a list of paths, an IDX file, or a .npy of images, embeddings or hashes")
      ->required()
      ->type_name("");
  app->add_option("--query", options.queries,
                  "What to look for: an item of the set, an image file, or a .npy of the set's kind (may be repeated)")
      ->type_name("IMAGE|ID")
      ->allow_extra_args(false)  // one query a flag: the next word may be PHOTOS
      ->required();
  add_integer(*app, "--top", options.top, 1, 1'000'000, "Results for each query")->default_str("50");
  app->add_option("--page", options.page, "Also write the results as an HTML page with pictures")
      ->type_name("FILE.html")
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  app->add_flag("--overwrite", options.overwrite, "Replace an earlier page");
  app->add_flag("--json", flags->json, "Print JSON instead of CSV");
  add_input_options(*app, options.listing, options.features);
  add_window(*app, options.metric.window);
  add_run_options(*app, flags->run);
  add_device_option(*app, flags->run);
  app->footer(kSettingsHelp);
  return {app, [flags](const Session& session) { execute(*flags, session); }};
}

}  // namespace simile::cli
