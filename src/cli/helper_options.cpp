// SPDX-License-Identifier: Apache-2.0
#include "cli/helper_options.hpp"

#include <cmath>
#include <limits>
#include <ostream>

#include "cli/completion.hpp"

#include "simile/core/text.hpp"
#include "simile/core/units.hpp"

namespace simile::cli {
namespace {

std::string points(double share) { return format_double(std::round(1000 * share) / 10); }

void print_headline(std::ostream& out, const TrainHelperSummary& summary) {
  out << "trained on " << format_counted(summary.num_labels, "label", "labels") << " of "
      << format_counted(summary.num_classes, "class", "classes");
  if (summary.warm) out << ", from where the earlier helper stood";
  out << '\n';
  if (!summary.network.empty()) {
    out << "training loss " << format_double(std::round(1e4 * summary.training_loss) / 1e4) << "; "
        << format_count(summary.num_trained) << " of " << format_count(summary.num_parameters) << " parameters of "
        << summary.network << " in " << format_duration(summary.fit_seconds) << '\n';
  }
  if (!summary.how.empty()) {
    out << "accuracy " << points(summary.accuracy) << "%, give or take " << points(summary.accuracy_margin) << " ("
        << summary.how << ", " << format_counted(summary.num_judged, "image", "images") << "), mean F1 "
        << points(summary.macro_f1) << "%; calibration error " << points(summary.calibration_error)
        << "%, before calibration " << points(summary.calibration_error_before) << "%\n";
    if (summary.calibration_error > summary.calibration_error_before) {
      out << "calibration did not help here: take the probabilities as an order\n";
    }
    if (summary.num_earlier > 0) {
      out << "(of the labelled images: those that next.csv named are hard ones, so expect more of the rest)\n";
    }
  } else {
    out << "nothing was held out, so the accuracy is not known\n";
  }
  if (summary.num_seen > 0 && !summary.how.empty()) {
    out << "the network of these vectors was trained on " << format_count(summary.num_seen)
        << " of these labels: expect less than this accuracy of other images\n";
  }
  if (summary.num_single > 0) {
    out << format_counted(summary.num_single, "class has", "classes have")
        << " one label only: trained on, but not measured\n";
  }
  if (summary.num_unknown > 0) {
    out << format_counted(summary.num_unknown, "label is", "labels are")
        << " of images that are not in the set or cannot be read: ignored_labels.csv names them\n";
  }
  if (summary.advice.known) {
    out << "the next " << kAdvisedLabels << " labels may bring " << points(summary.advice.gain) << " points"
        << (summary.advice.stop ? ": labelling can stop here\n" : "; next.csv names images to label\n");
  }
  out << "report: " << (std::filesystem::path(summary.output) / "report.html").native() << '\n';
}

}  // namespace

void add_helper_options(CLI::App& app, HelperFlags& flags, HelperRunOptions& options) {
  app.add_option("--labels", options.labels,
                 "Labels: a CSV path,label (may be repeated), or the word folders: the folder that holds the image")
      ->type_name("FILE|folders")
      ->allow_extra_args(false);
  app.add_option("-o,--out", options.out, "The folder to write")
      ->required()
      ->type_name("DIR")
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  auto* const overwrite = app.add_flag("--overwrite", options.overwrite, "Replace an earlier one");
  app.add_flag("--update", options.update,
               "Go on from the helper in DIR, if there is one: its labels count, too, but for those given anew")
      ->excludes(overwrite);
  add_integer(app, "--seed", flags.seed, 0, std::numeric_limits<std::int64_t>::max(), "Of all that is random")
      ->default_str("0");
}

void add_helper_outputs(CLI::App& app, HelperFlags& flags, HelperRunOptions& options) {
  add_integer(app, "--next", options.next, 0, 1'000'000, "Images to name for labelling")->default_str("50");
  offer_words(
      app.add_option("--strategy", flags.strategy, "How they are chosen: diverse, margin, entropy, centres or random")
          ->type_name("HOW")
          ->default_str("diverse")
          ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast),
      {"diverse", "margin", "entropy", "centres", "random"});
  app.add_flag("--json", flags.json, "Print the summary as JSON");
}

void take_helper_flags(const HelperFlags& flags, const Session& session, HelperRunOptions& options) {
  options.strategy = parse_next_strategy(flags.strategy);
  options.seed = static_cast<std::uint64_t>(flags.seed);
  options.arguments = session.arguments;
}

void show_helper(const HelperFlags& flags, const Session& session, const TrainHelperSummary& summary) {
  for (const auto& [id, reason] : summary.unreadable) {
    session.streams.err << "simile: unreadable: " << in_quotes(id) << ": " << reason << '\n';
  }
  if (flags.json) {
    session.streams.out << to_json(summary);
  } else {
    print_headline(session.streams.out, summary);
  }
}

}  // namespace simile::cli
