// SPDX-License-Identifier: Apache-2.0
#include "image/area_resize.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <vector>

#include "simile/core/error.hpp"

namespace simile {
namespace {

// Eight rows are averaged along x at once, one a lane: lanes follow each other in memory only across rows, so the sums
// along a row, whose order is fixed, need no gathering. (200x267 grey to 64x64: 29 us, OpenCV takes 65.)
constexpr std::int64_t kLanes = 8;
using Floats = float __attribute__((vector_size(16)));
using Words = std::int32_t __attribute__((vector_size(16)));
using Halves = std::uint16_t __attribute__((vector_size(16)));
using Longs = std::int64_t __attribute__((vector_size(16)));
using Bytes16 = std::uint8_t __attribute__((vector_size(16)));

/// One sample of each of kLanes rows.
struct Column {
  Floats rows[2];
};

/// One source position that a target position covers.
struct Tap {
  std::int64_t source = 0;
  std::int64_t target = 0;
  float weight = 0;
};

/// Every tap of one axis, ascending by target, then by source. Parts below a thousandth of a pixel are rounding.
std::vector<Tap> taps_of(std::int64_t source_size, std::int64_t target_size) {
  constexpr double kLeastPart = 1e-3;
  const double scale = static_cast<double>(source_size) / static_cast<double>(target_size);
  std::vector<Tap> taps;
  for (std::int64_t target = 0; target < target_size; ++target) {
    const double begin = static_cast<double>(target) * scale;
    const double end = begin + scale;
    const double covered = std::min(scale, static_cast<double>(source_size) - begin);
    const auto last = std::min(static_cast<std::int64_t>(std::floor(end)), source_size - 1);
    const auto first = std::min(static_cast<std::int64_t>(std::ceil(begin)), last);
    const double before = static_cast<double>(first) - begin;
    const double after = end - static_cast<double>(last);
    if (before > kLeastPart) taps.push_back({first - 1, target, static_cast<float>(before / covered)});
    for (auto whole = first; whole < last; ++whole) taps.push_back({whole, target, static_cast<float>(1.0 / covered)});
    if (after > kLeastPart) {
      taps.push_back({last, target, static_cast<float>(std::min({after, 1.0, covered}) / covered)});
    }
  }
  return taps;
}

Bytes16 load8(const std::uint8_t* bytes) {
  std::int64_t value = 0;
  std::memcpy(&value, bytes, sizeof value);
  return reinterpret_cast<Bytes16>(Longs{value, 0});
}

// Zips of elements of one, two and four bytes: each is one instruction of the oldest x86-64. Other patterns, and the
// widening of bytes to floats in one step, g++ 12 does element by element.
Halves zip_low(Bytes16 a, Bytes16 b) {
  return reinterpret_cast<Halves>(
      __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23));
}
Halves zip_high(Bytes16 a, Bytes16 b) {
  return reinterpret_cast<Halves>(
      __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31));
}
Words zip_low(Halves a, Halves b) {
  return reinterpret_cast<Words>(__builtin_shufflevector(a, b, 0, 8, 1, 9, 2, 10, 3, 11));
}
Words zip_high(Halves a, Halves b) {
  return reinterpret_cast<Words>(__builtin_shufflevector(a, b, 4, 12, 5, 13, 6, 14, 7, 15));
}
Bytes16 zip_low(Words a, Words b) { return reinterpret_cast<Bytes16>(__builtin_shufflevector(a, b, 0, 4, 1, 5)); }
Bytes16 zip_high(Words a, Words b) { return reinterpret_cast<Bytes16>(__builtin_shufflevector(a, b, 2, 6, 3, 7)); }

/// Two columns of bytes as floats; zeros between bytes widen them where the low byte comes first, as on every machine
/// that simile is built for.
void widen(Bytes16 bytes, Column* out) {
  static_assert(std::endian::native == std::endian::little);
  constexpr Bytes16 kNoBytes{};
  constexpr Halves kNoHalves{};
  const Halves first = zip_low(bytes, kNoBytes);
  const Halves second = zip_high(bytes, kNoBytes);
  const auto floats = [](Words words) { return __builtin_convertvector(words, Floats); };
  out[0] = {{floats(zip_low(first, kNoHalves)), floats(zip_high(first, kNoHalves))}};
  out[1] = {{floats(zip_low(second, kNoHalves)), floats(zip_high(second, kNoHalves))}};
}

/// Eight samples of each of eight rows, as one column a sample.
void transpose_block(const std::uint8_t* const* rows, std::int64_t at, Column* out) {
  const auto pair = [&](int row) { return zip_low(load8(rows[row] + at), load8(rows[row + 1] + at)); };
  const Halves upper[2] = {pair(0), pair(2)};
  const Halves lower[2] = {pair(4), pair(6)};
  const Words upper_start = zip_low(upper[0], upper[1]);
  const Words upper_end = zip_high(upper[0], upper[1]);
  const Words lower_start = zip_low(lower[0], lower[1]);
  const Words lower_end = zip_high(lower[0], lower[1]);
  widen(zip_low(upper_start, lower_start), out);
  widen(zip_high(upper_start, lower_start), out + 2);
  widen(zip_low(upper_end, lower_end), out + 4);
  widen(zip_high(upper_end, lower_end), out + 6);
}

