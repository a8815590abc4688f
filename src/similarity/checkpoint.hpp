// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "simile/similarity/compare.hpp"

namespace simile {

/// Pairs of a list in one tile of the plan that positions are counted in, whichever backend counts: enough to hide the
/// cost of handing them out, few enough to balance threads.
inline constexpr std::int64_t kListLength = 1024;

/// How far a comparison has come: all tiles before `tiles_done` of the plan with this edge, and no other, have been
/// consumed by the sink.
struct ComparePosition {
  std::int64_t edge = 0;
  std::int64_t tiles_done = 0;
  std::int64_t pairs_done = 0;
};

/// Reads and writes one comparison's checkpoint file; does nothing when there is none to keep.
class CheckpointFile {
 public:
  using Clock = std::chrono::steady_clock;

  CheckpointFile(const Checkpoint* checkpoint, const Pairs& pairs, const Metric& metric);

  /// Loads the sink, which has begun, and gives the position; `start`, with the sink begun anew, when the file is
  /// missing, damaged or of another comparison.
  ComparePosition resume(const ComparePosition& start, Sink& sink, int num_workers);
  /// True when the interval since the last write has passed.
  bool due() const;
  /// Replaces the file. A failure (disk full) is remembered as the problem: it must not end a long run.
  void write(const ComparePosition& position, Sink& sink);
  /// After the last tile: writes once more if the file is to stay and is worth it.
  void complete(const ComparePosition& position, Sink& sink);
  /// After the sink has finished.
  void remove();

  const std::string& problem() const { return problem_; }

 private:
  ComparePosition read(Sink& sink) const;

  const Checkpoint* checkpoint_;
  const Pairs& pairs_;
  std::string identity_;
  Clock::time_point start_ = Clock::now();
  Clock::time_point written_ = start_;
  std::string problem_;
};

}  // namespace simile
