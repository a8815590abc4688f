// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "simile/feature/features.hpp"
#include "simile/similarity/metric.hpp"

namespace simile {

/// Weights of SSIM's windows: 7x7 equal ones, or 11x11 Gaussian ones with sigma 1.5 (docs/definitions.md).
enum class SsimWindow { uniform, gaussian };

std::string_view to_string(SsimWindow window);
/// Throws invalid_argument naming --window and what is allowed.
SsimWindow parse_window(std::string_view name);

struct MetricOptions {
  std::optional<SsimWindow> window{};  ///< ssim only; default uniform
};

/// The metric that compares these features, which must outlive it.
std::unique_ptr<Metric> make_metric(const Features& features, const MetricOptions& options = {});

/// The metric that compares the items of one set with those of another; both of one method, and outlive it.
std::unique_ptr<Metric> make_metric(const Features& left, const Features& right, const MetricOptions& options = {});

}  // namespace simile
