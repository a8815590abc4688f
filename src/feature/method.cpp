// SPDX-License-Identifier: Apache-2.0
#include "simile/feature/method.hpp"

#include <array>

#include "simile/core/error.hpp"
#include "simile/core/text.hpp"

namespace simile {
namespace {

constexpr std::array<MethodInfo, 8> kMethods{{
    {Method::ssim, "ssim", "structure of the small grey image; near-copies and same poses", 0.8, -1},
    {Method::phash, "phash", "perceptual hash of low frequencies; copies, resized or recompressed", 0.9, 0},
    {Method::dhash, "dhash", "hash of horizontal brightness steps; copies, fast", 0.95, 0},
    {Method::ahash, "ahash", "hash of light and dark against the mean; copies, coarse", 0.97, 0},
    {Method::template_match, "template", "difference of the small colour image; near-copies, also of colour", 0.98, 0},
    {Method::minhash, "minhash", "corners at the same places; copies, also with other colours or contrast", 0.6, 0},
    {Method::orb, "orb", "matching keypoints wherever they lie; turned, shifted and cropped copies", 0.96, 0},
    {Method::embedding, "embedding", "cosine of what a network sees in photos, or of a .npy; same kind of thing", 0.85,
     -1},
}};

}  // namespace

std::span<const MethodInfo> methods() { return kMethods; }

const MethodInfo& info(Method method) {
  for (const auto& entry : kMethods) {
    if (entry.method == method) return entry;
  }
  throw Error(ErrorCode::internal, "a method without a description");
}

Method parse_method(std::string_view name) {
  std::string known;
  for (const auto& entry : kMethods) {
    if (entry.name == name) return entry.method;
    known += concat(known.empty() ? "" : ", ", entry.name);
  }
  throw Error(ErrorCode::invalid_argument, concat("--method ", in_quotes(name), ": allowed are ", known));
}

std::optional<HashKind> hash_kind(Method method) {
  switch (method) {
    case Method::phash:
      return HashKind::phash;
    case Method::dhash:
      return HashKind::dhash;
    case Method::ahash:
      return HashKind::ahash;
    case Method::ssim:
    case Method::minhash:
    case Method::orb:
    case Method::template_match:
    case Method::embedding:
      return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace simile
