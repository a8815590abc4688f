// SPDX-License-Identifier: Apache-2.0
#include "simile/pipeline/threshold.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include <nlohmann/json.hpp>

#include "pipeline/open.hpp"
#include "pipeline/sample_study.hpp"

#include "simile/core/atomic_file.hpp"
#include "simile/core/csv.hpp"
#include "simile/core/error.hpp"
#include "simile/core/random.hpp"
#include "simile/core/text.hpp"
#include "simile/core/version.hpp"
#include "simile/feature/select_items.hpp"
#include "simile/report/cluster_report.hpp"
#include "simile/report/manifest.hpp"
#include "simile/report/result_folder.hpp"
#include "simile/report/tables.hpp"
#include "simile/report/threshold_page.hpp"
#include "simile/report/thumbnails.hpp"

namespace simile {
namespace {

namespace fs = std::filesystem;

// Pairs on the page: the most similar ones, and on downwards ever fewer of ever more.
constexpr std::size_t kExamples = 360;
constexpr std::size_t kTopExamples = 48;

/// A pair of ids with an answer.
struct Answer {
  std::string from;
  std::string to;
  bool alike = false;
};

bool parse_answer(const std::string& text, const fs::path& file, std::size_t line) {
  static constexpr std::array<std::pair<std::string_view, bool>, 8> kAnswers{{{"yes", true},
                                                                              {"y", true},
                                                                              {"1", true},
                                                                              {"true", true},
                                                                              {"no", false},
                                                                              {"n", false},
                                                                              {"0", false},
                                                                              {"false", false}}};
  std::string lower = text;
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  for (const auto& [word, alike] : kAnswers) {
    if (lower == word) return alike;
  }
  throw Error(ErrorCode::invalid_argument, concat("--answers ", in_quotes(file.native()), ", row ", line, ": alike is ",
                                                  in_quotes(text), "; allowed are yes, no, or nothing"));
}

/// The answered rows of a CSV `from,to,alike`.
std::vector<Answer> read_answers(const fs::path& file) {
  const CsvTable table = read_csv(file);
  const auto column = [&](std::string_view name) {
    try {
      return table.column(name);
    } catch (const Error& error) {
      throw Error(error.code(), concat("--answers ", in_quotes(file.native()), ": ", error.what()));
    }
  };
  const std::size_t from = column("from");
  const std::size_t to = column("to");
  const std::size_t alike = column("alike");
  std::vector<Answer> answers;
  for (std::size_t k = 0; k < table.rows.size(); ++k) {
    const auto& row = table.rows[k];
    if (!row[alike].empty()) answers.push_back({row[from], row[to], parse_answer(row[alike], file, k + 1)});
  }
  if (answers.empty()) {
    throw Error(ErrorCode::invalid_argument,
                concat("--answers ", in_quotes(file.native()), ": no row has an answer in the column alike"));
  }
  return answers;
}

/// The items to read: the random sample and what the answers name, each ascending.
struct Chosen {
  std::vector<std::int64_t> sampled;  // of the catalogue
  std::vector<std::int64_t> all;
};

Chosen choose_items(const Catalogue& catalogue, const ThresholdOptions& options, const std::vector<Answer>& answers) {
  Chosen chosen;
  const std::int64_t count = catalogue.size();
  chosen.sampled = sample_without_replacement(count, std::min(count, options.sample), options.seed);
  chosen.all = chosen.sampled;
  if (answers.empty()) return chosen;
  std::map<std::string_view, std::int64_t> items;
  for (std::int64_t item = 0; item < count; ++item) items.emplace(catalogue.ids[static_cast<std::size_t>(item)], item);
  for (const auto& answer : answers) {
    for (const std::string* id : {&answer.from, &answer.to}) {
      const auto found = items.find(*id);
      if (found == items.end()) {
        throw Error(ErrorCode::invalid_argument, concat("--answers ", in_quotes(options.answers.native()), " names ",
                                                        in_quotes(*id), ", which the input does not hold"));
      }
      chosen.all.push_back(found->second);
    }
  }
  std::sort(chosen.all.begin(), chosen.all.end());
  chosen.all.erase(std::unique(chosen.all.begin(), chosen.all.end()), chosen.all.end());
  return chosen;
}

/// A run in progress: the chosen items with their features, and what they say.
struct Run {
  const ThresholdOptions& options;
  fs::path out;
  Dataset dataset;  ///< of the chosen items
  std::int64_t num_items = 0;
  Extraction extraction;
  std::unique_ptr<Metric> metric;
  SampleStudy study;

