// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "simile/similarity/compare.hpp"

namespace simile::cuda {

/// Comparing on NVIDIA GPUs. What a device does not do - metrics that give no items, lists of items that do not all fit
/// into its memory - is compared on the host, with the same result.
class CudaBackend final : public Backend {
 public:
  std::string_view name() const override { return "cuda"; }
  std::vector<DeviceInfo> devices() const override;
  std::string problem() const override;
  CompareStats compare(const Pairs& pairs, const Metric& metric, Sink& sink, const Context& context,
                       const Checkpoint* checkpoint) const override;
  std::vector<std::int64_t> edge_components(const EdgeList& edges, std::int64_t num_nodes,
                                            const Context& context) const override;
};

}  // namespace simile::cuda
