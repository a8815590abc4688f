// SPDX-License-Identifier: Apache-2.0
// SSIM kernels; included by kernels.inl. Window sums run down the rows as column sums and along a row as box sums; all
// are exact integers.

constexpr std::int64_t kWindow = 7;

/// box[k] = the seven column sums from k on, for `count` windows of a row.
inline void box_sums(const std::int32_t* __restrict columns, std::int64_t count, std::int32_t* __restrict box) {
  for (std::int64_t k = 0; k < count; ++k) {
    box[k] = columns[k] + columns[k + 1] + columns[k + 2] + columns[k + 3] + columns[k + 4] + columns[k + 5] +
             columns[k + 6];
  }
}

void ssim_statistics(const std::uint8_t* image, std::int64_t height, std::int64_t width, std::int32_t* sums,
                     std::int32_t* variances, std::int32_t* scratch) {
  const std::int64_t windows = width - kWindow + 1;
  std::int32_t* __restrict column = scratch;
  std::int32_t* __restrict column_squares = scratch + width;
  for (std::int64_t c = 0; c < 2 * width; ++c) scratch[c] = 0;
  for (std::int64_t row = 0; row < height; ++row) {
    const std::uint8_t* __restrict entering = image + row * width;
    for (std::int64_t c = 0; c < width; ++c) {
      const std::int32_t value = entering[c];
      column[c] += value;
      column_squares[c] += value * value;
    }
    if (row >= kWindow) {
      const std::uint8_t* __restrict leaving = entering - kWindow * width;
      for (std::int64_t c = 0; c < width; ++c) {
        const std::int32_t value = leaving[c];
        column[c] -= value;
        column_squares[c] -= value * value;
      }
    }
    if (row < kWindow - 1) continue;
    std::int32_t* __restrict row_sums = sums + (row - kWindow + 1) * windows;
    std::int32_t* __restrict row_variances = variances + (row - kWindow + 1) * windows;
    box_sums(column, windows, row_sums);
    box_sums(column_squares, windows, row_variances);
    for (std::int64_t c = 0; c < windows; ++c) row_variances[c] = 49 * row_variances[c] - row_sums[c] * row_sums[c];
  }
}

/// Adds one pixel row's products to a column sum: entering rows count plus, leaving rows minus (49-fold).
inline Int update_column(const SsimLeft& left, const SsimRight& right, std::int64_t pixel, std::int32_t* column) {
  const Int sum = load(column) + multiply_add_pairs(load(right.products + pixel * kLanes), splat(left.products[pixel]));
  store(column, sum);
  return sum;
}

/// SSIM of one window in every lane; `box` is 49 Sxy. Errors: docs/algorithms.md, "SSIM screen".
inline Float window_similarity(const SsimLeft& left, const SsimRight& right, std::int64_t window, Int box) {
  const Int sums = load(right.sums + window * kLanes);
  const Int product = multiply_add_pairs(sums, splat(left.sums[window]));
  const Float product_f = to_float(product);
  const Float covariance = to_float(box - product);
  const Float luminance = (product_f + product_f) + splat(static_cast<float>(kSsimC1));
  const Float structure = (covariance + covariance) + splat(static_cast<float>(kSsimC2));
  const Float luminance_norm = splat(left.luminance[window]) + to_float(multiply_add_pairs(sums, sums));
  const Float structure_norm = splat(left.structure[window]) + load(right.variances + window * kLanes);
  return (luminance * structure) / (luminance_norm * structure_norm);
}

void ssim_means(const SsimLeft& left, const SsimRight& right, std::int64_t height, std::int64_t width,
                std::int32_t* scratch, double* means) {
  const std::int64_t windows = width - kWindow + 1;
  for (std::int64_t k = 0; k < width * kLanes; ++k) scratch[k] = 0;
  for (int lane = 0; lane < kLanes; ++lane) means[lane] = 0;
  for (std::int64_t row = 0; row < height; ++row) {
    const std::int64_t pixels = row * width;
    if (row < kWindow - 1) {
      for (std::int64_t c = 0; c < width; ++c) update_column(left, right, pixels + c, scratch + c * kLanes);
      continue;
    }
    const std::int64_t first = (row - kWindow + 1) * windows;
    Int box = {};
    Float row_sum = {};
    for (std::int64_t c = 0; c < kWindow; ++c) box += update_column(left, right, pixels + c, scratch + c * kLanes);
    row_sum += window_similarity(left, right, first, box);
    for (std::int64_t c = 1; c < windows; ++c) {
      const std::int64_t entering = c + kWindow - 1;
      box += update_column(left, right, pixels + entering, scratch + entering * kLanes);
      box -= load(scratch + (c - 1) * kLanes);
      row_sum += window_similarity(left, right, first + c, box);
    }
    for (int lane = 0; lane < kLanes; ++lane) means[lane] += static_cast<double>(row_sum[lane]);
  }
  const double count = static_cast<double>(windows) * static_cast<double>(height - kWindow + 1);
  for (int lane = 0; lane < kLanes; ++lane) means[lane] /= count;
}

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
                  std::int32_t* scratch, double* row_values) {
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
  }
  const double count = static_cast<double>(windows) * static_cast<double>(height - kWindow + 1);
  return sum_tree(partial) / count;
}
