// SPDX-License-Identifier: Apache-2.0
#include "simile/pipeline/explain.hpp"

#include <cmath>

#include "pipeline/runs.hpp"

namespace simile::test {
namespace {

using testing::HasSubstr;

/// Unit vectors in the plane: the cosine of two is that of the angle between them.
std::vector<float> directions(const std::vector<double>& degrees) {
  std::vector<float> vectors;
  for (const double angle : degrees) {
    vectors.push_back(static_cast<float>(std::cos(angle * 3.14159265358979 / 180)));
    vectors.push_back(static_cast<float>(std::sin(angle * 3.14159265358979 / 180)));
  }
  return vectors;
}

class Explain : public Runs {
 protected:
  ExplainSummary explain(const ExplainOptions& options) {
    ThreadPool pool(2);
    return run_explain(options, {pool, *progress_, cancellation_, 256 << 20, {}});
  }
  std::filesystem::path vectors(const std::vector<float>& values) const {
    return write_array(path("v.npy"), NpyType::float32, {std::ssize(values) / 2, 2}, bytes_of(values));
  }
};

TEST_F(Explain, FindsTheChainWhoseWeakestPairIsStrongest) {
  // 0 and 3 are 50 degrees apart; over 2 (20) and 1 (35) no step is wider than 20. 4 is a detour.
  const auto npy = vectors(directions({0, 35, 20, 50, 120}));
  const auto summary = explain({.input = npy, .from = "0", .to = "3"});
  EXPECT_EQ(summary.chain, (std::vector<std::string>{"0", "2", "1", "3"}));
  ASSERT_EQ(summary.similarities.size(), 3U);
  EXPECT_NEAR(summary.weakest, std::cos(20 * 3.14159265358979 / 180), 1e-6);
  EXPECT_EQ(summary.weakest, summary.similarities[0]);
  EXPECT_NEAR(summary.direct, std::cos(50 * 3.14159265358979 / 180), 1e-6);
  // What it says is what clustering does.
  EXPECT_EQ(cluster({.input = npy, .threshold = summary.weakest, .out = path("at")}).num_grouped, 4);
  const double above = std::nextafter(summary.weakest, 2);
  cluster({.input = npy, .threshold = above, .out = path("above")});
  const auto groups = clusters(path("above"));
  EXPECT_NE(groups.at("0"), groups.at("3"));
}

TEST_F(Explain, SaysThatNothingJoinsWhatIsAlikeToNothing) {
  const auto summary = explain({.input = vectors({1, 0, 0, 0}), .from = "0", .to = "1"});
  EXPECT_TRUE(summary.chain.empty());
  EXPECT_EQ(summary.direct, -std::numeric_limits<double>::infinity());
  EXPECT_THAT(to_json(summary), HasSubstr("\"direct\": null"));
}

TEST_F(Explain, OfAnItemWithItselfIsTheItem) {
  const auto summary = explain({.input = vectors(directions({0, 35})), .from = "1", .to = "1"});
  EXPECT_EQ(summary.chain, std::vector<std::string>{"1"});
  EXPECT_EQ(summary.direct, 1);
}

TEST_F(Explain, WritesAPageWithPicturesAndLinks) {
  const auto set = photos({2, 1});
  ExplainOptions options{.input = set, .from = "0.png", .to = (set / "1.png").native(), .page = path("page.html")};
  const auto summary = explain(options);
  const std::string page = text_of(path("page.html"));
  EXPECT_THAT(page, HasSubstr("href=\"photos/0.png\""));
  EXPECT_THAT(page, HasSubstr("data:image/jpeg;base64,"));
  EXPECT_THAT(page, HasSubstr("class=\"pair weakest\""));
  EXPECT_THAT(error_of([&] { explain(options); }), IsError(ErrorCode::invalid_argument, "--overwrite"));
}

TEST_F(Explain, NamesTheItemThatIsNotThere) {
  const auto set = photos({2});
  folder_.write("photos/broken.png", "nothing");
  EXPECT_THAT(error_of([&] { explain({.input = set, .from = "0.png", .to = "x.png"}); }),
              IsError(ErrorCode::not_found, "'x.png'"));
  EXPECT_THAT(error_of([&] { explain({.input = set, .from = "broken.png", .to = "0.png"}); }),
              IsError(ErrorCode::decode, "'broken.png'"));
}

}  // namespace
}  // namespace simile::test
