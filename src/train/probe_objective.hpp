// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "train/training_rows.hpp"

#include "simile/core/context.hpp"

namespace simile {

/// f(V) = (sum of weight times cross-entropy + |W|^2 / (2 C)) / n of multinomial logistic regression, where n counts
/// rows with a weight, V is W and the biases in the layout of TrainingRows, one row for each class, and biases are
/// not penalised. Each row is read once from memory for both the value and the gradient. Results do not depend on the
/// number of threads.
class ProbeObjective {
 public:
  /// Refers to all of these. `weights` of 0 leave a row out; whole blocks of them cost nothing.
  ProbeObjective(const TrainingRows& rows, std::span<const std::int32_t> labels, std::span<const float> weights,
                 std::int64_t num_classes, double c, const Context& context);

  std::int64_t size() const { return num_classes_ * rows_.stride(); }
  std::int64_t num_classes() const { return num_classes_; }
  double ridge() const { return ridge_; }
  std::int64_t num_training() const { return num_training_; }
  /// The value at `point` [classes, stride]; writes the gradient there.
  double operator()(const std::vector<float>& point, std::vector<float>& gradient);
  /// For the ridge solution: adds up weight (one-hot - 1/K) x' / n, as [classes, stride].
  std::vector<float> class_sums();
  /// The scale t among powers of sqrt(2) at which f(t point) is least, penalty apart.
  double best_scale(const std::vector<float>& point);

 private:
  /// Calls body(first row, rows, sums of the task [classes, stride]) for blocks of rows, then adds up the tasks' sums.
  template <class Body>
  std::vector<double> for_blocks(bool with_sums, const Body& body);

  const TrainingRows& rows_;
  std::span<const std::int32_t> labels_;
  std::span<const float> weights_;
  std::int64_t num_classes_;
  std::int64_t num_training_ = 0;
  double ridge_ = 0;
  const Context& context_;
  std::vector<std::int64_t> blocks_;  ///< that have a row with a weight
  std::vector<float> sums_;           ///< [tasks, classes, stride]
};

}  // namespace simile
