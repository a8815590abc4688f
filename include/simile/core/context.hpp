// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "simile/core/cancellation.hpp"
#include "simile/core/device.hpp"
#include "simile/core/progress.hpp"
#include "simile/core/thread_pool.hpp"

namespace simile {

/// What every long operation is given first: where it may run, how much memory it may take, and how it is watched and
/// stopped. Refers to objects that outlive the call.
struct Context {
  ThreadPool& pool;
  Progress& progress;
  const Cancellation& cancellation;
  std::int64_t memory_bytes;  ///< budget for what the operation allocates on the host
  Device device{};            ///< where comparing runs
  /// A program whose main() returns serve_decoding() (image/decode_service.hpp): images whose decoders have no bounds
  /// of their own are decoded by it, within DecodeLimits::max_decode_seconds and what memory they should need, and cost
  /// no more than themselves when a decoder crashes. Empty: everything is decoded in this process, without these
  /// limits. SIGCHLD must not be ignored, or why a decoder ended is not known.
  std::string decode_worker{};
  /// Budget for what comparing allocates on the device; 0: most of what is free there.
  std::int64_t device_memory_bytes = 0;
  /// Comparing may take a GPU instead of `device` where that is expected to be faster; it says so as a note.
  bool choose_device = false;
  /// A GPU that has room for all items keeps them, as long as the metric lives, for the next comparison by it: a search
  /// then reads nothing but what is there.
  bool keep_features = false;
};

}  // namespace simile
