// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "docs/examples.hpp"
#include "support/image_files.hpp"
#include "support/random_images.hpp"

namespace simile {
namespace {

test::File png_of(const Array<std::uint8_t, 2>& image) {
  const cv::Mat grey(static_cast<int>(image.shape(0)), static_cast<int>(image.shape(1)), CV_8UC1,
                     const_cast<std::uint8_t*>(image.data()));
  return test::encode(".png", grey);
}

TEST(ApiChapter, HasAnExampleThatGroupsPhotos) {
  const test::TemporaryFolder folder;
  folder.write("a.png", png_of(natural_image(64, 64, 1)));
  folder.write("b.png", png_of(natural_image(64, 64, 2)));
  folder.write("c.png", png_of(natural_image(64, 64, 1)));
  folder.write("d.png", std::string_view("no image"));
  EXPECT_EQ(test::output_of("groups_of_photos", folder.path().native()), "a.png c.png \n");
}

}  // namespace
}  // namespace simile
