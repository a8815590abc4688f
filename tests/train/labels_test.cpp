// SPDX-License-Identifier: Apache-2.0
#include "simile/train/labels.hpp"

#include <fstream>

#include <gmock/gmock.h>

#include "core/expect_error.hpp"
#include "support/temporary_folder.hpp"

namespace simile {
namespace {

using test::TemporaryFolder;

using ::testing::ElementsAre;
using ::testing::SizeIs;

const std::vector<std::string> kIds{"a.jpg", "b.jpg", "c \xff.jpg", "d.jpg"};

std::vector<LabelRow> rows(const std::vector<std::pair<std::string, std::string>>& pairs) {
  std::vector<LabelRow> made;
  for (const auto& [path, label] : pairs) made.push_back({path, label, "row " + std::to_string(made.size() + 1)});
  return made;
}

TEST(Labels, AreSortedByItemAndClass) {
  const Labels labels = make_labels(rows({{"d.jpg", "cat"}, {"a.jpg", "dog"}, {"c \xff.jpg", "cat"}}), kIds);
  EXPECT_THAT(labels.classes, ElementsAre("cat", "dog"));
  EXPECT_THAT(labels.items, ElementsAre(0, 2, 3));
  EXPECT_THAT(labels.labels, ElementsAre(1, 0, 0));
  EXPECT_THAT(labels.counts(), ElementsAre(2, 1));
}

TEST(Labels, KeepWhatNamesNoItemAndSkipEmptyLabels) {
  const Labels labels = make_labels(rows({{"a.jpg", "x"}, {"gone.jpg", "x"}, {"b.jpg", ""}, {"d.jpg", "y"}}), kIds);
  ASSERT_THAT(labels.unknown, SizeIs(1));
  EXPECT_EQ(labels.unknown[0].path, "gone.jpg");
  EXPECT_EQ(labels.num_empty, 1);
  EXPECT_THAT(labels.items, ElementsAre(0, 3));
}

TEST(Labels, TheSameSaidTwiceCountsOnce) {
  const Labels labels = make_labels(rows({{"a.jpg", "x"}, {"a.jpg", "x"}, {"b.jpg", "y"}}), kIds);
  EXPECT_EQ(labels.size(), 2);
  EXPECT_EQ(labels.num_repeats, 1);
}

TEST(Labels, RefuseTwoLabelsOfOneItemNamingBothRows) {
  expect_error(ErrorCode::invalid_argument, "'x' in row 1, and 'y' in row 3",
               [] { make_labels(rows({{"a.jpg", "x"}, {"b.jpg", "y"}, {"a.jpg", "y"}}), kIds); });
}

TEST(Labels, RefuseOneClassOnly) {
  expect_error(ErrorCode::invalid_argument, "all 2 labelled items are 'x'",
               [] { make_labels(rows({{"a.jpg", "x"}, {"b.jpg", "x"}}), kIds); });
}

TEST(Labels, RefuseRowsThatNameNoItemSayingHowItemsAreNamed) {
  expect_error(ErrorCode::invalid_argument, "such as 'a.jpg'; row 1 names '/photos/a.jpg'",
               [] { make_labels(rows({{"/photos/a.jpg", "x"}}), kIds); });
  expect_error(ErrorCode::invalid_argument, "no row has a label", [] { make_labels(rows({{"a.jpg", ""}}), kIds); });
  expect_error(ErrorCode::invalid_argument, "no row has a label", [] { make_labels({}, kIds); });
}

TEST(Labels, ClassesWithOneItemAreClasses) {
  const Labels labels = make_labels(rows({{"a.jpg", "x"}, {"b.jpg", "y"}}), kIds);
  EXPECT_THAT(labels.counts(), ElementsAre(1, 1));
}

class LabelFiles : public ::testing::Test {
 protected:
  std::filesystem::path write(const std::string& name, const std::string& text) {
    std::ofstream(folder_.path() / name, std::ios::binary) << text;
    return folder_.path() / name;
  }
  TemporaryFolder folder_;
};

TEST_F(LabelFiles, AreReadTogetherAndNamedInMessages) {
  const std::vector<std::filesystem::path> files{write("one.csv", "\xef\xbb\xbfpath;label\r\na.jpg;x\r\n"),
                                                 write("two.csv", "score,label,path\n1,y,\"b.jpg\"\n2,,a.jpg")};
  const auto read = read_label_rows(files);
  ASSERT_THAT(read, SizeIs(3));
  EXPECT_EQ(read[0].path, "a.jpg");
  EXPECT_EQ(read[0].label, "x");
  EXPECT_EQ(read[1].label, "y");
  EXPECT_THAT(read[2].where, ::testing::HasSubstr("two.csv', row 2"));
}

TEST_F(LabelFiles, PathsMayBeAnyBytesButLabelsAreUtf8) {
  const std::vector<std::filesystem::path> good{write("good.csv", "path,label\nc \xff.jpg,\xc3\xa9t\xc3\xa9\n")};
  EXPECT_EQ(read_label_rows(good)[0].path, "c \xff.jpg");
  const std::vector<std::filesystem::path> bad{write("bad.csv", "path,label\na.jpg,x\nb.jpg,\xe9t\xe9\n")};
  expect_error(ErrorCode::invalid_argument, "row 2: the label '\\xE9t\\xE9' is not UTF-8",
               [&] { read_label_rows(bad); });
}

TEST_F(LabelFiles, WithoutTheColumnsAreRefused) {
  const std::vector<std::filesystem::path> files{write("bad.csv", "path,class\na.jpg,x\n")};
  expect_error(ErrorCode::invalid_argument, "--labels ", [&] { read_label_rows(files); });
  const std::vector<std::filesystem::path> missing{folder_.path() / "none.csv"};
  expect_error(ErrorCode::not_found, "none.csv", [&] { read_label_rows(missing); });
}

TEST(Labels, FromFoldersNeedFolders) {
  const std::vector<std::string> nested{"x/a.jpg", "deep/y/b.jpg"};
  const auto made = label_rows_from_folders(nested);
  EXPECT_EQ(made[0].label, "x");
  EXPECT_EQ(made[1].label, "y");
  expect_error(ErrorCode::invalid_argument, "'a.jpg' names no folder", [] { label_rows_from_folders(kIds); });
}

}  // namespace
}  // namespace simile
