// SPDX-License-Identifier: Apache-2.0
// SSIM bounded by pools of windows; included by kernels.inl after ssim.inl. Formula: arithmetic/ssim.hpp.

/// Column sums of seven pixel rows: of values, of distance from the middle row times value, of squares.
inline void sum_columns(const std::uint8_t* __restrict pixels, std::int64_t width, std::int32_t* __restrict sums,
                        std::int32_t* __restrict gradients, std::int32_t* __restrict squares) {
  for (std::int64_t c = 0; c < width; ++c) {
    std::int32_t sum = 0;
    std::int32_t gradient = 0;
    std::int32_t square = 0;
    for (std::int32_t row = 0; row < kWindow; ++row) {
      const std::int32_t value = pixels[row * width + c];
      sum += value;
      gradient += (row - 3) * value;
      square += value * value;
    }
    sums[c] = sum;
    gradients[c] = gradient;
    squares[c] = square;
  }
}

/// Distance from the middle times value, along a row.
inline std::int32_t ramp_sum(const std::int32_t* columns) {
  return 3 * (columns[6] - columns[0]) + 2 * (columns[5] - columns[1]) + (columns[4] - columns[2]);
}

/// columns[sum, c] += what the windows of one row add to the sums of their pools.
inline void add_window_row(const std::int32_t* __restrict sums, const std::int32_t* __restrict gradients,
                           const std::int32_t* __restrict squares, std::int64_t windows, std::int64_t width,
                           double* __restrict columns) {
  for (std::int64_t c = 0; c < windows; ++c) {
    const std::int32_t sum = box_sum(sums + c);
    const double variance = 49 * box_sum(squares + c) - sum * sum;
    const double across = kSsimGradientScale * ramp_sum(sums + c);
    const double down = kSsimGradientScale * box_sum(gradients + c);
    const double rest = variance - across * across - down * down;  // exact: multiples of 1/4 below 2^53
    columns[c] += sum;
    columns[width + c] += static_cast<double>(sum) * sum;
    columns[2 * width + c] += __builtin_sqrt(variance);
    columns[3 * width + c] += variance;
    columns[4 * width + c] += across;
    columns[5 * width + c] += down;
    columns[6 * width + c] += __builtin_sqrt(rest);
  }
}

void pool_image(const std::uint8_t* pixels, const SsimPoolGrid& grid, std::int32_t* scratch, double* columns,
                double* sums) {
  const std::int64_t width = grid.width;
  const std::int64_t windows = width - kWindow + 1;
  std::int64_t row = 0;
  for (std::int64_t pool_row = 0; pool_row < grid.rows; ++pool_row) {
    for (std::int64_t k = 0; k < kSsimPoolSums * width; ++k) columns[k] = 0;
    for (; row < grid.row_ends[pool_row]; ++row) {
      sum_columns(pixels + row * width, width, scratch, scratch + width, scratch + 2 * width);
      add_window_row(scratch, scratch + width, scratch + 2 * width, windows, width, columns);
    }
    std::int64_t c = 0;
    for (std::int64_t pool_column = 0; pool_column < grid.columns; ++pool_column) {
      double* const pool = sums + (pool_row * grid.columns + pool_column) * kSsimPoolSums;
      for (int k = 0; k < kSsimPoolSums; ++k) pool[k] = 0;
      for (; c < grid.column_ends[pool_column]; ++c) {
        for (int k = 0; k < kSsimPoolSums; ++k) pool[k] += columns[k * width + c];
      }
    }
  }
}

inline Float larger(Float a, Float b) { return a > b ? a : b; }

/// Deficits of kLanes pools of a group, from where the left and the right image have their sums.
inline Float pool_deficit(const float* x, const float* y) {
  const auto difference = [x, y](int sum) { return load(x + sum * kSsimPoolGroup) - load(y + sum * kSsimPoolGroup); };
  const auto total = [x, y](int sum) { return load(x + sum * kSsimPoolGroup) + load(y + sum * kSsimPoolGroup); };
  const Float mean = difference(0);
  const Float mean_norm = total(1);
  const Float deviation = difference(2);
  const Float structure_norm = total(3);
  const Float across = difference(4);
  const Float down = difference(5);
  const Float rest = difference(6);
  const Float halves = multiply_add(across, across, multiply_add(down, down, rest * rest)) * splat(0.5F);
  const Float structure = larger(deviation * deviation, halves);
  // The larger of two fractions by one division. With n windows a pool the products are at most n^3 2^54: far from
  // overflow, as SsimPools::pay allows 2^20 windows.
  return larger(mean * mean * structure_norm, structure * mean_norm) / (mean_norm * structure_norm);
}

inline float sum_lanes(Float lanes) {
  float sum = 0;
  for (int lane = 0; lane < kLanes; ++lane) sum += lanes[lane];
  return sum;
}

// After so many groups it is asked whether the limit is exceeded.
constexpr std::int64_t kGroupsToCheck = 3;

inline bool exceeds(const float* left, const float* right, std::int64_t groups, float limit) {
  Float sum = {};
  for (std::int64_t group = 0; group < groups; ++group) {
    for (int part = 0; part < kSsimPoolGroup; part += kLanes) {
      const std::int64_t place = group * kSsimPoolSums * kSsimPoolGroup + part;
      sum += pool_deficit(left + place, right + place);
    }
    if ((group + 1) % kGroupsToCheck == 0 && sum_lanes(sum) > limit) return true;
  }
  return sum_lanes(sum) > limit;
}

std::int64_t pool_candidates(const float* left, const float* rights, std::int64_t stride, std::int64_t count,
                             std::int64_t groups, float limit, std::int32_t* found) {
  std::int64_t num_found = 0;
  for (std::int64_t k = 0; k < count; ++k) {
    found[num_found] = static_cast<std::int32_t>(k);
    num_found += !exceeds(left, rights + k * stride, groups, limit);
  }
  return num_found;
}

void pool_deficits(const float* left, const float* right, std::int64_t groups, float* deficits) {
  for (std::int64_t group = 0; group < groups; ++group) {
    for (int part = 0; part < kSsimPoolGroup; part += kLanes) {
      const std::int64_t place = group * kSsimPoolSums * kSsimPoolGroup + part;
      store(deficits + group * kSsimPoolGroup + part, pool_deficit(left + place, right + place));
    }
  }
}
