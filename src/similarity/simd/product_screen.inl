// SPDX-License-Identifier: Apache-2.0
// Rejection of pairs by their byte products; included by kernels.inl. The bound: docs/algorithms.md, "byte screen".

constexpr int kColumnVectors = kProductColumns / kLanes;

/// Upper bounds of a block's columns, each against the rows' best values; false only where all stay below the floor.
inline bool may_reach(const ScreenBlock& screen, const RowBounds& rows, bool tails, const std::int32_t* c) {
  Int reached = {};
  for (int part = 0; part < kColumnVectors; ++part) {
    const int column = part * kLanes;
    Int best = load(c + column);
    for (int row = 1; row < kProductRows; ++row) best = larger(best, load(c + row * kProductColumns + column));
    const Float products = to_float(larger(best, Int{}));
    Float upper = products * (splat(rows.scale) * load(screen.columns.scale + column));
    if (tails) upper += splat(rows.tail) * load(screen.columns.tail + column);
    upper += splat(rows.error) * load(screen.columns.length + column);
    upper += splat(rows.reach) * load(screen.columns.error + column);
    reached |= ~(upper < splat(screen.floor + rows.offset) + load(screen.columns.offset + column));
  }
  return any(reached);
}

/// What write_survivors has to know of a row.
struct ScreenedRow {
  float scale;
  float error;
  float reach;  ///< length + error
  float floor;
  std::int32_t item;
};

inline ScreenedRow screened_row(const ScreenItems& rows, std::int64_t item, float floor) {
  return {rows.scale[item], rows.error[item], rows.length[item] + rows.error[item], floor + rows.offset[item],
          static_cast<std::int32_t>(item)};
}

/// Writes the pairs of a row and the columns [first, first + count) that are not surely below the floor.
inline Survivor* write_survivors(const ScreenedRow& row, const ScreenItems& columns, std::int64_t first, int count,
                                 const std::int32_t* products, Survivor* out) {
  for (int part = 0; part < count; part += kLanes) {
    const std::int64_t column = first + part;
    Float upper = to_float(load(products + part)) * (splat(row.scale) * load(columns.scale + column));
    upper += splat(row.error) * load(columns.length + column);
    upper += splat(row.reach) * load(columns.error + column);
    const Int reached = ~(upper < splat(row.floor) + load(columns.offset + column));
    if (!any(reached)) continue;
    for (int lane = 0; lane < kLanes; ++lane) {
      if (reached[lane] != 0) *out++ = {row.item, static_cast<std::int32_t>(column + lane), products[part + lane]};
    }
  }
  return out;
}

std::int64_t screen_bytes(const ScreenBlock& screen, Survivor* out) {
  Survivor* const begin = out;
  alignas(64) std::int32_t start[2][kProductColumns] = {};
  alignas(64) std::int32_t products[2][kProductRows * kProductColumns];
  const bool two_stages = screen.first_groups < screen.groups;
  begin_product();
  product_start(screen.right, 0, screen.first_groups, start[0]);
  if (two_stages) product_start(screen.right, screen.first_groups, screen.groups, start[1]);
  const std::int64_t num_blocks = screen.num_rows / kProductRows;
  // One block behind, so that testing a block overlaps with multiplying the next one.
  for (std::int64_t block = 0; block <= num_blocks; ++block) {
    if (block < num_blocks) {
      product_block(screen.left, block * kProductRows, screen.right, 0, screen.first_groups, start[0], false,
                    products[block & 1], kProductColumns);
    }
    if (block == 0) continue;
    const RowBounds& bounds = screen.row_bounds[block - 1];
    std::int32_t* const c = products[~block & 1];
    if (!may_reach(screen, bounds, two_stages, c)) continue;
    const std::int64_t first_row = (block - 1) * kProductRows;
    if (two_stages) {
      product_block(screen.left, first_row, screen.right, screen.first_groups, screen.groups, start[1], true, c,
                    kProductColumns);
      if (!may_reach(screen, bounds, false, c)) continue;
    }
    for (int row = 0; row < kProductRows; ++row) {
      out = write_survivors(screened_row(screen.rows, first_row + row, screen.floor), screen.columns, 0,
                            kProductColumns, c + row * kProductColumns, out);
    }
  }
  end_product();
  return out - begin;
}

