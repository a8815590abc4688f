// SPDX-License-Identifier: Apache-2.0
#include "simile/pipeline/truth.hpp"

#include <chrono>
#include <thread>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pipeline/runs.hpp"

namespace simile {
namespace {

namespace fs = std::filesystem;
using test::error_of;
using test::IsError;
using test::TemporaryFolder;
using ::testing::ElementsAre;

class Truth : public ::testing::Test {
 protected:
  std::vector<std::string> classes(std::string_view csv) const {
    return read_truth(folder_.write("truth.csv", csv).native(), catalogue_);
  }
  std::vector<std::string> labels(const test::File& file) const {
    return read_truth(folder_.write("labels", file).native(), rows_);
  }

  TemporaryFolder folder_;
  Catalogue catalogue_{.root = "photos", .ids = {"a.jpg", "b/1.jpg", "b/c/2.jpg"}, .has_files = true};
  Catalogue rows_{.root = {}, .ids = {"0", "1", "2"}, .has_files = false};
};

TEST_F(Truth, IsTheFolderThatHoldsTheItem) {
  EXPECT_THAT(read_truth("folders", catalogue_), ElementsAre("photos", "b", "c"));
}

TEST_F(Truth, NamesTheFolderHoweverItIsWritten) {
  const auto here = fs::current_path().filename().native();
  for (const auto* root : {"", ".", "./", "./."}) {
    catalogue_.root = root;
    EXPECT_THAT(read_truth("folders", catalogue_), ElementsAre(here, "b", "c")) << root;
  }
}

TEST_F(Truth, OfFoldersNeedsFiles) {
  EXPECT_THAT(error_of([&] { read_truth("folders", rows_); }), IsError(ErrorCode::invalid_argument, "--truth folders"));
}

TEST_F(Truth, IsTheLabelOfThePath) {
  EXPECT_THAT(classes("path,label\nb/1.jpg,dog\na.jpg,\"cat, wild\"\nb/c/2.jpg,dog\nother.jpg,x\n"),
              ElementsAre("cat, wild", "dog", "dog"));
}

TEST_F(Truth, IsUnknownWhereALabelIsMissingOrEmpty) {
  EXPECT_THAT(classes("label,path\ncat,a.jpg\n,b/1.jpg\n"), ElementsAre("cat", "", ""));
}

TEST_F(Truth, MayRepeatALabelButNotContradictIt) {
  EXPECT_THAT(classes("path,label\na.jpg,cat\na.jpg,cat\n"), ElementsAre("cat", "", ""));
  EXPECT_THAT(error_of([&] { classes("path,label\na.jpg,cat\na.jpg,dog\n"); }),
              IsError(ErrorCode::invalid_argument, "gives 'a.jpg' two labels: 'cat' and 'dog'"));
}

TEST_F(Truth, NamesRowsByTheirIndex) {
  EXPECT_THAT(read_truth(folder_.write("t.csv", std::string_view("path,label\n2,x\n0,y\n")).native(), rows_),
              ElementsAre("y", "", "x"));
}

TEST_F(Truth, IsReadWithByteOrderMarkSemicolonsAndCarriageReturns) {
  EXPECT_THAT(classes("\xEF\xBB\xBFpath;label\r\na.jpg;cat\r\nb/1.jpg;dog"), ElementsAre("cat", "dog", ""));
}

TEST_F(Truth, ThatNamesNoItemIsRefusedShowingHowPathsLook) {
  EXPECT_THAT(error_of([&] { classes("path,label\nphotos/a.jpg,cat\n"); }),
              IsError(ErrorCode::invalid_argument, "its paths must be as 'a.jpg'"));
  EXPECT_THAT(error_of([&] { classes("path,label\n"); }), IsError(ErrorCode::invalid_argument, "--truth"));
}

TEST_F(Truth, WithoutItsColumnsIsRefused) {
  EXPECT_THAT(error_of([&] { classes("path,class\na.jpg,cat\n"); }),
              IsError(ErrorCode::invalid_argument, "no column 'label'; there are 'path', 'class'"));
  EXPECT_THAT(error_of([&] { classes("path,label\na.jpg\n"); }), IsError(ErrorCode::decode, "line 2"));
  EXPECT_THAT(error_of([&] { classes(""); }), IsError(ErrorCode::decode, "truth.csv"));
}

TEST_F(Truth, MayBeIdxLabels) {
  const std::vector<std::uint8_t> bytes{7, 0, 255};
  EXPECT_THAT(labels(test::idx_of({3}, bytes)), ElementsAre("7", "0", "255"));
  EXPECT_THAT(labels(test::gzipped(test::idx_of({3}, bytes))), ElementsAre("7", "0", "255"));
}

TEST_F(Truth, OfAnotherNumberOfLabelsIsRefused) {
  const std::vector<std::uint8_t> bytes{7, 0, 255, 1};
  EXPECT_THAT(error_of([&] { labels(test::idx_of({4}, bytes)); }),
              IsError(ErrorCode::invalid_argument, "holds 4 labels in 1 axes; needed is one for each of 3 items"));
  EXPECT_THAT(error_of([&] { labels(test::idx_of({2, 2}, bytes)); }), IsError(ErrorCode::invalid_argument, "--truth"));
  EXPECT_THAT(error_of([&] { labels(test::idx_of({3}, bytes)); }), IsError(ErrorCode::decode, ""));
}

TEST_F(Truth, ThatIsNoFileIsRefused) {
  EXPECT_THAT(error_of([&] { read_truth((folder_.path() / "no").native(), catalogue_); }),
              IsError(ErrorCode::not_found, "no'"));
  EXPECT_THROW(read_truth(folder_.path().native(), catalogue_), Error);
}

TEST_F(Truth, InAPipeThatNobodyWritesIsRefusedAtOnce) {
  const auto pipe = folder_.path() / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  // Should it wait for a writer all the same, this is one, late enough to be noticed.
  std::jthread writer([&](const std::stop_token& stop) {
    const auto late = std::chrono::steady_clock::now() + std::chrono::seconds(5);
    while (!stop.stop_requested() && std::chrono::steady_clock::now() < late) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    const int descriptor = ::open(pipe.c_str(), O_RDWR | O_NONBLOCK);
    if (descriptor >= 0) ::close(descriptor);
  });
  const auto start = std::chrono::steady_clock::now();
  EXPECT_THAT(error_of([&] { read_truth(pipe.native(), catalogue_); }), IsError(ErrorCode::io, "not a regular file"));
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(4));
}

}  // namespace
}  // namespace simile
