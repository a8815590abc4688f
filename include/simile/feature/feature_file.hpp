// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "simile/feature/dataset.hpp"
#include "simile/feature/extract.hpp"

namespace simile {

/// What is said beside an array in the files that features are kept in (docs/definitions.md): X.npy, X.csv (column
/// `path`), X.json (method, parameters, version), and for orb X.offsets.npy.
struct FeatureFileInfo {
  std::optional<Method> method{};
  std::int64_t bits = 0;            ///< of hashes
  std::optional<PixelSize> size{};  ///< to which images were resized
  std::string model;                ///< Features::model
  std::string architecture;         ///< Features::architecture
  std::string model_identity;       ///< Features::model_identity
  std::string root;                 ///< folder that the ids are relative to; empty: not known
  std::vector<std::string> ids;     ///< empty: rows have no names
};

inline constexpr const char* kOffsetsExtension = ".offsets.npy";

/// X.npy with another extension.
std::filesystem::path feature_companion(std::filesystem::path npy, const char* extension);

/// All files that `npy` may stand with, itself first, whatever the method.
std::vector<std::filesystem::path> feature_files(const std::filesystem::path& npy);

/// Throws invalid_argument when `npy` does not end in .npy, or one of the files exists and not `overwrite`.
void check_feature_file_target(const std::filesystem::path& npy, bool overwrite);

/// Writes them, the `.npy` last, so that it never stands without its companions; offsets of earlier features go. X.json
/// also says at which speed they were taken, unless that is 0. Throws io, or invalid_argument when one exists and not
/// `overwrite`, or when `npy` does not end in .npy.
void write_feature_file(const std::filesystem::path& npy, const Features& features, const Catalogue& catalogue,
                        bool overwrite, double images_per_second = 0);

/// Reads what stands beside a `.npy`, if anything. Throws decode naming the file that is not as simile writes it.
FeatureFileInfo read_feature_file_info(const std::filesystem::path& npy);

}  // namespace simile
