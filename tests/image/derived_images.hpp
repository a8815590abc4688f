// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <map>
#include <mutex>
#include <numeric>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "support/temporary_folder.hpp"

#include "simile/image/derive.hpp"
#include "simile/image/resize.hpp"

namespace simile::test {

/// Remembers notes and how many items are done.
class NotingProgress : public Progress {
 public:
  void begin(std::string_view, std::int64_t, std::string_view) override {}
  void advance(std::int64_t count) override { done += count; }
  void end() override {}
  void note(std::string_view text) override {
    const std::lock_guard lock(mutex_);
    notes += std::string(text) + "\n";
  }

  std::atomic<std::int64_t> done = 0;
  std::string notes;

 private:
  std::mutex mutex_;
};

/// A folder of JPEGs, image k of level 4 k, and a cache beside it.
class DerivedImages : public ::testing::Test {
 protected:
  std::filesystem::path photo(int k) const { return folder_ / ("photos/" + std::to_string(100 + k) + ".jpg"); }
  void write_photo(int k, int level) const {
    Image image({16, 24, 3});
    std::fill_n(image.data(), image.size(), static_cast<std::uint8_t>(level));
    const auto jpeg = encode_jpeg(image.view(), 95);
    folder_.write("photos/" + std::to_string(100 + k) + ".jpg", std::span<const std::uint8_t>(jpeg));
  }
  void write_photos(int count) const {
    for (int k = 0; k < count; ++k) write_photo(k, 4 * k);
  }
  ImageSet images() const { return {list_folder(folder_ / "photos", {}, cancellation_), {}}; }

  /// What one run makes: level, height and width of each image, seven times over.
  struct Run {
    std::map<std::int64_t, std::vector<std::uint8_t>> made;
    std::vector<ItemError> errors;
    std::int64_t num_made = 0;
    std::int64_t num_kept = 0;
    std::string notes;
  };
  Run run(const CacheOptions& cache, const Recipe& changes = {}, std::int64_t memory_bytes = 1 << 28) const {
    return run(images(), cache, changes, memory_bytes);
  }
  Run run(const ImageSet& set, const CacheOptions& cache, const Recipe& changes = {},
          std::int64_t memory_bytes = 1 << 28) const {
    Run result;
    std::atomic<std::int64_t> num_made = 0;
    Recipe recipe = changes;
    recipe.unit_bytes = 21;
    recipe.make = [&](View<const std::uint8_t, 3> image) {
      ++num_made;
      if (changes.make) changes.make(image);
      std::vector<std::uint8_t> bytes;
      for (int k = 0; k < 7; ++k) {
        bytes.insert(bytes.end(), {image(0, 0, 0), static_cast<std::uint8_t>(image.shape[0]),
                                   static_cast<std::uint8_t>(image.shape[1])});
      }
      return bytes;
    };
    std::vector<std::int64_t> items(static_cast<std::size_t>(set.catalogue.size()));
    std::iota(items.begin(), items.end(), 0);
    ThreadPool pool(2);
    NotingProgress progress;
    std::mutex mutex;
    const auto store = [&](std::int64_t item, std::span<const std::uint8_t> bytes) {
      const std::lock_guard lock(mutex);
      EXPECT_TRUE(result.made.emplace(item, std::vector<std::uint8_t>(bytes.begin(), bytes.end())).second);
    };
    auto derivation = derive(set, items, recipe, cache, {pool, progress, cancellation_, memory_bytes, {}}, store);
    result.errors = std::move(derivation.errors);
    result.num_kept = derivation.num_kept;
    result.num_made = num_made;
    result.notes = progress.notes;
    EXPECT_EQ(progress.done, set.catalogue.size());
    return result;
  }
  /// The files of the cache.
  std::vector<std::filesystem::path> segments() const {
    std::vector<std::filesystem::path> files;
    if (!std::filesystem::exists(cache_.folder)) return files;
    for (const auto& entry : std::filesystem::directory_iterator(cache_.folder)) files.push_back(entry.path());
    std::sort(files.begin(), files.end());
    return files;
  }
  std::int64_t cache_bytes() const {
    std::int64_t total = 0;
    for (const auto& file : segments()) total += static_cast<std::int64_t>(std::filesystem::file_size(file));
    return total;
  }

  TemporaryFolder folder_;
  CacheOptions cache_{.folder = folder_ / "cache"};
  Cancellation cancellation_;
};

}  // namespace simile::test
