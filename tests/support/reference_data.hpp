// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "support/oracle.hpp"

#include "simile/core/array.hpp"

namespace simile {

/// The tables in tests/data that the programs in scripts/reference wrote with scikit-image, Pillow, ImageHash and
/// OpenCV.

/// Small grey images [height, width] by name.
std::map<std::string, Array<std::uint8_t, 2>> reference_images();

struct SsimReference {
  std::string name;  ///< "first and second"
  Array<std::uint8_t, 2> a;
  Array<std::uint8_t, 2> b;
  double value = 0;  ///< scikit-image's structural_similarity, range 255
};
std::vector<SsimReference> ssim_references();
/// With Gaussian windows; the name also has the size.
std::vector<SsimReference> ssim_gaussian_references();

struct TemplateReference {
  std::string name;               ///< "first and second"
  Array<std::uint8_t, 4> images;  ///< both, [2, height, width, 3]
  double sqdiff_normed = 0;       ///< OpenCV's matchTemplate, TM_SQDIFF_NORMED (scripts/reference/template_table.py)
};
std::vector<TemplateReference> template_references();

struct ResizeReference {
  std::string image;
  Array<std::uint8_t, 2> resized;  ///< by Pillow's LANCZOS
};
std::vector<ResizeReference> resize_references();

struct HashReference {
  std::string image;
  std::string kind;
  int hash_size = 0;
  std::vector<std::uint8_t> hash;  ///< by ImageHash
  std::int64_t undecided = 0;      ///< bits that hang on ImageHash's rounding noise
};
std::vector<HashReference> hash_references();

struct HarrisReference {
  std::string image;
  Array<std::uint8_t, 2> grey;
  Array<float, 2> response;  ///< by OpenCV's cornerHarris
};
std::vector<HarrisReference> harris_references();

struct OrbReference {
  std::string image;
  Array<std::uint8_t, 2> grey;
  std::vector<std::uint8_t> descriptors;  ///< by OpenCV's ORB, 32 bytes each
};
std::vector<OrbReference> orb_references();

struct OrbMatchReference {
  std::string name;
  Array<std::uint8_t, 2> a;  ///< descriptors [n, 32]
  Array<std::uint8_t, 2> b;
  std::vector<OrbMatch> matches;  ///< by OpenCV's brute-force matcher with cross-check, left ones ascending
  double similarity = 0;
};
std::vector<OrbMatchReference> orb_match_references();

/// "0aff" -> {0x0a, 0xff}; throws decode for anything else.
std::vector<std::uint8_t> parse_hex(std::string_view text);

}  // namespace simile
