// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <opencv2/core.hpp>

#include "simile/core/error.hpp"
#include "simile/core/text.hpp"
#include "simile/core/view.hpp"

namespace simile {

/// Once per process, before OpenCV is used: no messages, and no threads of its own beside our pool's.
void prepare_opencv();

/// An OpenCV header for a view [height, width, channels] with contiguous rows; OpenCV does not own it.
cv::Mat as_mat(View<const std::uint8_t, 3> image);
cv::Mat as_mat(View<const std::uint8_t, 2> image);

/// Runs an OpenCV call and turns its exception into ours.
template <class Call>
void guarded(Call&& call) {
  try {
    call();
  } catch (const cv::Exception& error) {
    const bool memory = error.code == cv::Error::StsNoMem;
    throw Error(memory ? ErrorCode::out_of_memory : ErrorCode::internal, concat("OpenCV: ", error.err));
  }
}

}  // namespace simile
