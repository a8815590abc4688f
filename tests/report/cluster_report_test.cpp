// SPDX-License-Identifier: Apache-2.0
#include "simile/report/cluster_report.hpp"

#include <gmock/gmock.h>

#include "report/results.hpp"
#include "support/image_files.hpp"

namespace simile {
namespace {

namespace fs = std::filesystem;
using test::ResultMaker;
using test::TemporaryFolder;

TEST(ReportModelOfAResult, HasEveryItemOnceWithItsRepresentativeFirst) {
  ResultMaker maker({"broken", "a", "b", "c", "d"}, {0, 0, 0, 3});
  auto result = maker.result();
  result.items = {1, 2, 3, 4};
  result.representatives.of_cluster = {2};  // row 2, item 3
  result.representatives.similarity = {0.9, 0.8, 1, 1};
  result.unreadable = {{0, "why"}};
  result.classes = {"cat", "cat", "", "dog"};
  const auto model = make_report_model(result);
  ASSERT_EQ(model.groups.size(), 1U);
  ASSERT_EQ(model.groups[0].items.size(), 3U);
  EXPECT_EQ(model.groups[0].items[0].index, 3);
  EXPECT_EQ(model.groups[0].items[1].index, 1);
  EXPECT_EQ(model.groups[0].items[1].similarity, 0.9);
  EXPECT_EQ(model.groups[0].items[1].truth, "cat");
  EXPECT_EQ(model.groups[0].items[2].index, 2);
  EXPECT_THAT(model.groups[0].classes, ::testing::ElementsAre(::testing::Pair("cat", 2)));
  ASSERT_EQ(model.outliers.size(), 1U);
  EXPECT_EQ(model.outliers[0].index, 4);
  EXPECT_THAT(model.unreadable, ::testing::ElementsAre(::testing::Pair("broken", "why")));
  EXPECT_EQ(model.ids.size(), 5U);
}

TEST(LinkPrefix, LeadsFromTheReportToThePhotos) {
  const TemporaryFolder folder;
  fs::create_directories(folder.path() / "my photos#1");
  EXPECT_EQ(link_prefix(folder.path() / "out", folder.path() / "my photos#1"), "../my%20photos%231/");
  EXPECT_EQ(link_prefix(folder.path() / "a/b/out", folder.path() / "my photos#1"), "../../../my%20photos%231/");
  EXPECT_EQ(link_prefix(folder.path() / "out", folder.path()), "../");
}

// A list given by its name alone has no folder in its path: its paths start here.
TEST(LinkPrefix, TakesTheCurrentFolderWhereTheRootIsEmpty) {
  EXPECT_EQ(link_prefix(fs::current_path() / "out", ""), "../");
  EXPECT_EQ(link_prefix(fs::current_path() / "out", "."), "../");
}

}  // namespace
}  // namespace simile
