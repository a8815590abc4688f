// SPDX-License-Identifier: Apache-2.0
// SSIM with Gaussian windows; included by kernels.inl. Weighted means are taken in double where one image suffices, and
// for the definition; the screen's mean of products is taken in single precision, right images lane by lane. Errors:
// docs/algorithms.md, "Gaussian SSIM screen".

namespace gaussian {

constexpr std::int64_t kTaps = 11;
constexpr std::int64_t kHalo = kTaps - 1;
constexpr std::int64_t kRows = 2 * kTaps;  // of a map in memory
constexpr std::int64_t kRights = kLanes;
/// Rows of sums that the screen keeps: two rows of windows are finished at once and share the loads.
constexpr std::int64_t kRing = kTaps + 1;

inline std::int64_t patch_width(GaussianPatch patch) { return patch.columns + kHalo; }
inline std::int64_t num_windows(GaussianPatch patch) { return patch.rows * patch.columns; }
inline std::int64_t num_pixels(GaussianPatch patch) { return (patch.rows + kHalo) * patch_width(patch); }

typedef double Doubles __attribute__((vector_size(kLanes * 4)));

/// sums[c] = the weighted sum of the eleven values that begin at c and are `step` apart. (Vectors by hand: GCC 12
/// leaves the plain loop as it is.)
inline void filter(const double* __restrict values, std::int64_t step, std::int64_t count, double* __restrict sums) {
  constexpr std::int64_t kAtOnce = kLanes / 2;
  std::int64_t c = 0;
  for (; c + kAtOnce <= count; c += kAtOnce) {
    const Doubles sum = gaussian_sum([&](std::int64_t k) {
      Doubles value;
      __builtin_memcpy(&value, values + k * step + c, sizeof value);
      return value;
    });
    __builtin_memcpy(sums + c, &sum, sizeof sum);
  }
  for (; c < count; ++c) sums[c] = gaussian_sum([&](std::int64_t k) { return values[k * step + c]; });
}

/// The last eleven rows of a map. Each lies twice, eleven rows apart, so that any eleven lie one below the other.
struct Rows {
  double* memory;  ///< [2, kTaps, width]
  std::int64_t width;

