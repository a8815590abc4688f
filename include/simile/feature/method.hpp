// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "simile/feature/perceptual_hash.hpp"

namespace simile {

/// What "alike" means in a run: which features are taken and how they are compared.
enum class Method { ssim, phash, dhash, ahash, minhash, orb, template_match, embedding };

struct MethodInfo {
  Method method;
  std::string_view name;
  std::string_view summary;  ///< one line for people
  double default_threshold;
  double min_threshold;  ///< smallest similarity there is; the largest is 1
};

/// Every method, in the order in which people are shown them.
std::span<const MethodInfo> methods();
const MethodInfo& info(Method method);
/// Throws invalid_argument naming the methods there are.
Method parse_method(std::string_view name);
/// The hash that a method takes; none for ssim and embedding.
std::optional<HashKind> hash_kind(Method method);

}  // namespace simile
