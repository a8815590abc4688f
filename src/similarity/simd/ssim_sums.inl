// SPDX-License-Identifier: Apache-2.0
// SSIM screen by running sums, right images lane by lane; included by kernels.inl. Window sums of products run down the
// rows as column sums and along a row as box sums; all are exact integers.

// Left images share the loads of the right side; sixteen registers hold the state of one only (measured).
constexpr int kLefts = kLanes == 16 ? 2 : 1;
constexpr int kRights = kLanes;

/// Left images of a patch, row by row; broadcast to the lanes.
struct LeftImages {
  std::int32_t*
      products;  ///< [height, left, width]: 98 x (new row) in the low half, -98 x (row that leaves) in the high
  std::int32_t* negative;  ///< [rows, left, columns]: -2 Sx
  float* statistics;       ///< [rows, left, 3, columns]: Sx, Sx^2 + c1, Vx + c2
};

/// Right images of a patch, element [..., lane].
struct RightImages {
  std::int32_t* products;  ///< [pixels]: new row in the low 16 bits, row that leaves in the high
  std::int32_t* sums;      ///< [windows]: Sy
  float* variances;        ///< [windows]: Vy
};

inline std::int64_t num_windows(SsimPatch patch) { return patch.rows * patch.columns; }
inline std::int64_t num_pixels(SsimPatch patch) { return (patch.rows + kWindow - 1) * (patch.columns + kWindow - 1); }
inline std::int64_t whole_lines(std::int64_t bytes) { return (bytes + 63) / 64 * 64; }

std::int64_t left_bytes(SsimPatch patch) {
  return whole_lines(kLefts * (4 * num_pixels(patch) + 16 * num_windows(patch)));
}
std::int64_t right_bytes(SsimPatch patch) { return 4 * kLanes * (num_pixels(patch) + 2 * num_windows(patch)); }
std::int64_t scratch_bytes(SsimPatch patch) {
  return 4 * kLanes * (kLefts > 2 ? kLefts : 2) * (patch.columns + kWindow - 1);
}

inline LeftImages left_images(SsimPatch patch, void* memory) {
  auto* const products = static_cast<std::int32_t*>(memory);
  auto* const negative = products + kLefts * num_pixels(patch);
  return {products, negative, reinterpret_cast<float*>(negative + kLefts * num_windows(patch))};
}
inline RightImages right_images(SsimPatch patch, void* memory) {
  auto* const products = static_cast<std::int32_t*>(memory);
  auto* const sums = products + kLanes * num_pixels(patch);
  return {products, sums, reinterpret_cast<float*>(sums + kLanes * num_windows(patch))};
}

void prepare_left(const std::uint8_t* const* pixels, std::int64_t stride, SsimPatch patch, void* memory,
                  void* scratch) {
  const LeftImages left = left_images(patch, memory);
  const std::int64_t width = patch.columns + kWindow - 1;
  for (int l = 0; l < kLefts; ++l) {
    const std::uint8_t* const image = pixels[l];
    for (std::int64_t row = 0; row < patch.rows + kWindow - 1; ++row) {
      std::int32_t* __restrict products = left.products + (row * kLefts + l) * width;
      const std::uint8_t* __restrict entering = image + row * stride;
      const std::uint8_t* __restrict leaving = row < kWindow ? entering : entering - kWindow * stride;
      const std::int32_t scale = row < kWindow ? 0 : -98 * 65536;
      for (std::int64_t c = 0; c < width; ++c) products[c] = 98 * entering[c] + scale * leaving[c];
    }
    for_each_window_row(
        image, stride, patch, static_cast<std::int32_t*>(scratch),
        [&](std::int64_t row, const std::int32_t* __restrict sums, const std::int32_t* __restrict variances) {
          const std::int64_t columns = patch.columns;
          std::int32_t* __restrict negative = left.negative + (row * kLefts + l) * columns;
          float* __restrict statistics = left.statistics + (row * kLefts + l) * 3 * columns;
          for (std::int64_t c = 0; c < columns; ++c) {
            negative[c] = -2 * sums[c];
            statistics[c] = static_cast<float>(sums[c]);
            statistics[columns + c] = static_cast<float>(sums[c] * sums[c]) + static_cast<float>(kSsimC1);
            statistics[2 * columns + c] = static_cast<float>(variances[c]) + static_cast<float>(kSsimC2);
          }
        });
  }
}

void prepare_right(const std::uint8_t* const* pixels, std::int64_t stride, SsimPatch patch, void* memory,
                   void* scratch) {
  const RightImages right = right_images(patch, memory);
  const std::int64_t width = patch.columns + kWindow - 1;
  for_each_pixel_by_lane(pixels, stride, patch.rows + kWindow - 1, width,
                         [&](std::int64_t row, std::int64_t c, Int value) {
                           const std::int64_t pixel = row * width + c;
                           if (row >= kWindow) value |= load(right.products + (pixel - kWindow * width) * kLanes) << 16;
                           store(right.products + pixel * kLanes, value);
                         });
  for_each_window_by_lane(
      patch, static_cast<Int*>(scratch),
      [&](std::int64_t row, std::int64_t c) { return load(right.products + (row * width + c) * kLanes) & 0xffff; },
      [&](std::int64_t window, Int sums, Int variances) {
        store(right.sums + window * kLanes, sums);
        store(right.variances + window * kLanes, to_float(variances));
      });
}

