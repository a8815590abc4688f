// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "simile/core/array.hpp"
#include "simile/core/atomic_file.hpp"
#include "simile/core/input_file.hpp"

namespace simile {

/// Element types of `.npy` files that simile reads.
enum class NpyType { uint8, uint32, int64, float16, float32 };

/// Header of a `.npy` file (NumPy's format, versions 1.0 to 3.0): little-endian, C order.
struct NpyHeader {
  NpyType type{};
  std::vector<std::int64_t> shape;
  std::int64_t data_offset = 0;  ///< bytes before the first element
};

/// "uint8", as NumPy calls it.
std::string to_string(NpyType type);
/// Bytes of one element.
std::int64_t element_bytes(NpyType type);

/// Parses the header at the start of `bytes`. Throws decode for anything that is not a complete header of a supported
/// array (object arrays, big-endian, Fortran order and structured types are named in the message).
NpyHeader parse_npy_header(std::span<const std::uint8_t> bytes);
/// True when the bytes start as every `.npy` file does.
bool is_npy(std::span<const std::uint8_t> bytes);

/// A `.npy` file that is open: its header has been checked against the file's size. Messages name the file.
class NpyFile {
 public:
  /// Throws decode when it is no `.npy` file that simile reads, or its size is not exactly what its header says;
  /// not_found and io.
  explicit NpyFile(const std::filesystem::path& path);

  const NpyHeader& header() const { return header_; }
  /// All elements, row-major, into `target`, which has room for them. Throws decode when they are not of `type`.
  void read(NpyType type, void* target) const;
  /// float32, or float16 widened exactly, `[n, d]`. Throws decode for another type or rank.
  Array<float, 2> read_embeddings() const;

 private:
  std::filesystem::path path_;
  InputFile file_;
  NpyHeader header_;
};

/// Writes an array of `shape`, its elements row-major and little-endian in `bytes`, which must be as many as the shape
/// says, through `file` (the caller commits). The elements start at a multiple of 64 bytes. Throws io.
void write_npy(AtomicFile& file, NpyType type, std::span<const std::int64_t> shape,
               std::span<const std::uint8_t> bytes);

/// IEEE binary16 to binary32, exact, also for subnormals, infinities and NaN.
float half_to_float(std::uint16_t half);

}  // namespace simile
