// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <mutex>
#include <utility>

namespace simile {

/// Features as a backend has prepared them, on a device, for its next comparison by the same metric.
class KeptFeatures {
 public:
  virtual ~KeptFeatures() = default;
};

/// Where a metric holds them (Context::keep_features). One comparison at a time has them; another one that runs
/// meanwhile does without.
class KeptFeaturesSlot {
 public:
  /// Null when there are none, or a comparison has them.
  std::unique_ptr<KeptFeatures> take() {
    const std::lock_guard lock(mutex_);
    return std::move(kept_);
  }
  void put(std::unique_ptr<KeptFeatures> kept) {
    const std::lock_guard lock(mutex_);
    kept_ = std::move(kept);
  }

 private:
  std::mutex mutex_;
  std::unique_ptr<KeptFeatures> kept_;
};

}  // namespace simile