  double* row(std::int64_t y) const { return memory + y % kTaps * width; }
  /// Row y is written.
  void repeat(std::int64_t y) const {
    __builtin_memcpy(row(y) + kTaps * width, row(y), static_cast<std::size_t>(width) * sizeof(double));
  }
  /// Weighted sums of the columns of rows last - 10 .. last.
  void filter(std::int64_t last, double* __restrict columns) const {
    gaussian::filter(row(last + 1), width, width, columns);
  }
};

double exact(const std::uint8_t* x, const std::uint8_t* y, std::int64_t height, std::int64_t width, double* scratch) {
  constexpr int kMaps = 5;  // x, y, x x, y y, x y
  const std::int64_t windows = width - kHalo;
  Rows maps[kMaps];
  for (int map = 0; map < kMaps; ++map) maps[map] = {scratch + map * kRows * width, width};
  double* const columns = scratch + kMaps * kRows * width;
  double* const means = columns + width;
  double partial[kPartialSums] = {};
  for (std::int64_t row = 0; row < height; ++row) {
    double* __restrict rows[kMaps];
    for (int map = 0; map < kMaps; ++map) rows[map] = maps[map].row(row);
    for (std::int64_t c = 0; c < width; ++c) {
      const double a = x[row * width + c] - kGaussianCentre;
      const double b = y[row * width + c] - kGaussianCentre;
      rows[0][c] = a;
      rows[1][c] = b;
      rows[2][c] = a * a;
      rows[3][c] = b * b;
      rows[4][c] = a * b;
    }
    for (int map = 0; map < kMaps; ++map) maps[map].repeat(row);
    if (row < kHalo) continue;
    for (int map = 0; map < kMaps; ++map) {
      maps[map].filter(row, columns);
      filter(columns, 1, windows, means + map * width);
    }
    double* __restrict values = columns;
    for (std::int64_t c = 0; c < windows; ++c) {
      values[c] =
          gaussian_window(means[c], means[width + c], means[2 * width + c], means[3 * width + c], means[4 * width + c]);
    }
    // Window (row, c) goes to partial sum c % 16, rows ascending.
    std::int64_t c = 0;
    for (; c + kPartialSums <= windows; c += kPartialSums) {
      for (int lane = 0; lane < kPartialSums; ++lane) partial[lane] += values[c + lane];
    }
    for (int lane = 0; c < windows; ++c, ++lane) partial[lane] += values[c];
  }
  return sum_tree(partial) / (static_cast<double>(windows) * static_cast<double>(height - kHalo));
}

/// What the screen knows of the windows of one image's patch, [rows, columns].
struct Statistics {
  double* means;  ///< less kGaussianCentre
  double* variances;
  double centre;  ///< a whole number, on top of kGaussianCentre
  double reach;   ///< sum of gaussian_reach() about the centre
};

/// Scratch of measure(), in doubles.
inline std::int64_t statistics_size(GaussianPatch patch) {
  return 2 * num_windows(patch) + (2 * kRows + 1) * patch_width(patch);
}

/// The whole number about which the windows' reaches are smallest: their weighted mean, rounded. It makes the screen's
/// products small where windows are flat, and so the band; any number would do.
inline double best_centre(const double* means, const double* variances, std::int64_t count) {
  double sum = 0;
  double weights = 0;
  for (std::int64_t k = 0; k < count; ++k) {
    const double weight = 1 / (variances[k] + kGaussianC2 / 2);
    sum += weight * means[k];
    weights += weight;
  }
  return static_cast<double>(static_cast<std::int32_t>(sum / weights + (kGaussianCentre + 0.5))) - kGaussianCentre;
}

inline Statistics measure(const std::uint8_t* pixels, std::int64_t stride, GaussianPatch patch, double* scratch) {
  const std::int64_t width = patch_width(patch);
  Statistics result{scratch, scratch + num_windows(patch), 0, 0};
  const Rows values{result.variances + num_windows(patch), width};
  const Rows squares{values.memory + kRows * width, width};
  double* const columns = squares.memory + kRows * width;
  for (std::int64_t row = 0; row < patch.rows + kHalo; ++row) {
    double* __restrict value = values.row(row);
    double* __restrict square = squares.row(row);
    for (std::int64_t c = 0; c < width; ++c) {
      value[c] = pixels[row * stride + c] - kGaussianCentre;
      square[c] = value[c] * value[c];
    }
    values.repeat(row);
    squares.repeat(row);
    if (row < kHalo) continue;
    double* __restrict means = result.means + (row - kHalo) * patch.columns;
    double* __restrict variances = result.variances + (row - kHalo) * patch.columns;
    values.filter(row, columns);
    filter(columns, 1, patch.columns, means);
    squares.filter(row, columns);
    filter(columns, 1, patch.columns, variances);
    for (std::int64_t c = 0; c < patch.columns; ++c) variances[c] -= means[c] * means[c];
  }
  result.centre = best_centre(result.means, result.variances, num_windows(patch));
  for (std::int64_t k = 0; k < num_windows(patch); ++k) {
    result.reach += gaussian_reach(result.means[k] - result.centre, result.variances[k]);
  }
  return result;
}

/// A left image of a patch; broadcast to the lanes. x' = x less its centre.
struct LeftImage {
  float* doubled;     ///< [pixels]: 2 x'
  float* statistics;  ///< [rows, 4, columns]: -2 mx', mx, mx^2 + c1, Vx + c2
};

/// Right images of a patch, element [..., lane].
struct RightImages {
  float* pixels;      ///< [pixels]: y'
  float* statistics;  ///< [rows, columns, 3]: my', my, Vy
};

std::int64_t left_bytes(GaussianPatch patch) {
  return (4 * (num_pixels(patch) + 4 * num_windows(patch)) + 63) / 64 * 64;
}
std::int64_t right_bytes(GaussianPatch patch) { return 4 * kLanes * (num_pixels(patch) + 3 * num_windows(patch)); }
std::int64_t scratch_bytes(GaussianPatch patch) {
  const std::int64_t of_pairs = 4 * kLanes * (patch_width(patch) + kRing * patch.columns);
  const std::int64_t of_images = 8 * statistics_size(patch);
  return of_pairs > of_images ? of_pairs : of_images;
}

inline LeftImage left_image(GaussianPatch patch, void* memory) {
  auto* const doubled = static_cast<float*>(memory);
  return {doubled, doubled + num_pixels(patch)};
}
inline RightImages right_images(GaussianPatch patch, void* memory) {
  auto* const pixels = static_cast<float*>(memory);
  return {pixels, pixels + kLanes * num_pixels(patch)};
}

void prepare_left(const std::uint8_t* pixels, std::int64_t stride, GaussianPatch patch, void* memory, void* scratch,
                  double* reach) {
  const Statistics known = measure(pixels, stride, patch, static_cast<double*>(scratch));
  *reach += known.reach;
  const LeftImage left = left_image(patch, memory);
  const std::int64_t width = patch_width(patch);
  const auto centre = static_cast<std::int32_t>(known.centre + kGaussianCentre);
  for (std::int64_t row = 0; row < patch.rows + kHalo; ++row) {
    float* __restrict doubled = left.doubled + row * width;
    for (std::int64_t c = 0; c < width; ++c) doubled[c] = static_cast<float>(2 * (pixels[row * stride + c] - centre));
  }
  const std::int64_t columns = patch.columns;
  for (std::int64_t row = 0; row < patch.rows; ++row) {
    float* __restrict statistics = left.statistics + 4 * row * columns;
    for (std::int64_t c = 0; c < columns; ++c) {
      const double centred = known.means[row * columns + c];
      const double mean = centred + kGaussianCentre;
      statistics[c] = static_cast<float>(-2 * (centred - known.centre));
      statistics[columns + c] = static_cast<float>(mean);
      statistics[2 * columns + c] = static_cast<float>(mean * mean + kGaussianC1);
      statistics[3 * columns + c] = static_cast<float>(known.variances[row * columns + c] + kGaussianC2);
    }
  }
}

void prepare_right(const std::uint8_t* const* pixels, std::int64_t stride, GaussianPatch patch, void* memory,
                   void* scratch, double* reach) {
  const RightImages right = right_images(patch, memory);
  const std::int64_t width = patch_width(patch);
  for (int lane = 0; lane < kLanes; ++lane) {
    const std::uint8_t* const image = pixels[lane];
    const Statistics known = measure(image, stride, patch, static_cast<double*>(scratch));
    reach[lane] += known.reach;
    const auto centre = static_cast<std::int32_t>(known.centre + kGaussianCentre);
    for (std::int64_t row = 0; row < patch.rows + kHalo; ++row) {
      float* const values = right.pixels + row * width * kLanes + lane;
      for (std::int64_t c = 0; c < width; ++c)
        values[c * kLanes] = static_cast<float>(image[row * stride + c] - centre);
    }
    for (std::int64_t k = 0; k < num_windows(patch); ++k) {
      float* const statistics = right.statistics + 3 * k * kLanes + lane;
      statistics[0] = static_cast<float>(known.means[k] - known.centre);
      statistics[kLanes] = static_cast<float>(known.means[k] + kGaussianCentre);
      statistics[2 * kLanes] = static_cast<float>(known.variances[k]);
    }
  }
}

inline Float weight(int distance) { return splat(static_cast<float>(kGaussianWeights[distance])); }

/// sums[c] = the weighted sum of the eleven products from c on, all of them whole numbers; the farthest, which weigh
/// least, come first.
inline void filter_products(const float* __restrict products, std::int64_t count, float* __restrict sums) {
  for (std::int64_t c = 0; c < count; ++c) {
    const float* const first = products + c * kLanes;
    const auto both = [&](int k) { return load(first + (5 - k) * kLanes) + load(first + (5 + k) * kLanes); };
    Float sum = both(5) * weight(5);
    sum = multiply_add(both(4), weight(4), sum);
    sum = multiply_add(both(3), weight(3), sum);
    sum = multiply_add(both(2), weight(2), sum);
    sum = multiply_add(both(1), weight(1), sum);
    store(sums + c * kLanes, multiply_add(load(first + 5 * kLanes), weight(0), sum));
  }
}

/// Half a similarity.
struct Ratio {
  Float numerator;
  Float denominator;
};

/// One quotient for the sum of two. Denominators lie between 380 and 2^35: nothing overflows.
inline Ratio operator+(const Ratio& a, const Ratio& b) {
  return {multiply_add(a.numerator, b.denominator, b.numerator * a.denominator), a.denominator * b.denominator};
}

/// sum + the ratio. Where a division takes as long as 21 multiplications (AVX-512), an estimate to 2^-14 and one Newton
/// step, which squares that error, stand for it.
inline Float add_ratio(Float sum, const Ratio& a) {
#if defined(__AVX512F__)
  // (maskz: the plain intrinsic makes GCC 12 warn of an uninitialised value)
  const Float estimate = (Float)_mm512_maskz_rcp14_ps(0xffff, (__m512)a.denominator);
  const Float error = multiply_add(-a.denominator, estimate, splat(1.0F));
  return multiply_add(a.numerator, multiply_add(error, estimate, estimate), sum);
#else
  return sum + a.numerator / a.denominator;
#endif
}

/// kCount rows of windows, one below the other.
template <int kCount>
struct WindowRows {
  const float* sums[kCount + kHalo];  ///< [columns, lane] of each row: weighted sums of 2 x' y' along it
  const float* left;                  ///< statistics from the first row on
  const float* right;
  std::int64_t columns;

