// SPDX-License-Identifier: Apache-2.0
#include "simile/core/text.hpp"

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <ostream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "simile/core/random.hpp"

namespace simile {
namespace {

using testing::ElementsAre;

struct TextCase {
  const char* name;
  std::string text;
  std::string expected;
  friend void PrintTo(const TextCase& value, std::ostream* out) { *out << value.name; }
};
std::string case_name(const testing::TestParamInfo<TextCase>& info) { return info.param.name; }

class ToValidUtf8 : public testing::TestWithParam<TextCase> {};

TEST_P(ToValidUtf8, EncodesExactlyTheInvalidBytes) { EXPECT_EQ(to_valid_utf8(GetParam().text), GetParam().expected); }

INSTANTIATE_TEST_SUITE_P(
    Text, ToValidUtf8,
    testing::Values(
        TextCase{"Empty", "", ""}, TextCase{"Ascii", "a%20.jpg\x01\x7f", "a%20.jpg\x01\x7f"},
        TextCase{"Nul", std::string("a\0b", 3), std::string("a\0b", 3)},
        TextCase{"FirstAndLastOfEachLength", "\xC2\x80\xDF\xBF\xE0\xA0\x80\xEF\xBF\xBF\xF0\x90\x80\x80\xF4\x8F\xBF\xBF",
                 "\xC2\x80\xDF\xBF\xE0\xA0\x80\xEF\xBF\xBF\xF0\x90\x80\x80\xF4\x8F\xBF\xBF"},
        TextCase{"AroundSurrogates", "\xED\x9F\xBF\xEE\x80\x80", "\xED\x9F\xBF\xEE\x80\x80"},
        TextCase{"LoneContinuation", "a\x80z", "a%80z"}, TextCase{"Latin1", "caf\xE9.jpg", "caf%E9.jpg"},
        TextCase{"OverlongSlash2", "\xC0\xAF\xC1\xBF", "%C0%AF%C1%BF"},
        TextCase{"OverlongSlash3", "\xE0\x80\xAF\xE0\x9F\xBF", "%E0%80%AF%E0%9F%BF"},
        TextCase{"OverlongSlash4", "\xF0\x80\x80\xAF\xF0\x8F\xBF\xBF", "%F0%80%80%AF%F0%8F%BF%BF"},
        TextCase{"LowestSurrogate", "\xED\xA0\x80", "%ED%A0%80"},
        TextCase{"HighestSurrogate", "\xED\xBF\xBF", "%ED%BF%BF"},
        TextCase{"AboveLastCodePoint", "\xF4\x90\x80\x80\xF5\x80\x80\x80\xFF", "%F4%90%80%80%F5%80%80%80%FF"},
        TextCase{"CutShort2", "\xC3", "%C3"}, TextCase{"CutShort3", "\xE2\x82", "%E2%82"},
        TextCase{"CutShort4", "\xF0\x9F\x98", "%F0%9F%98"}, TextCase{"LeadBeforeAscii", "\xE2\x82z", "%E2%82z"}),
    case_name);

class InQuotes : public testing::TestWithParam<TextCase> {};

TEST_P(InQuotes, EscapesWhatATerminalWouldObey) { EXPECT_EQ(in_quotes(GetParam().text), GetParam().expected); }

INSTANTIATE_TEST_SUITE_P(
    Text, InQuotes,
    testing::Values(TextCase{"Empty", "", "''"}, TextCase{"Plain", "a b.jpg", "'a b.jpg'"},
                    TextCase{"Utf8", "\xC3\xA9", "'\xC3\xA9'"},
                    TextCase{"Escape", "\x1b[2J\n\t", "'\\x1B[2J\\x0A\\x09'"}, TextCase{"Delete", "\x7f", "'\\x7F'"},
                    TextCase{"Invalid", "\xff\xC3", "'\\xFF\\xC3'"},
                    TextCase{"C1ControlsAsUtf8", "\xC2\x9B\x32J\xC2\xA0", "'\\xC2\\x9B2J\xC2\xA0'"}),
    case_name);

TEST(FormatDouble, WritesTheShortestForm) {
  EXPECT_EQ(format_double(0.8), "0.8");
  EXPECT_EQ(format_double(1), "1");
  EXPECT_EQ(format_double(1e-7), "1e-07");
  EXPECT_EQ(format_double(-0.0), "-0");
  EXPECT_EQ(format_double(-std::numeric_limits<double>::infinity()), "-inf");
  EXPECT_EQ(format_double(-std::numeric_limits<double>::quiet_NaN()), "nan");
  EXPECT_EQ(format_double(std::numeric_limits<double>::denorm_min()), "5e-324");
}

TEST(FormatDouble, ReadsBackAsTheSameDouble) {
  Random random(1);
  for (int trial = 0; trial < 20000; ++trial) {
    const auto value = std::bit_cast<double>(random.next());
    if (!std::isfinite(value)) continue;
    const double back = std::strtod(format_double(value).c_str(), nullptr);
    ASSERT_EQ(std::bit_cast<std::uint64_t>(back), std::bit_cast<std::uint64_t>(value)) << value;
  }
}

TEST(Concat, JoinsTextCharactersAndNumbers) {
  EXPECT_EQ(concat("a", 'b', std::string("c"), 12, -3LL, 0.5, 0.25F, std::uint64_t{1} << 63),
            "abc12-30.50.259223372036854775808");
  EXPECT_EQ(concat(), "");
}

TEST(ForEachPart, KeepsEmptyPartsAndBlanks) {
  const auto parts = [](std::string_view text) {
    std::vector<std::string> all;
    for_each_part(text, ',', [&](std::string_view part) { all.emplace_back(part); });
    return all;
  };
  EXPECT_THAT(parts(""), ElementsAre(""));
  EXPECT_THAT(parts(" a ,b"), ElementsAre(" a ", "b"));
  EXPECT_THAT(parts(",,x,"), ElementsAre("", "", "x", ""));
}

}  // namespace
}  // namespace simile
