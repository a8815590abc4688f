// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <utility>

#include "simile/core/error.hpp"
#include "simile/core/text.hpp"
#include "simile/model/model_store.hpp"

namespace simile {

inline constexpr const char* kCardName = "card.json";
inline constexpr const char* kCardExtension = ".json";
inline constexpr const char* kWeightsExtension = ".safetensors";

/// Runs `action`, whose errors leave the file's name out; here they get it.
template <class Action>
auto naming(const std::filesystem::path& path, Action&& action) {
  try {
    return std::forward<Action>(action)();
  } catch (const Error& error) {
    throw Error(error.code(), concat(in_quotes(path.native()), " ", error.what()), error.where());
  }
}

/// The model of a path: see find_model().
Model model_at(const std::filesystem::path& path, const std::string& architecture);

/// Throws model: the file has this checksum and not the one that its card says.
[[noreturn]] void throw_other_weights(const std::filesystem::path& weights, const std::string& found,
                                      const std::string& wanted);

}  // namespace simile