  /// 2 E[x' y'] + c2 of row r.
  Float products(int r, std::int64_t c) const {
    const auto both = [&](int k) { return load(sums[r + 5 - k] + c * kLanes) + load(sums[r + 5 + k] + c * kLanes); };
    Float sum = splat(static_cast<float>(kGaussianC2));
    sum = multiply_add(both(5), weight(5), sum);
    sum = multiply_add(both(4), weight(4), sum);
    sum = multiply_add(both(3), weight(3), sum);
    sum = multiply_add(both(2), weight(2), sum);
    sum = multiply_add(both(1), weight(1), sum);
    return multiply_add(load(sums[r + 5] + c * kLanes), weight(0), sum);
  }
  Ratio ratio(int r, std::int64_t c) const {
    const float* const x = left + 4 * r * columns + c;
    const float* const y = right + 3 * (r * columns + c) * kLanes;
    const Float mean = load(y + kLanes);
    const Float structure = multiply_add(load(y), splat(x[0]), products(r, c));
    const Float luminance = multiply_add(mean, splat(x[columns]), splat(static_cast<float>(kGaussianC1 / 2)));
    const Float luminance_norm = multiply_add(mean, mean, splat(x[2 * columns]));
    const Float structure_norm = splat(x[3 * columns]) + load(y + 2 * kLanes);
    return {luminance * structure, luminance_norm * structure_norm};
  }
  void add(double* totals) const {
    Float halves = {};
    for (std::int64_t c = 0; c < columns; ++c) {
      if constexpr (kCount == 2) {
        halves = add_ratio(halves, ratio(0, c) + ratio(1, c));
      } else {
        halves = add_ratio(halves, ratio(0, c));
      }
    }
    for (int lane = 0; lane < kLanes; ++lane) totals[lane] += 2 * static_cast<double>(halves[lane]);
  }
};

/// A left image with kLanes right ones.
struct Comparison {
  LeftImage left;
  RightImages right;
  GaussianPatch patch;
  float* products;  ///< [columns + 10, lane]
  float* ring;      ///< [row % kRing, columns, lane]: weighted sums of products along rows

