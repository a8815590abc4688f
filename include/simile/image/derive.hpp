// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "simile/image/image_set.hpp"

namespace simile {

/// Where what is made of image files is kept for later runs.
struct CacheOptions {
  std::filesystem::path folder{};      ///< empty: nothing is kept
  std::int64_t max_bytes = 2LL << 30;  ///< of all files there; those unused for longest go first
};

/// $XDG_CACHE_HOME/simile, else ~/.cache/simile; empty where the environment names neither as an absolute path.
std::filesystem::path default_cache_folder();

/// How bytes are made of one image.
struct Recipe {
  /// Says what is made, with every parameter and the version of the method: bytes that are kept under one name are
  /// never used for another. Decoding options and the libraries' versions are added to it.
  std::string name;
  DecodeOptions decode{};
  /// Of an RGB [h, w, 3] or grey [h, w, 1] image. Called by several workers at once; throws as an ImageVisitor may.
  std::function<std::vector<std::uint8_t>(View<const std::uint8_t, 3> image)> make;
  /// For what is cheaper to make of several images at once: turns what make() gave for 1 to `batch` of them, whichever
  /// are ready, into the bytes that are stored. One call at a time; throws what ends the run. Empty: make() is all.
  std::function<std::vector<std::vector<std::uint8_t>>(std::span<const std::vector<std::uint8_t>> made)> finish{};
  std::int64_t batch = 1;
  std::int64_t unit_bytes = 1;  ///< what is made consists of units of this length,
  bool ragged = false;          ///< of any number; else it is one
};

struct Derivation {
  std::vector<ItemError> errors;  ///< items of which nothing could be made, ascending
  std::int64_t num_kept = 0;      ///< items that were not read, since an earlier run had kept what is made of them
};

/// Makes bytes of every given item (ascending) and calls store(item, bytes), by several workers at once and in any
/// order. What an earlier run has kept for the file as it is now (path, size, time of change, first and last 4 KiB) is
/// not made again; it is used only where making it would succeed within the same limits and memory, so that the outcome
/// does not depend on the cache. Reasons why an item cannot be read are not kept, nor is anything of arrays. A cache
/// that cannot be used is a note to context.progress, never an error. Advances the progress by one an item.
Derivation derive(const ImageSet& set, const std::vector<std::int64_t>& items, const Recipe& recipe,
                  const CacheOptions& cache, const Context& context,
                  const std::function<void(std::int64_t item, std::span<const std::uint8_t> bytes)>& store);

}  // namespace simile
