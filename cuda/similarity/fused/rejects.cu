// SPDX-License-Identifier: Apache-2.0
#include "cuda/similarity/fused/rejects.hpp"

namespace simile::cuda {
namespace {

template <class Element>
ScanRows scan_rows(const RoundedSet<Element>& set) {
  return {set.errors, set.norms, nullptr, set.count, set.precision};
}

/// Of a tile: tensor cores take bytes twice as fast as halves.
double cost_of(std::int64_t bytes, const HalfSet& halves) {
  return static_cast<double>(bytes) / (2 * static_cast<double>(halves.depth));
}

}  // namespace

Rejects::Rejects(Gpu& gpu, const ResidentRows& rows, const Scorers& scorers, std::int64_t device_bytes) {
  const std::int64_t count = rows.halves.count;
  const auto fits = [&](std::int64_t bytes) {
    if (device_bytes_ + bytes > device_bytes) return false;
    device_bytes_ += bytes;
    return true;
  };
  if (ShortRows::depth_of(rows.dimensions) > 0 && fits(ShortRows::device_bytes(count, rows.dimensions))) {
    short_rows_ = ShortRows::make(gpu, rows);
    if (short_rows_) {
      const HalfSet set = short_rows_->set();
      passes_.push_back({scorers.halves(set), scan_rows(set), cost_of(2 * set.depth, rows.halves)});
    }
  }
  if (rows.dimensions <= ByteRows::kMostDimensions && fits(ByteRows::device_bytes(count, rows.dimensions))) {
    byte_rows_.emplace(gpu, rows);
    const ByteSet set = byte_rows_->set();
    passes_.push_back({scorers.bytes(set), scan_rows(set), cost_of(set.depth, rows.halves)});
  }
}

}  // namespace simile::cuda
