// SPDX-License-Identifier: Apache-2.0
// The coarser rows of the fused path: what their products say of the rows' own.
#include "cuda/similarity/fused/rejects.hpp"

#include <algorithm>
#include <cmath>
#include <memory>
#include <vector>

#include <cuda_emulator.hpp>
#include <gtest/gtest.h>

#include "cuda/similarity/fused/orthonormal.hpp"
#include "cuda/similarity/screen.hpp"
#include "similarity/hard_vectors.hpp"

#include "simile/core/random.hpp"
#include "simile/similarity/cosine.hpp"

namespace simile::cuda {
namespace {

double noise(Random& random) { return 2 * random.uniform() - 1; }

TEST(Orthonormalise, MakesVectorsOrthonormalAndDropsDependentOnes) {
  constexpr std::int64_t kLength = 37;
  Random random(1);
  std::vector<double> vectors(12 * kLength);
  for (auto& value : vectors) value = noise(random);
  for (std::size_t k = 0; k < kLength; ++k) {
    vectors[5 * kLength + k] = 3 * vectors[k] - vectors[2 * kLength + k];
    vectors[7 * kLength + k] = 0;
    vectors[9 * kLength + k] = vectors[8 * kLength + k] + 1e-6 * vectors[9 * kLength + k];  // nearly
  }
  orthonormalise(vectors, kLength);
  EXPECT_LT(deviation(vectors, kLength), 1e-13);
  for (std::int64_t j = 0; j < 12; ++j) {
    const bool dependent = j == 5 || j == 7;
    const auto begin = vectors.begin() + j * kLength;
    EXPECT_EQ(std::all_of(begin, begin + kLength, [](double value) { return value == 0; }), dependent) << j;
  }
}

TEST(Deviation, SeesWhatIsNotOrthonormal) {
  EXPECT_NEAR(deviation(std::vector<double>{1, 0, 0, 1 + 1e-6}, 2), 2e-6, 1e-9);
  EXPECT_NEAR(deviation(std::vector<double>{1, 0, 1e-6, 1}, 2), std::sqrt(2) * 1e-6, 1e-9);
  EXPECT_FALSE(deviation(std::vector<double>{1, 0, std::nan(""), 1}, 2) <= 1);
}

/// What is there of a set, on the host.
template <class Element>
struct HostSet {
  std::vector<Element> values;
  std::vector<float> errors;
  std::int64_t depth;
  Precision precision;

  HostSet(const RoundedSet<Element>& set, const Stream& stream)
      : values(static_cast<std::size_t>(set.count * set.depth)),
        errors(static_cast<std::size_t>(set.count)),
        depth(set.depth),
        precision(set.precision) {
    copy_to_host(values.data(), set.values, std::ssize(values), stream);
    copy_to_host(errors.data(), set.errors, std::ssize(errors), stream);
    stream.synchronize();
  }
  Interval interval(std::int64_t i, std::int64_t j) const {
    double product = 0;
    for (std::int64_t k = 0; k < depth; ++k) product += number(i * depth + k) * number(j * depth + k);
    const auto error = [&](std::int64_t row) { return static_cast<double>(errors[static_cast<std::size_t>(row)]); };
    return product_interval(static_cast<float>(product), error(i), error(j), precision);
  }
  double number(std::int64_t k) const {
    const Element value = values[static_cast<std::size_t>(k)];
    if constexpr (std::is_same_v<Element, __half>) {
      return static_cast<double>(__half2float(value));
    } else {
      return value;
    }
  }
};

class CoarseRows : public testing::Test {
 protected:
  /// Calls see(i, j, cosine, interval of short rows, of bytes) for every pair of rows that are not zeros.
  template <class See>
  void compare(const Array<float, 2>& rows, const See& see) {
    const CosineMetric metric(rows.view());
    const std::int64_t count = rows.shape(0);
    const MetricItems items = metric.items();
    Gpu gpu(1 << 28);
    const auto screen =
        make_vectors(std::get<VectorItems>(items.sides))
            ->make(gpu, Pairs::triangle(count), {.tile_edge = 256, .block_edge = count, .all_resident = true});
    const ResidentRows all = screen->resident_rows().value();
    const auto short_rows = ShortRows::make(gpu, all);
    ASSERT_TRUE(short_rows);
    const ByteRows byte_rows(gpu, all);
    const HostSet shorter(short_rows->set(), gpu.stream());
    const HostSet bytes(byte_rows.set(), gpu.stream());
    for (std::int64_t i = 0; i < count; ++i) {
      for (std::int64_t j = i; j < count; ++j) {
        const double cosine = metric.exact(i, j);
        if (cosine >= -1) see(i, j, cosine, shorter.interval(i, j), bytes.interval(i, j));
      }
    }
  }
  void TearDown() override { EXPECT_EQ(emulator::live_allocations(), 0); }
};

TEST_F(CoarseRows, BoundEveryCosine) {
  for (const std::int64_t dimensions : {128, 200, 513}) {
    std::vector<Array<float, 2>> sets;
    sets.push_back(hard_vectors(dimensions, 7));
    Random random(static_cast<std::uint64_t>(dimensions));
    // Around few directions, so that the axes hold nearly all of it; lengths far from 1; a row of zeros.
    Array<float, 2> rows({90, dimensions});
    for (std::int64_t row = 0; row < 90; ++row) {
      for (std::int64_t k = 0; k < dimensions; ++k) {
        const double wave = std::sin(static_cast<double>((row % 5 + 1) * (k + 1)));
        const double value = (wave + 0.02 * noise(random)) * std::exp(static_cast<double>(row % 7 - 3));
        rows.view()(row, k) = static_cast<float>(row == 40 ? 0 : value);
      }
    }
    sets.push_back(std::move(rows));
    for (const auto& set : sets) {
      int seen = 0;
      double most = 0;
      compare(set, [&](std::int64_t i, std::int64_t j, double cosine, const Interval& shorter, const Interval& bytes) {
        ASSERT_GE(shorter.high, cosine) << i << ", " << j << " of " << dimensions;
        ASSERT_GE(bytes.high, cosine) << i << ", " << j << " of " << dimensions;
        ASSERT_LE(bytes.low, cosine) << i << ", " << j << " of " << dimensions;
        most = std::max(most, shorter.high - cosine);
        ++seen;
      });
      EXPECT_GT(seen, 0);
      if (&set == &sets.back()) {
        EXPECT_LT(most, 0.01);  // of what the axes hold
      }
    }
  }
}

}  // namespace
}  // namespace simile::cuda
