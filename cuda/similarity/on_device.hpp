// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <new>
#include <optional>
#include <utility>

#include "cuda/similarity/screen.hpp"

#include "simile/core/context.hpp"
#include "simile/similarity/kept_features.hpp"
#include "simile/similarity/metric.hpp"
#include "simile/similarity/pairs.hpp"

namespace simile::cuda {

/// Items on a device, with what compares them there.
class OnDevice final : public KeptFeatures {
 public:
  OnDevice(const Context& context, const Pairs& pairs)
      : device_(context.device.index), asked_bytes_(context.device_memory_bytes), pairs_(shape(pairs)) {
    gpu_.emplace(asked_bytes_);
  }
  ~OnDevice() override {
    // Whatever goes wrong here is an earlier error's, or the process ends.
    const CurrentDevice current(device_, std::nothrow);
    // After an error work may still be queued that reads the items.
    static_cast<void>(cudaStreamSynchronize(gpu_->stream().get()));
    screen_.reset();
    gpu_.reset();
  }

  /// Whether this is what the comparison needs, where all items are there.
  bool fits(const Context& context, const Pairs& pairs) const {
    return device_ == context.device.index && asked_bytes_ == context.device_memory_bytes && pairs_ == shape(pairs);
  }

  Gpu& gpu() { return *gpu_; }
  void forget() { screen_.reset(); }
  Screen& screen(const ScreenMaker& maker, const Pairs& pairs, const MemoryPlan& plan) {
    if (!screen_) screen_ = maker.make(*gpu_, pairs, plan);
    return *screen_;
  }

 private:
  struct Shape {
    bool one_set;
    std::int64_t num_left;
    std::int64_t num_right;
    friend bool operator==(const Shape&, const Shape&) = default;
  };
  static Shape shape(const Pairs& pairs) { return {pairs.one_set(), pairs.num_left(), pairs.num_right()}; }

  int device_;
  std::int64_t asked_bytes_;
  Shape pairs_;
  std::optional<Gpu> gpu_;
  std::unique_ptr<Screen> screen_;
};

/// What the metric has kept, if it is on this device and of these items; else nothing is there yet.
inline std::unique_ptr<OnDevice> take_kept(const Metric& metric, const Context& context, const Pairs& pairs) {
  auto kept = metric.kept_features().take();
  auto* const here = dynamic_cast<OnDevice*>(kept.get());
  if (here == nullptr || !here->fits(context, pairs)) return nullptr;
  static_cast<void>(kept.release());
  return std::unique_ptr<OnDevice>(here);
}

}  // namespace simile::cuda
