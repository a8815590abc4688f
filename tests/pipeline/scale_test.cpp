// SPDX-License-Identifier: Apache-2.0
#include "pipeline/runs.hpp"

#include "simile/image/resize.hpp"

namespace simile {
namespace {

using test::error_of;
using test::IsError;

class Scale : public test::Runs {
 protected:
  /// The shape of what is written.
  std::vector<std::int64_t> shape_at(const std::filesystem::path& input, FeatureOptions options) {
    features({.input = input, .features = std::move(options), .out = path("f.npy"), .overwrite = true});
    return NpyFile(path("f.npy")).header().shape;
  }
  void expect_scale_refused(const std::filesystem::path& input, const FeatureOptions& options,
                            const std::string& text) {
    EXPECT_THAT(error_of([&] { features({.input = input, .features = options, .out = path("g.npy")}); }),
                IsError(ErrorCode::invalid_argument, text));
    EXPECT_FALSE(std::filesystem::exists(path("g.npy")));
  }
  std::filesystem::path colour_photos() const {
    folder_.write("photos/a.jpg", test::encode(".jpg", test::photo(150, 90)));
    folder_.write("photos/b.png", test::encode(".png", test::photo(150, 90)));
    return path("photos");
  }
};

TEST_F(Scale, MultipliesTheSizeOfFiles) {
  const auto input = colour_photos();
  EXPECT_EQ(shape_at(input, {.scale = 0.25}), (std::vector<std::int64_t>{2, 23, 38}));  // halves are rounded up
  EXPECT_EQ(shape_at(input, {.scale = 1}), (std::vector<std::int64_t>{2, 90, 150}));
  EXPECT_EQ(shape_at(input, {.scale = 2}), (std::vector<std::int64_t>{2, 180, 300}));
  EXPECT_EQ(shape_at(input, {.method = Method::template_match, .scale = 0.1}),
            (std::vector<std::int64_t>{2, 9, 15, 3}));
}

TEST_F(Scale, GivesWhatSizeGives) {
  const auto input = colour_photos();
  features({.input = input, .features = {.scale = 0.5}, .out = path("scaled.npy")});
  features({.input = input, .features = {.size = PixelSize{75, 45}}, .out = path("sized.npy")});
  EXPECT_EQ(test::text_of(path("scaled.npy")), test::text_of(path("sized.npy")));
}

TEST_F(Scale, MultipliesTheSizeOfArrays) {
  const std::vector<std::uint8_t> pixels(3 * 20 * 30, 7);
  const auto input = test::write_array(path("a.npy"), NpyType::uint8, {3, 20, 30}, pixels);
  EXPECT_EQ(shape_at(input, {.scale = 0.5}), (std::vector<std::int64_t>{3, 10, 15}));
}

TEST_F(Scale, NamesTwoFilesOfDifferentSizes) {
  const auto input = colour_photos();
  folder_.write("photos/c.png", test::encode(".png", test::photo(90, 150)));
  expect_scale_refused(input, {.scale = 0.5},
                       "--scale 0.5: images must be of one size, but 'a.jpg' of 150x90 and 'c.png' of 90x150 differ");
}

TEST_F(Scale, ComparesUprightSizesAndLeavesUnreadableFilesOut) {
  const auto input = colour_photos();
  folder_.write("photos/c.png",
                test::png_with_exif(test::encode(".png", test::photo(90, 150)), test::tiff_with_orientation(6, true)));
  folder_.write("photos/0.txt", std::string_view("no image"));
  folder_.write("photos/1.png", test::make_png(60'000, 60'000, 8, 2, {0}));
  EXPECT_EQ(shape_at(input, {.scale = 0.5}), (std::vector<std::int64_t>{3, 45, 75}));
}

TEST_F(Scale, RefusesWhatIsTooSmallOrTooLargeAndSizeBeside) {
  const auto input = colour_photos();
  expect_scale_refused(input, {.scale = 0.05}, "--scale 0.05: makes 8x5 pixels of images of 150x90; allowed are 7 to");
  expect_scale_refused(input, {.scale = 30}, "makes 4500x2700 pixels");
  expect_scale_refused(input, {.scale = 1e300}, "--scale 1e+300: makes");
  expect_scale_refused(input, {.size = PixelSize{64, 64}, .scale = 0.5}, "--scale 0.5: not together with --size");
  expect_scale_refused(input, {.scale = 0}, "--scale 0: allowed are numbers above 0");
}

TEST_F(Scale, SaysWhyWhenNoFileCanBeRead) {
  folder_.write("photos/0.txt", std::string_view("no image"));
  EXPECT_THAT(error_of([&] { features({.input = path("photos"), .features = {.scale = 0.5}, .out = path("f.npy")}); }),
              IsError(ErrorCode::decode, "'0.txt': not a JPEG"));
}

}  // namespace
}  // namespace simile
