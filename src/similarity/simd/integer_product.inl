// SPDX-License-Identifier: Apache-2.0
// Exact products of signed bytes, and the rejection of pairs by them; included by kernels.inl. Items lie in panels of
// kPanelRows, [group of 4 values][row][4]; a block of the product is kProductRows x kProductColumns.

constexpr int kPanel = static_cast<int>(kPanelRows);
constexpr std::int64_t kGroupBytes = 4 * kPanelRows;

inline const std::int8_t* panel_at(const Operand& operand, std::int64_t row) {
  return static_cast<const std::int8_t*>(operand.data) + row / kPanel * operand.panel_bytes;
}

#if defined(__AMX_INT8__)
// Tiles: 0-3 sums, 4-5 left, 6-7 right; 16 rows of 64 bytes each, which is what a right panel's 16 groups are.
constexpr int kProductRows = 32;
constexpr int kProductColumns = 32;
constexpr int kPreparedLeft = 1;
constexpr int kPreparedRight = 0;

inline void begin_product() {
  alignas(64) std::uint8_t config[64] = {};
  config[0] = 1;  // palette
  for (int tile = 0; tile < 8; ++tile) {
    config[16 + 2 * tile] = 64;  // bytes a row
    config[48 + tile] = 16;      // rows
  }
  _tile_loadconfig(config);
  __asm__ volatile("" ::: "memory");  // tile loads name no memory to the compiler
}
inline void end_product() { _tile_release(); }

// Transposing 16 x 16 words: every second run of 1, 2, 4 and 8 lanes changes places with the other vector's run before.
inline void exchange_1(Int& a, Int& b) {
  const Int first = __builtin_shufflevector(a, b, 0, 16, 2, 18, 4, 20, 6, 22, 8, 24, 10, 26, 12, 28, 14, 30);
  b = __builtin_shufflevector(a, b, 1, 17, 3, 19, 5, 21, 7, 23, 9, 25, 11, 27, 13, 29, 15, 31);
  a = first;
}
inline void exchange_2(Int& a, Int& b) {
  const Int first = __builtin_shufflevector(a, b, 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29);
  b = __builtin_shufflevector(a, b, 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31);
  a = first;
}
inline void exchange_4(Int& a, Int& b) {
  const Int first = __builtin_shufflevector(a, b, 0, 1, 2, 3, 16, 17, 18, 19, 8, 9, 10, 11, 24, 25, 26, 27);
  b = __builtin_shufflevector(a, b, 4, 5, 6, 7, 20, 21, 22, 23, 12, 13, 14, 15, 28, 29, 30, 31);
  a = first;
}
inline void exchange_8(Int& a, Int& b) {
  const Int first = __builtin_shufflevector(a, b, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23);
  b = __builtin_shufflevector(a, b, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31);
  a = first;
}

/// Left panels have their 16 x 16 groups transposed: a row's 64 values then lie side by side.
void prepare_left(const Operand& panels, std::int64_t num_panels, std::int64_t groups, void* out) {
  auto* target = static_cast<std::int32_t*>(out);
  for (std::int64_t panel = 0; panel < num_panels; ++panel) {
    const auto* source = reinterpret_cast<const std::int32_t*>(panel_at(panels, panel * kPanel));
    for (std::int64_t group = 0; group < groups; group += 16, source += 256, target += 256) {
      Int words[16];
#pragma GCC unroll 16
      for (int k = 0; k < 16; ++k) words[k] = load(source + 16 * k);
#pragma GCC unroll 16
      for (int k = 0; k < 16; k += 2) exchange_1(words[k], words[k + 1]);
#pragma GCC unroll 16
      for (int k = 0; k < 16; ++k) {
        if ((k & 2) == 0) exchange_2(words[k], words[k + 2]);
      }
#pragma GCC unroll 16
      for (int k = 0; k < 16; ++k) {
        if ((k & 4) == 0) exchange_4(words[k], words[k + 4]);
      }
#pragma GCC unroll 16
      for (int k = 0; k < 8; ++k) exchange_8(words[k], words[k + 8]);
#pragma GCC unroll 16
      for (int k = 0; k < 16; ++k) store(target + 16 * k, words[k]);
    }
  }
}
void prepare_right(const Operand& /*panels*/, std::int64_t /*num_panels*/, std::int64_t /*groups*/, void* /*out*/) {}

inline void product_start(const Operand& /*right*/, std::int64_t /*begin*/, std::int64_t /*end*/,
                          std::int32_t* /*start*/) {}

