// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <ostream>

#include "cli/command.hpp"

#include "simile/core/error.hpp"
#include "simile/core/text.hpp"
#include "simile/core/units.hpp"
#include "simile/report/undo.hpp"

namespace simile::cli {
namespace {

struct UndoFlags {
  std::filesystem::path folder;
  bool dry_run = false;
  RunOptions run;
};

/// What a dry run says of every file that is to be touched.
void print_plan(const UndoSummary& summary, std::ostream& out) {
  for (const auto& file : summary.files) {
    const auto from = in_quotes(file.destination.native());
    if (file.outcome == UndoOutcome::put_back) out << from << " -> " << in_quotes(file.source.native()) << '\n';
    if (file.outcome == UndoOutcome::copy_removed) out << from << " is a copy of what is at its place: removed\n";
  }
}

void print_summary(const UndoSummary& summary, bool dry_run, std::ostream& out) {
  const auto say = [&](UndoOutcome outcome, std::string_view what) {
    const auto count = summary.count(outcome);
    if (count > 0) out << ", " << format_count(count) << ' ' << what;
  };
  out << format_counted(summary.count(UndoOutcome::put_back), "file", "files") << (dry_run ? " to be" : "")
      << " put back";
  say(UndoOutcome::copy_removed, dry_run ? "copies to be removed" : "left-over copies removed");
  say(UndoOutcome::at_its_place, "already in place");
  say(UndoOutcome::gone, "gone");
  say(UndoOutcome::refused, "left in the result folder");
  out << '\n';
  if (dry_run) out << "nothing was moved (--dry-run)\n";
}

void execute(const UndoFlags& flags, const Session& session) {
  const RunContext context(flags.run, session);
  const UndoSummary summary = undo_moves(flags.folder, flags.dry_run, context.get());
  for (const auto& file : summary.files) {
    if (file.reason.empty()) continue;
    session.streams.err << "simile: " << in_quotes(file.destination.native()) << ": " << file.reason << '\n';
  }
  if (flags.dry_run) print_plan(summary, session.streams.out);
  print_summary(summary, flags.dry_run, session.streams.out);
  if (const auto refused = summary.count(UndoOutcome::refused); refused > 0) {
    throw Error(ErrorCode::io,
                concat(format_counted(refused, "file", "files"), flags.dry_run ? " would stay" : " stayed", " in ",
                       in_quotes(flags.folder.native()), ", for the reasons above"));
  }
}

}  // namespace

Command add_undo_command(CLI::App& program) {
  auto flags = std::make_shared<UndoFlags>();
  CLI::App* const app = program.add_subcommand("undo", "Put the files back that --transfer move took");
  app->add_option("DIR", flags->folder, "The result folder")->required()->type_name("");
  app->add_flag("--dry-run", flags->dry_run, "Only say what would be put back");
  add_watch_options(*app, flags->run);
  app->footer(concat(
      "Nothing is overwritten: a file whose place is taken stays in the result folder, and the exit code is 1.\n\n",
      kSettingsHelp));
  return {app, [flags](const Session& session) { execute(*flags, session); }};
}

}  // namespace simile::cli
