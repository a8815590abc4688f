// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <optional>
#include <span>
#include <string_view>

#include "cuda/core/asked_for.hpp"
#include "cuda/similarity/fused/choose.hpp"
#include "cuda/similarity/fused/fused_components.hpp"

#include "simile/core/error.hpp"

namespace simile::cuda {
namespace {

constexpr std::int64_t kListBytes = 64 << 20;
constexpr double kLeastWork = 3e14;  // half a second of an H100's

bool has_tensor_scorer() {
#ifdef SIMILE_WITH_CUTLASS
  int device = 0;
  int major = 0;
  int minor = 0;
  check(cudaGetDevice(&device), "cudaGetDevice");
  check(cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, device), "cudaDeviceGetAttribute");
  check(cudaDeviceGetAttribute(&minor, cudaDevAttrComputeCapabilityMinor, device), "cudaDeviceGetAttribute");
  return major == 9 && minor == 0;
#else
  return false;
#endif
}

template <class Element>
std::unique_ptr<TileScorer> make_scorer(bool plain, const RoundedSet<Element>& set) {
#ifdef SIMILE_WITH_CUTLASS
  if (!plain) return make_tensor_scorer(set);
#endif
  return plain ? make_plain_scorer(set) : nullptr;
}

/// Bytes that the plan keeps for tiles, which there are none of now, but for what the waves take.
std::int64_t room(const FusedCase& all) {
  const std::int64_t planned = kSlots * slot_bytes(all.tile_cost, all.plan.tile_edge);
  return planned - FusedComponents::device_bytes(all.pairs.num_left(), 0) - (1 << 10);
}

std::int64_t list_capacity(std::int64_t bytes) {
  return std::min(kListBytes, bytes) / static_cast<std::int64_t>(sizeof(ScoredPair));
}

/// Making the axes orthonormal takes a core 0.02 s for rows of 768 values, half a second for 2,048.
bool pays_to_reject(bool plain, const ResidentRows& rows) {
  const auto count = static_cast<double>(rows.halves.count);
  return plain || count * count * static_cast<double>(rows.halves.depth) > kLeastWork;
}

/// The sink on the device, if this is what the fused kernel is made for.
std::optional<DeviceComponents> suitable(const FusedCase& all, const Tile& whole) {
  if (all.pairs.shape() != Pairs::Shape::triangle || !all.plan.all_resident || !all.items.left_cores.empty()) return {};
  const DeviceSink sink = all.driver.device_sink(all.sink.need(whole), PairList{});
  const auto* const components = std::get_if<DeviceComponents>(&sink);
  if (components == nullptr || !(std::fabs(components->threshold) <= 1)) return {};
  if (list_capacity(room(all)) < FusedComponents::kLeastCapacity) return {};
  return *components;
}

}  // namespace

bool compare_fused(const FusedCase& all, ProgressPhase& phase, CompareStats& stats) {
  const std::string_view way = asked_for("SIMILE_GPU_FUSED");
  const bool plain = way == "plain";
  if (!plain && (way != "1" || !has_tensor_scorer())) return false;
  const Range everything{0, all.pairs.num_left()};
  const Tile whole{.rows = everything, .cols = everything, .upper = true, .list = {}};
  const std::optional<DeviceComponents> components = suitable(all, whole);
  const std::optional<ResidentRows> rows = components ? all.screen.resident_rows() : std::nullopt;
  if (!rows) return false;
  const auto scorer = make_scorer(plain, rows->halves);
  const auto decide = [&](const PairList& list) {
    DeviceComponents sink = *components;
    sink.list = list;
    all.screen.decide(whole.count(), Cores{}, sink);
  };
  std::optional<Rejects> rejects;
  std::optional<FusedComponents> fused;
  try {
    std::int64_t bytes = room(all);
    if (pays_to_reject(plain, *rows)) {
      const Rejects::Scorers scorers{[&](const HalfSet& set) { return make_scorer(plain, set); },
                                     [&](const ByteSet& set) { return make_scorer(plain, set); }};
      rejects.emplace(all.gpu, *rows, scorers, bytes - std::min(bytes, kListBytes));
      bytes -= rejects->device_bytes();
    }
    fused.emplace(FusedComponents::Setting{
        all.gpu, rows->halves, components->threshold, components->parents, *scorer, list_capacity(bytes),
        rejects ? std::span(rejects->passes()) : std::span<const RejectPass>{}, decide});
  } catch (const Error& error) {
    if (error.code() != ErrorCode::out_of_memory) throw;
    return false;
  }
  std::int64_t shown = 0;
  while (!fused->done() && !all.context.cancellation.requested()) {
    fused->advance();
    const auto done = std::llround(fused->share_done() * static_cast<double>(all.pairs.count()));
    if (done > shown) phase.advance(done - shown);
    shown = std::max<std::int64_t>(shown, done);
  }
  stats.pairs_skipped += fused->pairs_skipped();
  stats.exact_evaluations += fused->exact_evaluations();
  return fused->done();
}

}  // namespace simile::cuda
