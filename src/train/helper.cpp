// SPDX-License-Identifier: Apache-2.0
#include "simile/train/helper.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "train/training_rows.hpp"

#include "simile/core/error.hpp"
#include "simile/core/text.hpp"
#include "simile/train/evaluation.hpp"

namespace simile {
namespace {

constexpr std::array<std::pair<HelperKind, std::string_view>, 4> kKinds{{{HelperKind::linear, "linear"},
                                                                         {HelperKind::ridge, "ridge"},
                                                                         {HelperKind::mlp, "mlp"},
                                                                         {HelperKind::finetune, "finetune"}}};

void check_size(const Helper& helper, std::int64_t dimensions) {
  if (helper.dimensions() == dimensions) return;
  throw Error(ErrorCode::invalid_argument,
              concat("the helper was trained on vectors of ", helper.dimensions(), " values; these have ", dimensions));
}

Array<float, 2> hidden_of(const Helper& helper, View<const float, 2> vectors, const Context& context) {
  Array<float, 2> hidden = linear_scores(helper.layers.front(), vectors, true, context);
  for (std::int64_t k = 0; k < hidden.size(); ++k) {
    if (hidden.data()[k] < 0) hidden.data()[k] = 0;
  }
  return hidden;
}

}  // namespace

std::string_view to_string(HelperKind kind) {
  for (const auto& [known, name] : kKinds) {
    if (known == kind) return name;
  }
  return "";
}

HelperKind parse_helper_kind(std::string_view text) {
  for (const auto& [kind, name] : kKinds) {
    if (text == name) return kind;
  }
  throw Error(ErrorCode::invalid_argument,
              concat("--kind ", in_quotes(std::string(text)), ": allowed are linear, ridge, mlp"));
}

Array<float, 2> helper_scores(const Helper& helper, View<const float, 2> vectors, const Context& context) {
  check_size(helper, vectors.shape[1]);
  if (helper.layers.size() == 1) return linear_scores(helper.layers.front(), vectors, true, context);
  const Array<float, 2> hidden = hidden_of(helper, vectors, context);
  return linear_scores(helper.layers.back(), hidden.view(), false, context);
}

Array<float, 2> predict(const Helper& helper, View<const float, 2> vectors, const Context& context) {
  Array<float, 2> scores = helper_scores(helper, vectors, context);
  to_probabilities(scores.view(), helper.temperature);
  return scores;
}

Array<float, 2> helper_embedding(const Helper& helper, View<const float, 2> vectors, const Context& context) {
  if (helper.layers.size() < 2) {
    throw Error(ErrorCode::model, concat("a helper of kind ", to_string(helper.kind),
                                         " has no layer before its classes, so no embedding of its own (train one with "
                                         "--kind mlp)"));
  }
  check_size(helper, vectors.shape[1]);
  return hidden_of(helper, vectors, context);
}

std::vector<LinearModel> start_from(const Helper& previous, HelperKind kind, std::span<const std::string> classes,
                                    std::int64_t dimensions) {
  const std::size_t num_layers = kind == HelperKind::mlp ? 2 : 1;
  if (previous.layers.size() != num_layers || previous.dimensions() != dimensions) return {};
  LinearModel last;
  const LinearModel& old = previous.layers.back();
  const std::int64_t width = old.dimensions();
  last.weights = Array<float, 2>({std::ssize(classes), width});
  last.bias.assign(classes.size(), 0);
  for (std::size_t c = 0; c < classes.size(); ++c) {
    const auto found = std::find(previous.classes.begin(), previous.classes.end(), classes[c]);
    if (found == previous.classes.end()) continue;
    const auto row = found - previous.classes.begin();
    std::copy_n(old.weights.data() + row * width, width, last.weights.data() + static_cast<std::int64_t>(c) * width);
    last.bias[c] = old.bias[static_cast<std::size_t>(row)];
  }
  std::vector<LinearModel> start;
  if (num_layers == 2) start.push_back(previous.layers.front().clone());
  start.push_back(std::move(last));
  return start;
}

void MlpOptions::validate() const {
  const auto check = [](bool good, std::string_view flag, double value, std::string_view allowed) {
    if (!good) throw Error(ErrorCode::invalid_argument, concat(flag, " ", value, ": allowed are ", allowed));
  };
  check(hidden >= 1 && hidden <= 65536, "--hidden", static_cast<double>(hidden), "1 to 65536");
  check(epochs >= 1 && epochs <= 100000, "--epochs", static_cast<double>(epochs), "1 to 100000");
  check(batch >= 1, "--batch-size", static_cast<double>(batch), "1 and more");
  check(learning_rate > 0 && learning_rate <= 10, "--lr", learning_rate, "numbers above 0, up to 10");
  check(weight_decay >= 0 && weight_decay <= 10, "--weight-decay", weight_decay, "0 to 10");
  check(dropout >= 0 && dropout < 1, "--dropout", dropout, "0 up to, but without, 1");
}

}  // namespace simile
