// SPDX-License-Identifier: Apache-2.0
#include "train/probe_objective.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "train/probe_settings.hpp"

#include "simile/core/error.hpp"

namespace simile {
namespace {

// Sums that are made side by side and added in this order, whatever the number of threads.
constexpr std::int64_t kMaxTasks = 16;

}  // namespace

ProbeObjective::ProbeObjective(const TrainingRows& rows, std::span<const std::int32_t> labels,
                               std::span<const float> weights, std::int64_t num_classes, double c,
                               const Context& context)
    : rows_(rows), labels_(labels), weights_(weights), num_classes_(num_classes), context_(context) {
  ensure(std::ssize(labels) == rows.count() && labels.size() == weights.size(), "a label and a weight for each row");
  for (std::int64_t row = 0; row < rows.count(); ++row) {
    if (weights[static_cast<std::size_t>(row)] == 0) continue;
    ++num_training_;
    const std::int64_t block = row / kRowBlock;
    if (blocks_.empty() || blocks_.back() != block) blocks_.push_back(block);
  }
  ensure(num_training_ > 0, "rows to fit to");
  ridge_ = 1 / (c * static_cast<double>(num_training_));
}

template <class Body>
std::vector<double> ProbeObjective::for_blocks(bool with_sums, const Body& body) {
  const std::int64_t tasks = std::min(kMaxTasks, std::ssize(blocks_));
  if (with_sums) sums_.assign(static_cast<std::size_t>(tasks * size()), 0);
  std::vector<double> values(static_cast<std::size_t>(tasks));
  context_.pool.parallel_for(tasks, context_.cancellation, [&](int /*worker*/, std::int64_t task) {
    const std::int64_t end = (task + 1) * std::ssize(blocks_) / tasks;
    float* const sums = with_sums ? sums_.data() + task * size() : nullptr;
    std::vector<float> logits(static_cast<std::size_t>(num_classes_ * kRowBlock));
    for (std::int64_t k = task * std::ssize(blocks_) / tasks; k < end; ++k) {
      const std::int64_t row = blocks_[static_cast<std::size_t>(k)] * kRowBlock;
      values[static_cast<std::size_t>(task)] +=
          body(rows_.block(row, std::min(kRowBlock, rows_.count() - row)), row, logits.data(), sums);
    }
  });
  return values;
}

namespace {

void add_up(const std::vector<float>& sums, std::int64_t size, double scale, std::vector<float>& out) {
  out.assign(static_cast<std::size_t>(size), 0);
  for (std::int64_t begin = 0; begin < std::ssize(sums); begin += size) {
    const float* const part = sums.data() + begin;
    for (std::int64_t k = 0; k < size; ++k) out[static_cast<std::size_t>(k)] += part[k];
  }
  for (auto& value : out) value = static_cast<float>(scale * value);
}

}  // namespace

double ProbeObjective::operator()(const std::vector<float>& point, std::vector<float>& gradient) {
  const RowKernels& simd = row_kernels();
  const FloatBlock classes{point.data(), num_classes_, rows_.stride()};
  const auto values = for_blocks(true, [&](const FloatBlock& block, std::int64_t row, float* logits, float* sums) {
    std::array<float, kRowBlock> largest{};
    std::array<float, kRowBlock> exponentials{};
    std::array<float, kRowBlock> own{};
    simd.products(block, classes, rows_.stride(), logits, kRowBlock);
    for (std::int64_t r = 0; r < block.count; ++r) {
      own[static_cast<std::size_t>(r)] = logits[labels_[static_cast<std::size_t>(row + r)] * kRowBlock + r];
    }
    simd.softmax(logits, num_classes_, block.count, kRowBlock, largest.data(), exponentials.data());
    double loss = 0;
    for (std::int64_t r = 0; r < block.count; ++r) {
      const auto k = static_cast<std::size_t>(r);
      const float weight = weights_[static_cast<std::size_t>(row + r)];
      loss += weight * (std::log(static_cast<double>(exponentials[k])) + largest[k] - own[k]);
      logits[labels_[static_cast<std::size_t>(row + r)] * kRowBlock + r] -= 1;
      if (weight == 1) continue;
      for (std::int64_t c = 0; c < num_classes_; ++c) logits[c * kRowBlock + r] *= weight;
    }
    simd.accumulate(block, logits, num_classes_, kRowBlock, rows_.stride(), sums, rows_.stride());
    return loss;
  });
  add_up(sums_, size(), 1 / static_cast<double>(num_training_), gradient);
  double loss = 0;
  for (const double value : values) loss += value;
  double squares = 0;
  for (std::int64_t c = 0; c < num_classes_; ++c) {
    const std::int64_t begin = c * rows_.stride();
    for (std::int64_t k = begin; k < begin + rows_.dimensions; ++k) {
      const double weight = point[static_cast<std::size_t>(k)];
      squares += weight * weight;
      gradient[static_cast<std::size_t>(k)] += static_cast<float>(ridge_ * weight);
    }
  }
  return loss / static_cast<double>(num_training_) + 0.5 * ridge_ * squares;
}

std::vector<float> ProbeObjective::class_sums() {
  const RowKernels& simd = row_kernels();
  for_blocks(true, [&](const FloatBlock& block, std::int64_t row, float* factors, float* sums) {
    const auto rest = static_cast<float>(-1.0 / static_cast<double>(num_classes_));
    for (std::int64_t r = 0; r < block.count; ++r) {
      const float weight = weights_[static_cast<std::size_t>(row + r)];
      for (std::int64_t c = 0; c < num_classes_; ++c) factors[c * kRowBlock + r] = weight * rest;
      factors[labels_[static_cast<std::size_t>(row + r)] * kRowBlock + r] += weight;
    }
    simd.accumulate(block, factors, num_classes_, kRowBlock, rows_.stride(), sums, rows_.stride());
    return 0.0;
  });
  std::vector<float> result;
  add_up(sums_, size(), 1 / static_cast<double>(num_training_), result);
  return result;
}

double ProbeObjective::best_scale(const std::vector<float>& point) {
  const RowKernels& simd = row_kernels();
  const FloatBlock classes{point.data(), num_classes_, rows_.stride()};
  // A tenth of the rows tells enough: the fit goes on from there.
  const std::int64_t step = std::max<std::int64_t>(1, std::ssize(blocks_) / 16);
  std::array<double, kScales> losses{};
  std::vector<float> logits(static_cast<std::size_t>(num_classes_ * kRowBlock));
  std::vector<float> scaled(logits.size());
  std::array<float, kRowBlock> largest{};
  std::array<float, kRowBlock> exponentials{};
  for (std::int64_t k = 0; k < std::ssize(blocks_); k += step) {
    const std::int64_t row = blocks_[static_cast<std::size_t>(k)] * kRowBlock;
    const FloatBlock block = rows_.block(row, std::min(kRowBlock, rows_.count() - row));
    simd.products(block, classes, rows_.stride(), logits.data(), kRowBlock);
    for (int s = 0; s < kScales; ++s) {
      const auto scale = static_cast<float>(std::pow(2, 0.5 * s));
      for (std::size_t j = 0; j < logits.size(); ++j) scaled[j] = scale * logits[j];
      simd.softmax(scaled.data(), num_classes_, block.count, kRowBlock, largest.data(), exponentials.data());
      for (std::int64_t r = 0; r < block.count; ++r) {
        const auto place = static_cast<std::size_t>(r);
        const auto own = static_cast<std::size_t>(labels_[static_cast<std::size_t>(row + r)] * kRowBlock + r);
        const double log_sum = std::log(static_cast<double>(exponentials[place])) + largest[place];
        losses[static_cast<std::size_t>(s)] +=
            weights_[static_cast<std::size_t>(row + r)] * (log_sum - static_cast<double>(scale) * logits[own]);
      }
    }
  }
  return std::pow(2, 0.5 * static_cast<double>(std::min_element(losses.begin(), losses.end()) - losses.begin()));
}

}  // namespace simile