/// products[kPanelRows] of a row and a panel as it lies.
inline void multiply_row(const std::int8_t* values, const std::int8_t* panel, std::int64_t groups,
                         std::int32_t* products) {
#if defined(__AVX2__)
  // Unsigned times signed bytes, so one factor gives its sign away: |x| (sign(x) y). Two products are at most
  // 2 * 127^2 < 2^15: nothing saturates.
  const __m256i ones = _mm256_set1_epi16(1);
  __m256i sums[2] = {};
  for (std::int64_t group = 0; group < groups; ++group) {
    std::int32_t four;
    __builtin_memcpy(&four, values + 4 * group, 4);
    const __m256i x = _mm256_set1_epi32(four);
    const __m256i magnitude = _mm256_abs_epi8(x);
    const auto* const y = reinterpret_cast<const __m256i*>(panel + group * kGroupBytes);
    for (int half = 0; half < 2; ++half) {
      const __m256i pairs = _mm256_maddubs_epi16(magnitude, _mm256_sign_epi8(_mm256_loadu_si256(y + half), x));
      sums[half] = _mm256_add_epi32(sums[half], _mm256_madd_epi16(pairs, ones));
    }
  }
  for (int half = 0; half < 2; ++half) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(products + 8 * half), sums[half]);
  }
#else
  for (int k = 0; k < kPanel; ++k) products[k] = 0;
  for (std::int64_t group = 0; group < groups; ++group) {
    const std::int8_t* const x = values + 4 * group;
    const std::int8_t* const y = panel + group * kGroupBytes;
    for (int k = 0; k < kPanel; ++k) {
      products[k] += x[0] * y[4 * k] + x[1] * y[4 * k + 1] + x[2] * y[4 * k + 2] + x[3] * y[4 * k + 3];
    }
  }
#endif
}

std::int64_t screen_row(const ScreenRow& screen, Survivor* out) {
  Survivor* const begin = out;
  const ScreenedRow row = screened_row(screen.row, 0, screen.floor);
  alignas(64) std::int32_t products[kPanel];
  for (std::int64_t column = 0; column < screen.num_columns; column += kPanel) {
    multiply_row(screen.values, panel_at(screen.right, column), screen.groups, products);
    out = write_survivors(row, screen.columns, column, kPanel, products, out);
  }
  return out - begin;
}

float largest(const float* values, std::int64_t count) {
  // Magnitudes are ordered as their bits are.
  std::int32_t best = 0;
  for (std::int64_t k = 0; k < count; ++k) {
    std::int32_t bits;
    __builtin_memcpy(&bits, values + k, sizeof bits);
    bits &= 0x7fffffff;
    best = bits > best ? bits : best;
  }
  float magnitude;
  __builtin_memcpy(&magnitude, &best, sizeof magnitude);
  return magnitude;
}

void quantise(const float* values, std::int64_t count, double multiplier, double step, std::int8_t* bytes,
              double* energies, double* residual) {
  const double inverse = step > 0 ? 1 / step : 0;
  double errors[kPartialSums] = {};
  for (std::int64_t first = 0; first < count; first += kScreenBlock) {
    const std::int64_t end = first + kScreenBlock < count ? first + kScreenBlock : count;
    double energy[kPartialSums] = {};
    const auto take = [&](std::int64_t k, int lane) {
      const double value = static_cast<double>(values[k]) * multiplier;
      // |value| <= 127 step: what is converted lies between 0 and 256.
      const std::int32_t byte = static_cast<std::int32_t>(value * inverse + 128.5) - 128;
      const double error = value - static_cast<double>(byte) * step;
      bytes[k] = static_cast<std::int8_t>(byte);
      energy[lane] += value * value;
      errors[lane] += error * error;
    };
    std::int64_t k = first;
    for (; k + kPartialSums <= end; k += kPartialSums) {
      for (int lane = 0; lane < kPartialSums; ++lane) take(k + lane, lane);
    }
    for (int lane = 0; k < end; ++k, ++lane) take(k, lane);
    energies[first / kScreenBlock] = sum_tree(energy);
  }
  *residual = sum_tree(errors);
}
