// SPDX-License-Identifier: Apache-2.0
#include "simile/core/units.hpp"

#include <cstdint>
#include <ostream>
#include <string>

#include "core/expect_error.hpp"

namespace simile {
namespace {

struct SizeCase {
  std::string text;
  std::int64_t bytes;
  friend void PrintTo(const SizeCase& value, std::ostream* out) { *out << '"' << value.text << '"'; }
};

class ParseBytes : public testing::TestWithParam<SizeCase> {};

TEST_P(ParseBytes, ReadsSizes) { EXPECT_EQ(parse_bytes(GetParam().text), GetParam().bytes); }

INSTANTIATE_TEST_SUITE_P(Good, ParseBytes,
                         testing::Values(SizeCase{"0", 0}, SizeCase{"1000", 1000}, SizeCase{"17B", 17},
                                         SizeCase{"2kB", 2000}, SizeCase{"2KB", 2000}, SizeCase{"3MB", 3'000'000},
                                         SizeCase{"1.5 GB", 1'500'000'000}, SizeCase{"1TB", 1'000'000'000'000},
                                         SizeCase{"2KiB", 2048}, SizeCase{"512MiB", 512LL << 20},
                                         SizeCase{"4GiB", 4LL << 30}, SizeCase{"4gib", 4LL << 30},
                                         SizeCase{"0.5TiB", 1LL << 39}, SizeCase{"1e3", 1000},
                                         SizeCase{"4194304TiB", 1LL << 62}, SizeCase{"1.9", 1}));

class ParseBytesRefuses : public testing::TestWithParam<std::string> {};

TEST_P(ParseBytesRefuses, WithTheTextAndAnExample) {
  expect_error(ErrorCode::invalid_argument, "'" + GetParam() + "' is no size", [] { parse_bytes(GetParam()); });
  expect_error(ErrorCode::invalid_argument, "512MiB", [] { parse_bytes(GetParam()); });
}

INSTANTIATE_TEST_SUITE_P(Bad, ParseBytesRefuses,
                         testing::Values("", "GiB", "-1", "-0.5GiB", "4XiB", "4GiBs", "1 0", "inf", "nan", "+4", " 4",
                                         "1e400", "4194305TiB", "0x10", "4,5GB", "1e19"));

TEST(FormatBytes, PicksTheUnit) {
  EXPECT_EQ(format_bytes(0), "0 B");
  EXPECT_EQ(format_bytes(1023), "1023 B");
  EXPECT_EQ(format_bytes(1024), "1.0 KiB");
  EXPECT_EQ(format_bytes((1 << 20) - 1), "1.0 MiB");
  EXPECT_EQ(format_bytes(4'080'218'931), "3.8 GiB");
  EXPECT_EQ(format_bytes(1LL << 51), "2048.0 TiB");
}

TEST(FormatCount, GroupsThousands) {
  EXPECT_EQ(format_count(0), "0");
  EXPECT_EQ(format_count(999), "999");
  EXPECT_EQ(format_count(1000), "1,000");
  EXPECT_EQ(format_count(12'345'678), "12,345,678");
  EXPECT_EQ(format_count(-100), "-100");
  EXPECT_EQ(format_count(-123'456), "-123,456");
  EXPECT_EQ(format_count(INT64_MIN), "-9,223,372,036,854,775,808");
}

TEST(FormatCounted, ChoosesTheWord) {
  EXPECT_EQ(format_counted(0, "image", "images"), "0 images");
  EXPECT_EQ(format_counted(1, "image", "images"), "1 image");
  EXPECT_EQ(format_counted(1234, "image", "images"), "1,234 images");
}

TEST(FormatRate, GivesThreeDigits) {
  EXPECT_EQ(format_rate(0), "0.00");
  EXPECT_EQ(format_rate(9.994), "9.99");
  EXPECT_EQ(format_rate(9.996), "10.0");
  EXPECT_EQ(format_rate(99.94), "99.9");
  EXPECT_EQ(format_rate(99.96), "100");
  EXPECT_EQ(format_rate(870), "870");
  EXPECT_EQ(format_rate(999.6), "1.00 k");
  EXPECT_EQ(format_rate(1.234e6), "1.23 M");
  EXPECT_EQ(format_rate(5e13), "50.0 T");
}

TEST(FormatDuration, PicksTheUnit) {
  EXPECT_EQ(format_duration(0), "0.0 ms");
  EXPECT_EQ(format_duration(0.0004), "0.4 ms");
  EXPECT_EQ(format_duration(0.0096), "0.01 s");
  EXPECT_EQ(format_duration(0.42), "0.42 s");
  EXPECT_EQ(format_duration(9.996), "10.0 s");
  EXPECT_EQ(format_duration(59.94), "59.9 s");
  EXPECT_EQ(format_duration(59.96), "1 min 00 s");
  EXPECT_EQ(format_duration(185), "3 min 05 s");
  EXPECT_EQ(format_duration(3599.6), "1 h 00 min");
  EXPECT_EQ(format_duration(7800), "2 h 10 min");
  EXPECT_EQ(format_duration(-1), "?");
  EXPECT_EQ(format_duration(1e300), "?");
}

TEST(AvailableMemory, IsPlausible) { EXPECT_GT(available_memory_bytes(), 64LL << 20); }

TEST(FormatShare, RoundsDownSoThatAllMeansAll) {
  EXPECT_EQ(format_share(0), "0.0%");
  EXPECT_EQ(format_share(0.2348), "23.4%");
  EXPECT_EQ(format_share(0.99999), "99.9%");
  EXPECT_EQ(format_share(1), "100.0%");
}

}  // namespace
}  // namespace simile
