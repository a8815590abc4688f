// SPDX-License-Identifier: Apache-2.0
#include "simile/image/image_set.hpp"

#include <atomic>
#include <chrono>
#include <mutex>
#include <set>
#include <thread>

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/image_errors.hpp"
#include "support/image_files.hpp"

#include "simile/core/input_file.hpp"

namespace simile {
namespace {

using namespace simile::test;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

namespace fs = std::filesystem;

class CountingProgress : public Progress {
 public:
  void begin(std::string_view, std::int64_t, std::string_view) override {}
  void advance(std::int64_t count) override { done += count; }
  void end() override {}

  std::atomic<std::int64_t> done = 0;
};

class ForEachImage : public ::testing::Test {
 protected:
  Context context(std::int64_t memory_bytes = 1LL << 30) { return {pool_, progress_, cancellation_, memory_bytes}; }
  ImageSet images() const { return {list_folder(folder_.path(), {}, cancellation_), {}}; }
  static void ignore(int, std::int64_t, View<const std::uint8_t, 3>) {}

  TemporaryFolder folder_;
  ThreadPool pool_{4};
  CountingProgress progress_;
  Cancellation cancellation_;
};

TEST_F(ForEachImage, VisitsEveryItemOnceWithItsPixels) {
  constexpr int kCount = 30;
  for (int k = 0; k < kCount; ++k) {
    folder_.write(std::to_string(100 + k), encode(".png", cv::Mat(3 + k, 5, CV_8UC3, cv::Scalar(1, 2, k))));
  }
  std::vector<int> visits(kCount);
  const auto errors = for_each_image(images(), {}, context(), [&](int worker, std::int64_t item, auto image) {
    EXPECT_GE(worker, 0);
    EXPECT_LT(worker, 4);
    EXPECT_EQ(image.shape, (std::array<std::int64_t, 3>{3 + item, 5, 3}));
    EXPECT_EQ(image(2, 4, 0), item);
    EXPECT_EQ(image(2, 4, 2), 1);
    ++visits[static_cast<std::size_t>(item)];
  });
  EXPECT_TRUE(errors.empty());
  EXPECT_EQ(visits, std::vector<int>(kCount, 1));
  EXPECT_EQ(progress_.done, kCount);
}

TEST_F(ForEachImage, VisitsOnlyTheItemsAskedFor) {
  for (const auto* name : {"a", "b", "c", "d"}) folder_.write(name, encode(".bmp", photo(4, 4)));
  std::mutex mutex;
  std::set<std::int64_t> seen;
  for_each_image(images(), {3, 1}, {}, context(), [&](int, std::int64_t item, auto) {
    const std::lock_guard lock(mutex);
    seen.insert(item);
  });
  EXPECT_THAT(seen, ElementsAre(1, 3));
  EXPECT_THAT(error_of([&] { for_each_image(images(), {4}, {}, context(), ignore); }),
              IsError(ErrorCode::internal, "outside the catalogue"));
}

TEST_F(ForEachImage, GivesTheRowsOfAnArray) {
  ImageSet set{{.root = {}, .ids = {"0", "1", "2"}}, Array<std::uint8_t, 4>({3, 2, 2, 1})};
  for (int k = 0; k < 12; ++k) set.pixels.data()[k] = static_cast<std::uint8_t>(k);
  std::atomic<int> sum = 0;
  const auto errors = for_each_image(set, {}, context(), [&](int, std::int64_t item, auto image) {
    if (item == 1) throw Error(ErrorCode::decode, "not liked");
    EXPECT_EQ(image(0, 0, 0), 4 * item);
    sum += image(1, 1, 0);
  });
  EXPECT_EQ(sum, 3 + 11);
  ASSERT_THAT(errors, SizeIs(1));
  EXPECT_EQ(errors[0].item, 1);
  EXPECT_EQ(errors[0].reason, "not liked");
}

TEST_F(ForEachImage, GivesAReasonForEveryItemThatCannotBeRead) {
  folder_.write("0-zero.jpg", "");
  folder_.write("1-text.png", "this is no picture");
  ASSERT_EQ(::mkfifo((folder_.path() / "2-pipe").c_str(), 0600), 0);
  fs::create_symlink("nowhere", folder_.path() / "3-dangling");
  const auto jpeg = encode(".jpg", photo(40, 30));
  folder_.write("4-cut.jpg", File(jpeg.begin(), jpeg.begin() + 700));
  folder_.write("5-jpeg-named.png", jpeg);
  auto set = images();
  set.catalogue.ids.insert(set.catalogue.ids.begin() + 3, "3-dangling");  // a list may name what a folder leaves out
  set.catalogue.ids.push_back("6-folder");
  fs::create_directory(folder_.path() / "6-folder");
  set.catalogue.ids.push_back("/dev/null");

  std::atomic<int> visited = 0;
  const auto errors = for_each_image(set, {}, context(), [&](auto&&...) { ++visited; });
  EXPECT_EQ(visited, 1);
  EXPECT_EQ(progress_.done, 8);
  ASSERT_THAT(errors, SizeIs(7));
  const std::vector<std::string> reasons{
      "empty file",   "not a JPEG, PNG, WebP, BMP, TIFF, GIF, PNM, HEIC or AVIF image",
      "a named pipe", "No such file",
      "JPEG",         "a folder",
      "a device"};
  for (std::size_t k = 0; k < errors.size(); ++k) {
    EXPECT_EQ(errors[k].item, static_cast<std::int64_t>(k < 5 ? k : k + 1));
    EXPECT_THAT(errors[k].reason, HasSubstr(reasons[k]));
  }
}

TEST_F(ForEachImage, GivesAReasonForUnreadableFiles) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may read everything";
  fs::permissions(folder_.write("closed.png", encode(".png", photo(4, 4))), fs::perms::none);
  const auto errors = for_each_image(images(), {}, context(), ignore);
  ASSERT_THAT(errors, SizeIs(1));
  EXPECT_THAT(errors[0].reason, HasSubstr("Permission denied"));
}

TEST_F(ForEachImage, GivesAReasonForFilesRemovedMidRun) {
  folder_.write("a", encode(".png", photo(4, 4)));
  const auto second = folder_.write("b", encode(".png", photo(4, 4)));
  ThreadPool one(1);
  const auto errors =
      for_each_image(images(), {}, {one, progress_, cancellation_, 1 << 30}, [&](auto&&...) { fs::remove(second); });
  ASSERT_THAT(errors, SizeIs(1));
  EXPECT_EQ(errors[0].item, 1);
  EXPECT_THAT(errors[0].reason, HasSubstr("No such file"));
}

TEST_F(ForEachImage, ChecksTheFileSizeBeforeReading) {
  const auto path = folder_.write("huge.jpg", "");
  fs::resize_file(path, 1LL << 40);  // sparse
  const auto errors = for_each_image(images(), {}, context(), ignore);
  ASSERT_THAT(errors, SizeIs(1));
  EXPECT_THAT(errors[0].reason, HasSubstr("--max-file-size"));
}

TEST_F(ForEachImage, LetsLargeImagesWaitForEachOther) {
  const auto file = encode(".png", photo(200, 200));
  for (int k = 0; k < 20; ++k) folder_.write(std::to_string(k), file);
  const auto needed = 2 * static_cast<std::int64_t>(file.size()) + decode_bytes(read_image_header(file), {});
  const std::int64_t image = 200 * 200 * 3;

  std::atomic<int> now = 0;
  std::atomic<int> most = 0;
  std::atomic<int> visits = 0;
  const auto visit = [&](auto&&...) {
    const int inside = ++now;
    for (int seen = most; inside > seen && !most.compare_exchange_weak(seen, inside);) {
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    ++visits;
    --now;
  };
  EXPECT_TRUE(for_each_image(images(), {}, context(needed + image - 1), visit).empty());
  EXPECT_EQ(most, 1);
  EXPECT_EQ(visits, 20);
  EXPECT_TRUE(for_each_image(images(), {}, context(8 * needed), visit).empty());
  EXPECT_GT(most, 1);
}

TEST_F(ForEachImage, NamesTheBudgetForAnImageThatAloneExceedsIt) {
  folder_.write("a.png", encode(".png", photo(20, 20)));
  folder_.write("b.png", encode(".png", cv::Mat(2000, 2000, CV_8UC3, cv::Scalar(1, 2, 3))));
  folder_.write("c.png", encode(".png", photo(20, 20)));
  std::atomic<int> visited = 0;
  const auto errors = for_each_image(images(), {}, context(1 << 20), [&](auto&&...) { ++visited; });
  EXPECT_EQ(visited, 2);
  ASSERT_THAT(errors, SizeIs(1));
  EXPECT_EQ(errors[0].item, 1);
  EXPECT_THAT(errors[0].reason, HasSubstr("--memory 1.0 MiB"));
}

TEST_F(ForEachImage, StopsWhenCancelled) {
  for (int k = 0; k < 100; ++k) folder_.write(std::to_string(k), encode(".png", photo(4, 4)));
  std::atomic<int> visited = 0;
  EXPECT_THAT(error_of([&] {
                for_each_image(images(), {}, context(), [&](auto&&...) {
                  if (++visited == 5) cancellation_.request();
                });
              }),
              IsError(ErrorCode::cancelled, ""));
  EXPECT_LT(visited, 20);
}

TEST_F(ForEachImage, EndsWhenAVisitFailsForAnotherReasonThanItsImage) {
  for (const auto* name : {"a", "b", "c"}) folder_.write(name, encode(".png", photo(4, 4)));
  const auto with = [&](ErrorCode code) {
    return [code](int, std::int64_t item, auto) {
      if (item == 1) throw Error(code, "the visit's reason");
    };
  };
  for (const auto code : {ErrorCode::decode, ErrorCode::invalid_argument}) {
    const auto errors = for_each_image(images(), {}, context(), with(code));
    ASSERT_THAT(errors, SizeIs(1));
    EXPECT_EQ(errors[0].reason, "the visit's reason");
  }
  for (const auto code : {ErrorCode::io, ErrorCode::internal, ErrorCode::out_of_memory}) {
    EXPECT_THAT(error_of([&] { for_each_image(images(), {}, context(), with(code)); }),
                IsError(code, "the visit's reason"));
  }
}

TEST(InputFileRead, SaysSoWhenTheFileBecameShorter) {
  const TemporaryFolder folder;
  const auto path = folder.write("a", "0123456789");
  const InputFile file(path);
  EXPECT_EQ(file.size_bytes(), 10);
  EXPECT_EQ(file.read().data()[9], '9');
  fs::resize_file(path, 4);
  EXPECT_THAT(error_of([&] { file.read(); }), IsError(ErrorCode::io, "became shorter"));
}

}  // namespace
}  // namespace simile
