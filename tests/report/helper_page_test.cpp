// SPDX-License-Identifier: Apache-2.0
#include "simile/report/helper_page.hpp"

#include <limits>

#include <gmock/gmock.h>

#include "report/report_models.hpp"

#include "simile/report/plot.hpp"

namespace simile {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr double kNothing = std::numeric_limits<double>::quiet_NaN();
constexpr const char* kPlot = "data:image/svg+xml;base64,";

HelperPageModel model() {
  HelperPageModel model;
  model.command = "simile train helper";
  model.title = "shoes & hats.npy";
  model.lead = "A helper of kind linear.";
  model.facts = {{"Accuracy (5 folds)", "93.1%"}};
  model.classes = {{"hat", 12, 0.75, 1, 0.857}, {"shoe", 1, kNothing, 0, 0}};
  model.confusion = {{9, 0}, {3, 0}};
  model.before = {{0.5, 0.4}, {0.9, 1}};
  model.after = {{0.5, 0.5}, {0.9, 0.9}};
  model.curve = {{10, 0.5}, {20, 0.8}};
  model.most_certain = {{0, "hat", 0.97, "shoe", "hat"}};
  model.least_certain = {{1, "shoe", 0.51, "hat", "hat"}};
  model.ids = {"a/1.jpg", "b/0b5e3c52-8f1c-4d1f-9d4e-5a7f3f0c1d2e.jpg"};
  model.thumbnails[0] = "jpeg";
  model.link_prefix = "../photos/";
  model.version = "1.2.3";
  return model;
}

TEST(HelperPage, ShowsFiguresClassesAndPredictions) {
  const auto page = helper_page(model());
  for (const auto* part :
       {"shoes &amp; hats.npy", "<dt>Accuracy (5 folds)</dt><dd>93.1%</dd>", "<td>hat</td><td>12</td><td>75%</td>",
        "<td>shoe</td><td>1</td><td>\u2013</td><td>0%</td>", "<b>hat</b> 97%<br>then shoe", "<b>shoe</b> 51%",
        "labelled <b>hat</b>", "data:image/jpeg;base64,anBlZw==", "href=\"../photos/a/1.jpg\"", "simile 1.2.3"}) {
    EXPECT_THAT(page, HasSubstr(part));
  }
  EXPECT_EQ(count_of(page, "labelled <b>"), 1) << "only where the label is another";
  EXPECT_EQ(count_of(page, kPlot), 3) << "learning curve, reliability, confusion";
  EXPECT_THAT(page, HasSubstr("<span class=\"file\" title=\"b/0b5e3c52-8f1c-4d1f-9d4e-5a7f3f0c1d2e.jpg\">"));
}

TEST(HelperPage, LeavesOutWhatThereIsNot) {
  HelperPageModel few = model();
  few.classes.clear();
  few.confusion.clear();
  few.before.clear();
  few.after.clear();
  few.curve.resize(1);  // no line
  few.least_certain.clear();
  const auto page = helper_page(few);
  for (const auto* part : {kPlot, "<table", "Least certain", "To label next"}) EXPECT_THAT(page, Not(HasSubstr(part)));
  EXPECT_THAT(page, HasSubstr("Most certain"));
  EXPECT_EQ(reliability_svg(few), "");
  EXPECT_EQ(learning_curve_svg(few), "");
}

TEST(HelperPage, LinksNothingBehindAHostilePrefix) {
  for (const auto* prefix : {"", "javascript:alert(1)//"}) {
    auto wanted = model();
    wanted.link_prefix = prefix;
    EXPECT_THAT(helper_page(wanted), Not(HasSubstr("<a "))) << prefix;
  }
}

TEST(HelperPage, EscapesTextFromOutside) {
  const std::string evil = "<script>alert(1)</script>\"'\xff";
  auto wanted = model();
  wanted.title = wanted.lead = wanted.ids[0] = wanted.ids[1] = evil;
  wanted.facts = {{evil, evil}};
  wanted.classes[0].name = wanted.classes[1].name = evil;
  wanted.most_certain[0].label = wanted.most_certain[0].second = wanted.least_certain[0].truth = evil;
  wanted.thumbnails.clear();
  const auto page = helper_page(wanted);
  EXPECT_EQ(count_of(page, "<script>alert"), 0);
  EXPECT_EQ(count_of(page, "\xff"), 0);
  EXPECT_THAT(confusion_svg(wanted.classes, wanted.confusion), Not(HasSubstr("<script>")));
}

TEST(HelperPage, ItsPlotsAreLegibleOnATelephone) {
  for (const auto& svg : {reliability_svg(model()), learning_curve_svg(model())}) {
    EXPECT_THAT(svg, HasSubstr("viewBox=\"0 0 480 "));  // 12 px letters are 10 px on a screen of 420
  }
}

TEST(Plot, TicksBeginWithZeroNotItsNegative) {
  Plot plot;
  plot.x_max = 1;
  const auto ticks = plot_ticks(plot);
  ASSERT_EQ(ticks.size(), 11U);
  EXPECT_EQ(ticks.front().second, "0");
  EXPECT_EQ(ticks[3].second, "0.3");
  EXPECT_EQ(ticks.back().second, "1");
  plot.width = 480;
  EXPECT_EQ(plot_ticks(plot).size(), 6U);
}

}  // namespace
}  // namespace simile