inline void product_block(const Operand& left, std::int64_t row, const Operand& right, std::int64_t begin,
                          std::int64_t end, const std::int32_t* /*start*/, bool add, std::int32_t* c,
                          std::int64_t stride) {
  const std::int8_t* a = panel_at(left, row) + begin * kGroupBytes;
  const std::int8_t* b = panel_at(right, 0) + begin * kGroupBytes;
  const std::int64_t row_bytes = stride * 4;
  if (add) {
    _tile_loadd(0, c, row_bytes);
    _tile_loadd(1, c + 16, row_bytes);
    _tile_loadd(2, c + 16 * stride, row_bytes);
    _tile_loadd(3, c + 16 * stride + 16, row_bytes);
  } else {
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
  }
  for (std::int64_t group = begin; group < end; group += 16) {
    _tile_loadd(4, a, 64);
    _tile_loadd(6, b, 64);
    _tile_loadd(7, b + right.panel_bytes, 64);
    _tile_loadd(5, a + left.panel_bytes, 64);
    _tile_dpbssd(0, 4, 6);
    _tile_dpbssd(1, 4, 7);
    _tile_dpbssd(2, 5, 6);
    _tile_dpbssd(3, 5, 7);
    a += 16 * kGroupBytes;
    b += 16 * kGroupBytes;
  }
  _tile_stored(0, c, row_bytes);
  _tile_stored(1, c + 16, row_bytes);
  _tile_stored(2, c + 16 * stride, row_bytes);
  _tile_stored(3, c + 16 * stride + 16, row_bytes);
}

#elif defined(__AVX512VNNI__)
// The instruction multiplies unsigned by signed bytes: left values are stored 128 higher, and sums start at -128 times
// the right values' sum. Sums wrap around on the way; the result does not (kMaxProductDepth).
constexpr int kProductRows = 8;
constexpr int kProductColumns = 32;
constexpr int kPreparedLeft = 1;
constexpr int kPreparedRight = 0;

inline void begin_product() {}
inline void end_product() {}

void prepare_left(const Operand& panels, std::int64_t num_panels, std::int64_t groups, void* out) {
  auto* target = static_cast<__m512i*>(out);
  const __m512i sign = _mm512_set1_epi8(-128);
  for (std::int64_t panel = 0; panel < num_panels; ++panel) {
    const std::int8_t* source = panel_at(panels, panel * kPanel);
    for (std::int64_t group = 0; group < groups; ++group, source += kGroupBytes) {
      _mm512_store_si512(target++, _mm512_xor_si512(_mm512_loadu_si512(source), sign));
    }
  }
}
void prepare_right(const Operand& /*panels*/, std::int64_t /*num_panels*/, std::int64_t /*groups*/, void* /*out*/) {}

inline void product_start(const Operand& right, std::int64_t begin, std::int64_t end, std::int32_t* start) {
  const __m512i offset = _mm512_set1_epi8(-128);
  for (int half = 0; half < 2; ++half) {
    const std::int8_t* b = panel_at(right, half * kPanel) + begin * kGroupBytes;
    __m512i sum = _mm512_setzero_si512();
    for (std::int64_t group = begin; group < end; ++group, b += kGroupBytes) {
      sum = _mm512_dpbusd_epi32(sum, offset, _mm512_loadu_si512(b));
    }
    _mm512_storeu_si512(start + half * kPanel, _mm512_sub_epi32(_mm512_setzero_si512(), sum));
  }
}

inline void product_block(const Operand& left, std::int64_t row, const Operand& right, std::int64_t begin,
                          std::int64_t end, const std::int32_t* start, bool add, std::int32_t* c, std::int64_t stride) {
  const std::int8_t* a = panel_at(left, row) + begin * kGroupBytes + row % kPanel * 4;
  const std::int8_t* b = panel_at(right, 0) + begin * kGroupBytes;
  const std::int8_t* b_next = b + right.panel_bytes;
  __m512i sums[kProductRows][2];
  for (auto& line : sums) {
    line[0] = _mm512_loadu_si512(start);
    line[1] = _mm512_loadu_si512(start + kPanel);
  }
  for (std::int64_t group = begin; group < end; ++group) {
    const __m512i b0 = _mm512_loadu_si512(b);
    const __m512i b1 = _mm512_loadu_si512(b_next);
#pragma GCC unroll 8
    for (int k = 0; k < kProductRows; ++k) {
      std::int32_t values;
      __builtin_memcpy(&values, a + 4 * k, 4);
      const __m512i value = _mm512_set1_epi32(values);
      sums[k][0] = _mm512_dpbusd_epi32(sums[k][0], value, b0);
      sums[k][1] = _mm512_dpbusd_epi32(sums[k][1], value, b1);
    }
    a += kGroupBytes;
    b += kGroupBytes;
    b_next += kGroupBytes;
  }
#pragma GCC unroll 8
  for (int k = 0; k < kProductRows; ++k) {
    std::int32_t* const line = c + k * stride;
    for (int half = 0; half < 2; ++half) {
      std::int32_t* const out = line + half * kPanel;
      const __m512i sum = sums[k][half];
      _mm512_storeu_si512(out, add ? _mm512_add_epi32(_mm512_loadu_si512(out), sum) : sum);
    }
  }
}

