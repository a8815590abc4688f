// SPDX-License-Identifier: Apache-2.0
#include "simile/report/html_report.hpp"

#include <limits>
#include <string>
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/html_report_text.hpp"
#include "report/report_models.hpp"

#include "simile/core/text.hpp"

namespace simile {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

TEST(ReportText, EncodesBase64AsRfc4648) {
  EXPECT_EQ(report::base64(""), "");
  EXPECT_EQ(report::base64("f"), "Zg==");
  EXPECT_EQ(report::base64("fo"), "Zm8=");
  EXPECT_EQ(report::base64("foo"), "Zm9v");
  EXPECT_EQ(report::base64("foob"), "Zm9vYg==");
  EXPECT_EQ(report::base64("fooba"), "Zm9vYmE=");
  EXPECT_EQ(report::base64("foobar"), "Zm9vYmFy");
  EXPECT_EQ(report::base64("\xFF\xFE\xFD\xFB"), "//79+w==");
}

TEST(ReportText, PercentEncodesEveryByteButUnreservedAndSlash) {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
  const std::string encoded = report::percent_encode(all);
  constexpr std::string_view kKept = "-./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz~";
  std::size_t at = 0;
  for (const char byte : all) {
    if (kKept.find(byte) != std::string_view::npos) {
      EXPECT_EQ(encoded[at++], byte);
    } else {
      EXPECT_EQ(encoded[at], '%');
      EXPECT_EQ(std::stoi(encoded.substr(at + 1, 2), nullptr, 16), static_cast<unsigned char>(byte));
      at += 3;
    }
  }
  EXPECT_EQ(at, encoded.size());
}

TEST(ReportText, KnowsUtf8) {
  EXPECT_EQ(utf8_length(""), 0U);
  EXPECT_EQ(utf8_length("a"), 1U);
  EXPECT_EQ(utf8_length("\u00E9"), 2U);
  EXPECT_EQ(utf8_length("\u20AC"), 3U);
  EXPECT_EQ(utf8_length("\U0001F600"), 4U);
  for (const std::string_view invalid : {"\x80", "\xC3", "\xC0\xAF", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xF0\x8F\xBF\xBF",
                                         "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF"}) {
    EXPECT_EQ(utf8_length(invalid), 0U);
    EXPECT_THAT(to_valid_utf8(invalid), HasSubstr("%")) << "core and report disagree about UTF-8";
  }
}

TEST(ReportText, WritesJsonThatCannotLeaveItsScript) {
  EXPECT_EQ(report::json_string("a/b.jpg"), R"("a/b.jpg")");
  EXPECT_EQ(report::json_string("</script><!--"), R"("\u003C/script>\u003C!--")");
  EXPECT_EQ(report::json_string("\"\\\n\x7F"), R"("\"\\\u000A\u007F")");
  EXPECT_EQ(report::json_string("\u00E9\xFF\xC3"), "\"\u00E9\\uDCFF\\uDCC3\"");
}

TEST(ReportText, ShortensInTheMiddleByCharacters) {
  EXPECT_EQ(report::shortened("short.jpg", 9), "short.jpg");
  EXPECT_EQ(report::shortened("abcdefghij", 5), "ab\u2026ij");
  EXPECT_EQ(report::shortened("\u00E9\u00E9\u00E9\u00E9\u00E9\u00E9", 5), "\u00E9\u00E9\u2026\u00E9\u00E9");
}

TEST(ReportText, MakesVisibleWhatWouldDeceive) {
  EXPECT_EQ(report::readable("a\nb\x7F"), "a%0Ab%7F");
  EXPECT_EQ(report::readable("\u202Egpj.exe"), "%E2%80%AEgpj.exe");
  EXPECT_EQ(report::readable("\u2066a\u2069"), "%E2%81%A6a%E2%81%A9");
  EXPECT_EQ(report::readable("\u2026\u2065\U0001F600"), "\u2026\u2065\U0001F600");
  EXPECT_EQ(report::readable("\xFF\xC3\xA9"), "%FF\u00E9");
}

TEST(HtmlReport, LinksAnAbsolutePathToItself) {
  EXPECT_EQ(report::link_to("../photos/", "a b/c.jpg"), "../photos/a%20b/c.jpg");
  EXPECT_EQ(report::link_to("../photos/", "/data/a b.jpg"), "file:///data/a%20b.jpg");
}

TEST(ReportText, NeverRoundsASimilarityUpToOne) {
  EXPECT_EQ(report::similarity_text(1, 3), "1");
  EXPECT_EQ(report::similarity_text(0.99999, 3), "0.999");
  EXPECT_EQ(report::similarity_text(0.8126, 3), "0.813");
  EXPECT_EQ(report::similarity_text(-12.5, 3), "-12.500");
  EXPECT_EQ(report::similarity_text(std::numeric_limits<double>::quiet_NaN(), 3), "\u2013");
  EXPECT_EQ(report::percent(0.9999), "99%");
  EXPECT_EQ(report::percent(0.0001), "1%");
  EXPECT_EQ(report::percent(0.625), "63%");
}

TEST(ReportText, AllowsOnlyHarmlessLinkPrefixes) {
  for (const std::string_view allowed : {"", "../photos/", "./", "/mnt/a:b/", "file:///mnt/photos/", "https://host/"}) {
    EXPECT_EQ(report::safe_link_prefix(allowed), allowed);
  }
  for (const std::string_view refused : {"javascript:alert(1)//", "JavaScript:/", "java\nscript:x/", " javascript:/",
                                         "data:text/html,", "vbscript:", "a\"b/", "<a>/", "\xFF/"}) {
    EXPECT_EQ(report::safe_link_prefix(refused), "");
  }
}

TEST(HtmlReport, ShowsTitleMethodThresholdFactsAndVersion) {
  ReportModel model = model_of_groups({3, 2});
  model.title = "holiday";
  model.facts = {{"Images", "5"}, {"Purity", "80%"}};
  model.version = "1.2.3";
  model.representative_note = "chosen among 256";
  const std::string page = html_report(model);
  EXPECT_THAT(page, StartsWith("<!doctype html>"));
  EXPECT_THAT(page, HasSubstr("<h1>holiday</h1>"));
  EXPECT_THAT(page, HasSubstr("5 images in 2 groups."));
  EXPECT_THAT(page, HasSubstr("method <b>ssim</b>"));
  EXPECT_THAT(page, HasSubstr("threshold <b>0.8</b>"));
  EXPECT_THAT(page, HasSubstr("<dt>Purity</dt><dd>80%</dd>"));
  EXPECT_THAT(page, HasSubstr("Made by simile 1.2.3."));
  EXPECT_THAT(page, HasSubstr("<p>chosen among 256</p>"));
}

TEST(HtmlReport, LeavesOutAThresholdThatTheMethodHasNot) {
  ReportModel model = model_of_groups({2});
  model.threshold = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THAT(html_report(model), Not(HasSubstr("threshold <b>")));
}

TEST(HtmlReport, LoadsNothingAndAllowsOnlyItsOwnScript) {
  const std::string page = html_report(model_of_groups({3}));
  EXPECT_THAT(page, HasSubstr("default-src 'none'; img-src data:; style-src 'sha256-"));
  EXPECT_THAT(page, HasSubstr("script-src 'sha256-"));
  EXPECT_THAT(page, Not(HasSubstr("unsafe")));
  EXPECT_THAT(page, Not(HasSubstr("<link")));
  EXPECT_THAT(page, Not(HasSubstr(" src=\"http")));
  EXPECT_THAT(page, Not(HasSubstr("style=\"")));
  EXPECT_THAT(page, Not(HasSubstr("onclick=")));
}

TEST(HtmlReport, EscapesEveryTextFromOutside) {
  constexpr std::string_view kMarkup = "<img src=x onerror=alert(1)>'\"&</script>";
  const std::string markup(kMarkup);
  ReportModel model = model_of_groups({30});
  model.title = model.method = model.version = model.representative_note = markup;
  model.facts = {{markup, markup}};
  model.unreadable = {{markup, markup}};
  model.link_prefix = "../a/";
  model.groups[0].classes = {{markup, 30}};
  for (auto& item : model.groups[0].items) item.truth = markup;
  model.outliers = {{30, 1.0, markup}};
  model.ids.assign(31, markup + ".jpg");
  const std::string page = html_report(model);
  EXPECT_THAT(page, Not(HasSubstr("<img src=x")));
  EXPECT_THAT(page, HasSubstr("&lt;img src=x onerror=alert(1)&gt;&#39;&quot;&amp;"));
  EXPECT_EQ(count_of(page, "</script>"), 2) << "the page's script and its data, nothing else ends one";
}

TEST(HtmlReport, ShowsNewlinesEmojiAndInvalidUtf8Readably) {
  ReportModel model = model_of_groups({3});
  model.ids = {"a\nb.jpg", "\U0001F600.jpg", "bad\xFF.jpg"};
  const std::string page = html_report(model);
  EXPECT_THAT(page, HasSubstr(">a%0Ab.jpg<"));
  EXPECT_THAT(page, HasSubstr(">\U0001F600.jpg<"));
  EXPECT_THAT(page, HasSubstr(">bad%FF.jpg<"));
  EXPECT_THAT(page, HasSubstr("bad\\uDCFF.jpg")) << "the data keeps the byte, to link to it";
  EXPECT_EQ(to_valid_utf8(page), page);
}

TEST(HtmlReport, LinksToOriginalsByteExact) {
  ReportModel model = model_of_groups({4});
  model.link_prefix = "../my%20photos/";
  model.ids = {"a b/c#1?.jpg", "\u00E9.jpg", "100%.jpg", "x\xFFy.jpg"};
  const std::string page = html_report(model);
  EXPECT_THAT(page, HasSubstr("href=\"../my%20photos/a%20b/c%231%3F.jpg\""));
  EXPECT_THAT(page, HasSubstr("href=\"../my%20photos/%C3%A9.jpg\""));
  EXPECT_THAT(page, HasSubstr("href=\"../my%20photos/100%25.jpg\""));
  EXPECT_THAT(page, HasSubstr("href=\"../my%20photos/x%FFy.jpg\""));
  EXPECT_THAT(page, HasSubstr("\"link\":\"../my%20photos/\""));
}

TEST(HtmlReport, LinksNothingWithoutAPrefixOrWithADangerousOne) {
  for (const char* prefix : {"", "javascript:alert(1)//"}) {
    ReportModel model = model_of_groups({2});
    model.link_prefix = prefix;
    const std::string page = html_report(model);
    EXPECT_THAT(page, Not(HasSubstr("<a class=\"tile\"")));
    EXPECT_THAT(page, Not(HasSubstr("javascript:")));
    EXPECT_THAT(page, HasSubstr("<span class=\"tile\""));
  }
}

TEST(HtmlReport, MarksTheRepresentativeAndItsGroupsSimilarities) {
  ReportModel model = model_of_groups({3});
  model.groups[0].items[1].similarity = 0.9;
  model.groups[0].items[2].similarity = 0.81234;
  const std::string page = html_report(model);
  EXPECT_EQ(count_of(page, "<li class=\"representative\">"), 1);
  EXPECT_THAT(page, HasSubstr("similarity from 0.812"));
  EXPECT_THAT(page, HasSubstr("similarity 0.8123 to the representative"));
  EXPECT_THAT(page, HasSubstr("<span class=\"score\">0.900</span>"));
}

TEST(HtmlReport, ShowsEachThumbnailOnceAndPlaceholdersForTheRest) {
  ReportModel model = model_of_groups({3});
  model.thumbnails = {{0, "foobar"}, {2, "foob"}};
  const std::string page = html_report(model);
  EXPECT_EQ(count_of(page, "data:image/jpeg;base64,Zm9vYmFy\""), 1);
  EXPECT_EQ(count_of(page, "data:image/jpeg;base64,Zm9vYg==\""), 1);
  EXPECT_EQ(count_of(page, "<img "), 2);
  EXPECT_EQ(count_of(page, "<span class=\"placeholder\""), 1);
}

TEST(HtmlReport, ShowsClassesAndPurityWhenTruthIsKnown) {
  ReportModel model = model_of_groups({4});
  EXPECT_THAT(html_report(model), Not(HasSubstr("class=\"bar\"")));
  model.groups[0].classes = {{"cat", 1}, {"dog", 3}};
  const std::string page = html_report(model);
  EXPECT_THAT(page, HasSubstr("75% pure"));
  EXPECT_THAT(page, HasSubstr("data-purity=\"0.75\""));
  EXPECT_THAT(
      page,
      HasSubstr("<rect class=\"c0\" x=\"0\" width=\"750\" height=\"1\"/><rect class=\"c1\" x=\"750\" width=\"250\""));
  EXPECT_THAT(page, HasSubstr("</i>dog <b>3</b>"));
}

TEST(HtmlReport, CountsGroupsBySizeInPowersOfTwo) {
  const std::string page = html_report(model_of_groups({9, 3, 2, 2}));
  EXPECT_THAT(page, HasSubstr("<th scope=\"row\">2\u20133</th>"));
  EXPECT_THAT(page, HasSubstr("<td>3</td><td>7</td>"));
  EXPECT_THAT(page, HasSubstr("<th scope=\"row\">4\u20137</th>")) << "empty bins between stay";
  EXPECT_THAT(page, HasSubstr("<td>0</td><td>0</td>"));
  EXPECT_THAT(page, HasSubstr("<th scope=\"row\">8\u201315</th>"));
}

TEST(HtmlReport, SaysSoWhenThereIsNothing) {
  const std::string page = html_report(ReportModel());
  EXPECT_THAT(page, HasSubstr("No two images are alike"));
  EXPECT_THAT(page, Not(HasSubstr("<table")));
  EXPECT_THAT(page, Not(HasSubstr("id=\"outliers\"")));
  EXPECT_THAT(page, HasSubstr("\"groups\":[],\"outliers\":[0,[],[]],\"unreadable\":[0,[],[]]}"));
}

TEST(HtmlReport, ShowsOutliersAlone) {
  ReportModel model;
  model.ids = {"a.jpg", "b.jpg"};
  model.outliers = {{0, 1.0, ""}, {1, 1.0, ""}};
  const std::string page = html_report(model);
  EXPECT_THAT(page, HasSubstr("No groups, 2 outliers."));
  EXPECT_THAT(page, HasSubstr("id=\"outliers\""));
  EXPECT_THAT(page, HasSubstr(">b.jpg</span>"));
  EXPECT_THAT(page, HasSubstr("\"outliers\":[2,[\"Aa.jpg\",\"Ab.jpg\"],[]]"));
}

TEST(HtmlReport, ListsUnreadableFilesWithTheirReasons) {
  ReportModel model = model_of_groups({2});
  for (int i = 0; i < 150; ++i) model.unreadable.emplace_back(concat("bad/", i, ".jpg"), concat("reason ", i));
  const std::string page = html_report(model);
  EXPECT_THAT(page, HasSubstr("150 unreadable files"));
  EXPECT_THAT(page, HasSubstr("<td class=\"name\">bad/99.jpg</td><td>reason 99</td>"));
  EXPECT_THAT(page, Not(HasSubstr("<td>reason 100</td>"))) << "the script shows these in pages";
  EXPECT_THAT(page, HasSubstr("and 50 more in unreadable.csv"));
  EXPECT_THAT(page, HasSubstr("\"reason 149\""));
}

TEST(HtmlReport, SharesTheBeginningsOfNamesInItsLists) {
  ReportModel model = model_of_groups({4});
  model.ids = {"train/dress/1.jpg", "train/dress/2.jpg", "train/\u00E9\U0001F600a", "train/\u00E9\U0001F600b"};
  model.groups[0].items[1].similarity = 0.99999;
  model.groups[0].items[2].similarity = std::numeric_limits<double>::quiet_NaN();
  model.groups[0].items[3].similarity = -0.5;
  // M: 12 characters shared; G: 6; J: 9 in UTF-16, where the emoji counts two.
  EXPECT_THAT(
      html_report(model),
      HasSubstr("[4,[\"Atrain/dress/1.jpg\",\"M2.jpg\",\"G\u00E9\U0001F600a\",\"Jb\"],[10000,9999,null,-5000]]"));
}

TEST(HtmlReport, IsTheSameEveryTime) {
  ReportModel model = model_of_groups({40, 7, 2});
  model.thumbnails = {{0, "foobar"}, {41, "foob"}};
  EXPECT_EQ(html_report(model), html_report(model));
}

}  // namespace
}  // namespace simile
