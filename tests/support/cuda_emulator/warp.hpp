// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>

#include "cuda_emulator/collectives.h"

namespace simile::emulator {

/// The collectives of one warp: who waits for whom, and what each lane gets. Knows nothing of fibers: every call says
/// which lanes may go on.
class Warp {
 public:
  /// Lanes that exist, at the start of a block.
  void reset(int num_lanes);

  /// Lane `lane` comes to a collective. Gives the lanes that this completes (this one among them), or none.
  std::uint32_t arrive(int lane, WarpOperation operation, std::uint32_t mask, std::uint64_t value, int source_lane);
  /// Lane `lane` ends. Gives the lanes of collectives that waited for it alone.
  std::uint32_t leave(int lane);

  std::uint64_t result(int lane) const { return results_[static_cast<std::size_t>(lane)]; }

 private:
  struct Pending {
    WarpOperation operation;
    std::uint32_t mask;
    std::uint32_t arrived;
  };
  bool complete(const Pending& pending) const { return (pending.mask & alive_ & ~pending.arrived) == 0; }
  std::uint32_t take(int pending);
  void compute(const Pending& pending);

  std::uint32_t alive_ = 0;
  int num_pending_ = 0;
  std::array<Pending, 32> pending_{};
  std::array<std::uint64_t, 32> values_{};
  std::array<int, 32> sources_{};
  std::array<std::uint64_t, 32> results_{};
};

}  // namespace simile::emulator
