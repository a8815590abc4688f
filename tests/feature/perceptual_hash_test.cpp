// SPDX-License-Identifier: Apache-2.0
#include "simile/feature/perceptual_hash.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/random_images.hpp"
#include "support/reference_data.hpp"

#include "simile/core/array.hpp"
#include "simile/core/error.hpp"

namespace simile {
namespace {

using testing::Each;
using testing::HasSubstr;

constexpr HashKind kKinds[] = {HashKind::ahash, HashKind::dhash, HashKind::phash};

HashKind kind_named(std::string_view name) {
  return *std::find_if(std::begin(kKinds), std::end(kKinds), [&](HashKind kind) { return to_string(kind) == name; });
}

std::int64_t differing_bits(const std::vector<std::uint8_t>& a, const std::vector<std::uint8_t>& b) {
  std::int64_t count = 0;
  for (std::size_t k = 0; k < a.size(); ++k) count += std::popcount(static_cast<unsigned>(a[k] ^ b[k]));
  return count;
}

TEST(PerceptualHash, EqualsImageHash) {
  const auto images = reference_images();
  const auto references = hash_references();
  ASSERT_GT(references.size(), 500U);
  int inexact = 0;
  for (const auto& reference : references) {
    const auto hash =
        perceptual_hash(images.at(reference.image).view(), kind_named(reference.kind), reference.hash_size);
    ASSERT_EQ(hash.size(), reference.hash.size());
    const auto differing = differing_bits(hash, reference.hash);
    // Coefficients that are 0 in exact arithmetic (gradients, symmetric patterns) are rounding noise in ImageHash.
    EXPECT_LE(differing, reference.undecided) << reference.image << ' ' << reference.kind << reference.hash_size;
    if (differing != 0) ++inexact;
  }
  EXPECT_EQ(inexact, 11) << "of " << references.size() << "; only phash of the three gradients";
}

TEST(PerceptualHash, SetsExpectedBitsOfHandMadeImages) {
  // Right half white: every pixel of it is above the mean; the one rise per row is between columns 3 and 4.
  auto image = constant_image(8, 8, 0);
  for (int y = 0; y < 8; ++y) std::fill_n(&image.view()(y, 4), 4, std::uint8_t{255});
  EXPECT_THAT(perceptual_hash(image.view(), HashKind::ahash, 8), Each(0b00001111));

  auto steps = constant_image(8, 9, 10);
  for (int y = 0; y < 8; ++y) {
    steps.view()(y, 3) = 11;
    steps.view()(y, 8) = 255;
  }
  EXPECT_THAT(perceptual_hash(steps.view(), HashKind::dhash, 8), Each(0b00100001));
}

TEST(PerceptualHash, OfConstantImageHasNoBitButTheMeanFrequency) {
  for (const int hash_size : {8, 9, 31, 64}) {
    const auto image = constant_image(50, 40, 200);
    const std::vector<std::uint8_t> none(static_cast<std::size_t>(hash_bytes(hash_size)));
    EXPECT_EQ(perceptual_hash(image.view(), HashKind::ahash, hash_size), none);
    EXPECT_EQ(perceptual_hash(image.view(), HashKind::dhash, hash_size), none);
    auto first = none;
    first[0] = 0x80;
    EXPECT_EQ(perceptual_hash(image.view(), HashKind::phash, hash_size), first);
    EXPECT_EQ(perceptual_hash(constant_image(50, 40, 0).view(), HashKind::phash, hash_size), none);
  }
}

TEST(PerceptualHash, TakesImagesOfAnyShape) {
  for (const auto kind : kKinds) {
    for (const int hash_size : {8, 13, 64}) {
      for (const auto& [height, width] : {std::pair{1, 1}, {1, 100}, {100, 1}, {2, 3}, {701, 13}}) {
        const auto hash = perceptual_hash(noise_image(height, width, 1).view(), kind, hash_size);
        ASSERT_EQ(static_cast<std::int64_t>(hash.size()), hash_bytes(hash_size));
        const auto padding = static_cast<int>(8 * hash_bytes(hash_size) - hash_bits(hash_size));
        EXPECT_EQ(hash.back() & ((1 << padding) - 1), 0) << to_string(kind) << hash_size;
      }
    }
  }
}

TEST(PerceptualHash, HasHalfTheBitsSetForPhash) {
  // The median halves the coefficients: the larger half's bits are set, one fewer when the number is odd.
  for (const int hash_size : {8, 9, 16, 33}) {
    const auto hash = perceptual_hash(natural_image(70, 90, 2).view(), HashKind::phash, hash_size);
    const std::vector<std::uint8_t> none(hash.size());
    EXPECT_EQ(differing_bits(hash, none), hash_bits(hash_size) / 2);
  }
}

/// phash by its definition: each coefficient as one double sum over all pixels of the resized image.
std::vector<std::uint8_t> plain_phash(View<const std::uint8_t, 2> grey, int hash_size) {
  const int side = 4 * hash_size;
  const auto pixels = lanczos_resize(grey, side, side);
  const long double pi = std::acos(-1.0L);
  std::vector<long double> coefficients;
  for (int v = 0; v < hash_size; ++v) {
    for (int u = 0; u < hash_size; ++u) {
      long double sum = 0;
      for (int y = 0; y < side; ++y) {
        for (int x = 0; x < side; ++x) {
          sum += pixels.view()(y, x) * std::cos(pi * ((2 * y + 1) * v) / (2 * side)) *
                 std::cos(pi * ((2 * x + 1) * u) / (2 * side));
        }
      }
      coefficients.push_back(sum);
    }
  }
  auto sorted = coefficients;
  std::sort(sorted.begin(), sorted.end());
  const auto half = sorted.size() / 2;
  const auto median = sorted.size() % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(hash_bytes(hash_size)));
  for (std::size_t k = 0; k < coefficients.size(); ++k) {
    if (coefficients[k] > median) bytes[k / 8] |= static_cast<std::uint8_t>(0x80 >> (k % 8));
  }
  return bytes;
}

TEST(PerceptualHash, PhashEqualsPlainSumsAtEverySize) {
  for (const int hash_size : {8, 9, 10, 11, 12, 15}) {
    const auto image = natural_image(101, 67, static_cast<std::uint64_t>(hash_size));
    EXPECT_EQ(perceptual_hash(image.view(), HashKind::phash, hash_size), plain_phash(image.view(), hash_size))
        << hash_size;
  }
}

TEST(PerceptualHash, RefusesHashSizesAndImagesItCannotHash) {
  const auto refusal = [](const Array<std::uint8_t, 2>& image, int hash_size) -> std::string {
    try {
      perceptual_hash(image.view(), HashKind::dhash, hash_size);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::invalid_argument);
      return error.what();
    }
    return "accepted";
  };
  const auto image = noise_image(10, 10, 1);
  EXPECT_THAT(refusal(image, 7), HasSubstr("hash size 7 is not allowed: it must be 8 to 64"));
  EXPECT_THAT(refusal(image, 65), HasSubstr("hash size 65 is not allowed: it must be 8 to 64"));
  EXPECT_EQ(refusal(image, 8), "accepted");
  EXPECT_EQ(refusal(image, 64), "accepted");
  EXPECT_THAT(refusal(Array<std::uint8_t, 2>({0, 4}), 8), HasSubstr("cannot hash an empty image (4 x 0 pixels)"));
}

TEST(PerceptualHash, NamesItsKinds) {
  EXPECT_EQ(to_string(HashKind::ahash), "ahash");
  EXPECT_EQ(to_string(HashKind::dhash), "dhash");
  EXPECT_EQ(to_string(HashKind::phash), "phash");
  EXPECT_EQ(hash_bits(9), 81);
  EXPECT_EQ(hash_bytes(9), 11);
}

}  // namespace
}  // namespace simile
