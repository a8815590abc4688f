// SPDX-License-Identifier: Apache-2.0
#pragma once

// The driver of each sink, one file each.

#include <cstdint>
#include <memory>

#include "cuda/similarity/sink_driver.hpp"

#include "simile/similarity/components.hpp"
#include "simile/similarity/histogram.hpp"
#include "simile/similarity/row_sums.hpp"
#include "simile/similarity/spanning_tree.hpp"
#include "simile/similarity/top_k.hpp"

namespace simile::cuda {

std::unique_ptr<SinkDriver> make_components_driver(const SinkSetting& setting, Components& components);
std::unique_ptr<SinkDriver> make_forest_driver(const SinkSetting& setting, const SpanningTree& tree);
std::unique_ptr<SinkDriver> make_histogram_driver(const SinkSetting& setting, Histogram& histogram);
std::unique_ptr<SinkDriver> make_row_sums_driver(const SinkSetting& setting, RowSums& sums);
std::unique_ptr<SinkDriver> make_top_k_driver(const SinkSetting& setting, const TopK& top_k, std::int64_t device_bytes);

/// Bytes that they take on the device.
std::int64_t components_device_bytes(const Pairs& pairs);
std::int64_t forest_device_bytes(const Pairs& pairs);
std::int64_t histogram_device_bytes(const Histogram& histogram);
std::int64_t row_sums_device_bytes(const Pairs& pairs);
/// As much as pays, at most the given part of a budget; 0 where that is too little.
std::int64_t top_k_device_bytes(const Pairs& pairs, const TopK& top_k, std::int64_t most_bytes);

}  // namespace simile::cuda
