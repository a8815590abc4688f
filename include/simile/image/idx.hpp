// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

#include "simile/core/array.hpp"

namespace simile {

/// An IDX array of unsigned bytes (the format of MNIST): `[n]` labels, `[n, h, w]` or `[n, h, w, c]` images.
struct IdxArray {
  std::vector<std::int64_t> shape;
  Array<std::uint8_t, 1> bytes;
};

/// True when the bytes start as an IDX file does, or as a gzip file does.
bool is_idx_or_gzip(std::span<const std::uint8_t> bytes);

/// Parses an IDX file, plain or gzipped. Nothing is allocated on the header's word alone: a gzipped body is inflated in
/// pieces. Throws Error(decode) for another element type, a size that is not the header's, or a broken gzip stream;
/// invalid_argument when the array is larger than `max_bytes`.
IdxArray parse_idx(std::span<const std::uint8_t> bytes, std::int64_t max_bytes);
/// The same for a file; the message names it. Throws also not_found and io.
IdxArray read_idx(const std::filesystem::path& path, std::int64_t max_bytes);

}  // namespace simile
