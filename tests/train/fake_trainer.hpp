// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstring>
#include <map>
#include <vector>

#include "simile/train/autoencoder.hpp"

namespace simile::test {

/// A trainer whose losses are told beforehand, by epoch; its only weight counts the images that it has seen.
class FakeTrainer final : public AutoencoderTrainer {
 public:
  // NOLINTBEGIN(misc-non-private-member-variables-in-classes)
  std::map<std::int64_t, double> train_losses;       ///< default: 1
  std::map<std::int64_t, double> validation_losses;  ///< default: 1
  std::vector<std::vector<std::int64_t>> orders;     ///< of each call of train()
  std::vector<double> rates;
  double seen = 0;
  // NOLINTEND(misc-non-private-member-variables-in-classes)

  double train(std::span<const std::int64_t> rows, std::int64_t epoch, double learning_rate,
               const StepDone& done) override {
    epoch_ = epoch;
    orders.emplace_back(rows.begin(), rows.end());
    rates.push_back(learning_rate);
    seen += static_cast<double>(rows.size());
    done(std::ssize(rows));
    return value_of(train_losses);
  }
  double evaluate(std::span<const std::int64_t> rows, const StepDone& done) override {
    done(std::ssize(rows));
    return value_of(validation_losses);
  }
  Array<std::uint8_t, 4> reconstruct(std::span<const std::int64_t> rows) override {
    return Array<std::uint8_t, 4>({std::ssize(rows), 32, 32, 3});
  }
  std::vector<HostTensor> weights() const override {
    HostTensor tensor{"seen", TensorType::float64, {1}, std::vector<std::uint8_t>(sizeof seen)};
    std::memcpy(tensor.bytes.data(), &seen, sizeof seen);
    return {tensor};
  }
  std::vector<HostTensor> state() const override { return weights(); }
  void restore(const SafetensorsFile& state) override { state.read(*state.find("seen"), &seen); }
  std::string architecture() const override { return "fake"; }
  std::int64_t num_parameters() const override { return 1; }
  std::int64_t dimensions() const override { return 1; }

 private:
  double value_of(const std::map<std::int64_t, double>& losses) const {
    const auto found = losses.find(epoch_);
    return found == losses.end() ? 1 : found->second;
  }
  std::int64_t epoch_ = 0;
};

}  // namespace simile::test
