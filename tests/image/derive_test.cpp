// SPDX-License-Identifier: Apache-2.0
#include "simile/image/derive.hpp"

#include <chrono>
#include <fstream>
#include <functional>

#include <gtest/gtest.h>

#include "image/derived_images.hpp"
#include "support/image_errors.hpp"

#include "simile/core/error.hpp"

namespace simile {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using test::error_of;
using test::IsError;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class Derive : public test::DerivedImages {
 protected:
  /// The cached run gives what an uncached one gives.
  void expect_right(const Run& cached, const Recipe& changes = {}) const {
    const Run plain = run({}, changes);
    EXPECT_EQ(cached.made, plain.made);
    ASSERT_EQ(cached.errors.size(), plain.errors.size());
    for (std::size_t k = 0; k < plain.errors.size(); ++k) {
      EXPECT_EQ(cached.errors[k].item, plain.errors[k].item);
      EXPECT_EQ(cached.errors[k].reason, plain.errors[k].reason);
    }
  }
};

TEST_F(Derive, KeepsNothingWithoutAFolder) {
  write_photos(3);
  const auto first = run({});
  EXPECT_EQ(first.num_made, 3);
  EXPECT_EQ(first.made.at(2), run({}).made.at(2));
  EXPECT_THAT(segments(), IsEmpty());
}

TEST_F(Derive, ReadsNoPhotoTwice) {
  write_photos(20);
  EXPECT_EQ(run(cache_).num_made, 20);
  const auto second = run(cache_);
  EXPECT_EQ(second.num_made, 0);
  EXPECT_EQ(second.num_kept, 20);
  expect_right(second);
  EXPECT_EQ(second.notes, "");
  EXPECT_EQ(segments().size(), 1U);
}

TEST_F(Derive, ReadsOneImageMoreAlone) {
  write_photos(20);
  run(cache_);
  write_photo(50, 9);
  const auto more = run(cache_);
  EXPECT_EQ(more.num_made, 1);
  expect_right(more);
  EXPECT_EQ(run(cache_).num_made, 0);
}

TEST_F(Derive, FindsImagesThroughListsAndFoldersAbove) {
  write_photos(3);
  run(cache_);
  const auto list = folder_.write("list.txt", std::string_view("photos/102.jpg\nphotos/100.jpg\n"));
  EXPECT_EQ(run({list_file(list), {}}, cache_).num_kept, 2);
  EXPECT_EQ(
      run({list_folder(folder_.path(), {.include = {"*.jpg"}, .exclude = {}}, cancellation_), {}}, cache_).num_kept, 3);
}

TEST_F(Derive, KeepsFoldersPrivate) {
  write_photos(1);
  run(cache_);
  EXPECT_EQ(fs::status(cache_.folder).permissions(), fs::perms::owner_all);
}

TEST_F(Derive, KeepsNothingOfArrays) {
  ImageSet set;
  set.catalogue.ids = {"0", "1"};
  set.pixels = Array<std::uint8_t, 4>({2, 5, 6, 1});
  EXPECT_EQ(run(set, cache_).num_made, 2);
  EXPECT_EQ(run(set, cache_).num_made, 2);
  EXPECT_THAT(segments(), IsEmpty());
}

/// Something that happens to image 1 of three.
struct Change {
  const char* name;
  std::function<void(const fs::path& file)> apply;
};
void PrintTo(const Change& value, std::ostream* out) { *out << value.name; }
class ChangedFiles : public Derive, public ::testing::WithParamInterface<Change> {};

TEST_P(ChangedFiles, AreReadAgain) {
  for (int k = 0; k < 3; ++k) {
    write_photo(k, 10);
    std::ofstream(photo(k), std::ios::app) << std::string(20000, 'x');  // behind the image: a long file
  }
  run(cache_);
  GetParam().apply(photo(1));
  EXPECT_EQ(run(cache_).num_made, 1);
  EXPECT_EQ(run(cache_).num_made, 0);
}

/// Changes a byte and gives the file its time back.
auto byte_changed(std::int64_t from_end) {
  return [=](const fs::path& file) {
    const auto time = fs::last_write_time(file);
    std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
    stream.seekp(-from_end, std::ios::end).put('y');
    stream.close();
    fs::last_write_time(file, time);
  };
}

INSTANTIATE_TEST_SUITE_P(
    Each, ChangedFiles,
    ::testing::Values(Change{"InTheHead", byte_changed(20000)}, Change{"InTheTail", byte_changed(1)},
                      Change{"Longer",
                             [](const fs::path& file) {
                               const auto time = fs::last_write_time(file);
                               std::ofstream(file, std::ios::app) << "x";
                               fs::last_write_time(file, time);
                             }},
                      Change{"TouchedByANanosecond",
                             [](const fs::path& file) { fs::last_write_time(file, fs::last_write_time(file) + 1ns); }},
                      Change{"Renamed", [](const fs::path& file) { fs::rename(file, file.string() + ".jpeg"); }}),
    [](const auto& test) { return test.param.name; });

TEST_F(Derive, SharesNothingBetweenRecipes) {
  write_photos(2);
  Recipe recipe;
  recipe.name = "a";
  run(cache_, recipe);
  EXPECT_EQ(run(cache_, recipe).num_made, 0);
  recipe.name = "b";
  EXPECT_EQ(run(cache_, recipe).num_made, 2);
  recipe.decode.reduce_for = PixelSize{4, 4};
  const auto reduced = run(cache_, recipe);
  EXPECT_EQ(reduced.num_made, 2);
  EXPECT_EQ(reduced.made.at(0)[1], 8) << "a JPEG of half the height";
  recipe.decode.reduce_for = PixelSize{4, 5};
  EXPECT_EQ(run(cache_, recipe).num_made, 2);
}

TEST_F(Derive, TriesWhatCouldNotBeReadAgain) {
  write_photos(3);
  folder_.write("photos/101.jpg", std::string_view("no image"));
  const auto first = run(cache_);
  expect_right(first);
  ASSERT_EQ(first.errors.size(), 1U);
  const auto second = run(cache_);
  expect_right(second);
  EXPECT_EQ(second.num_kept, 2);
  write_photo(1, 40);
  EXPECT_EQ(run(cache_).made.size(), 3U);
}

// A kept image must not hide that it exceeds a limit of this run.
TEST_F(Derive, IsAsStrictAsWithoutACache) {
  write_photos(3);
  run(cache_);
  Recipe recipe;
  recipe.decode.limits.max_pixels = 16 * 24 - 1;
  expect_right(run(cache_, recipe), recipe);
  recipe.decode.limits.max_pixels = 16 * 24;
  EXPECT_EQ(run(cache_, recipe).num_kept, 3);
  recipe.decode.limits.max_file_bytes = static_cast<std::int64_t>(fs::file_size(photo(0))) - 1;
  const auto large = run(cache_, recipe);
  EXPECT_GT(large.errors.size(), 0U);
  expect_right(large, recipe);
  const auto starved = run(cache_, {}, 1000);
  EXPECT_EQ(starved.errors.size(), 3U);
  EXPECT_THAT(starved.errors[0].reason, HasSubstr("--memory"));
  EXPECT_EQ(run(cache_).num_made, 0);
}

TEST_F(Derive, DoesNotKeepAFileThatChangesWhileItIsRead) {
  write_photos(3);
  Recipe recipe;
  recipe.make = [&](View<const std::uint8_t, 3>) {
    fs::last_write_time(photo(1), fs::last_write_time(photo(1)) + 1s);
    return std::vector<std::uint8_t>();
  };
  run(cache_, recipe);
  const auto second = run(cache_);
  EXPECT_GE(second.num_made, 1);
  EXPECT_EQ(run(cache_).num_made, 0);
}

// Every byte of a segment, wrong or missing: the outcome is right, and the cache is whole again after one run.
TEST_F(Derive, MakesAgainWhatIsDamaged) {
  write_photos(2);
  run(cache_);
  ASSERT_EQ(segments().size(), 1U);
  std::string whole;
  {
    std::ifstream file(segments()[0], std::ios::binary);
    whole = {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  }
  const std::string name = "cache/" + segments()[0].filename().native();
  const auto expected = run({}).made;
  const auto check = [&](const std::string& bytes, const std::string& what) {
    for (const auto& file : segments()) fs::remove(file);
    folder_.write(name, bytes);
    EXPECT_EQ(run(cache_).made, expected) << what;
    EXPECT_EQ(run(cache_).num_made, 0) << what;
    EXPECT_EQ(segments().size(), 1U) << what;
  };
  for (std::size_t position = 0; position < whole.size(); position += position < 42 ? 5 : 3) {
    std::string bytes = whole;
    bytes[position] = static_cast<char>(bytes[position] ^ 0x41);
    check(bytes, "byte " + std::to_string(position));
  }
  for (std::size_t size = 0; size < whole.size(); size += 7)
    check(whole.substr(0, size), "cut at " + std::to_string(size));
  check(whole + "x", "a byte more");
}

TEST_F(Derive, LeavesForeignFilesAlone) {
  write_photos(1);
  folder_.write("cache/mine.txt", std::string_view("x"));
  folder_.write("cache/images-0123456789abcdef-0123456789abcdef.cache", std::string_view("of another recipe"));
  run(cache_);
  EXPECT_TRUE(fs::exists(cache_.folder / "mine.txt"));
  EXPECT_TRUE(fs::exists(cache_.folder / "images-0123456789abcdef-0123456789abcdef.cache"));
}

TEST_F(Derive, SaysWhenNothingCanBeKept) {
  write_photos(3);
  folder_.write("cache", std::string_view("a file where the folder should be"));
  const auto first = run(cache_);
  expect_right(first);
  EXPECT_THAT(first.notes, HasSubstr("not kept"));
  EXPECT_THAT(first.notes, HasSubstr("--no-cache"));
  EXPECT_EQ(run({.folder = "/proc/simile"}).made, first.made);
}

TEST_F(Derive, KeepsWhatAStoppedRunHasMade) {
  write_photos(40);
  Recipe recipe;
  std::atomic<int> count = 0;
  recipe.make = [&](View<const std::uint8_t, 3>) {
    if (++count == 15) throw Error(ErrorCode::cancelled, "stopped");
    return std::vector<std::uint8_t>();
  };
  EXPECT_THAT(error_of([&] { run(cache_, recipe); }), IsError(ErrorCode::cancelled, "stopped"));
  const auto second = run(cache_);
  EXPECT_GE(second.num_kept, 14);
  EXPECT_EQ(second.num_kept + second.num_made, 40);
  expect_right(second);
}

/// A recipe that inverts what was made, up to four images at a time.
struct Inverting {
  std::vector<std::size_t> batches;  ///< sizes
  std::atomic<int> running = 0;
  int stop_at = 0;  ///< the batch that throws, from 1

  Recipe recipe() {
    Recipe recipe;
    recipe.name = "inverted";
    recipe.batch = 4;
    recipe.finish = [this](std::span<const std::vector<std::uint8_t>> made) {
      EXPECT_EQ(++running, 1) << "one batch at a time";
      batches.push_back(made.size());
      const bool stops = std::ssize(batches) == stop_at;
      std::vector<std::vector<std::uint8_t>> finished(made.begin(), made.end());
      for (auto& bytes : finished) {
        for (auto& byte : bytes) byte = static_cast<std::uint8_t>(255 - byte);
      }
      --running;
      if (stops) throw Error(ErrorCode::cancelled, "stopped");
      return finished;
    };
    return recipe;
  }
};

TEST_F(Derive, FinishesInBatches) {
  write_photos(10);
  folder_.write("photos/103.jpg", std::string_view("no image"));
  for (const auto& cache : {CacheOptions{}, cache_}) {
    Inverting inverting;
    const auto outcome = run(cache, inverting.recipe());
    EXPECT_THAT(inverting.batches, ElementsAre(4, 4, 1));
    ASSERT_EQ(outcome.made.size(), 9U);
    for (const auto& [item, bytes] : outcome.made)
      EXPECT_NEAR(bytes.at(0), 255.0 - 4.0 * static_cast<double>(item), 2) << item;
    ASSERT_EQ(outcome.errors.size(), 1U);
  }
  Inverting again;
  const auto kept = run(cache_, again.recipe());
  EXPECT_EQ(kept.num_kept, 9);
  EXPECT_THAT(again.batches, IsEmpty());
  EXPECT_NEAR(kept.made.at(5).at(0), 255 - 20, 2);
}

TEST_F(Derive, KeepsTheBatchesBeforeOneThatEndsTheRun) {
  write_photos(12);
  Inverting inverting;
  inverting.stop_at = 3;
  EXPECT_THAT(error_of([&] { run(cache_, inverting.recipe()); }), IsError(ErrorCode::cancelled, "stopped"));
  Inverting again;
  EXPECT_EQ(run(cache_, again.recipe()).num_kept, 8);
  EXPECT_THAT(again.batches, ElementsAre(4));
}

TEST_F(Derive, MergesSmallSegments) {
  for (int k = 0; k < 25; ++k) {
    write_photo(k, 4 * k);
    EXPECT_EQ(run(cache_).num_made, 1);
    EXPECT_LE(segments().size(), 9U);
  }
  const auto last = run(cache_);
  EXPECT_EQ(last.num_made, 0);
  expect_right(last);
}

TEST_F(Derive, DeletesWhatIsUnusedForLongest) {
  write_photos(5);
  Recipe recipe;
  for (const char* name : {"oldest", "old", "new"}) {
    recipe.name = name;
    run(cache_, recipe);
  }
  const auto one = cache_bytes() / 3;
  for (const auto& file : segments()) fs::last_write_time(file, fs::file_time_type::clock::now() - 1h);
  recipe.name = "oldest";
  run(cache_, recipe);  // now it is used
  recipe.name = "newest";
  run({cache_.folder, 2 * one + one / 2}, recipe);
  EXPECT_EQ(segments().size(), 2U);
  EXPECT_EQ(run(cache_, recipe).num_made, 0);
  recipe.name = "oldest";
  EXPECT_EQ(run(cache_, recipe).num_made, 0);
  recipe.name = "new";
  EXPECT_EQ(run(cache_, recipe).num_made, 5);
}

TEST_F(Derive, StaysWithinItsSizeWhenOneRunExceedsIt) {
  write_photos(50);
  const auto first = run({cache_.folder, 1500});
  expect_right(first);
  EXPECT_THAT(first.notes, HasSubstr("--cache-size"));
  EXPECT_LE(cache_bytes(), 1800);
  const auto second = run({cache_.folder, 1500});
  expect_right(second);
}

TEST_F(Derive, RemovesWhatKilledRunsLeft) {
  write_photos(1);
  const auto old = folder_.write("cache/.simile-1-2", std::string_view("x"));
  const auto fresh = folder_.write("cache/.simile-3-4", std::string_view("x"));
  fs::last_write_time(old, fs::file_time_type::clock::now() - 25h);
  run(cache_);
  EXPECT_FALSE(fs::exists(old));
  EXPECT_TRUE(fs::exists(fresh));
}

TEST(DefaultCacheFolder, IsWhereTheEnvironmentSays) {
  const auto with = [](const char* cache, const char* home) {
    const std::string cache_before = std::getenv("XDG_CACHE_HOME") == nullptr ? "" : std::getenv("XDG_CACHE_HOME");
    const std::string home_before = std::getenv("HOME") == nullptr ? "" : std::getenv("HOME");
    ::setenv("XDG_CACHE_HOME", cache, 1);
    ::setenv("HOME", home, 1);
    const auto folder = default_cache_folder();
    ::setenv("XDG_CACHE_HOME", cache_before.c_str(), 1);
    ::setenv("HOME", home_before.c_str(), 1);
    return folder.native();
  };
  EXPECT_EQ(with("/x", "/home/me"), "/x/simile");
  EXPECT_EQ(with("", "/home/me"), "/home/me/.cache/simile");
  EXPECT_EQ(with("relative", "/home/me"), "/home/me/.cache/simile");
  EXPECT_EQ(with("", ""), "");
}

}  // namespace
}  // namespace simile
