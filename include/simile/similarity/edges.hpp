// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "simile/similarity/sink.hpp"

namespace simile {

/// A pair with its exact similarity.
struct Edge {
  std::int64_t left = 0;
  std::int64_t right = 0;
  double similarity = 0;
  friend bool operator==(const Edge&, const Edge&) = default;
};

struct EdgesOptions {
  std::int64_t max_edges = 100'000'000;     ///< --max-edges
  std::int64_t memory_bytes = 256LL << 20;  ///< for edges not yet on disk, over all workers
  std::filesystem::path spill_folder{};     ///< for sorted runs; empty: the system's folder for temporary files
};

/// The pairs with similarity >= threshold, ascending by (left, right), each with its exact similarity. What does not
/// fit into memory is spilled as sorted runs, all of a worker's to one file without a name, which vanishes with the
/// process.
class Edges final : public Sink {
 public:
  Edges(double threshold, EdgesOptions options);
  ~Edges() override;

  std::string_view name() const override { return "edges"; }
  void begin(const Pairs& pairs, int num_workers) override;
  Need need(const Tile& tile) const override;
  /// Throws out_of_memory beyond max_edges, and io when a run cannot be written (disk full).
  void consume(int worker, const Tile& tile, std::span<const ScoredPair> scored, Exact& exact) override;
  void finish(const Evaluate& evaluate) override;

  std::int64_t count() const { return count_.load(std::memory_order_relaxed); }
  /// Visits every edge in order; after finish(). May be repeated.
  void for_each(const std::function<void(const Edge&)>& visit) const;

 protected:
  std::string identity() const override;
  void save_state(StateWriter& out) override;
  void load_state(StateReader& in) override;
  void merge_state(const Sink& other, Exact& exact) override;

 private:
  /// Edges in order within a worker's spill file.
  struct Run {
    int descriptor = -1;
    std::int64_t first = 0;
    std::int64_t num_edges = 0;
  };
  /// What one worker holds and has written.
  struct Buffer {
    std::vector<Edge> edges;
    int descriptor = -1;
    std::int64_t num_spilled = 0;
    std::vector<Run> runs;
  };
  /// Visits every edge in any order, also before finish().
  void for_each_unordered(const std::function<void(const Edge&)>& visit) const;
  void add(Buffer& buffer, const Edge& edge);
  void spill(Buffer& buffer);
  void close_files();

  double threshold_;
  EdgesOptions options_;
  std::optional<Pairs> pairs_;
  std::size_t worker_capacity_ = 0;
  std::vector<Buffer> buffers_;  // one a worker; after finish() the first holds all that was not spilled
  std::atomic<std::int64_t> count_{0};
};

}  // namespace simile