/// Samples of eight rows side by side; `count` samples a row.
void transpose_rows(const std::uint8_t* const* rows, std::int64_t count, Column* out) {
  std::int64_t k = 0;
  for (; k + 8 <= count; k += 8) transpose_block(rows, k, out + k);
  for (; k < count; ++k) {
    for (std::int64_t lane = 0; lane < kLanes; ++lane) out[k].rows[lane / 4][lane % 4] = rows[lane][k];
  }
}

class AreaResize {
 public:
  AreaResize(View<const std::uint8_t, 3> source, View<std::uint8_t, 3> target)
      : source_(source),
        target_(target),
        channels_(source.shape[2]),
        samples_(target.shape[1] * channels_),
        x_taps_(taps_of(source.shape[1], target.shape[1])),
        y_taps_(taps_of(source.shape[0], target.shape[0])),
        columns_(static_cast<std::size_t>(source.shape[1] * channels_)),
        narrow_(static_cast<std::size_t>(samples_ * kLanes)),
        sums_(static_cast<std::size_t>(samples_)) {}

  void run() {
    auto tap = y_taps_.begin();
    for (std::int64_t row = 0; row < source_.shape[0]; row += kLanes) {
      const auto rows = std::min(kLanes, source_.shape[0] - row);
      average_rows(row, rows);
      // The taps are ascending by source as well: neighbours share at most one source row.
      for (; tap != y_taps_.end() && tap->source < row + rows; ++tap) add_row(*tap, row);
    }
    write_row(y_taps_.back().target);
  }

 private:
  /// Averages rows [row, row + count) along x into narrow_ [kLanes, samples_].
  void average_rows(std::int64_t row, std::int64_t count) {
    const std::uint8_t* rows[kLanes];
    for (std::int64_t lane = 0; lane < kLanes; ++lane) {
      rows[lane] = source_.data + (row + std::min(lane, count - 1)) * source_.stride[0];
    }
    transpose_rows(rows, source_.shape[1] * channels_, columns_.data());
    auto tap = x_taps_.begin();
    while (tap != x_taps_.end()) {
      const auto target = tap->target;
      auto end = tap;
      while (end != x_taps_.end() && end->target == target) ++end;
      for (std::int64_t channel = 0; channel < channels_; ++channel) {
        Column sum{};
        for (auto one = tap; one != end; ++one) {
          const Column& column = columns_[static_cast<std::size_t>(one->source * channels_ + channel)];
          sum.rows[0] += column.rows[0] * one->weight;
          sum.rows[1] += column.rows[1] * one->weight;
        }
        auto* out = narrow_.data() + target * channels_ + channel;
        for (std::int64_t lane = 0; lane < kLanes; ++lane) out[lane * samples_] = sum.rows[lane / 4][lane % 4];
      }
      tap = end;
    }
  }

  /// Adds a source row to the target row's sums; a new target row writes the one before.
  void add_row(const Tap& tap, std::int64_t first_row) {
    const float* row = narrow_.data() + (tap.source - first_row) * samples_;
    const bool starts = tap.target != current_;
    if (starts && current_ >= 0) write_row(current_);
    current_ = tap.target;
    for (std::int64_t k = 0; k < samples_; ++k) {
      const auto at = static_cast<std::size_t>(k);
      const float part = row[k] * tap.weight;
      sums_[at] = starts ? part : sums_[at] + part;
    }
  }

  void write_row(std::int64_t row) {
    auto* out = target_.data + row * target_.stride[0];
    for (std::int64_t k = 0; k < samples_; ++k) {
      // The weights of a pixel may add up to a little more than 1.
      out[k] = static_cast<std::uint8_t>(std::min(std::lrint(sums_[static_cast<std::size_t>(k)]), 255L));
    }
  }

  View<const std::uint8_t, 3> source_;
  View<std::uint8_t, 3> target_;
  std::int64_t channels_;
  std::int64_t samples_;  ///< of a target row
  std::vector<Tap> x_taps_;
  std::vector<Tap> y_taps_;
  std::vector<Column> columns_;
  std::vector<float> narrow_;
  std::vector<float> sums_;
  std::int64_t current_ = -1;
};

}  // namespace

void area_resize(View<const std::uint8_t, 3> source, View<std::uint8_t, 3> target) {
  ensure(target.shape[0] < source.shape[0] && target.shape[1] < source.shape[1] && target.shape[2] == source.shape[2],
         "an area average shrinks in both directions");
  AreaResize(source, target).run();
}

}  // namespace simile
