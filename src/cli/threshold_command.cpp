// SPDX-License-Identifier: Apache-2.0
#include <istream>
#include <ostream>

#include "cli/command.hpp"

#include "simile/core/error.hpp"
#include "simile/core/text.hpp"
#include "simile/core/units.hpp"
#include "simile/pipeline/threshold.hpp"

namespace simile::cli {
namespace {

struct ThresholdFlags {
  ThresholdOptions options;
  RunOptions run;
  std::int64_t seed = 0;
  bool label = false;
  bool json = false;
};

void print_headline(std::ostream& out, const ThresholdSummary& summary) {
  const bool all = summary.num_sampled == summary.num_items;
  out << format_counted(summary.num_sampled, "image", "images") << " compared";
  if (!all) out << ", a random sample of " << format_count(summary.num_items);
  if (summary.num_unreadable > 0) out << "; " << format_count(summary.num_unreadable) << " unreadable";
  out << "\nadvice: --threshold " << format_double(summary.advice.threshold) << ", because " << summary.advice.reason
      << '\n';
  out << "there: about " << format_count(static_cast<std::int64_t>(summary.expected_pairs + 0.5)) << " similar pairs";
  if (!all) out << " in the whole set";
  out << "; " << (all ? "" : "in the sample ") << format_counted(summary.at_advice.groups, "group", "groups") << " of "
      << format_counted(summary.at_advice.grouped, "image", "images") << ", the largest "
      << format_count(summary.at_advice.largest) << '\n';
  if (summary.judged) {
    const JudgedThreshold& judged = *summary.judged;
    out << "by " << format_counted(judged.num_judged, "answer", "answers") << ": --threshold "
        << format_double(judged.threshold) << "; of " << judged.num_above << " judged pairs at or above it "
        << judged.num_alike_above << " are alike: a precision of " << format_share(judged.precision_low) << " to "
        << format_share(judged.precision_high) << " (95% confidence)";
    if (judged.num_wrong > 0) out << "; " << format_counted(judged.num_wrong, "answer", "answers") << " disagree";
    out << '\n';
  }
  if (!summary.judged_problem.empty()) {
    out << "the answers give no threshold: " << summary.judged_problem << " (pairs.csv keeps them)\n";
  }
  out << "page with a slider: " << (std::filesystem::path(summary.output) / "threshold.html").native() << '\n';
}

/// Asks on the terminal until there is an answer.
std::optional<bool> ask(const PairToJudge& pair, const Session& session) {
  std::ostream& err = session.streams.err;
  const auto shown = [](const std::string& id, const std::filesystem::path& file) {
    return file.empty() ? in_quotes(id) : in_quotes(file.native());
  };
  err << "\npair " << pair.number << " of " << pair.count << "\n  " << shown(pair.from, pair.from_file) << "\n  "
      << shown(pair.to, pair.to_file) << '\n';
  for (;;) {
    err << "alike? y(es), n(o), q(uit): " << std::flush;
    std::string answer;
    if (!std::getline(*session.streams.in, answer)) return std::nullopt;
    session.cancellation.check();
    if (answer == "y" || answer == "yes") return true;
    if (answer == "n" || answer == "no") return false;
    if (answer == "q" || answer == "quit") return std::nullopt;
  }
}

void execute(ThresholdFlags& flags, const Session& session) {
  if (flags.label && session.streams.in == nullptr) {
    throw Error(ErrorCode::invalid_argument, "--label needs a standard input to read answers from");
  }
  const RunContext context(flags.run, session);
  flags.options.seed = static_cast<std::uint64_t>(flags.seed);
  flags.options.arguments = session.arguments;
  Judge judge;
  if (flags.label) judge = [&session](const PairToJudge& pair) { return ask(pair, session); };
  const ThresholdSummary summary = run_threshold(flags.options, judge, context.get());
  if (flags.json) {
    session.streams.out << to_json(summary);
  } else {
    print_headline(session.streams.out, summary);
  }
}

}  // namespace

Command add_threshold_command(CLI::App& program) {
  auto flags = std::make_shared<ThresholdFlags>();
  ThresholdOptions& options = flags->options;
  CLI::App* const app = program.add_subcommand("threshold", "Find the similarity from which on images are alike");
  app->add_option("PHOTOS", options.input,
                  "A folder, a list of paths, an IDX file, or a .npy of images, embeddings or hashes")
      ->required()
      ->type_name("");
  add_input_options(*app, options.listing, options.features);
  add_window(*app, options.metric.window);
  add_integer(*app, "--sample", options.sample, kMinSample, kMaxSample, "Images to compare, drawn at random")
      ->default_str(std::to_string(kDefaultSample));
  add_integer(*app, "--seed", flags->seed, 0, std::numeric_limits<std::int64_t>::max(), "Seed of the sample")
      ->default_str("0");
  auto* const label = app->add_flag(
      "--label", flags->label,
      concat("Ask about ", kPairsToJudge, " pairs near the advice, and give the threshold that the answers call for"));
  app->add_option("--answers", options.answers,
                  "The same from a file: pairs.csv of an earlier run with yes or no in its column alike")
      ->type_name("FILE")
      ->excludes(label)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  app->add_option("-o,--out", options.out, "Result folder")
      ->type_name("DIR")
      ->default_str("PHOTOS_threshold")
      ->check([](const std::string& text) { return text.empty() ? "'' names no folder" : ""; })
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  app->add_flag("--overwrite", options.overwrite, "Replace an earlier result");
  app->add_flag("--json", flags->json, "Print the summary as JSON");
  add_run_options(*app, flags->run);
  add_device_option(*app, flags->run);
  app->footer(kSettingsHelp);
  return {app, [flags](const Session& session) { execute(*flags, session); }};
}

}  // namespace simile::cli
