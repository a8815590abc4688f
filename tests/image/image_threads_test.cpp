// SPDX-License-Identifier: Apache-2.0
// Parallel reading under ThreadSanitizer. JPEGs and arrays only: Debian's OpenCV initialises GDAL at the first image it
// decodes, under locks in changing order, and no report of ours may hide behind a suppression.
#include <atomic>
#include <filesystem>
#include <fstream>
#include <numeric>
#include <string>

#include <gtest/gtest.h>

#include "support/temporary_folder.hpp"

#include "simile/image/image_set.hpp"
#include "simile/image/resize.hpp"

namespace simile {
namespace {

constexpr int kImages = 60;

/// Writes JPEGs of 64 x 48 pixels, each of one grey level.
void write_photos(const std::filesystem::path& folder) {
  for (int k = 0; k < kImages; ++k) {
    Image image({48, 64, 3});
    std::fill_n(image.data(), image.size(), static_cast<std::uint8_t>(4 * k));
    const auto bytes = encode_jpeg(image.view(), 95);
    std::ofstream(folder / std::to_string(100 + k), std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  }
}

class ParallelReading : public ::testing::TestWithParam<std::int64_t> {};

TEST_P(ParallelReading, GivesEachImageItsOwnPixelsWithinTheBudget) {
  const test::TemporaryFolder folder;
  write_photos(folder.path());
  std::ofstream(folder.path() / "zero");  // a per-item error among them
  ThreadPool pool(4);
  const auto progress = make_silent_progress();
  const Cancellation cancellation;
  const Context context{pool, *progress, cancellation, GetParam()};
  const ImageSet set{list_folder(folder.path(), {}, cancellation), {}};
  std::vector<int> grey(kImages, -1);
  const auto errors = for_each_image(set, {}, context, [&](int, std::int64_t item, View<const std::uint8_t, 3> image) {
    grey[static_cast<std::size_t>(item)] = image(47, 63, 0);
  });
  ASSERT_EQ(errors.size(), 1u);
  EXPECT_EQ(errors[0].item, kImages);
  for (int k = 0; k < kImages; ++k) EXPECT_NEAR(grey[static_cast<std::size_t>(k)], 4 * k, 2) << k;
}

// 1 MiB holds a few images at a time: workers wait for each other.
INSTANTIATE_TEST_SUITE_P(Budgets, ParallelReading, ::testing::Values(1LL << 20, 1LL << 30));

TEST(ParallelArray, GivesEachRowOnce) {
  ImageSet set;
  set.pixels = Array<std::uint8_t, 4>({200, 3, 3, 1});
  for (std::int64_t k = 0; k < set.pixels.size(); ++k) set.pixels.data()[k] = static_cast<std::uint8_t>(k / 9);
  for (int k = 0; k < 200; ++k) set.catalogue.ids.push_back(std::to_string(k));
  ThreadPool pool(4);
  const auto progress = make_silent_progress();
  const Cancellation cancellation;
  std::atomic<std::int64_t> sum = 0;
  for_each_image(set, {}, {pool, *progress, cancellation, 1LL << 30},
                 [&](int, std::int64_t, View<const std::uint8_t, 3> image) { sum += image(1, 1, 0); });
  EXPECT_EQ(sum, 199 * 200 / 2);
}

}  // namespace
}  // namespace simile