#else
// Values are widened to 16 bits, in panels of [pair of values][row][2]: multiply_add_pairs takes them as they lie.
constexpr int kProductRows = kLanes == 16 ? 8 : 4;
constexpr int kProductColumns = 2 * kLanes;
constexpr int kPreparedLeft = 2;
constexpr int kPreparedRight = 2;

inline void begin_product() {}
inline void end_product() {}

inline void widen_panels(const Operand& panels, std::int64_t num_panels, std::int64_t groups, void* out) {
  auto* target = static_cast<std::int32_t*>(out);
  for (std::int64_t panel = 0; panel < num_panels; ++panel) {
    const std::int8_t* source = panel_at(panels, panel * kPanel);
    for (std::int64_t group = 0; group < groups; ++group, source += kGroupBytes, target += 2 * kPanel) {
      for (int row = 0; row < kPanel; row += kLanes) {
        Int values;
        __builtin_memcpy(&values, source + 4 * row, sizeof values);
        store(target + row, (values << 24 >> 24 & 0xffff) | (values << 16 >> 24 << 16));
        store(target + kPanel + row, (values << 8 >> 24 & 0xffff) | (values >> 24 << 16));
      }
    }
  }
}
void prepare_left(const Operand& panels, std::int64_t num_panels, std::int64_t groups, void* out) {
  widen_panels(panels, num_panels, groups, out);
}
void prepare_right(const Operand& panels, std::int64_t num_panels, std::int64_t groups, void* out) {
  widen_panels(panels, num_panels, groups, out);
}

inline void product_start(const Operand& /*right*/, std::int64_t /*begin*/, std::int64_t /*end*/,
                          std::int32_t* /*start*/) {}

inline void product_block(const Operand& left, std::int64_t row, const Operand& right, std::int64_t begin,
                          std::int64_t end, const std::int32_t* /*start*/, bool add, std::int32_t* c,
                          std::int64_t stride) {
  const auto pairs_at = [begin](const Operand& operand, std::int64_t item) {
    return reinterpret_cast<const std::int32_t*>(panel_at(operand, item)) + begin * 2 * kPanel + item % kPanel;
  };
  const std::int32_t* a = pairs_at(left, row);
  const std::int32_t* b = pairs_at(right, 0);
  const std::int32_t* b_next = pairs_at(right, kLanes);
  Int sums[kProductRows][2] = {};
  for (std::int64_t pair = 2 * begin; pair < 2 * end; ++pair) {
    const Int b0 = load(b);
    const Int b1 = load(b_next);
#pragma GCC unroll 8
    for (int k = 0; k < kProductRows; ++k) {
      const Int value = splat(a[k]);
      sums[k][0] += multiply_add_pairs(b0, value);
      sums[k][1] += multiply_add_pairs(b1, value);
    }
    a += kPanel;
    b += kPanel;
    b_next += kPanel;
  }
#pragma GCC unroll 8
  for (int k = 0; k < kProductRows; ++k) {
    std::int32_t* const line = c + k * stride;
    store(line, add ? load(line) + sums[k][0] : sums[k][0]);
    store(line + kLanes, add ? load(line + kLanes) + sums[k][1] : sums[k][1]);
  }
}
#endif

std::int64_t squared_difference(const std::uint8_t* x, const std::uint8_t* y, std::int64_t count) {
  constexpr std::int64_t kStretch = 1 << 15;  // 2^15 * 255^2 < 2^31
  std::int64_t total = 0;
  for (std::int64_t first = 0; first < count; first += kStretch) {
    const std::int64_t end = first + kStretch < count ? first + kStretch : count;
    std::int32_t sum = 0;
    for (std::int64_t k = first; k < end; ++k) {
      const std::int32_t difference = x[k] - y[k];
      sum += difference * difference;
    }
    total += sum;
  }
  return total;
}

std::int64_t within_reach(const std::int32_t* products, std::int32_t square, const std::int32_t* squares, float reach,
                          const float* roots, std::int64_t count, std::int32_t* out) {
  std::int64_t found = 0;
  for (std::int64_t k = 0; k < count; k += kLanes) {
    const Int product = load(products + k);
    const Float difference = to_float(splat(square) + load(squares + k) - product - product);
    const Int within = ~(difference > splat(reach) * load(roots + k));
    if (!any(within)) continue;
    for (int lane = 0; lane < kLanes; ++lane) {
      if (within[lane] != 0) out[found++] = static_cast<std::int32_t>(k + lane);
    }
  }
  return found;
}

void multiply_bytes(const Operand& left, std::int64_t num_rows, const Operand& right, std::int64_t groups,
                    std::int32_t* c, std::int64_t stride) {
  alignas(64) std::int32_t start[kProductColumns] = {};
  begin_product();
  product_start(right, 0, groups, start);
  for (std::int64_t row = 0; row < num_rows; row += kProductRows) {
    product_block(left, row, right, 0, groups, start, true, c + row * stride, stride);
  }
  end_product();
}
