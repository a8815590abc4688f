// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "simile/core/view.hpp"
#include "simile/similarity/metric.hpp"

namespace simile::cuda {

/// Work of the device alone: what it reads is there before.
class DeviceWork {
 public:
  virtual ~DeviceWork() = default;
  /// Does it once more, with nothing in the second-level cache; gives the device's seconds for it, by its own events.
  virtual double run() = 0;
  /// Component labels, as the last run left them.
  virtual std::vector<std::int64_t> labels() = 0;
  /// Pairs of which the last run evaluated the definition.
  virtual std::int64_t evaluations() = 0;
};

// On the first device.

/// Scores every pair of both sides as one tile to components; the metric may leave off what `need` does not want.
std::unique_ptr<DeviceWork> make_tile_work(const Metric& metric, double threshold, const Need& need);
/// Finds the components of a graph, of which the edges [m, 2] are on the device.
std::unique_ptr<DeviceWork> make_edge_work(View<const std::int32_t, 2> edges, std::int64_t num_nodes);

/// The first device's name; empty when there is none.
std::string device_name();

}  // namespace simile::cuda
