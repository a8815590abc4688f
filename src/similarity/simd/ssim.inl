// SPDX-License-Identifier: Apache-2.0
// SSIM kernels; included by kernels.inl. Window sums run down the rows as column sums and along a row as box sums; all
// are exact integers.

constexpr std::int64_t kWindow = 7;

/// Adds or removes one pixel row of both images from the five column sums.
inline void update_columns(const std::uint8_t* __restrict x, const std::uint8_t* __restrict y, std::int64_t width,
                           std::int32_t sign, std::int32_t* __restrict columns) {
  for (std::int64_t c = 0; c < width; ++c) {
    const std::int32_t a = sign * x[c];
    const std::int32_t b = sign * y[c];
    columns[c] += a;
    columns[width + c] += b;
    columns[2 * width + c] += a * x[c];
    columns[3 * width + c] += b * y[c];
    columns[4 * width + c] += a * y[c];
  }
}

inline std::int32_t box_sum(const std::int32_t* columns) {
  return columns[0] + columns[1] + columns[2] + columns[3] + columns[4] + columns[5] + columns[6];
}

double ssim_exact(const std::uint8_t* x, const std::uint8_t* y, std::int64_t height, std::int64_t width,
                  std::int32_t* scratch, double* row_values, const double* least) {
  const std::int64_t windows = width - kWindow + 1;
  for (std::int64_t k = 0; k < 5 * width; ++k) scratch[k] = 0;
  double partial[kPartialSums] = {};
  for (std::int64_t row = 0; row < height; ++row) {
    update_columns(x + row * width, y + row * width, width, 1, scratch);
    if (row >= kWindow) update_columns(x + (row - kWindow) * width, y + (row - kWindow) * width, width, -1, scratch);
    if (row < kWindow - 1) continue;
    const std::int32_t* __restrict columns = scratch;
    double* __restrict values = row_values;
    for (std::int64_t c = 0; c < windows; ++c) {
      const std::int32_t sum_x = box_sum(columns + c);
      const std::int32_t sum_y = box_sum(columns + width + c);
      const std::int32_t variance_x = 49 * box_sum(columns + 2 * width + c) - sum_x * sum_x;
      const std::int32_t variance_y = 49 * box_sum(columns + 3 * width + c) - sum_y * sum_y;
      const std::int32_t covariance = 49 * box_sum(columns + 4 * width + c) - sum_x * sum_y;
      values[c] = ssim_window(sum_x, sum_y, variance_x, variance_y, covariance);
    }
    // Window (row, c) goes to partial sum c % 16, rows ascending.
    std::int64_t c = 0;
    for (; c + kPartialSums <= windows; c += kPartialSums) {
      for (int lane = 0; lane < kPartialSums; ++lane) partial[lane] += values[c + lane];
    }
    for (int lane = 0; c < windows; ++c, ++lane) partial[lane] += values[c];
    if (least != nullptr && sum_tree(partial) < least[row - kWindow + 1]) return -__builtin_inf();
  }
  const double count = static_cast<double>(windows) * static_cast<double>(height - kWindow + 1);
  return sum_tree(partial) / count;
}
