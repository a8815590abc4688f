// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "simile/similarity/compare.hpp"

namespace simile {

/// The reference product: always built, complete, on threads and SIMD.
class CpuBackend final : public Backend {
 public:
  std::string_view name() const override { return "cpu"; }
  std::vector<DeviceInfo> devices() const override;
  CompareStats compare(const Pairs& pairs, const Metric& metric, Sink& sink, const Context& context,
                       const Checkpoint* checkpoint) const override;
};

}  // namespace simile
