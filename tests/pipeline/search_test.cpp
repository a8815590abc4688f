// SPDX-License-Identifier: Apache-2.0
#include "simile/pipeline/search.hpp"

#include <limits>

#include "pipeline/runs.hpp"

#include "simile/similarity/ssim.hpp"

namespace simile::test {
namespace {

using testing::HasSubstr;
using testing::SizeIs;

class Search : public Runs {
 protected:
  SearchSummary search(const SearchOptions& options, int threads = 2) {
    ThreadPool pool(threads);
    return run_search(options, {pool, *progress_, cancellation_, 256 << 20, {}});
  }
  void expect_failure(const SearchOptions& options, ErrorCode code, const std::string& text) {
    EXPECT_THAT(error_of([&] { search(options); }), IsError(code, text));
  }
};

std::vector<std::string> ids(const SearchResult& result) {
  std::vector<std::string> all;
  for (const auto& hit : result.hits) all.push_back(hit.id);
  return all;
}

TEST_F(Search, RanksTheSetForAnItemOfItButNotTheItemItself) {
  // Images k and k + 4 are copies, 8 a third one of 0.
  const auto images = planted_images({3, 2, 2, 2});
  const auto summary = search({.input = photos({3, 2, 2, 2}), .queries = {"0.png"}, .top = 3});
  ASSERT_THAT(summary.results, SizeIs(1));
  const auto& hits = summary.results[0].hits;
  ASSERT_THAT(hits, SizeIs(3));
  EXPECT_THAT(ids(summary.results[0]), testing::IsSupersetOf({"4.png", "8.png"}));
  std::vector<Array<std::uint8_t, 2>> all;
  for (const auto& image : images) all.push_back(image.clone());
  const auto stacked = stack(all);
  const SsimMetric metric(stacked.view());
  for (std::size_t k = 0; k < hits.size(); ++k) {
    EXPECT_EQ(hits[k].similarity, metric.exact(0, std::stoi(hits[k].id)));
    EXPECT_LE(hits[k].similarity, k > 0 ? hits[k - 1].similarity : 1);
  }
}

TEST_F(Search, FindsTheSameForAnIdAndForTheFileItself) {
  const auto set = photos({2, 2, 1});
  const auto summary = search({.input = set, .queries = {"1.png", (set / "1.png").native()}});
  ASSERT_THAT(summary.results, SizeIs(2));
  EXPECT_EQ(ids(summary.results[0]), ids(summary.results[1]));
  EXPECT_THAT(summary.results[0].hits, SizeIs(4));
}

TEST_F(Search, FindsCopiesOfAFileFromOutside) {
  const auto set = photos({2, 2, 1});
  std::filesystem::copy(set / "1.png", path("query.png"));
  const auto summary = search({.input = set, .queries = {path("query.png").native(), "0.png"}, .top = 1});
  EXPECT_EQ(ids(summary.results[0]), std::vector<std::string>{"1.png"});
  EXPECT_EQ(summary.results[0].hits[0].similarity, 1);
  EXPECT_EQ(ids(summary.results[1]), std::vector<std::string>{"3.png"});
}

TEST_F(Search, ReadsQueriesFromOutsideLikeTheSetsFeatures) {
  const auto set = photos({2, 2, 1});
  FeaturesOptions made{.input = set, .out = path("f.npy")};
  made.features.method = Method::dhash;
  made.features.hash_size = 16;
  features(made);
  std::filesystem::copy(set / "1.png", path("query.png"));
  const auto summary = search({.input = path("f.npy"), .queries = {path("query.png").native()}, .top = 1});
  EXPECT_EQ(summary.method, "dhash");
  EXPECT_EQ(ids(summary.results[0]), std::vector<std::string>{"1.png"});
  EXPECT_EQ(summary.results[0].hits[0].similarity, 1);
}

TEST_F(Search, TakesRowsOfAnArrayAsQueries) {
  const std::vector<float> vectors{1, 0, 0, 1, .6F, .8F, 0, 0};
  const auto npy = write_array(path("v.npy"), NpyType::float32, {4, 2}, bytes_of(vectors));
  const std::vector<float> queries{2, 0, 0, 3};
  const auto query = write_array(path("q.npy"), NpyType::float32, {2, 2}, bytes_of(queries));
  const auto summary = search({.input = npy, .queries = {query.native()}});
  ASSERT_THAT(summary.results, SizeIs(2));
  EXPECT_EQ(summary.results[1].query, query.native() + "#1");
  EXPECT_EQ(ids(summary.results[0]), (std::vector<std::string>{"0", "2", "1"}));  // a zero vector is like nothing
  EXPECT_EQ(ids(summary.results[1]), (std::vector<std::string>{"1", "2", "0"}));
}

TEST_F(Search, GivesTheSameForAnyNumberOfThreads) {
  const SearchOptions options{.input = photos({5, 5, 5, 3, 3, 1, 1}), .queries = {"3.png", "7.png"}, .top = 7};
  const auto one = search(options, 1);
  const auto four = search(options, 4);
  for (std::size_t k = 0; k < 2; ++k) EXPECT_EQ(ids(one.results[k]), ids(four.results[k]));
}

TEST_F(Search, WritesAPageWithPictures) {
  const auto set = photos({2, 2});
  std::filesystem::copy(set / "1.png", path("<query>.png"));
  SearchOptions options{.input = set, .queries = {"0.png", path("<query>.png").native()}, .page = path("page.html")};
  search(options);
  const std::string page = text_of(path("page.html"));
  EXPECT_THAT(page, HasSubstr("href=\"photos/2.png\""));
  EXPECT_THAT(page, HasSubstr("data:image/jpeg;base64,"));
  EXPECT_THAT(page, HasSubstr("&lt;query&gt;.png"));
  EXPECT_THAT(page, Not(HasSubstr("<query>")));
  expect_failure(options, ErrorCode::invalid_argument, "--overwrite");
  options.overwrite = true;
  search(options);
  EXPECT_EQ(text_of(path("page.html")), page);
}

TEST_F(Search, NamesTheQueryThatCannotBe) {
  const auto set = photos({2, 1});
  folder_.write("photos/broken.png", "nothing");
  folder_.write("text.png", "nothing");
  expect_failure({.input = set, .queries = {}}, ErrorCode::invalid_argument, "--query");
  expect_failure({.input = set, .queries = {"nine.png"}}, ErrorCode::not_found, "'nine.png'");
  expect_failure({.input = set, .queries = {"broken.png"}}, ErrorCode::decode, "'broken.png'");
  expect_failure({.input = set, .queries = {path("text.png").native()}}, ErrorCode::decode, "text.png");
  expect_failure({.input = set, .queries = {"0.png"}, .top = 0}, ErrorCode::invalid_argument, "--top 0");
  const std::vector<float> vectors{1, 0, 0, 1};
  const auto npy = write_array(path("v.npy"), NpyType::float32, {2, 2}, bytes_of(vectors));
  const auto longer = write_array(path("w.npy"), NpyType::float32, {1, 4}, bytes_of(vectors));
  expect_failure({.input = npy, .queries = {(set / "0.png").native()}}, ErrorCode::invalid_argument,
                 "cannot be compared");
  expect_failure({.input = set, .queries = {npy.native()}}, ErrorCode::invalid_argument, "needs");
  expect_failure({.input = npy, .queries = {longer.native()}}, ErrorCode::invalid_argument, "dimensions");
}

}  // namespace
}  // namespace simile::test