  const std::string& id(std::int64_t row) const { return dataset.catalogue().ids[item(row)]; }
  std::size_t item(std::int64_t row) const {
    return static_cast<std::size_t>(extraction.features.items[static_cast<std::size_t>(row)]);
  }
};

std::vector<std::int64_t> rows_of(const std::vector<std::int64_t>& wanted, const std::vector<std::int64_t>& all,
                                  const std::vector<std::int64_t>& readable) {
  std::vector<std::int64_t> rows;
  for (std::size_t row = 0; row < readable.size(); ++row) {
    const std::int64_t item = all[static_cast<std::size_t>(readable[row])];
    if (std::binary_search(wanted.begin(), wanted.end(), item)) rows.push_back(static_cast<std::int64_t>(row));
  }
  return rows;
}

/// The first pair below the advice.
std::vector<Edge>::const_iterator border_of(const SampleStudy& study) {
  return std::partition_point(study.pairs.begin(), study.pairs.end(),
                              [&](const Edge& edge) { return edge.similarity >= study.advice.threshold; });
}

/// Pairs at the border of the advice: half of them drawn from as many above it as there are, half from as many below.
std::vector<Edge> pairs_to_judge(const Run& run) {
  const auto& pairs = run.study.pairs;
  const std::int64_t above = border_of(run.study) - pairs.begin();
  const std::int64_t below = std::min(std::max(above, kPairsToJudge), std::ssize(pairs) - above);
  const std::int64_t from_above = std::min(above, std::max(kPairsToJudge / 2, kPairsToJudge - below));
  const std::int64_t from_below = std::min(below, kPairsToJudge - from_above);
  std::vector<Edge> chosen;
  for (const auto k : sample_without_replacement(above, from_above, run.options.seed)) {
    chosen.push_back(pairs[static_cast<std::size_t>(k)]);
  }
  for (const auto k : sample_without_replacement(below, from_below, run.options.seed)) {
    chosen.push_back(pairs[static_cast<std::size_t>(above + k)]);
  }
  return chosen;
}

/// The counts at every pair of the most similar ones, then at one in a hundred.
std::vector<PairCount> pair_counts(const std::vector<Edge>& pairs) {
  std::vector<PairCount> counts;
  for (std::size_t k = 0; k < pairs.size(); ++k) {
    const bool last_of_equals = k + 1 == pairs.size() || pairs[k + 1].similarity < pairs[k].similarity;
    const auto count = static_cast<std::int64_t>(k) + 1;
    const bool far_enough = counts.empty() || 100 * (count - counts.back().pairs) >= count || k + 1 == pairs.size();
    if (last_of_equals && far_enough) counts.push_back({pairs[k].similarity, count});
  }
  return counts;
}

std::vector<ExamplePair> example_pairs(const Run& run) {
  const auto& pairs = run.study.pairs;
  std::vector<ExamplePair> examples;
  std::size_t rank = 0;
  for (std::size_t k = 0; k < kExamples && rank < pairs.size(); ++k) {
    const Edge& edge = pairs[rank];
    examples.push_back({edge.similarity, static_cast<std::int64_t>(run.item(edge.left)),
                        static_cast<std::int64_t>(run.item(edge.right))});
    if (k < kTopExamples) {
      ++rank;
    } else {
      const double share = static_cast<double>(k + 1 - kTopExamples) / static_cast<double>(kExamples - kTopExamples);
      const double first = static_cast<double>(kTopExamples);
      const double next = first * std::pow(static_cast<double>(pairs.size()) / first, share);
      rank = std::max(rank + 1, static_cast<std::size_t>(next));
    }
  }
  return examples;
}

void write_curve(const fs::path& folder, const Run& run, std::int64_t num_sampled) {
  const double scale = pair_scale(run.num_items, num_sampled);
  std::string csv = "threshold,similar_pairs,expected_similar_pairs,groups,grouped,largest_group\n";
  for (const auto& point : run.study.curve) {
    csv += concat(point.threshold, ",", point.similar_pairs, ",", scale * static_cast<double>(point.similar_pairs), ",",
                  point.groups, ",", point.grouped, ",", point.largest, "\n");
  }
  write_text(folder / "threshold.csv", csv);
}

void write_pairs(const fs::path& folder, const Run& run, const std::vector<Edge>& pairs,
                 const std::vector<std::optional<bool>>& answers) {
  std::string csv = "from,to,similarity,alike\n";
  for (std::size_t k = 0; k < pairs.size(); ++k) {
    const bool answered = k < answers.size() && answers[k].has_value();
    csv +=
        concat(csv_field(run.id(pairs[k].left)), ",", csv_field(run.id(pairs[k].right)), ",", pairs[k].similarity, ",",
               !answered     ? ""
               : *answers[k] ? "yes"
                             : "no",
               "\n");
  }
  write_text(folder / "pairs.csv", csv);
}

void write_page(const fs::path& folder, const Run& run, std::int64_t num_sampled, const ThresholdSummary& summary,
                const Context& context) {
  const Catalogue& catalogue = run.dataset.catalogue();
  ThresholdPageModel model;
  model.title = fs::weakly_canonical(fs::absolute(run.options.input)).filename().native();
  model.method = summary.method;
  model.version = kVersion;
  model.num_items = run.num_items;
  model.num_sampled = num_sampled;
  model.curve = run.study.curve;
  model.counts = pair_counts(run.study.pairs);
  model.advice = run.study.advice;
  model.examples = example_pairs(run);
  model.ids = catalogue.ids;
  if (catalogue.has_files) model.link_prefix = link_prefix(run.out, catalogue.root);
  if (catalogue.has_files || run.dataset.images.in_memory()) {
    std::vector<std::int64_t> items;
    for (const auto& pair : model.examples) items.insert(items.end(), {pair.left, pair.right});
    std::sort(items.begin(), items.end());
    items.erase(std::unique(items.begin(), items.end()), items.end());
    model.thumbnails =
        make_thumbnails(run.dataset.images, items, run.options.features.limits, run.options.features.cache, context);
  }
  const Plot plot = threshold_plot(model);
  write_text(folder / "threshold.svg", plot_svg(plot));
  write_text(folder / "threshold.png", plot_png(plot));
  write_text(folder / "threshold.html", threshold_page(model));
}

std::vector<std::optional<bool>> ask(const Run& run, const std::vector<Edge>& pairs, const Judge& judge) {
  std::vector<std::optional<bool>> answers;
  if (!judge) return answers;
  const Catalogue& catalogue = run.dataset.catalogue();
  for (const auto& pair : pairs) {
    PairToJudge question{std::ssize(answers) + 1, std::ssize(pairs), run.id(pair.left), run.id(pair.right), {}, {}};
    if (catalogue.has_files) {
      question.from_file = catalogue.file(static_cast<std::int64_t>(run.item(pair.left)));
      question.to_file = catalogue.file(static_cast<std::int64_t>(run.item(pair.right)));
    }
    answers.push_back(judge(question));
    if (!answers.back()) break;
  }
  return answers;
}

/// The pairs that were answered, with their similarity in this run.
std::vector<JudgedPair> judged_pairs(const Run& run, const std::vector<Answer>& answers) {
  std::map<std::string_view, std::int64_t> rows;
  for (std::int64_t row = 0; row < run.extraction.features.num_rows(); ++row) rows.emplace(run.id(row), row);
  std::vector<JudgedPair> judged;
  for (const auto& [from, to, alike] : answers) {
    const auto left = rows.find(from);
    const auto right = rows.find(to);
    if (left == rows.end() || right == rows.end()) {
      throw Error(ErrorCode::decode,
                  concat("--answers names ", in_quotes(left == rows.end() ? from : to), ", which could not be read"));
    }
    judged.push_back({run.metric->exact(left->second, right->second), alike});
  }
  return judged;
}

CurvePoint point_at(const std::vector<CurvePoint>& curve, double threshold) {
  CurvePoint point;
  for (const auto& next : curve) {
    if (next.threshold < threshold) break;
    point = next;
  }
  return point;
}

}  // namespace

void ThresholdOptions::validate() const {
  features.validate();
  if (sample < kMinSample || sample > kMaxSample) {
    throw Error(ErrorCode::invalid_argument,
                concat("--sample ", sample, ": allowed are ", kMinSample, " to ", kMaxSample));
  }
}

ThresholdSummary run_threshold(const ThresholdOptions& options, const Judge& judge, const Context& context) {
  options.validate();
  const auto answers = options.answers.empty() ? std::vector<Answer>() : read_answers(options.answers);
  OpenedInput input =
      open_for_result(options.input, options.out, "_threshold", options.overwrite, options.listing, context);
  ThresholdSummary summary;
  summary.input = options.input.native();
  summary.output = input.out.native();
  summary.kind = input.dataset.kind;
  summary.seed = options.seed;
  FeatureOptions features = options.features;
  features.method = checked_method(input.dataset, features, options.metric);
  Run run{options, input.out, {}, input.dataset.catalogue().size(), {}, {}, {}};
  ResultFolder folder(input.out, options.overwrite);

  const Chosen chosen = choose_items(input.dataset.catalogue(), options, answers);
  run.dataset = select_items(std::move(input.dataset), chosen.all);
  run.extraction = extract_nonempty(run.dataset, features, context);
  run.metric = make_metric(run.extraction.features, options.metric);
  const auto rows = rows_of(chosen.sampled, chosen.all, run.extraction.features.items);
  run.study = study_sample(*run.metric, rows, run.num_items, info(*features.method).default_threshold, context);

  summary.method = info(*features.method).name;
  summary.num_items = run.num_items;
  summary.num_sampled = std::ssize(rows);
  summary.num_unreadable = std::ssize(run.extraction.errors);
  summary.advice = run.study.advice;
  summary.at_advice = point_at(run.study.curve, summary.advice.threshold);
  summary.expected_pairs = pair_scale(run.num_items, summary.num_sampled) *
                           static_cast<double>(border_of(run.study) - run.study.pairs.begin());

  const auto questions = pairs_to_judge(run);
  const auto replies = ask(run, questions, judge);
  auto judged = judged_pairs(run, answers);
  for (std::size_t k = 0; k < replies.size(); ++k) {
    if (replies[k]) judged.push_back({questions[k].similarity, *replies[k]});
  }
  try {
    if (!judged.empty()) summary.judged = threshold_from(std::move(judged));
  } catch (const Error& error) {
    if (replies.empty()) throw;  // the answers stand in a file of the user's
    summary.judged_problem = error.what();
  }

  write_curve(folder.path(), run, summary.num_sampled);
  write_pairs(folder.path(), run, questions, replies);
  write_unreadable(folder.path(), run.dataset.catalogue(), run.extraction.errors);
  write_page(folder.path(), run, summary.num_sampled, summary, context);
  write_manifest(folder.path(), to_json(summary), options.arguments);
  context.cancellation.check();
  folder.commit();
  return summary;
}

std::string to_json(const ThresholdSummary& summary) {
  nlohmann::ordered_json json;
  json["input"] = to_valid_utf8(summary.input);
  json["output"] = to_valid_utf8(summary.output);
  json["kind"] = summary.kind;
  json["method"] = summary.method;
  json["seed"] = summary.seed;
  json["images"] = summary.num_items;
  json["sampled"] = summary.num_sampled;
  json["unreadable"] = summary.num_unreadable;
  json["advice"]["threshold"] = summary.advice.threshold;
  json["advice"]["reason"] = summary.advice.reason;
  json["advice"]["low"] = summary.advice.low;
  json["advice"]["high"] = summary.advice.high;
  json["expected_similar_pairs"] = summary.expected_pairs;
  json["groups"] = summary.at_advice.groups;
  json["grouped"] = summary.at_advice.grouped;
  json["largest_group"] = summary.at_advice.largest;
  if (!summary.judged_problem.empty()) json["judged"]["problem"] = summary.judged_problem;
  if (summary.judged) {
    const JudgedThreshold& judged = *summary.judged;
    auto& out = json["judged"];
    out["threshold"] = judged.threshold;
    out["pairs"] = judged.num_judged;
    out["wrong"] = judged.num_wrong;
    out["above"] = judged.num_above;
    out["alike_above"] = judged.num_alike_above;
    out["precision_low"] = judged.precision_low;
    out["precision_high"] = judged.precision_high;
  }
  return json.dump(2) + "\n";
}

}  // namespace simile
