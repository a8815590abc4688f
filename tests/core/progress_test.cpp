// SPDX-License-Identifier: Apache-2.0
#include "simile/core/progress.hpp"

#include <chrono>
#include <sstream>
#include <string>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "simile/core/text.hpp"

namespace simile {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;
using testing::StartsWith;

// Long enough for a terminal bar to be drawn (100 ms).
void wait_for_a_draw() { std::this_thread::sleep_for(std::chrono::milliseconds(130)); }

TEST(SilentProgress, WritesNothingToTheTerminal) {
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  const auto progress = make_silent_progress();
  {
    ProgressPhase phase(*progress, "comparing", 10, "pairs");
    phase.advance(10);
    progress->note("the cache is full");
  }
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

TEST(PlainProgress, WritesOneWholeLineAtTheEndWithoutControlCharacters) {
  std::ostringstream out;
  const auto progress = make_plain_progress(out);
  {
    ProgressPhase phase(*progress, "comparing", 12345, "pairs");
    phase.advance(12000);
    phase.advance(345);
  }
  EXPECT_THAT(out.str(), MatchesRegex("comparing: 12,345 pairs in [0-9.]+ m?s \\([0-9.]+ ?[kMGT]? pairs/s\\)\n"));
  EXPECT_THAT(out.str(), Not(HasSubstr("\x1b")));
  EXPECT_THAT(out.str(), Not(HasSubstr("\r")));
}

TEST(PlainProgress, SaysNotesOnLinesOfTheirOwn) {
  std::ostringstream out;
  const auto progress = make_plain_progress(out);
  progress->note("the cache is full");
  EXPECT_EQ(out.str(), "simile: note: the cache is full\n");
}

TEST(TerminalProgress, TakesItsBarAwayForANote) {
  std::ostringstream out;
  const auto progress = make_terminal_progress(out, 80);
  ProgressPhase phase(*progress, "reading", 10, "images");
  wait_for_a_draw();
  phase.advance(5);
  progress->note("the cache is full");
  EXPECT_THAT(out.str(), EndsWith("\r\x1b[Ksimile: note: the cache is full\n"));
}

TEST(TerminalProgress, ShowsNothingForAPhaseThatIsOverAtOnce) {
  std::ostringstream out;
  const auto progress = make_terminal_progress(out, 80);
  {
    ProgressPhase phase(*progress, "comparing", 5, "pairs");
    phase.advance(5);
  }
  EXPECT_EQ(out.str(), "");
}

TEST(TerminalProgress, RedrawsItsLineAndEndsWithASummary) {
  std::ostringstream out;
  const auto progress = make_terminal_progress(out, 100);
  {
    ProgressPhase phase(*progress, "comparing", 200, "pairs");
    wait_for_a_draw();
    phase.advance(50);
    EXPECT_THAT(out.str(), StartsWith("\r\x1b[Kcomparing  25% [==========                              ]"));
    EXPECT_THAT(out.str(), HasSubstr(" pairs/s, 0.1"));
    EXPECT_THAT(out.str(), EndsWith(" left"));
    EXPECT_THAT(out.str(), Not(HasSubstr("\n")));
  }
  EXPECT_THAT(out.str(), HasSubstr(" left\r\x1b[Kcomparing: 50 of 200 pairs in 0.1"));
  EXPECT_THAT(out.str(), EndsWith(" pairs/s)\n"));
}

// 50 of 1,000,050 in a tenth of a second: hours are left, though most pairs were done before.
TEST(TerminalProgress, CountsWhatAnEarlierRunDidInNoRate) {
  std::ostringstream out;
  const auto progress = make_terminal_progress(out, 120);
  ProgressPhase phase(*progress, "comparing", 10'000'050, "pairs");
  phase.resume(9'000'000);
  wait_for_a_draw();
  phase.advance(50);
  EXPECT_THAT(out.str(), StartsWith("\r\x1b[Kcomparing  90% ["));
  EXPECT_THAT(out.str(), HasSubstr(" min "));  // with all that is done: 0.01 s
  EXPECT_THAT(out.str(), Not(HasSubstr(" M pairs/s")));
}

class TerminalProgressOfWidth : public testing::TestWithParam<int> {};

TEST_P(TerminalProgressOfWidth, NeverWraps) {
  std::ostringstream out;
  const auto progress = make_terminal_progress(out, GetParam());
  ProgressPhase phase(*progress, "reading images", 3, "images");
  wait_for_a_draw();
  phase.advance(3);
  const std::string line = out.str().substr(std::string("\r\x1b[K").size());
  EXPECT_LT(static_cast<int>(line.size()), std::max(2, GetParam()));
  EXPECT_THAT(std::string("reading images"), StartsWith(line.substr(0, 14)));
  EXPECT_EQ(line.find('[') != std::string::npos, GetParam() >= 80) << line;
}

INSTANTIATE_TEST_SUITE_P(Columns, TerminalProgressOfWidth, testing::Values(0, 1, 2, 10, 40, 80, 300),
                         testing::PrintToStringParamName());

TEST(TerminalProgress, CopesWithNoTotal) {
  std::ostringstream out;
  const auto progress = make_terminal_progress(out, 100);
  ProgressPhase phase(*progress, "comparing", 0, "pairs");
  wait_for_a_draw();
  phase.advance(0);
  EXPECT_THAT(out.str(), HasSubstr("100%"));
  EXPECT_THAT(out.str(), HasSubstr("? left"));
}

TEST(ProgressPhase, EndsAlsoWhenAnExceptionLeavesIt) {
  std::ostringstream out;
  const auto progress = make_plain_progress(out);
  try {
    ProgressPhase phase(*progress, "comparing", 4, "pairs");
    phase.advance(1);
    throw 1;
  } catch (int) {
  }
  EXPECT_THAT(out.str(), StartsWith("comparing: 1 of 4 pairs in"));
}

}  // namespace
}  // namespace simile
