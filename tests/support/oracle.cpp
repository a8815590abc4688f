// SPDX-License-Identifier: Apache-2.0
#include "support/oracle.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <limits>
#include <queue>

#include "simile/core/error.hpp"

namespace simile {
namespace {

constexpr std::int64_t kWindow = 7;

double window_ssim(View<const std::uint8_t, 2> a, View<const std::uint8_t, 2> b, std::int64_t top, std::int64_t left) {
  constexpr double kPixels = kWindow * kWindow;
  double mean_a = 0;
  double mean_b = 0;
  for (std::int64_t y = top; y < top + kWindow; ++y) {
    for (std::int64_t x = left; x < left + kWindow; ++x) {
      mean_a += a(y, x);
      mean_b += b(y, x);
    }
  }
  mean_a /= kPixels;
  mean_b /= kPixels;

  double variance_a = 0;
  double variance_b = 0;
  double covariance = 0;
  for (std::int64_t y = top; y < top + kWindow; ++y) {
    for (std::int64_t x = left; x < left + kWindow; ++x) {
      variance_a += (a(y, x) - mean_a) * (a(y, x) - mean_a);
      variance_b += (b(y, x) - mean_b) * (b(y, x) - mean_b);
      covariance += (a(y, x) - mean_a) * (b(y, x) - mean_b);
    }
  }
  variance_a /= kPixels - 1;
  variance_b /= kPixels - 1;
  covariance /= kPixels - 1;

  constexpr double kC1 = (0.01 * 255) * (0.01 * 255);
  constexpr double kC2 = (0.03 * 255) * (0.03 * 255);
  return (2 * mean_a * mean_b + kC1) * (2 * covariance + kC2) /
         ((mean_a * mean_a + mean_b * mean_b + kC1) * (variance_a + variance_b + kC2));
}

constexpr std::int64_t kGaussianWindow = 11;

using GaussianWeights = std::array<std::array<long double, kGaussianWindow>, kGaussianWindow>;

GaussianWeights gaussian_weights() {
  constexpr long double kSigma = 1.5;
  constexpr std::int64_t kCentre = kGaussianWindow / 2;
  GaussianWeights weights{};
  long double sum = 0;
  for (std::size_t y = 0; y < kGaussianWindow; ++y) {
    for (std::size_t x = 0; x < kGaussianWindow; ++x) {
      const long double dy = static_cast<long double>(y) - kCentre;
      const long double dx = static_cast<long double>(x) - kCentre;
      sum += weights[y][x] = std::exp(-(dx * dx + dy * dy) / (2 * kSigma * kSigma));
    }
  }
  for (auto& row : weights) {
    for (auto& weight : row) weight /= sum;
  }
  return weights;
}

/// Two passes, so that nothing cancels.
double gaussian_window_ssim(View<const std::uint8_t, 2> a, View<const std::uint8_t, 2> b, std::int64_t top,
                            std::int64_t left) {
  static const GaussianWeights kWeights = gaussian_weights();
  const auto weighted_sum = [&](auto&& value) {
    long double sum = 0;
    for (std::int64_t y = 0; y < kGaussianWindow; ++y) {
      for (std::int64_t x = 0; x < kGaussianWindow; ++x) {
        sum += kWeights[static_cast<std::size_t>(y)][static_cast<std::size_t>(x)] * value(top + y, left + x);
      }
    }
    return sum;
  };
  const long double mean_a = weighted_sum([&](auto y, auto x) { return a(y, x); });
  const long double mean_b = weighted_sum([&](auto y, auto x) { return b(y, x); });
  const auto covariance = [&](View<const std::uint8_t, 2> p, long double mean_p, View<const std::uint8_t, 2> q,
                              long double mean_q) {
    return weighted_sum([&](auto y, auto x) { return (p(y, x) - mean_p) * (q(y, x) - mean_q); });
  };
  constexpr long double kC1 = 6.5025L;   // (.01 * 255)^2
  constexpr long double kC2 = 58.5225L;  // (.03 * 255)^2
  return static_cast<double>((2 * mean_a * mean_b + kC1) * (2 * covariance(a, mean_a, b, mean_b) + kC2) /
                             ((mean_a * mean_a + mean_b * mean_b + kC1) *
                              (covariance(a, mean_a, a, mean_a) + covariance(b, mean_b, b, mean_b) + kC2)));
}

/// Mean over the windows that fit.
template <class Window>
double mean_ssim(View<const std::uint8_t, 2> a, View<const std::uint8_t, 2> b, std::int64_t side, Window&& window) {
  if (a.shape != b.shape) throw Error(ErrorCode::invalid_argument, "oracle_ssim: images of unequal size");
  const auto num_rows = a.shape[0] - side + 1;
  const auto num_columns = a.shape[1] - side + 1;
  if (num_rows < 1 || num_columns < 1) {
    throw Error(ErrorCode::invalid_argument, "oracle_ssim: images smaller than the window");
  }
  double sum = 0;
  for (std::int64_t top = 0; top < num_rows; ++top) {
    for (std::int64_t left = 0; left < num_columns; ++left) sum += window(a, b, top, left);
  }
  return sum / static_cast<double>(num_rows * num_columns);
}

bool bit_at(std::span<const std::uint8_t> bytes, std::int64_t position) {
  return (bytes[static_cast<std::size_t>(position / 8)] >> (7 - position % 8) & 1) != 0;
}

}  // namespace

double oracle_ssim(View<const std::uint8_t, 2> a, View<const std::uint8_t, 2> b) {
  return mean_ssim(a, b, kWindow, window_ssim);
}

double oracle_ssim_gaussian(View<const std::uint8_t, 2> a, View<const std::uint8_t, 2> b) {
  return mean_ssim(a, b, kGaussianWindow, gaussian_window_ssim);
}

double oracle_cosine(std::span<const float> a, std::span<const float> b) {
  ensure(a.size() == b.size(), "oracle_cosine: rows of unequal length");
  long double dot = 0;
  long double norm_a = 0;
  long double norm_b = 0;
  for (std::size_t k = 0; k < a.size(); ++k) {
    dot += static_cast<long double>(a[k]) * b[k];
    norm_a += static_cast<long double>(a[k]) * a[k];
    norm_b += static_cast<long double>(b[k]) * b[k];
  }
  if (norm_a == 0 || norm_b == 0) return -std::numeric_limits<double>::infinity();
  if (std::equal(a.begin(), a.end(), b.begin())) return 1;
  return std::clamp(static_cast<double>(dot / std::sqrt(norm_a * norm_b)), -1.0, 1.0);
}

double oracle_euclidean(std::span<const float> a, std::span<const float> b) {
  ensure(a.size() == b.size(), "oracle_euclidean: rows of unequal length");
  long double sum = 0;
  for (std::size_t k = 0; k < a.size(); ++k) {
    const long double difference = static_cast<long double>(a[k]) - b[k];
    sum += difference * difference;
  }
  return static_cast<double>(-sum);
}

double oracle_template(View<const std::uint8_t, 3> a, View<const std::uint8_t, 3> b) {
  ensure(a.shape == b.shape, "oracle_template: images of unequal size");
  long double difference = 0;
  long double squares_a = 0;
  long double squares_b = 0;
  for (std::int64_t y = 0; y < a.shape[0]; ++y) {
    for (std::int64_t x = 0; x < a.shape[1]; ++x) {
      for (std::int64_t channel = 0; channel < a.shape[2]; ++channel) {
        const long double value_a = a(y, x, channel);
        const long double value_b = b(y, x, channel);
        difference += (value_a - value_b) * (value_a - value_b);
        squares_a += value_a * value_a;
        squares_b += value_b * value_b;
      }
    }
  }
  if (squares_a == 0 && squares_b == 0) return 1;
  if (squares_a == 0 || squares_b == 0) return 0;
  return static_cast<double>(1 - std::min(1.0L, difference / std::sqrt(squares_a * squares_b)));
}

double oracle_hamming(std::span<const std::uint8_t> a, std::span<const std::uint8_t> b, std::int64_t bits) {
  std::int64_t differing = 0;
  for (std::int64_t k = 0; k < bits; ++k) differing += bit_at(a, k) != bit_at(b, k) ? 1 : 0;
  return static_cast<double>(bits - differing) / static_cast<double>(bits);
}

double oracle_minhash(std::span<const std::uint32_t> a, std::span<const std::uint32_t> b) {
  ensure(a.size() == b.size(), "oracle_minhash: signatures of unequal length");
  constexpr std::uint32_t kNothing = 0xffffffffU;
  const auto length = static_cast<std::ptrdiff_t>(a.size());
  for (const auto& signature : {a, b}) {
    if (std::count(signature.begin(), signature.end(), kNothing) == length) {
      return -std::numeric_limits<double>::infinity();
    }
  }
  double equal = 0;
  for (std::size_t k = 0; k < a.size(); ++k) equal += a[k] == b[k] ? 1 : 0;
  return equal / static_cast<double>(a.size());
}

std::vector<OrbMatch> oracle_orb_matches(View<const std::uint8_t, 2> a, View<const std::uint8_t, 2> b) {
  std::vector<OrbMatch> nearest_of_a(static_cast<std::size_t>(a.shape[0]));
  std::vector<OrbMatch> nearest_of_b(static_cast<std::size_t>(b.shape[0]));
  const std::int64_t farther = 8 * a.shape[1] + 1;
  for (auto& match : nearest_of_a) match.distance = farther;
  for (auto& match : nearest_of_b) match.distance = farther;
  for (std::int64_t i = 0; i < a.shape[0]; ++i) {
    for (std::int64_t j = 0; j < b.shape[0]; ++j) {
      std::int64_t distance = 0;
      for (std::int64_t byte = 0; byte < a.shape[1]; ++byte) {
        distance += std::popcount(static_cast<unsigned>(a(i, byte) ^ b(j, byte)));
      }
      auto& of_a = nearest_of_a[static_cast<std::size_t>(i)];
      auto& of_b = nearest_of_b[static_cast<std::size_t>(j)];
      if (distance < of_a.distance) of_a = {i, j, distance};
      if (distance < of_b.distance) of_b = {i, j, distance};
    }
  }
  std::vector<OrbMatch> matches;
  for (const auto& match : nearest_of_a) {
    if (match.distance < farther && nearest_of_b[static_cast<std::size_t>(match.right)] == match) {
      matches.push_back(match);
    }
  }
  return matches;
}

double oracle_orb(View<const std::uint8_t, 2> a, View<const std::uint8_t, 2> b) {
  const auto matches = oracle_orb_matches(a, b);
  if (matches.empty()) return -std::numeric_limits<double>::infinity();
  std::int64_t largest = 0;
  for (const auto& match : matches) largest = std::max(largest, match.distance);
  if (largest == 0) return 1;
  double good = 0;
  for (const auto& match : matches) {
    if (static_cast<double>(match.distance) < 0.75 * static_cast<double>(largest)) good += 1;
  }
  return good / static_cast<double>(matches.size());
}

std::vector<std::int64_t> oracle_components(std::int64_t num_items,
                                            std::span<const std::pair<std::int64_t, std::int64_t>> edges) {
  constexpr std::int64_t kUnseen = -1;
  std::vector<std::vector<std::int64_t>> neighbours(static_cast<std::size_t>(num_items));
  for (const auto& [i, j] : edges) {
    neighbours.at(static_cast<std::size_t>(i)).push_back(j);
    neighbours.at(static_cast<std::size_t>(j)).push_back(i);
  }
  std::vector<std::int64_t> labels(static_cast<std::size_t>(num_items), kUnseen);
  for (std::int64_t start = 0; start < num_items; ++start) {
    if (labels[static_cast<std::size_t>(start)] != kUnseen) continue;
    labels[static_cast<std::size_t>(start)] = start;
    std::queue<std::int64_t> to_visit({start});
    while (!to_visit.empty()) {
      const auto item = to_visit.front();
      to_visit.pop();
      for (const auto other : neighbours[static_cast<std::size_t>(item)]) {
        if (labels[static_cast<std::size_t>(other)] != kUnseen) continue;
        labels[static_cast<std::size_t>(other)] = start;
        to_visit.push(other);
      }
    }
  }
  return labels;
}

}  // namespace simile
