// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "simile/report/plot.hpp"
#include "simile/report/threshold_page.hpp"

namespace simile {
namespace {

struct Point {
  double x;
  double y;
};

/// Corners of the lines drawn (not of letters, which are filled) that have at least `corners` of them.
std::vector<std::vector<Point>> paths_of(const std::string& svg, std::size_t corners) {
  std::vector<std::vector<Point>> paths;
  for (std::size_t at = svg.find(" d=\"M"); at != std::string::npos; at = svg.find(" d=\"M", at + 1)) {
    // (Versions of Cairo write it in two ways.)
    const std::size_t tag = svg.rfind("<path", at);
    const std::string style = svg.substr(tag, at - tag);
    if (style.find("fill:none") == std::string::npos && style.find("fill=\"none\"") == std::string::npos) continue;
    std::vector<Point> path;
    const char* text = svg.c_str() + at + 4;
    while (*text == 'M' || *text == 'L') {
      char* end = nullptr;
      const double x = std::strtod(text + 1, &end);
      const double y = std::strtod(end, &end);
      path.push_back({x, y});
      text = end + (*end == ' ');
    }
    if (path.size() >= corners) paths.push_back(path);
  }
  return paths;
}

ThresholdPageModel model_of_three_steps() {
  ThresholdPageModel model;
  model.method = "phash";
  model.num_items = model.num_sampled = 10;
  model.advice.threshold = 0.85;
  for (const auto& [threshold, groups] : {std::pair{0.95, 1}, std::pair{0.9, 2}, std::pair{0.8, 4}}) {
    CurvePoint point;
    point.threshold = threshold;
    point.groups = groups;
    point.similar_pairs = point.grouped = point.largest = 2 * groups;
    model.curve.push_back(point);
    model.counts.push_back({threshold, 2 * groups});
  }
  return model;
}

// At 0.85 pairs of 0.9 and more are alike, not those of 0.8: two groups, as the page's numbers say.
TEST(ThresholdPlot, HoldsEachValueDownToTheNextSimilarity) {
  const Plot plot = threshold_plot(model_of_three_steps());
  const auto pixel = [&](double x) {
    return kPlotLeft + (plot_right(plot) - kPlotLeft) * (x - plot.x_min) / (plot.x_max - plot.x_min);
  };
  const auto paths = paths_of(plot_svg(plot), 5);
  ASSERT_EQ(paths.size(), 4U);  // pairs, groups, grouped and largest
  for (const auto& path : paths) {
    ASSERT_EQ(path.size(), 5U);
    const std::vector<double> expected{0.95, 0.9, 0.9, 0.8, 0.8};
    for (std::size_t k = 0; k < expected.size(); ++k) EXPECT_NEAR(path[k].x, pixel(expected[k]), 0.01) << k;
    EXPECT_EQ(path[0].y, path[1].y);  // from 0.95 down to 0.9
    EXPECT_EQ(path[2].y, path[3].y);  // from 0.9 down to 0.8
    EXPECT_GT(path[1].y, path[2].y);  // more is higher
    EXPECT_GT(path[3].y, path[4].y);
  }
}

TEST(ThresholdPlot, BeginsAtTheSameNumbersThePageShows) {
  const std::string page = threshold_page(model_of_three_steps());
  EXPECT_THAT(page, testing::HasSubstr("\"t\":[0.95,0.9,0.8]"));
  EXPECT_THAT(page, testing::HasSubstr("\"groups\":[1,2,4]"));
}

}  // namespace
}  // namespace simile
