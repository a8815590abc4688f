// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "simile/core/array.hpp"
#include "simile/core/atomic_file.hpp"

namespace simile {

/// Element types of `.npy` files that simile reads.
enum class NpyType { uint8, uint32, int64, float16, float32 };

/// Header of a `.npy` file (NumPy's format, versions 1.0 to 3.0): little-endian, C order.
struct NpyHeader {
  NpyType type{};
  std::vector<std::int64_t> shape;
  std::int64_t data_offset = 0;  ///< bytes before the first element
};

std::string to_string(NpyType type);
std::int64_t element_bytes(NpyType type);

/// Parses the header at the start of `bytes`. Throws decode for anything that is not a complete header of a supported
/// array (object arrays, big-endian, Fortran order and structured types are named in the message).
NpyHeader parse_npy_header(std::span<const std::uint8_t> bytes);
/// True when the bytes start as every `.npy` file does.
bool is_npy(std::span<const std::uint8_t> bytes);

/// Reads a file: the raw elements, and what they are in `header`. Throws decode when the file's size is not exactly
/// what its header says; not_found and io as read_file().
Array<std::uint8_t, 1> read_npy_bytes(const std::filesystem::path& path, NpyHeader& header);
/// Embeddings: float32, or float16 widened exactly, `[n, d]`. Throws also decode for another type or rank.
Array<float, 2> read_npy_float(const std::filesystem::path& path);

/// Writes `header.shape` elements given by `bytes` through `file` (the caller commits).
void write_npy(AtomicFile& file, NpyType type, std::span<const std::int64_t> shape,
               std::span<const std::uint8_t> bytes);

/// IEEE binary16 to binary32, exact, also for subnormals, infinities and NaN.
float half_to_float(std::uint16_t half);

}  // namespace simile
