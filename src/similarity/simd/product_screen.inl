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

/// Writes the pairs of a block that are not surely below the floor.
inline Survivor* write_survivors(const ScreenBlock& screen, std::int64_t first_row, const std::int32_t* c,
                                 Survivor* out) {
  for (int row = 0; row < kProductRows; ++row) {
    const std::int64_t item = first_row + row;
    const float scale = screen.rows.scale[item];
    const float error = screen.rows.error[item];
    const float reach = screen.rows.length[item] + error;
    const float floor = screen.floor + screen.rows.offset[item];
    for (int part = 0; part < kColumnVectors; ++part) {
      const int column = part * kLanes;
      const std::int32_t* const products = c + row * kProductColumns + column;
      Float upper = to_float(load(products)) * (splat(scale) * load(screen.columns.scale + column));
      upper += splat(error) * load(screen.columns.length + column);
      upper += splat(reach) * load(screen.columns.error + column);
      const Int reached = ~(upper < splat(floor) + load(screen.columns.offset + column));
      if (!any(reached)) continue;
      for (int lane = 0; lane < kLanes; ++lane) {
        if (reached[lane] != 0) {
          *out++ = {static_cast<std::int32_t>(item), static_cast<std::int32_t>(column + lane), products[lane]};
        }
      }
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
    out = write_survivors(screen, first_row, c, out);
  }
  end_product();
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
