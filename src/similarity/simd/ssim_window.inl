// SPDX-License-Identifier: Apache-2.0
// What the SSIM screens of all levels share: window statistics and the last operations of a window. Included by
// kernels.inl. Errors: docs/algorithms.md, "SSIM screen".

/// Per lane: sum + a product of the low 16-bit halves + one of the high halves.
inline Int multiply_add_pairs(Int sum, Int a, Int b) {
#if defined(__AVX512VNNI__)
  return (Int)_mm512_dpwssd_epi32((__m512i)sum, (__m512i)a, (__m512i)b);
#else
  return sum + multiply_add_pairs(a, b);
#endif
}

/// Half a similarity as a fraction.
struct Fraction {
  Float numerator;
  Float denominator;
};

/// One fraction for the sum of two: half the divisions. Denominators lie between 2^30 and 2^55, so nothing overflows.
inline Fraction operator+(const Fraction& a, const Fraction& b) {
  return {multiply_add(a.numerator, b.denominator, b.numerator * a.denominator), a.denominator * b.denominator};
}

/// sum + the fraction. Where a division takes as long as 21 multiplications (AVX-512), an estimate to 2^-14 and one
/// Newton step, which squares that error, stand for it.
inline Float add_quotient(Float sum, const Fraction& a) {
#if defined(__AVX512F__)
  // (maskz: the plain intrinsic makes GCC 12 warn of an uninitialised value)
  const Float estimate = (Float)_mm512_maskz_rcp14_ps(0xffff, (__m512)a.denominator);
  const Float error = multiply_add(-a.denominator, estimate, splat(1.0F));
  return multiply_add(a.numerator, multiply_add(error, estimate, estimate), sum);
#else
  return sum + a.numerator / a.denominator;
#endif
}

/// sums[k] += twice values[k].
inline void add_similarities(Float values, double* sums) {
  for (int lane = 0; lane < kLanes; ++lane) sums[lane] += 2 * static_cast<double>(values[lane]);
}

/// box[k] = the seven column sums from k on, for `count` windows of a row.
inline void box_sums(const std::int32_t* __restrict columns, std::int64_t count, std::int32_t* __restrict box) {
  for (std::int64_t k = 0; k < count; ++k) {
    box[k] = columns[k] + columns[k + 1] + columns[k + 2] + columns[k + 3] + columns[k + 4] + columns[k + 5] +
             columns[k + 6];
  }
}

/// Calls visit(row, sums, variances) for every row of windows of a patch, with Sx and 49 Sxx - Sx^2 of each.
template <class Visit>
inline void for_each_window_row(const std::uint8_t* pixels, std::int64_t stride, SsimPatch patch, std::int32_t* scratch,
                                Visit&& visit) {
  const std::int64_t width = patch.columns + kWindow - 1;
  std::int32_t* __restrict column = scratch;
  std::int32_t* __restrict column_squares = scratch + width;
  std::int32_t* __restrict sums = scratch + 2 * width;
  std::int32_t* __restrict variances = scratch + 3 * width;
  for (std::int64_t c = 0; c < 2 * width; ++c) scratch[c] = 0;
  for (std::int64_t row = 0; row < patch.rows + kWindow - 1; ++row) {
    const std::uint8_t* __restrict entering = pixels + row * stride;
    if (row < kWindow) {
      for (std::int64_t c = 0; c < width; ++c) {
        const std::int32_t value = entering[c];
        column[c] += value;
        column_squares[c] += value * value;
      }
    } else {
      const std::uint8_t* __restrict leaving = entering - kWindow * stride;
      for (std::int64_t c = 0; c < width; ++c) {
        const std::int32_t value = entering[c];
        const std::int32_t gone = leaving[c];
        column[c] += value - gone;
        column_squares[c] += (value + gone) * (value - gone);
      }
    }
    if (row < kWindow - 1) continue;
    box_sums(column, patch.columns, sums);
    box_sums(column_squares, patch.columns, variances);
    for (std::int64_t c = 0; c < patch.columns; ++c) variances[c] = 49 * variances[c] - sums[c] * sums[c];
    visit(row - kWindow + 1, sums, variances);
  }
}

/// Turns [lane] images into pixels by lane: calls visit(row, c, values) with column c of every lane, row by row.
template <class Visit>
inline void for_each_pixel_by_lane(const std::uint8_t* const* pixels, std::int64_t stride, std::int64_t height,
                                   std::int64_t width, Visit&& visit) {
  alignas(64) std::int32_t four[kLanes];
  for (std::int64_t row = 0; row < height; ++row) {
    std::int64_t c = 0;
    for (; c + 4 <= width; c += 4) {
      for (int lane = 0; lane < kLanes; ++lane) __builtin_memcpy(four + lane, pixels[lane] + row * stride + c, 4);
      const Int bytes = load(four);
      visit(row, c, bytes & 255);
      visit(row, c + 1, bytes >> 8 & 255);
      visit(row, c + 2, bytes >> 16 & 255);
      visit(row, c + 3, bytes >> 24 & 255);
    }
    for (; c < width; ++c) {
      for (int lane = 0; lane < kLanes; ++lane) four[lane] = pixels[lane][row * stride + c];
      visit(row, c, load(four));
    }
  }
}

/// Sy and 49 Syy - Sy^2 of every window by lane, from a function that gives the pixels [height, width] by lane.
/// scratch: 2 (columns + 6) vectors.
template <class PixelAt, class Visit>
inline void for_each_window_by_lane(SsimPatch patch, Int* __restrict scratch, PixelAt&& pixel_at, Visit&& visit) {
  const std::int64_t width = patch.columns + kWindow - 1;
  Int* __restrict column = scratch;
  Int* __restrict column_squares = scratch + width;
  for (std::int64_t c = 0; c < 2 * width; ++c) scratch[c] = Int{};
  for (std::int64_t row = 0; row < patch.rows + kWindow - 1; ++row) {
    Int box = {};
    Int box_squares = {};
    for (std::int64_t c = 0; c < width; ++c) {
      const Int entering = pixel_at(row, c);
      column[c] += entering;
      column_squares[c] = multiply_add_pairs(column_squares[c], entering, entering);
      if (row >= kWindow) {
        const Int leaving = pixel_at(row - kWindow, c);
        column[c] -= leaving;
        column_squares[c] -= multiply_add_pairs(leaving, leaving);
      }
      box += column[c];
      box_squares += column_squares[c];
      if (c < kWindow - 1) continue;
      const std::int64_t first = c - kWindow + 1;
      if (row >= kWindow - 1) {
        visit((row - kWindow + 1) * patch.columns + first, box, 49 * box_squares - multiply_add_pairs(box, box));
      }
      box -= column[first];
      box_squares -= column_squares[first];
    }
  }
}
