// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>

#include <ATen/core/Tensor.h>

#include "simile/train/linear_probe.hpp"

namespace simile {

/// LinearProbe::fit() by LibTorch: the vectors, their Gram matrix and its factor stay on `device`, L-BFGS runs on the
/// host with weights and gradients of [classes, d]. Single precision without TF32. As HelperBackend::fit_probe().
ProbeFit fit_probe_on(const at::Device& device, View<const float, 2> vectors, std::span<const std::int32_t> labels,
                      std::int64_t num_classes, const ProbeOptions& options, const LinearModel* start,
                      const Cancellation& cancellation);

}  // namespace simile
