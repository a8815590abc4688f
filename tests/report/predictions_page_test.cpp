// SPDX-License-Identifier: Apache-2.0
#include "simile/report/predictions_page.hpp"

#include <gmock/gmock.h>

namespace simile {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

PredictionsPageModel model() {
  PredictionsPageModel model;
  model.title = "shoes & hats";
  model.lead = "93% of 1,800 are right.";
  model.version = "1.2.3";
  model.facts = {{"images", "1,800"}};
  model.sections = {{"Surest", "Mind these.", {{0, "a/1.jpg", "hat", 0.97, "shoe", "hat"}}},
                    {"Wrong", "", {{1, "b/2 x.jpg", "shoe", 0.91, "hat", "hat"}}},
                    {"Nothing here", "", {}}};
  model.thumbnails[0] = "jpeg";
  model.link_prefix = "../photos/";
  return model;
}

std::size_t count(const std::string& page, const std::string& part) {
  std::size_t found = 0;
  for (auto at = page.find(part); at != std::string::npos; at = page.find(part, at + 1)) ++found;
  return found;
}

TEST(PredictionsPage, ShowsWhatWasPredicted) {
  const auto page = predictions_page(model());
  for (const auto* part : {"shoes &amp; hats", "93% of 1,800 are right.", "<dt>images</dt><dd>1,800</dd>", "Surest",
                           "Mind these.", "97%", "or shoe", "data:image/jpeg;base64,anBlZw==",
                           "href=\"../photos/a/1.jpg\"", "href=\"../photos/b/2%20x.jpg\"", "simile 1.2.3"}) {
    EXPECT_THAT(page, HasSubstr(part));
  }
  EXPECT_THAT(page, Not(HasSubstr("Nothing here")));
}

TEST(PredictionsPage, MarksWhatIsWrongWhereTheTruthIsKnown) {
  auto wanted = model();
  EXPECT_EQ(count(predictions_page(wanted), "<li class=\"wrong\">"), 1U);
  EXPECT_THAT(predictions_page(wanted), HasSubstr("is hat"));
  wanted.sections[1].items[0].truth.clear();
  EXPECT_EQ(count(predictions_page(wanted), "<li class=\"wrong\">"), 0U);
}

TEST(PredictionsPage, LinksNothingWithoutAPrefixOrBehindAHostileOne) {
  auto wanted = model();
  for (const auto* prefix : {"", "javascript:alert(1)//"}) {
    wanted.link_prefix = prefix;
    EXPECT_THAT(predictions_page(wanted), Not(HasSubstr("<a "))) << prefix;
  }
}

TEST(PredictionsPage, EscapesTextFromOutside) {
  auto wanted = model();
  const std::string evil = "<script>alert(1)</script>\"'\xff";
  auto& item = wanted.sections[1].items[0];
  wanted.title = item.id = item.label = item.truth = evil;
  item.second = evil;
  const auto page = predictions_page(wanted);
  EXPECT_THAT(page, Not(HasSubstr("<script>alert")));
  EXPECT_THAT(page, HasSubstr("&lt;script&gt;"));
  EXPECT_THAT(page, Not(HasSubstr("\xff")));
}

}  // namespace
}  // namespace simile
