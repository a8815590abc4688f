// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "simile/similarity/compare.hpp"

namespace simile {

/// The backend of libsimile_cuda, which is opened when somebody asks for a GPU and there is a driver: a machine without
/// one runs the same program and pays nothing.
class CudaLibrary final : public Backend {
 public:
  std::string_view name() const override { return "cuda"; }
  /// Empty without a driver or without the library.
  std::vector<DeviceInfo> devices() const override;
  std::string problem() const override;
  CompareStats compare(const Pairs& pairs, const Metric& metric, Sink& sink, const Context& context,
                       const Checkpoint* checkpoint) const override;
  std::vector<std::int64_t> edge_components(const EdgeList& edges, std::int64_t num_nodes,
                                            const Context& context) const override;
};

}  // namespace simile