/// One row of windows of all the left images, and what comes from above.
struct WindowRow {
  const std::int32_t* left_products;   ///< [left, width] of the row of pixels that enters
  const std::int32_t* left_negative;   ///< [left, columns]
  const float* left_statistics;        ///< [left, 3, columns]
  const std::int32_t* right_products;  ///< [width, lane]
  const std::int32_t* right_sums;      ///< [columns, lane]
  const float* right_variances;        ///< [columns, lane]
  std::int64_t columns;
  std::int64_t width;
  std::int32_t* column_sums;  ///< [width, left, lane]: sums of 98 x y

  /// Takes the entering row's products into column c: they count plus, those of the row that leaves minus.
  void enter(std::int64_t c, Int* box) const {
    const Int products = load(right_products + c * kLanes);
#pragma GCC unroll 4
    for (int l = 0; l < kLefts; ++l) {
      std::int32_t* const column = column_sums + (c * kLefts + l) * kLanes;
      const Int sum = multiply_add_pairs(load(column), products, splat(left_products[l * width + c]));
      store(column, sum);
      box[l] += sum;
    }
  }
  void leave(std::int64_t c, Int* box) const {
#pragma GCC unroll 4
    for (int l = 0; l < kLefts; ++l) box[l] -= load(column_sums + (c * kLefts + l) * kLanes);
  }
  /// The windows that begin at column c; `box` is 98 Sxy + c2.
  void fractions(std::int64_t c, const Int* box, Fraction* result) const {
    const Int sums = load(right_sums + c * kLanes);
    const Float sums_f = to_float(sums);
    const Float variances = load(right_variances + c * kLanes);
#pragma GCC unroll 4
    for (int l = 0; l < kLefts; ++l) {
      const float* const statistics = left_statistics + l * 3 * columns + c;
      const Float structure = to_float(multiply_add_pairs(box[l], sums, splat(left_negative[l * columns + c])));
      const Float luminance = multiply_add(sums_f, splat(statistics[0]), splat(static_cast<float>(kSsimC1 / 2)));
      const Float luminance_norm = multiply_add(sums_f, sums_f, splat(statistics[columns]));
      const Float structure_norm = splat(statistics[2 * columns]) + variances;
      result[l] = {luminance * structure, luminance_norm * structure_norm};
    }
  }
  /// row_sums[left] = half of the sum of the row's similarities.
  void sum(Float* row_sums) const {
    Int box[kLefts];
    for (int l = 0; l < kLefts; ++l) box[l] = splat(kSsimC2Screen);
    Fraction one[kLefts];
    Fraction next[kLefts];
    for (std::int64_t c = 0; c < kWindow - 1; ++c) enter(c, box);
    std::int64_t c = 0;
    for (; c + 2 <= columns; c += 2) {
      enter(c + kWindow - 1, box);
      fractions(c, box, one);
      leave(c, box);
      enter(c + kWindow, box);
      fractions(c + 1, box, next);
      leave(c + 1, box);
#pragma GCC unroll 4
      for (int l = 0; l < kLefts; ++l) row_sums[l] = add_quotient(row_sums[l], one[l] + next[l]);
    }
    if (c == columns) return;
    enter(c + kWindow - 1, box);
    fractions(c, box, one);
    for (int l = 0; l < kLefts; ++l) row_sums[l] = add_quotient(row_sums[l], one[l]);
  }
};

void add_sums(const void* left_memory, const void* right_memory, SsimPatch patch, void* scratch, double* sums,
              std::int64_t row_stride) {
  const LeftImages left = left_images(patch, const_cast<void*>(left_memory));
  const RightImages right = right_images(patch, const_cast<void*>(right_memory));
  const std::int64_t width = patch.columns + kWindow - 1;
  auto* const column_sums = static_cast<std::int32_t*>(scratch);
  for (std::int64_t k = 0; k < width * kLefts; ++k) store(column_sums + k * kLanes, Int{});
  WindowRow row{left.products,   left.negative, left.statistics, right.products, right.sums,
                right.variances, patch.columns, width,           column_sums};
  for (std::int64_t y = 0; y < patch.rows + kWindow - 1; ++y) {
    if (y < kWindow - 1) {
      for (std::int64_t c = 0; c < width; ++c) {
        Int unused[kLefts] = {};  // of one column: of all it would outgrow 32 bits
        row.enter(c, unused);
      }
    } else {
      Float row_sums[kLefts] = {};
      row.sum(row_sums);
      for (int l = 0; l < kLefts; ++l) add_similarities(row_sums[l], sums + l * row_stride);
      row.left_negative += kLefts * patch.columns;
      row.left_statistics += kLefts * 3 * patch.columns;
      row.right_sums += patch.columns * kLanes;
      row.right_variances += patch.columns * kLanes;
    }
    row.left_products += kLefts * width;
    row.right_products += width * kLanes;
  }
}