  float* ring_row(std::int64_t y) const { return ring + y % kRing * patch.columns * kLanes; }
  void enter(std::int64_t y) const {
    const std::int64_t width = patch_width(patch);
    const float* __restrict doubled = left.doubled + y * width;
    const float* __restrict pixels = right.pixels + y * width * kLanes;
    for (std::int64_t c = 0; c < width; ++c) {
      store(products + c * kLanes, load(pixels + c * kLanes) * splat(doubled[c]));
    }
    filter_products(products, patch.columns, ring_row(y));
  }
  /// Windows of rows row .. row + kCount - 1.
  template <int kCount>
  void add_rows(std::int64_t row, double* totals) const {
    WindowRows<kCount> rows{{},
                            left.statistics + 4 * row * patch.columns,
                            right.statistics + 3 * row * patch.columns * kLanes,
                            patch.columns};
    for (std::int64_t k = 0; k < kCount + kHalo; ++k) rows.sums[k] = ring_row(row + k);
    rows.add(totals);
  }
};

void add_sums(const void* left, const void* right, GaussianPatch patch, void* scratch, double* totals) {
  auto* const products = static_cast<float*>(scratch);
  const Comparison images{left_image(patch, const_cast<void*>(left)), right_images(patch, const_cast<void*>(right)),
                          patch, products, products + patch_width(patch) * kLanes};
  for (std::int64_t y = 0; y < patch.rows + kHalo; ++y) {
    images.enter(y);
    if (y >= kTaps && y % 2 == 1) images.add_rows<2>(y - kTaps, totals);
  }
  if (patch.rows % 2 == 1) images.add_rows<1>(patch.rows - 1, totals);
}

}  // namespace gaussian

constexpr SsimGaussianKernels kSsimGaussianKernels = {
    .rights = gaussian::kRights,
    .left_bytes = gaussian::left_bytes,
    .right_bytes = gaussian::right_bytes,
    .scratch_bytes = gaussian::scratch_bytes,
    .prepare_left = gaussian::prepare_left,
    .prepare_right = gaussian::prepare_right,
    .add_sums = gaussian::add_sums,
    .exact = gaussian::exact,
};
