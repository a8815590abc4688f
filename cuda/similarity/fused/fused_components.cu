// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "cuda/core/launch.hpp"
#include "cuda/similarity/fused/fused_components.hpp"
#include "cuda/similarity/fused/wave_list.cuh"

#include "simile/core/error.hpp"
#include "simile/core/text.hpp"

namespace simile::cuda {
namespace {

// Of rows of 512 values 3 ms of an H100's work, beside which the host's answer takes no time. The first waves are
// shorter: what they unite lets later ones skip tiles.
constexpr std::int64_t kLongestWave = 1 << 15;

// A pass pays where it saves more of the tiles than it costs, and a bit. One that does not is tried again later: what
// comes together in a set may be alike elsewhere.
constexpr double kLeastGain = 1.2;
constexpr int kRest = 15;  // waves

std::int64_t blocks_of(std::int64_t num_rows) { return blocks_for(num_rows, kMacroEdge); }

std::int64_t tiles_at_most(std::int64_t num_rows) {
  const TileOrder order{blocks_of(num_rows), blocks_of(num_rows), true};
  return std::min(order.size(), kLongestWave);
}

/// Tiles of which the list holds every pair.
std::int64_t safe_tiles(std::int64_t capacity) { return capacity / FusedComponents::kLeastCapacity; }

}  // namespace

FusedComponents::FusedComponents(const Setting& setting)
    : setting_(setting),
      order_{blocks_of(setting.set.count), blocks_of(setting.set.count), true},
      wave_(std::min(setting.first_wave, tiles_at_most(setting.set.count))) {
  if (setting.capacity < kLeastCapacity) {
    throw Error(ErrorCode::internal,
                concat("a list of ", setting.capacity, " pairs; at least ", kLeastCapacity, " are needed"));
  }
  if (setting.rejects.size() > kMostRejects) {
    throw Error(ErrorCode::internal, concat(setting.rejects.size(), " passes; at most ", kMostRejects, " are made"));
  }
  const Stream& stream = setting.gpu.stream();
  const std::int64_t most_tiles = tiles_at_most(setting.set.count);
  rows_ = {setting.set.errors, setting.set.norms, nullptr, setting.set.count, setting.set.precision};
  most_errors_ = most_errors(rows_);
  rows_.most_errors = most_errors_.data();
  for (const RejectPass& reject : setting.rejects) passes_.push_back({&reject, most_errors(reject.rows)});
  roots_ = DeviceBuffer<std::int32_t>(order_.rows, stream);
  given_ = DeviceBuffer<MacroTile>(std::min(most_tiles, safe_tiles(setting.capacity)), stream);
  tiles_[0] = DeviceBuffer<MacroTile>(most_tiles, stream);
  if (!passes_.empty()) tiles_[1] = DeviceBuffer<MacroTile>(most_tiles, stream);
  marks_ = DeviceBuffer<unsigned>(blocks_for(most_tiles, 32), stream);
  pairs_ = DeviceBuffer<ScoredPair>(setting.capacity, stream);
  count_ = DeviceBuffer<unsigned long long>(1, stream);
  report_ = DeviceBuffer<Report>(1, stream);
}

DeviceBuffer<float> FusedComponents::most_errors(const ScanRows& rows) const {
  const Stream& stream = setting_.gpu.stream();
  DeviceBuffer<float> most(order_.rows, stream);
  fill_zero(most.data(), most.size(), stream);
  launch(stream, grid_of(blocks_for(rows.count, kThreads)), dim3(kThreads), find_most_errors, rows.errors, rows.count,
         most.data());
  return most;
}

std::int64_t FusedComponents::device_bytes(std::int64_t num_rows, std::int64_t capacity) {
  constexpr std::int64_t kOfCounts = 64;
  const std::int64_t most_tiles = tiles_at_most(num_rows);
  const std::int64_t tiles = 2 * most_tiles + std::min(most_tiles, safe_tiles(capacity));
  const auto of_blocks = static_cast<std::int64_t>(sizeof(float) * (1 + kMostRejects) + sizeof(std::int32_t));
  return blocks_of(num_rows) * of_blocks + tiles * static_cast<std::int64_t>(sizeof(MacroTile)) +
         blocks_for(most_tiles, 32) * 4 + capacity * static_cast<std::int64_t>(sizeof(ScoredPair)) + kOfCounts;
}

double FusedComponents::share_done() const {
  return static_cast<double>(next_ - std::ssize(again_)) / static_cast<double>(order_.size());
}

/// The tiles of the next wave: those that come again before new ones.
void FusedComponents::list_tiles(std::int64_t count) {
  const Stream& stream = setting_.gpu.stream();
  TileSource source{order_, next_, nullptr, count};
  if (!again_.empty()) {
    copy_to_device(given_.data(), again_.data(), count, stream);
    source.given = given_.data();
  }
  launch(stream, grid_of(order_.rows), dim3(static_cast<unsigned>(kMacroEdge)), find_roots, setting_.parents,
         setting_.set.count, roots_.data());
  launch(stream, grid_of(blocks_for(count, kThreads)), dim3(kThreads), list_unsettled, source, roots_.data(),
         setting_.set.count, tiles_[0].data(), report_.data()->tiles, &report_.data()->pairs_skipped);
}

TileScan FusedComponents::scan(const ScanRows& rows, unsigned* marks) const {
  return {rows,
          setting_.threshold,
          marks,
          setting_.parents,
          {pairs_.data(), count_.data()},
          static_cast<unsigned long long>(pairs_.size()),
          marks_.data()};
}

/// Those that are to be made in the next wave. Tiles that come again have been through them.
std::vector<FusedComponents::Pass*> FusedComponents::active_passes() {
  std::vector<Pass*> active;
  if (!again_.empty()) return active;
  for (Pass& pass : passes_) {
    if (pass.rests > 0) {
      --pass.rests;
    } else {
      active.push_back(&pass);
    }
  }
  return active;
}

/// What a pass leaves of the listed tiles, of which there were `count` before any pass.
FusedComponents::Listed FusedComponents::reject(const Pass& pass, const Listed& listed, std::size_t stage,
                                                std::int64_t count) {
  const Stream& stream = setting_.gpu.stream();
  ScanRows rows = pass.reject->rows;
  rows.most_errors = pass.most_errors.data();
  fill_zero(marks_.data(), blocks_for(count, 32), stream);
  pass.reject->scorer->score(setting_.gpu, {listed.tiles, listed.count, count, scan(rows, marks_.data())});
  const Listed left{tiles_[stage % 2].data(), report_.data()->tiles + stage};
  launch(stream, grid_of(blocks_for(count, kThreads)), dim3(kThreads), list_marked, listed.tiles, listed.count,
         marks_.data(), tiles_[stage % 2].data(), report_.data()->tiles + stage);
  return left;
}

/// Lets passes rest that did not pay in the wave.
void FusedComponents::judge(const std::vector<Pass*>& passes, const Report& report) {
  for (std::size_t k = 0; k < passes.size(); ++k) {
    const double before = report.tiles[k];
    const double rejected = before - report.tiles[k + 1];
    tiles_rejected_ += static_cast<std::int64_t>(rejected);
    if (rejected < kLeastGain * passes[k]->reject->cost * before) passes[k]->rests = kRest;
  }
}

/// The wave's tiles of which a pair was not listed.
void FusedComponents::take_back(const MacroTile* listed, std::int64_t count) {
  const Stream& stream = setting_.gpu.stream();
  std::vector<MacroTile> tiles(static_cast<std::size_t>(count));
  std::vector<unsigned> redo(static_cast<std::size_t>(blocks_for(count, 32)));
  copy_to_host(tiles.data(), listed, count, stream);
  copy_to_host(redo.data(), marks_.data(), std::ssize(redo), stream);
  stream.synchronize();
  for (std::size_t k = 0; k < tiles.size(); ++k) {
    if ((redo[k / 32] >> (k % 32) & 1U) == 0) continue;
    again_.push_back(tiles[k]);
    ++tiles_repeated_;
  }
}

void FusedComponents::advance() {
  const Stream& stream = setting_.gpu.stream();
  const bool again = !again_.empty();
  const std::int64_t count =
      again ? std::min(given_.size(), std::ssize(again_)) : std::min(wave_, order_.size() - next_);
  const auto passes = active_passes();
  fill_zero(report_.data(), 1, stream);
  fill_zero(count_.data(), 1, stream);
  list_tiles(count);
  Listed listed{tiles_[0].data(), report_.data()->tiles};
  for (std::size_t k = 0; k < passes.size(); ++k) listed = reject(*passes[k], listed, k + 1, count);
  fill_zero(marks_.data(), blocks_for(count, 32), stream);
  setting_.scorer.score(setting_.gpu, {listed.tiles, listed.count, count, scan(rows_, nullptr)});
  launch(stream, dim3(1), dim3(1), close_list, count_.data(), static_cast<unsigned long long>(pairs_.size()),
         &report_.data()->listed);
  setting_.decide({pairs_.data(), count_.data()});
  copy_to_host(answer_.data(), report_.data(), 1, stream);
  stream.synchronize();

  const Report report = *answer_.data();
  const auto num_pairs = static_cast<std::int64_t>(report.listed);
  pairs_skipped_ += static_cast<std::int64_t>(report.pairs_skipped);
  exact_evaluations_ += std::min(num_pairs, pairs_.size());
  judge(passes, report);
  if (again) {
    again_.erase(again_.begin(), again_.begin() + count);
  } else {
    next_ += count;
  }
  if (num_pairs > pairs_.size()) take_back(listed.tiles, report.tiles[passes.size()]);
  if (again) return;
  if (num_pairs > pairs_.size()) {
    wave_ = std::max(given_.size(), wave_ / 4);
  } else if (num_pairs < pairs_.size() / 8) {
    wave_ = std::min(2 * wave_, tiles_[0].size());
  }
}

}  // namespace simile::cuda
