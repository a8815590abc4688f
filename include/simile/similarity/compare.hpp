// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "simile/core/context.hpp"
#include "simile/similarity/metric.hpp"
#include "simile/similarity/pairs.hpp"
#include "simile/similarity/sink.hpp"

namespace simile {

/// What a comparison did.
struct CompareStats {
  std::int64_t pairs = 0;          ///< all pairs of the run
  std::int64_t pairs_skipped = 0;  ///< in tiles that were settled before they were scored
  std::int64_t exact_evaluations = 0;
  std::int64_t tiles_split = 0;  ///< for want of memory
  double seconds = 0;
};

/// Compares every pair by the metric and gives the scores to the sink, on context.device: "pairs x metric x sink x
/// backend" (docs/architecture.md). Within context.memory_bytes, which the metric's features count against; tiles that
/// turn out too large are halved. Throws out_of_memory (budget too small: names what is needed), cancelled,
/// invalid_argument when pairs and metric do not fit together, or what the sink throws.
CompareStats compare(const Pairs& pairs, const Metric& metric, Sink& sink, const Context& context);

/// A device that a backend can use.
struct DeviceInfo {
  Device device;
  std::string description;  ///< "AMD EPYC, 2 threads, avx512"
  std::int64_t memory_bytes = 0;
};

/// Where comparing can run. Each backend decides every pair the same way.
class Backend {
 public:
  virtual ~Backend() = default;
  virtual std::string_view name() const = 0;
  /// What it can use here; empty when there is none (no driver, say).
  virtual std::vector<DeviceInfo> devices() const = 0;
  virtual CompareStats compare(const Pairs& pairs, const Metric& metric, Sink& sink, const Context& context) const = 0;
};

/// Every backend of this build, the CPU's first.
std::span<const Backend* const> backends();

/// The device that "auto", "cpu", "cuda" or "cuda:1" means here. "auto" takes the one expected to be faster. Throws
/// invalid_argument for another text, or when the device is not there: a forced device never falls back.
Device resolve_device(std::string_view text);

/// Block edge for tiles of this cost on `num_workers` workers within `budget_bytes`: the preferred one, halved until it
/// fits. Throws out_of_memory naming the least budget when not even one pair fits.
std::int64_t plan_edge(const Cost& cost, std::int64_t budget_bytes, int num_workers);

}  // namespace simile
