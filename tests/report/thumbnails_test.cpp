// SPDX-License-Identifier: Apache-2.0
#include "simile/report/thumbnails.hpp"

#include <gtest/gtest.h>
#include <opencv2/imgcodecs.hpp>

#include "report/results.hpp"
#include "support/image_files.hpp"
#include "support/random_images.hpp"

namespace simile {
namespace {

using test::encode;
using test::TemporaryFolder;

cv::Mat decoded(const std::string& jpeg) {
  return cv::imdecode(std::vector<std::uint8_t>(jpeg.begin(), jpeg.end()), cv::IMREAD_UNCHANGED);
}

class Thumbnails : public ::testing::Test {
 protected:
  std::map<std::int64_t, std::string> make(const std::vector<std::int64_t>& items, int threads = 2) {
    ThreadPool pool(threads);
    const auto progress = make_silent_progress();
    return make_thumbnails(set_, items, {}, {}, {pool, *progress, cancellation_, 256 << 20, {}});
  }
  void add_photo(const std::string& name, const cv::Mat& image) {
    folder_.write(name, encode(std::filesystem::path(name).extension(), image));
    set_.catalogue.root = folder_.path();
    set_.catalogue.has_files = true;
    set_.catalogue.ids.push_back(name);
  }

  TemporaryFolder folder_;
  ImageSet set_;
  Cancellation cancellation_;
};

struct Size {
  int width, height, thumbnail_width, thumbnail_height;
};
void PrintTo(const Size& size, std::ostream* out) { *out << size.width << 'x' << size.height; }
class ThumbnailSizes : public Thumbnails, public ::testing::WithParamInterface<Size> {};

TEST_P(ThumbnailSizes, KeepProportionsWithinTheLongerSide) {
  add_photo("a.png", test::photo(GetParam().width, GetParam().height));
  add_photo("a.jpg", test::photo(GetParam().width, GetParam().height));  // decoded at a reduced size
  const auto thumbnails = make({0, 1});
  ASSERT_EQ(thumbnails.size(), 2U);
  for (const auto& [item, jpeg] : thumbnails) {
    const auto image = decoded(jpeg);
    EXPECT_EQ(image.cols, GetParam().thumbnail_width) << item;
    EXPECT_EQ(image.rows, GetParam().thumbnail_height) << item;
    EXPECT_EQ(image.channels(), 3);
  }
}

INSTANTIATE_TEST_SUITE_P(Each, ThumbnailSizes,
                         ::testing::Values(Size{960, 480, 96, 48}, Size{480, 960, 48, 96}, Size{96, 96, 96, 96},
                                           Size{97, 97, 96, 96}, Size{20, 10, 20, 10}, Size{1, 1, 1, 1},
                                           Size{2000, 3, 96, 1}));

TEST_F(Thumbnails, ShowThePhoto) {
  const auto photo = test::photo(960, 480);
  add_photo("a.jpg", photo);
  cv::Mat expected(48, 96, CV_8UC3);
  for (int y = 0; y < 48; ++y) {
    for (int x = 0; x < 96; ++x) {
      const auto mean = cv::mean(photo(cv::Rect(10 * x, 10 * y, 10, 10)));
      expected.at<cv::Vec3b>(y, x) = {cv::saturate_cast<std::uint8_t>(mean[0]),
                                      cv::saturate_cast<std::uint8_t>(mean[1]),
                                      cv::saturate_cast<std::uint8_t>(mean[2])};
    }
  }
  EXPECT_LT(cv::norm(decoded(make({0}).at(0)), expected, cv::NORM_L1) / (96 * 48 * 3), 4);  // levels, on average
}

TEST_F(Thumbnails, OfGreyRowsAreGrey) {
  const auto image = gradient_image(28, 28);
  set_.pixels = Array<std::uint8_t, 4>({1, 28, 28, 1});
  std::copy_n(image.data(), image.size(), set_.pixels.data());
  set_.catalogue.ids = {"0"};
  const auto shown = decoded(make({0}).at(0));
  ASSERT_EQ(shown.size(), cv::Size(28, 28));
  for (int y = 0; y < 28; ++y) {
    for (int x = 0; x < 28; ++x) {
      const auto pixel = shown.at<cv::Vec3b>(y, x);
      for (int channel = 0; channel < 3; ++channel) EXPECT_NEAR(pixel[channel], image.view()(y, x), 16);
    }
  }
}

TEST_F(Thumbnails, LeaveOutWhatCannotBeReadAndWhatWasNotAskedFor) {
  add_photo("a.png", test::photo(10, 10));
  add_photo("b.png", test::photo(10, 10));
  add_photo("c.png", test::photo(10, 10));
  folder_.write("b.png", std::string_view("text"));
  const auto thumbnails = make({2, 1});
  ASSERT_EQ(thumbnails.size(), 1U);
  EXPECT_EQ(thumbnails.begin()->first, 2);
}

TEST_F(Thumbnails, AreTheSameForAnyThreads) {
  for (int k = 0; k < 5; ++k) add_photo(std::to_string(k) + ".jpg", test::photo(300 + k, 200));
  EXPECT_EQ(make({0, 1, 2, 3, 4}, 1), make({4, 3, 2, 1, 0}, 5));
}

}  // namespace
}  // namespace simile
