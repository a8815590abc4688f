// SPDX-License-Identifier: Apache-2.0
#include "simile/report/tables.hpp"

#include "report/results.hpp"
#include "support/image_errors.hpp"
#include "support/image_files.hpp"

#include "simile/core/csv.hpp"

namespace simile {
namespace {

using test::ResultMaker;
using test::TemporaryFolder;
using test::text_of;

const std::vector<std::string> kOddNames{"a,b.jpg",    "c\"d.jpg",  "e\nf.jpg", "\xff\xfe.jpg",
                                         " blank.jpg", "semi;.jpg", "=cmd.jpg", "\xF0\x9F\x90\xB1.jpg"};

TEST(Tables, HaveTheirGoldenBytes) {
  const TemporaryFolder folder;
  ResultMaker maker({"b/1.jpg", "a.jpg", "b/2.jpg", "c,d.jpg", "broken.jpg"}, {0, 1, 0, 3});
  auto result = maker.result();
  result.representatives.of_cluster = {2};
  result.representatives.similarity = {0.9375, 1, 1, 1};
  result.unreadable = {{4, "JPEG, \"cut short\""}};
  write_tables(folder.path(), result);
  EXPECT_EQ(text_of(folder.path() / "clusters.csv"),
            "path,cluster,representative,similarity_to_representative\n"
            "b/1.jpg,0,b/2.jpg,0.9375\n"
            "a.jpg,-1,a.jpg,1\n"
            "b/2.jpg,0,b/2.jpg,1\n"
            "\"c,d.jpg\",-1,\"c,d.jpg\",1\n");
  EXPECT_EQ(text_of(folder.path() / "unreadable.csv"), "path,reason\nbroken.jpg,\"JPEG, \"\"cut short\"\"\"\n");
  EXPECT_EQ(text_of(folder.path() / "keep.csv"), "path\na.jpg\nb/2.jpg\n\"c,d.jpg\"\n");
}

TEST(Tables, KeepRawBytesOfOddNames) {
  const TemporaryFolder folder;
  ResultMaker maker(kOddNames, {0, 1, 2, 3, 4, 5, 6, 7});
  write_tables(folder.path(), maker.result());
  EXPECT_EQ(text_of(folder.path() / "keep.csv"),
            "path\n\"a,b.jpg\"\n\"c\"\"d.jpg\"\n\"e\nf.jpg\"\n\xff\xfe.jpg\n\" blank.jpg\"\n\"semi;.jpg\"\n=cmd.jpg\n"
            "\xF0\x9F\x90\xB1.jpg\n");
}

TEST(Tables, ReadBackAsTheyWereWritten) {
  const TemporaryFolder folder;
  ResultMaker maker(kOddNames, {0, 0, 0, 3, 3, 5, 6, 7});
  auto result = maker.result();
  result.representatives.similarity = {1, 0.1, 1.0 / 3, 1, 0x1.fffffffffffffp-1, 1, 1, 1};
  result.unreadable = {{6, "one\ntwo"}, {7, ""}};
  write_tables(folder.path(), result);
  const auto clusters = read_csv(folder.path() / "clusters.csv");
  ASSERT_EQ(clusters.rows.size(), kOddNames.size());
  for (std::size_t k = 0; k < kOddNames.size(); ++k) {
    EXPECT_EQ(clusters.rows[k][0], kOddNames[k]);
    EXPECT_EQ(clusters.rows[k][2], result.id(result.representative(static_cast<std::int64_t>(k))));
    EXPECT_EQ(std::stod(clusters.rows[k][3]), result.representatives.similarity[k]);  // to the last bit
  }
  const auto unreadable = read_csv(folder.path() / "unreadable.csv");
  EXPECT_EQ(unreadable.rows, (std::vector<std::vector<std::string>>{{kOddNames[6], "one\ntwo"}, {kOddNames[7], ""}}));
}

TEST(Tables, NameItemsOfTheCatalogueWhereSomeAreUnreadable) {
  const TemporaryFolder folder;
  ResultMaker maker({"0.jpg", "1.jpg", "2.jpg", "3.jpg"}, {0, 0});
  auto result = maker.result();
  result.items = {1, 3};  // 0 and 2 could not be read
  result.unreadable = {{0, "x"}, {2, "y"}};
  write_tables(folder.path(), result);
  EXPECT_EQ(text_of(folder.path() / "keep.csv"), "path\n1.jpg\n");
  EXPECT_EQ(read_csv(folder.path() / "clusters.csv").rows[1][0], "3.jpg");
  EXPECT_EQ(read_csv(folder.path() / "unreadable.csv").rows[1][0], "2.jpg");
}

TEST(Tables, HaveHeadersWhenThereIsNothingElse) {
  const TemporaryFolder folder;
  ResultMaker maker({}, {});
  write_tables(folder.path(), maker.result());
  EXPECT_EQ(text_of(folder.path() / "clusters.csv"), "path,cluster,representative,similarity_to_representative\n");
  EXPECT_EQ(text_of(folder.path() / "unreadable.csv"), "path,reason\n");
  EXPECT_EQ(text_of(folder.path() / "keep.csv"), "path\n");
}

/// Stands where every similarity is known already.
class NoMetric final : public Metric {
 public:
  std::string_view name() const override { return "none"; }
  std::int64_t num_left() const override { return 3; }
  std::int64_t num_right() const override { return 3; }
  std::int64_t resident_bytes() const override { return 0; }
  Cost cost() const override { return {}; }
  double exact(std::int64_t /*left*/, std::int64_t /*right*/) const override { return 0; }
};

TEST(Similarities, AreWrittenInCatalogueOrder) {
  const TemporaryFolder folder;
  ResultMaker maker({"a,a", "b", "c", "d"}, {0, 0, 0});
  auto result = maker.result();
  result.items = {0, 2, 3};
  Edges edges(0.5, {});
  edges.begin(Pairs::triangle(3), 2);
  const std::vector<ScoredPair> late{{1, 2, 0.5, 0.5}};
  const std::vector<ScoredPair> early{{0, 2, 0.25, 0.25}, {0, 1, 0.75, 0.75}};
  const NoMetric metric;
  Exact exact(metric);
  edges.consume(1, {}, late, exact);
  edges.consume(0, {}, early, exact);
  edges.finish({});
  ThreadPool pool(1);
  const auto silent = make_silent_progress();
  Cancellation cancellation;
  const Context context{pool, *silent, cancellation, 1 << 20};
  write_similarities(folder.path(), result, edges, context);
  EXPECT_EQ(text_of(folder.path() / "similarities.csv"), "from,to,similarity\n\"a,a\",c,0.75\nc,d,0.5\n");
  cancellation.request();
  EXPECT_THROW(write_similarities(folder.path(), result, edges, context), Error);
}

}  // namespace
}  // namespace simile
