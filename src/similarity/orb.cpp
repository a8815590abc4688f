// SPDX-License-Identifier: Apache-2.0
#include "simile/similarity/orb.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <string>
#include <utility>

#include "similarity/arithmetic/orb.hpp"
#include "similarity/simd/kernels.hpp"

#include "simile/core/error.hpp"
#include "simile/core/text.hpp"
#include "simile/feature/orb.hpp"

namespace simile {
namespace {

constexpr std::int64_t kEdge = 8;  // slices of a column are made once for the rows of a tile
static_assert(kOrbBits == 8 * kOrbDescriptorBytes);
constexpr std::int64_t kSlices = (kOrbBits + kSliceBits - 1) / kSliceBits;
constexpr std::int64_t kWords = (kSlices + 1) / 2;
constexpr std::int64_t kMaxDescriptors = 1LL << 31;  // indices of one image's fit 32 bits
// Making the slices of an image costs about as much as comparing so many descriptors with them.
constexpr std::int64_t kSliceRows = 64;
constexpr double kAlikeToNothing = -std::numeric_limits<double>::infinity();

enum Slot : std::size_t { slice_slot, other_slice_slot, row_slot, column_slot };

/// Bits 30 k to 30 k + 29 of a descriptor go to half word k.
void pack(const std::uint8_t* descriptor, std::uint64_t* code) {
  std::array<std::uint64_t, kOrbBits / 64 + 1> words{};
  std::memcpy(words.data(), descriptor, static_cast<std::size_t>(kOrbDescriptorBytes));
  for (std::int64_t slice = 0; slice < kSlices; ++slice) {
    const std::int64_t bit = slice * kSliceBits;
    const auto word = static_cast<std::size_t>(bit / 64);
    std::uint64_t bits = words[word] >> bit % 64;
    if (bit % 64 > 64 - kSliceBits) bits |= words[word + 1] << (64 - bit % 64);
    code[slice / 2] |= (bits & ((1ULL << kSliceBits) - 1)) << slice % 2 * 32;
  }
}

std::int64_t blocks_of(std::int64_t count) { return (count + kernels().block_codes - 1) / kernels().block_codes; }

/// 32-bit words that the slices of `count` descriptors take.
std::int64_t slice_words(std::int64_t count) { return blocks_of(count) * kSlices * kernels().slice_words; }

}  // namespace

/// Room for comparing any two images.
struct OrbMetric::Scratch {
  std::uint32_t* slices;        ///< of the columns' image
  std::uint32_t* other_slices;  ///< of the rows' image
  std::uint64_t* rows;          ///< nearest of each
  std::uint32_t* columns;
};

OrbMetric::Side::Side(View<const std::uint8_t, 2> descriptors, std::span<const std::int64_t> given_offsets)
    : offsets(given_offsets.begin(), given_offsets.end()) {
  const std::int64_t count = descriptors.shape[0];
  if (descriptors.shape[1] != kOrbDescriptorBytes) {
    throw Error(ErrorCode::invalid_argument,
                concat("ORB descriptors of ", descriptors.shape[1], " bytes; they have ", kOrbDescriptorBytes));
  }
  if (offsets.empty() || offsets.front() != 0 || offsets.back() != count) {
    throw Error(ErrorCode::invalid_argument, offsets.empty()
                                                 ? std::string("ORB offsets are missing: there is one more than images")
                                                 : concat("ORB offsets from ", offsets.front(), " to ", offsets.back(),
                                                          "; they go from 0 to the ", count, " descriptors"));
  }
  for (std::size_t image = 1; image < offsets.size(); ++image) {
    const std::int64_t own = offsets[image] - offsets[image - 1];
    if (own < 0 || own > kMaxDescriptors) {
      throw Error(ErrorCode::invalid_argument, concat("ORB offset ", image, " is ", offsets[image], " after ",
                                                      offsets[image - 1], "; offsets ascend"));
    }
    most = std::max(most, own);
  }
  codes = Array<std::uint64_t, 2>({count, kWords});
  for (std::int64_t k = 0; k < count; ++k) pack(descriptors[k].data, codes.data() + k * kWords);
}

OrbMetric::Codes OrbMetric::Side::operator[](std::int64_t image) const {
  const auto k = static_cast<std::size_t>(image);
  return {codes.data() + offsets[k] * kWords, offsets[k + 1] - offsets[k]};
}

std::int64_t OrbMetric::Side::size_bytes() const {
  return codes.size_bytes() + static_cast<std::int64_t>(offsets.size() * sizeof(std::int64_t));
}

OrbMetric::OrbMetric(View<const std::uint8_t, 2> descriptors, std::span<const std::int64_t> offsets)
    : left_(descriptors, offsets), one_set_(true) {}

OrbMetric::OrbMetric(View<const std::uint8_t, 2> left, std::span<const std::int64_t> left_offsets,
                     View<const std::uint8_t, 2> right, std::span<const std::int64_t> right_offsets)
    : left_(left, left_offsets), right_(right, right_offsets), one_set_(false) {}

std::int64_t OrbMetric::resident_bytes() const { return left_.size_bytes() + right_.size_bytes(); }

Cost OrbMetric::cost() const {
  Cost cost;
  cost.preferred_edge = kEdge;
  const std::int64_t most = std::max(left_.most, right().most);
  cost.fixed_bytes = 2 * slice_words(most) * static_cast<std::int64_t>(sizeof(std::uint32_t)) +
                     most * static_cast<std::int64_t>(sizeof(std::uint64_t) + sizeof(std::uint32_t));
  return cost;
}

OrbMetric::Scratch OrbMetric::scratch(Workspace& workspace) const {
  const std::int64_t most = std::max(left_.most, right().most);
  return {workspace.buffer<std::uint32_t>(slice_slot, slice_words(most)),
          workspace.buffer<std::uint32_t>(other_slice_slot, slice_words(most)),
          workspace.buffer<std::uint64_t>(row_slot, most), workspace.buffer<std::uint32_t>(column_slot, most)};
}

void OrbMetric::slice(const Codes& image, std::uint32_t* slices) {
  const Kernels& simd = kernels();
  for (std::int64_t first = 0; first < image.count; first += simd.block_codes) {
    simd.slice_codes(image.codes + first * kWords, kWords, std::min(simd.block_codes, image.count - first), kSlices,
                     slices);
    slices += kSlices * simd.slice_words;
  }
}

double OrbMetric::similarity(const Codes& rows, const Codes& columns, const std::uint32_t* slices,
                             const Scratch& scratch) {
  if (rows.count == 0 || columns.count == 0) return kAlikeToNothing;
  const Kernels& simd = kernels();
  // A nearest descriptor is its distance in the upper half and its index in the lower one.
  std::fill_n(scratch.rows, rows.count, std::numeric_limits<std::uint64_t>::max());
  for (std::int64_t first = 0; first < columns.count; first += simd.block_codes) {
    const CodeBlock block{columns.codes + first * kWords, kWords, std::min(simd.block_codes, columns.count - first),
                          slices, kSlices};
    simd.nearest_codes(block, rows.codes, rows.count, first, scratch.rows, scratch.columns + first);
    slices += kSlices * simd.slice_words;
  }
  std::array<std::int64_t, kOrbBits + 1> matches_at{};  // by distance
  std::int64_t matches = 0;
  std::int64_t largest = 0;
  for (std::int64_t row = 0; row < rows.count; ++row) {
    const auto column = static_cast<std::uint32_t>(scratch.rows[row]);
    if (scratch.columns[column] != row) continue;
    const auto distance = static_cast<std::int64_t>(scratch.rows[row] >> 32);
    ++matches_at[static_cast<std::size_t>(distance)];
    ++matches;
    largest = std::max(largest, distance);
  }
  std::int64_t good = 0;
  for (std::int64_t distance = 0; orb_good(distance, largest); ++distance) {
    good += matches_at[static_cast<std::size_t>(distance)];
  }
  return orb_similarity(good, matches, largest);
}

double OrbMetric::exact(std::int64_t left_image, std::int64_t right_image) const {
  Codes rows = left_[left_image];
  Codes columns = right()[right_image];
  if (rows.count > columns.count) std::swap(rows, columns);
  Workspace workspace(std::numeric_limits<std::int64_t>::max());
  const Scratch room = scratch(workspace);
  slice(columns, room.slices);
  return similarity(rows, columns, room.slices, room);
}

DescriptorItems::Side OrbMetric::Side::items() const { return {codes.view(), offsets, most}; }

MetricItems OrbMetric::items() const { return {DescriptorItems{left_.items(), right().items()}}; }

void OrbMetric::screen_block(const Tile& tile, const Need& need, Workspace& workspace,
                             std::vector<ScoredPair>& out) const {
  const Scratch room = scratch(workspace);
  for (std::int64_t col = tile.cols.begin; col < tile.cols.end; ++col) {
    const Codes columns = right()[col];
    slice(columns, room.slices);
    const std::int64_t rows_end = tile.upper ? std::min(tile.rows.end, col) : tile.rows.end;
    for (std::int64_t row = tile.rows.begin; row < rows_end; ++row) {
      const Codes rows = left_[row];
      double similarity = 0;
      if (rows.count > columns.count + kSliceRows) {
        // Matches are the same either way; a row costs the same for few columns as for many.
        slice(rows, room.other_slices);
        similarity = OrbMetric::similarity(columns, rows, room.other_slices, room);
      } else {
        similarity = OrbMetric::similarity(rows, columns, room.slices, room);
      }
      if (similarity >= need.floor) out.push_back({row, col, similarity, similarity});
    }
  }
}

}  // namespace simile
