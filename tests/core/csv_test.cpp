// SPDX-License-Identifier: Apache-2.0
#include "simile/core/csv.hpp"

#include <string>
#include <vector>

#include "core/expect_error.hpp"
#include "support/temporary_folder.hpp"

#include "simile/core/atomic_file.hpp"
#include "simile/core/random.hpp"

namespace simile {
namespace {

using test::TemporaryFolder;

using testing::ElementsAre;
using testing::IsEmpty;
using Rows = std::vector<std::vector<std::string>>;

TEST(Csv, ReadsHeaderAndRows) {
  const auto table = parse_csv("path,cluster\na.jpg,0\nb.jpg,1\n");
  EXPECT_THAT(table.header, ElementsAre("path", "cluster"));
  EXPECT_EQ(table.rows, (Rows{{"a.jpg", "0"}, {"b.jpg", "1"}}));
  EXPECT_EQ(table.column("cluster"), 1U);
  expect_error(ErrorCode::invalid_argument, "no column 'label'; there are 'path', 'cluster'",
               [&] { table.column("label"); });
}

TEST(Csv, ReadsQuotedFields) {
  const auto table = parse_csv("a,b\n\"x,y\",\"say \"\"hi\"\"\"\n\"two\nlines\r\nhere\",\"\"\n");
  EXPECT_EQ(table.rows, (Rows{{"x,y", "say \"hi\""}, {"two\nlines\r\nhere", ""}}));
}

TEST(Csv, TakesByteOrderMarkAndEveryLineEnd) {
  EXPECT_EQ(parse_csv("\xEF\xBB\xBFpath,n\r\na,1\rb,2\nc,3").rows, (Rows{{"a", "1"}, {"b", "2"}, {"c", "3"}}));
  EXPECT_THAT(parse_csv("\xEF\xBB\xBFpath\r\n").header, ElementsAre("path"));
}

TEST(Csv, SkipsEmptyLinesOnlyWhereTheyAreNoRow) {
  EXPECT_EQ(parse_csv("a,b\n\n1,2\n\n").rows, (Rows{{"1", "2"}}));
  EXPECT_EQ(parse_csv("a\n\nx\n").rows, (Rows{{""}, {"x"}}));
}

TEST(Csv, FindsTheSeparatorOutsideQuotes) {
  EXPECT_THAT(parse_csv("\"a,b\";c\n1;2\n").header, ElementsAre("a,b", "c"));
  EXPECT_THAT(parse_csv("\"a;\nb\",c\n1,2\n").header, ElementsAre("a;\nb", "c"));
}

TEST(Csv, TakesSemicolonsWhenTheHeaderHasOnlyThem) {
  EXPECT_EQ(parse_csv("a;b\n1,5;2\n").rows, (Rows{{"1,5", "2"}}));
  EXPECT_EQ(parse_csv("a;b,c\n1;2,3\n").rows, (Rows{{"1;2", "3"}}));
}

TEST(Csv, KeepsBlanksFormulasAndRawBytes) {
  const std::string nul("x\0y", 3);
  EXPECT_EQ(parse_csv("a,b\n =1+1 ,\xff\xfe\n@x," + nul).rows, (Rows{{" =1+1 ", "\xff\xfe"}, {"@x", nul}}));
  EXPECT_EQ(csv_field("=1+1"), "=1+1");
  EXPECT_EQ(csv_field("-x"), "-x");
}

TEST(Csv, ReadsAnEmptyLastField) { EXPECT_EQ(parse_csv("a,b\n1,").rows, (Rows{{"1", ""}})); }

TEST(Csv, HoldsNoRowsWhenThereIsOnlyAHeader) { EXPECT_THAT(parse_csv("a,b").rows, IsEmpty()); }

TEST(Csv, NamesTheLineOfARaggedRow) {
  expect_error(ErrorCode::decode, "line 3: 1 fields where the header has 2", [] { parse_csv("a,b\n1,2\n3\n"); });
  // A quoted line break counts.
  expect_error(ErrorCode::decode, "line 4: 3 fields", [] { parse_csv("a,b\n\"1\n1\",2\n3,4,5\n"); });
}

TEST(Csv, NamesTheLineOfABrokenQuote) {
  expect_error(ErrorCode::decode, "line 2: a quoted field has no end", [] { parse_csv("a,b\n\"1,2\n3,4\n"); });
  expect_error(ErrorCode::decode, "line 2: text after a closing quote", [] { parse_csv("a,b\n\"1\"x,2\n"); });
}

TEST(Csv, RefusesAnEmptyText) {
  expect_error(ErrorCode::decode, "no header row", [] { parse_csv(""); });
  expect_error(ErrorCode::decode, "no header row", [] { parse_csv("\xEF\xBB\xBF"); });
}

TEST(Csv, NamesTheFile) {
  const TemporaryFolder folder;
  AtomicFile file(folder / "a.csv");
  file.write("a,b\n1\n");
  file.commit();
  expect_error(ErrorCode::decode, "a.csv': line 2", [&] { read_csv(folder / "a.csv"); });
  expect_error(ErrorCode::not_found, "b.csv", [&] { read_csv(folder / "b.csv"); });
}

TEST(CsvField, QuotesOnlyWhatNeedsIt) {
  EXPECT_EQ(csv_field(""), "");
  EXPECT_EQ(csv_field("a b.jpg"), "a b.jpg");
  EXPECT_EQ(csv_field("a,b"), "\"a,b\"");
  EXPECT_EQ(csv_field("a;b"), "\"a;b\"");
  EXPECT_EQ(csv_field("a\"b"), "\"a\"\"b\"");
  EXPECT_EQ(csv_field(" a"), "\" a\"");
  EXPECT_EQ(csv_field("a\r"), "\"a\r\"");
}

TEST(CsvField, RoundTripsAnyBytes) {
  Random random(9);
  constexpr std::string_view kNasty = ",;\"\r\n ='\xEF\xBB\xBFx\0\xff";
  for (int trial = 0; trial < 300; ++trial) {
    const auto columns = static_cast<std::size_t>(1 + random.below(3));
    Rows rows(1 + random.below(4), std::vector<std::string>(columns));
    std::string text;
    const auto append = [&](const std::vector<std::string>& row) {
      for (std::size_t c = 0; c < columns; ++c) {
        if (c > 0) text += ',';
        text += csv_field(row[c]);
      }
      text += '\n';
    };
    append(std::vector<std::string>(columns, "head;er"));
    for (auto& row : rows) {
      for (auto& field : row) {
        for (auto length = random.below(6); length > 0; --length) field += kNasty[random.below(kNasty.size())];
      }
      append(row);
    }
    ASSERT_EQ(parse_csv(text).rows, rows) << text;
  }
}

}  // namespace
}  // namespace simile
