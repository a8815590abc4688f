// SPDX-License-Identifier: Apache-2.0
// The resampling that Pillow calls LANCZOS, in the same integers. Every machine gets the same pixels because the
// weights come from sin_pi(); Pillow's come from the C library's sin(), whose last bit does not survive the rounding to
// 22 bits.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "feature/fixed_trigonometry.hpp"

#include "simile/core/error.hpp"
#include "simile/core/text.hpp"
#include "simile/feature/perceptual_hash.hpp"

namespace simile {
namespace {

constexpr double kSupport = 3;
constexpr int kWeightBits = 22;
/// A weight is held as high * 2^kLowBits + low in two 16-bit halves: compilers turn sums of 16-bit products into the
/// one integer multiply-add that every x86-64 has (pmaddwd), several times faster than 32-bit products.
constexpr int kLowBits = 12;

/// num_taps is a multiple of this, so that no vector loop has a remainder.
constexpr std::int64_t kTapBlock = 8;

/// Weights of one axis: output k is the sum over t in [0, num_taps) of weight[k, t] * input[first[k] + t]. Shorter
/// windows are filled up with zero weights and may reach up to num_taps past the end of the input.
struct AxisWeights {
  std::int64_t input = 0;
  std::int64_t output = 0;
  std::int64_t num_taps = 0;
  std::vector<std::int64_t> first;
  std::vector<std::int16_t> high;
  std::vector<std::int16_t> low;
};

/// sinc(x) sinc(x / 3) for |x| < 3. One sine serves both factors: sin(3a) = sin(a) (3 - 4 sin(a)^2).
double lanczos_kernel(double x) {
  x = x < 0 ? -x : x;
  if (x == 0) return 1;
  if (x >= kSupport) return 0;
  const double sine = sin_pi(x / 3);
  const double angle = kPi * x / 3;
  const double square = sine * sine;
  return square * (3 - 4 * square) / (3 * angle * angle);
}

AxisWeights make_weights(std::int64_t input, std::int64_t output) {
  const double scale = static_cast<double>(input) / static_cast<double>(output);
  const double stretch = std::max(scale, 1.0);
  const double support = kSupport * stretch;

  AxisWeights weights;
  weights.input = input;
  weights.output = output;
  weights.num_taps = (static_cast<std::int64_t>(2 * support) + 1 + kTapBlock) / kTapBlock * kTapBlock;
  const auto num_weights = static_cast<std::size_t>(output * weights.num_taps);
  weights.first.resize(static_cast<std::size_t>(output));
  weights.high.resize(num_weights);
  weights.low.resize(num_weights);
  std::vector<double> window(static_cast<std::size_t>(weights.num_taps));
  for (std::int64_t k = 0; k < output; ++k) {
    const double center = (static_cast<double>(k) + 0.5) * scale;
    const auto begin = std::max<std::int64_t>(0, static_cast<std::int64_t>(std::floor(center - support + 0.5)));
    const auto end = std::min(input, static_cast<std::int64_t>(std::floor(center + support + 0.5)));
    const auto count = end - begin;
    double total = 0;
    for (std::int64_t t = 0; t < count; ++t) {
      const double value = lanczos_kernel((static_cast<double>(t + begin) - center + 0.5) * (1 / stretch));
      window[static_cast<std::size_t>(t)] = value;
      total += value;
    }
    weights.first[static_cast<std::size_t>(k)] = begin;
    const auto row = static_cast<std::size_t>(k * weights.num_taps);
    for (std::size_t t = 0; t < static_cast<std::size_t>(count); ++t) {
      const double scaled = window[t] / total * (1 << kWeightBits);
      const auto weight = static_cast<std::int32_t>(scaled + (scaled < 0 ? -0.5 : 0.5));
      weights.high[row + t] = static_cast<std::int16_t>(weight >> kLowBits);
      weights.low[row + t] = static_cast<std::int16_t>(weight & ((1 << kLowBits) - 1));
    }
  }
  return weights;
}

/// The weights of the calling thread's last call for this axis are kept, because photos of one camera have one size:
/// they took 70 of the 160 us of a 400 x 533 photo's hash of 8 x 8 bits.
const AxisWeights& cached_weights(std::size_t axis, std::int64_t input, std::int64_t output) {
  thread_local std::array<AxisWeights, 2> cache;
  auto& weights = cache[axis];
  if (weights.input != input || weights.output != output) weights = make_weights(input, output);
  return weights;
}

/// Resamples every row of `image` and returns the result transposed, [output, rows]: applied twice, it resamples both
/// axes, reads memory in order each time and ends upright.
Array<std::uint8_t, 2> resample_rows_transposed(View<const std::uint8_t, 2> image, const AxisWeights& weights) {
  const auto num_rows = image.shape[0];
  Array<std::uint8_t, 2> result({weights.output, num_rows});
  const auto num_taps = weights.num_taps / kTapBlock * kTapBlock;  // tells the compiler that it is a multiple
  std::vector<std::int16_t> row(static_cast<std::size_t>(weights.input + num_taps));
  for (std::int64_t y = 0; y < num_rows; ++y) {
    const auto* source = image.data + y * image.stride[0];
    for (std::int64_t x = 0; x < weights.input; ++x) row[static_cast<std::size_t>(x)] = source[x * image.stride[1]];
    for (std::int64_t k = 0; k < weights.output; ++k) {
      const auto* pixels = row.data() + weights.first[static_cast<std::size_t>(k)];
      const auto* high = weights.high.data() + k * num_taps;
      const auto* low = weights.low.data() + k * num_taps;
      // Unsigned, because the low half may wrap for very long rows; the whole sum fits 32 bits again.
      std::uint32_t high_sum = 0;
      std::uint32_t low_sum = 0;
      for (std::int64_t t = 0; t < num_taps; ++t) {
        high_sum += static_cast<std::uint32_t>(pixels[t] * high[t]);
        low_sum += static_cast<std::uint32_t>(pixels[t] * low[t]);
      }
      const auto sum = static_cast<std::int32_t>((high_sum << kLowBits) + low_sum + (1U << (kWeightBits - 1)));
      result.data()[k * num_rows + y] = static_cast<std::uint8_t>(std::clamp(sum >> kWeightBits, 0, 255));
    }
  }
  return result;
}

}  // namespace

Array<std::uint8_t, 2> lanczos_resize(View<const std::uint8_t, 2> grey, std::int64_t width_px, std::int64_t height_px) {
  if (grey.size() <= 0) {
    throw Error(ErrorCode::invalid_argument,
                concat("cannot resize an empty image (", grey.shape[1], " x ", grey.shape[0], " pixels)"));
  }
  if (width_px < 1 || height_px < 1) {
    throw Error(ErrorCode::invalid_argument,
                concat("cannot resize to ", width_px, " x ", height_px, " pixels: both must be at least 1"));
  }
  const auto narrowed = resample_rows_transposed(grey, cached_weights(1, grey.shape[1], width_px));
  return resample_rows_transposed(narrowed.view(), cached_weights(0, grey.shape[0], height_px));
}

}  // namespace simile
