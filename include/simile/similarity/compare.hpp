// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "simile/core/context.hpp"
#include "simile/similarity/edge_components.hpp"
#include "simile/similarity/metric.hpp"
#include "simile/similarity/pairs.hpp"
#include "simile/similarity/sink.hpp"

namespace simile {

/// What a comparison did. Every pair was resumed, skipped or scored.
struct CompareStats {
  std::int64_t pairs = 0;          ///< all pairs of the run
  std::int64_t pairs_resumed = 0;  ///< dealt with by an earlier run, whose checkpoint was found
  std::int64_t pairs_skipped = 0;  ///< in tiles that were settled before they were scored
  /// Times that the definition was evaluated in double precision, because no interval decided.
  std::int64_t exact_evaluations = 0;
  std::int64_t tiles_split = 0;  ///< for want of memory
  double seconds = 0;
  Device device{};  ///< where it ran
  /// Why a checkpoint that was there could not be used, or one could not be written; empty when all went well.
  std::string checkpoint_problem;

  std::int64_t pairs_scored() const { return pairs - pairs_resumed - pairs_skipped; }
};

/// Where a comparison keeps what it has found so far, so that a later run with the same key goes on from there.
struct Checkpoint {
  std::filesystem::path file;
  double interval_seconds = 60;  ///< between two writes
  /// Names all that the similarities depend on: the features and the metric's parameters. (The pairs, the metric's
  /// name, and the sink with its parameters are compared anyway.)
  std::string key;
  /// Leaves a file behind when the comparison is complete (and took longer than the interval), for the caller to remove
  /// when what follows is safe, too.
  bool keep = false;
};

/// Compares every pair by the metric and gives the scores to the sink, on context.device (or where
/// context.choose_device lets it): "pairs x metric x sink x backend" (docs/architecture.md). Within
/// context.memory_bytes, which the metric's features count against; tiles that turn out too large are halved. Throws
/// out_of_memory (budget too small: names what is needed), cancelled, invalid_argument when pairs and metric do not fit
/// together, or what the sink throws.
///
/// With a checkpoint, what its file holds is taken over if it is of the same comparison, and ignored if not; the file
/// is replaced every interval and on cancellation, and removed in the end. The result is the same wherever a run
/// stopped.
CompareStats compare(const Pairs& pairs, const Metric& metric, Sink& sink, const Context& context,
                     const Checkpoint* checkpoint = nullptr);

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
  /// Why there are no devices; empty where there are some.
  virtual std::string problem() const { return {}; }
  /// As simile::compare; `checkpoint` may be null.
  virtual CompareStats compare(const Pairs& pairs, const Metric& metric, Sink& sink, const Context& context,
                               const Checkpoint* checkpoint) const = 0;
  /// As simile::edge_components, whose arguments have been checked but for the nodes; by default on the host, for edges
  /// there.
  virtual std::vector<std::int64_t> edge_components(const EdgeList& edges, std::int64_t num_nodes,
                                                    const Context& context) const;
};

/// Every backend of this build, the CPU's first.
std::span<const Backend* const> backends();

/// The device that "auto", "cpu", "cuda" or "cuda:1" means here; "auto" begins as the CPU (Context::choose_device).
/// Throws invalid_argument for another text, or when the device is not there: a forced device never falls back.
Device resolve_device(std::string_view text);

/// Block edge for tiles of this cost on `num_workers` workers within `budget_bytes`: the preferred one, halved until it
/// fits. Throws out_of_memory naming the least budget when not even one pair fits.
std::int64_t plan_edge(const Cost& cost, std::int64_t budget_bytes, int num_workers);

}  // namespace simile
