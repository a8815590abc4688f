// SPDX-License-Identifier: Apache-2.0
#include "cuda/similarity/sink_driver.hpp"
#include "cuda/similarity/sinks/collect.hpp"
#include "cuda/similarity/sinks/drivers.hpp"

namespace simile::cuda {
namespace {

// What a sink could do without is taken from the device where it is at most this part of the budget.
constexpr std::int64_t kShare = 4;

std::int64_t if_it_fits(std::int64_t bytes, std::int64_t budget_bytes) {
  return bytes <= budget_bytes / kShare ? bytes : 0;
}

}  // namespace

std::unique_ptr<SinkDriver> make_sink_driver(const SinkSetting& setting) {
  if (auto* const components = dynamic_cast<Components*>(&setting.sink)) {
    return make_components_driver(setting, *components);
  }
  if (auto* const histogram = dynamic_cast<Histogram*>(&setting.sink)) {
    return make_histogram_driver(setting, *histogram);
  }
  const std::int64_t bytes = sink_device_bytes(setting.pairs, setting.sink, setting.gpu.budget_bytes());
  const bool fits = bytes > 0;
  if (const auto* const top_k = dynamic_cast<const TopK*>(&setting.sink); top_k != nullptr && fits) {
    return make_top_k_driver(setting, *top_k, bytes);
  }
  if (const auto* const tree = dynamic_cast<const SpanningTree*>(&setting.sink); tree != nullptr && fits) {
    return make_forest_driver(setting, *tree);
  }
  if (auto* const sums = dynamic_cast<RowSums*>(&setting.sink); sums != nullptr && fits) {
    return make_row_sums_driver(setting, *sums);
  }
  return std::make_unique<CollectDriver>(setting);
}

std::int64_t sink_device_bytes(const Pairs& pairs, const Sink& sink, std::int64_t budget_bytes) {
  if (dynamic_cast<const Components*>(&sink) != nullptr) return components_device_bytes(pairs);
  if (const auto* const histogram = dynamic_cast<const Histogram*>(&sink)) return histogram_device_bytes(*histogram);
  if (const auto* const top_k = dynamic_cast<const TopK*>(&sink)) {
    return top_k_device_bytes(pairs, *top_k, budget_bytes / kShare);
  }
  if (dynamic_cast<const SpanningTree*>(&sink) != nullptr) return if_it_fits(forest_device_bytes(pairs), budget_bytes);
  if (dynamic_cast<const RowSums*>(&sink) != nullptr) return if_it_fits(row_sums_device_bytes(pairs), budget_bytes);
  return 0;
}

std::int64_t sink_host_bytes(const Sink& sink) {
  const bool on_device =
      dynamic_cast<const Components*>(&sink) != nullptr || dynamic_cast<const Histogram*>(&sink) != nullptr;
  if (on_device) return 0;
  return CollectDriver::least_host_bytes();
}

}  // namespace simile::cuda
