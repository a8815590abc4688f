// SPDX-License-Identifier: Apache-2.0
#include "simile/similarity/compare.hpp"

#include <algorithm>
#include <charconv>

#include "similarity/expected_time.hpp"
#include "similarity/tile_bytes.hpp"

#include "simile/core/error.hpp"
#include "simile/core/text.hpp"
#include "simile/core/units.hpp"

namespace simile {

std::int64_t plan_edge(const Cost& cost, std::int64_t budget_bytes, int num_workers) {
  std::int64_t edge = std::max<std::int64_t>(1, cost.preferred_edge);
  while (edge > 1 && tile_bytes(cost, edge) > budget_bytes / num_workers) edge /= 2;
  if (tile_bytes(cost, edge) > budget_bytes / num_workers) {
    throw Error(ErrorCode::out_of_memory,
                concat("comparing with ", num_workers, " threads needs at least ",
                       format_bytes(tile_bytes(cost, 1) * num_workers), " beside the features; ",
                       format_bytes(std::max<std::int64_t>(0, budget_bytes)), " are left (raise --memory)"));
  }
  return edge;
}

namespace {

// Until the conformance suite has passed on a GPU, "auto" takes none: --device cuda does.
constexpr bool kTriedOnGpu = false;
// A GPU takes about a second to start: where the CPU needs less than this, nobody asks whether there is one.
constexpr double kWorthwhileSeconds = 3;

Device chosen_device(const Pairs& pairs, const Metric& metric, const Context& context) {
  if (context.choose_device && metric.device().kind != Device::Kind::cpu) return metric.device();
  if (!kTriedOnGpu || !context.choose_device) return context.device;
  const double seconds = expected_cpu_seconds(pairs, metric, context.pool.num_threads());
  if (seconds < kWorthwhileSeconds) return context.device;
  for (const Backend* backend : backends().subspan(1)) {
    for (const auto& info : backend->devices()) {
      context.progress.note(concat("comparing on ", to_string(info.device), " (", info.description,
                                   "), as the CPU would take about ", format_duration(seconds)));
      return info.device;
    }
  }
  return context.device;
}

}  // namespace

CompareStats compare(const Pairs& pairs, const Metric& metric, Sink& sink, const Context& context,
                     const Checkpoint* checkpoint) {
  if (pairs.num_left() != metric.num_left() || pairs.num_right() != metric.num_right()) {
    throw Error(ErrorCode::invalid_argument,
                concat("pairs of ", pairs.num_left(), " x ", pairs.num_right(), " items, but the metric has ",
                       metric.num_left(), " x ", metric.num_right()));
  }
  Context on_device = context;
  on_device.device = chosen_device(pairs, metric, context);
  if (metric.device().kind != Device::Kind::cpu && metric.device() != on_device.device) {
    throw Error(ErrorCode::invalid_argument, concat("features on ", to_string(metric.device()),
                                                    " cannot be compared on ", to_string(on_device.device)));
  }
  for (const Backend* backend : backends()) {
    for (const auto& info : backend->devices()) {
      if (info.device != on_device.device) continue;
      CompareStats stats = backend->compare(pairs, metric, sink, on_device, checkpoint);
      stats.device = on_device.device;
      return stats;
    }
  }
  throw Error(ErrorCode::invalid_argument, concat("no backend runs on ", to_string(on_device.device)));
}

Device resolve_device(std::string_view text) {
  if (text == "auto" || text == "cpu") return {};
  Device wanted{Device::Kind::cuda, 0};
  bool known = text == "cuda";
  if (text.starts_with("cuda:")) {
    const auto digits = text.substr(5);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), wanted.index);
    known = error == std::errc() && end == digits.data() + digits.size() && wanted.index >= 0;
  }
  if (!known) {
    throw Error(ErrorCode::invalid_argument,
                concat("device ", in_quotes(text), ": allowed are auto, cpu, cuda, cuda:N"));
  }
  std::string present;
  std::string problems;
  for (const Backend* backend : backends()) {
    for (const auto& info : backend->devices()) {
      if (info.device == wanted) return wanted;
      present += concat(present.empty() ? "" : ", ", to_string(info.device));
    }
    if (const std::string problem = backend->problem(); !problem.empty()) problems += concat(" (", problem, ")");
  }
  throw Error(ErrorCode::invalid_argument,
              concat("device ", in_quotes(text), " is not there; this machine has ", present, problems));
}

}  // namespace simile
