// SPDX-License-Identifier: Apache-2.0
#include "simile/feature/orb.hpp"

#include <algorithm>

#include <opencv2/features2d.hpp>

#include "image/opencv.hpp"

#include "simile/core/error.hpp"

namespace simile {

std::vector<std::uint8_t> orb_descriptors(View<const std::uint8_t, 2> grey) {
  // A keypoint lies 31 pixels from every border; and OpenCV cannot halve images of a few pixels as often as it wants
  // to.
  constexpr std::int64_t kLeastSidePx = 63;
  if (std::min(grey.shape[0], grey.shape[1]) < kLeastSidePx) return {};
  std::vector<cv::KeyPoint> keypoints;
  cv::Mat descriptors;
  guarded([&] {
    // One for each call: an ORB object may not be shared by threads, and making it costs nothing beside its work.
    const auto orb = cv::ORB::create(static_cast<int>(kOrbFeatures));
    orb->detectAndCompute(as_mat(grey), cv::noArray(), keypoints, descriptors);
  });
  if (descriptors.empty()) return {};
  ensure(descriptors.cols == kOrbDescriptorBytes && descriptors.isContinuous(), "ORB's descriptors have another shape");
  return {descriptors.datastart, descriptors.dataend};
}

}  // namespace simile
