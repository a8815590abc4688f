// SPDX-License-Identifier: Apache-2.0
// What a report does when there is more than fits.
#include <cstddef>
#include <iterator>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/report_models.hpp"

#include "simile/report/html_report.hpp"

namespace simile {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

TEST(ThumbnailPlan, TakesRepresentativesThenMembersInTurnThenOutliers) {
  ReportModel model = model_of_groups({4, 3, 2});
  add_outliers(model, 2);
  EXPECT_THAT(thumbnail_plan(model), ElementsAre(0, 4, 7, 1, 5, 8, 2, 6, 3, 9, 10));
}

TEST(ThumbnailPlan, IsLimitedPerGroupAndInAll) {
  ReportModel model = model_of_groups({kMaxThumbnailsPerGroup + 5});
  EXPECT_EQ(std::ssize(thumbnail_plan(model)), kMaxThumbnailsPerGroup);
  add_outliers(model, 3);
  EXPECT_EQ(thumbnail_plan(model).back(), kMaxThumbnailsPerGroup + 5 + 2);

  const ReportModel many = model_of_groups(std::vector<std::int64_t>(200, 50));
  const auto plan = thumbnail_plan(many);
  EXPECT_EQ(std::ssize(plan), kMaxThumbnails);
  EXPECT_EQ(std::set(plan.begin(), plan.end()).size(), plan.size());
}

TEST(ThumbnailPlan, IsEmptyForNothing) { EXPECT_TRUE(thumbnail_plan(ReportModel()).empty()); }

TEST(HtmlReportLimits, ShowsNoMoreTilesThanAGroupMayHave) {
  const std::string page = html_report(model_of_groups({7000}));
  EXPECT_EQ(count_of(page, "<span class=\"tile\""), kMaxThumbnailsPerGroup);
  EXPECT_THAT(page, HasSubstr("data-list=\"0\" data-from=\"24\"><summary>6,976 more</summary>"));
  EXPECT_THAT(page, HasSubstr("[[7000,["));
  EXPECT_LT(std::ssize(page), 400'000);
}

TEST(HtmlReportLimits, ShowsNoMoreTilesThanThePageMayHave) {
  ReportModel model = model_of_groups(std::vector<std::int64_t>(5000, 2));
  const std::string page = html_report(model);
  EXPECT_EQ(count_of(page, "<span class=\"tile\""), kMaxThumbnails);
  EXPECT_EQ(count_of(page, "<section class=\"group\""), kMaxThumbnails);
  EXPECT_THAT(page, HasSubstr("1,000 further groups"));
  EXPECT_THAT(page, HasSubstr("\"sections\":4000,\"total\":5000"));
}

TEST(HtmlReportLimits, DropsTheLeastImportantPicturesFirst) {
  ReportModel model = model_of_groups(std::vector<std::int64_t>(200, 20));
  for (const auto index : thumbnail_plan(model)) model.thumbnails[index] = std::string(5000, 'x');
  const std::string page = html_report(model);
  EXPECT_LE(std::ssize(page), kMaxReportBytes);
  EXPECT_GT(std::ssize(page), kMaxReportBytes * 95 / 100) << "room is left unused";
  const std::int64_t pictures = count_of(page, "<img ");
  EXPECT_LT(pictures, 4000);
  EXPECT_THAT(page, HasSubstr("left out to keep this page under 15 MB"));
  // The pictures there are go in turn through the groups: every group has as many as the next, or one more.
  std::vector<std::int64_t> shown;
  for (auto at = page.find("<section class=\"group\""); at != std::string::npos;) {
    const auto next = page.find("<section class=\"group\"", at + 1);
    shown.push_back(count_of(std::string_view(page).substr(at, next - at), "<img "));
    at = next;
  }
  ASSERT_EQ(shown.size(), 200U);
  for (std::size_t i = 1; i < shown.size(); ++i) EXPECT_LE(shown[i], shown[i - 1]);
  EXPECT_LE(shown.front() - shown.back(), 1);
}

TEST(HtmlReportLimits, HoldsAThousandTimesTheirUsualLengthOfNamesAndReasons) {
  ReportModel model = model_of_groups({5000});
  add_outliers(model, 200);
  model.link_prefix = "../";
  model.title = std::string(20'000'000, '<');
  for (auto& id : model.ids) id = std::string(4000, '\x01') + id;
  for (int i = 0; i < 2000; ++i) model.unreadable.emplace_back(std::string(4000, '&'), std::string(20'000, '\xFF'));
  const std::string page = html_report(model);
  EXPECT_LE(std::ssize(page), kMaxReportBytes);
}

TEST(HtmlReportLimits, FitsAMillionImagesInGroupsOfEverySize) {
  std::vector<std::int64_t> sizes{500'000, 100'000};
  sizes.insert(sizes.end(), 50'000, 4);
  ReportModel model = model_of_groups(sizes);
  add_outliers(model, 200'000);
  for (auto& id : model.ids) id = concat("folder/2c3533f9-2998-4c22-", id);
  model.link_prefix = "../photos/";
  for (const auto index : thumbnail_plan(model)) model.thumbnails[index] = std::string(2500, 'x');
  const std::string page = html_report(model);
  EXPECT_LE(std::ssize(page), kMaxReportBytes);
  EXPECT_GT(std::ssize(page), kMaxReportBytes * 95 / 100);
  EXPECT_THAT(page, HasSubstr("800,000 images in 50,002 groups, 200,000 outliers"));
  EXPECT_THAT(page, HasSubstr("\"groups\":[[500000,[")) << "cut lists still know their size";
  EXPECT_THAT(page, HasSubstr("\"outliers\":[200000,["));
}

TEST(HtmlReportLimits, FitsAMillionOutliers) {
  ReportModel model;
  add_outliers(model, 1'000'000);
  const std::string page = html_report(model);
  EXPECT_LE(std::ssize(page), kMaxReportBytes);
  EXPECT_THAT(page, HasSubstr("996,000 more"));
}

TEST(HtmlReportLimits, KeepsAllNamesWhenTheyFit) {
  ReportModel model = model_of_groups({3000, 2000});
  for (const auto index : thumbnail_plan(model)) model.thumbnails[index] = std::string(100'000, 'x');
  const std::string page = html_report(model);
  EXPECT_LE(std::ssize(page), kMaxReportBytes);
  EXPECT_THAT(page, HasSubstr("9.jpg\"]")) << "the last name, 4999.jpg, shares its beginning with the one before";
}

}  // namespace
}  // namespace simile
