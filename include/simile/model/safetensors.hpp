// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "simile/core/atomic_file.hpp"
#include "simile/core/input_file.hpp"

namespace simile {

/// Element types of `.safetensors` files that simile reads and writes; all little-endian, a boolean is a byte 0 or 1.
enum class TensorType : unsigned char {
  float64,
  float32,
  float16,
  bfloat16,
  int64,
  int32,
  int16,
  int8,
  uint8,
  boolean
};

/// As the format calls it: "F32", "BF16", "BOOL".
std::string_view to_string(TensorType type);
/// Bytes of one element.
std::int64_t element_bytes(TensorType type);

/// One tensor of a file: row-major, contiguous.
struct TensorInfo {
  std::string name;  ///< UTF-8
  TensorType type{};
  std::vector<std::int64_t> shape;  ///< empty: one value
  std::int64_t offset = 0;          ///< of its first byte in the file
  std::int64_t size_bytes = 0;

  std::int64_t count() const { return size_bytes / element_bytes(type); }
};

/// What a `.safetensors` file says about its tensors.
struct SafetensorsHeader {
  std::vector<TensorInfo> tensors;              ///< by name, ascending bytes
  std::map<std::string, std::string> metadata;  ///< "__metadata__"
};

/// Limits of what is read; the format itself has the first one.
inline constexpr std::int64_t kMaxSafetensorsHeaderBytes = 100'000'000;
inline constexpr std::int64_t kMaxTensors = 100'000;
inline constexpr std::int64_t kMaxTensorRank = 8;

/// Parses the header in `start`, the first bytes of a file of `file_bytes` (all of the header must be among them; what
/// follows it is not looked at). Accepted is only what the format promises: the tensors' bytes begin right after the
/// header and follow each other without gap or overlap to the end of the file. Throws decode saying what is wrong.
SafetensorsHeader parse_safetensors_header(std::span<const std::uint8_t> start, std::int64_t file_bytes);

/// A `.safetensors` file that is open: its header has been checked against its size. Tensors are read when they are
/// asked for, by copying, and not through a mapping of the file: a mapped file that is cut short under our hands kills
/// the program, one that is written to changes weights in the middle of a run. Messages name the file. May be read by
/// several threads at once.
class SafetensorsFile {
 public:
  /// Throws decode when it is no such file, not_found and io.
  explicit SafetensorsFile(const std::filesystem::path& path);

  const std::filesystem::path& path() const { return path_; }
  const std::vector<TensorInfo>& tensors() const { return header_.tensors; }
  const std::map<std::string, std::string>& metadata() const { return header_.metadata; }
  /// The tensor of this name; nullptr when there is none.
  const TensorInfo* find(std::string_view name) const;
  /// Values of all tensors together.
  std::int64_t num_values() const;
  /// Copies the tensor's bytes to `target`, which has room for size_bytes. Throws io (also when the file has become
  /// shorter), decode when a boolean is neither 0 nor 1.
  void read(const TensorInfo& tensor, void* target) const;

 private:
  std::filesystem::path path_;
  std::optional<InputFile> file_;
  SafetensorsHeader header_;
};

/// A tensor to be written: row-major, as many bytes as the shape says.
struct TensorBytes {
  std::string name;
  TensorType type{};
  std::vector<std::int64_t> shape;
  std::span<const std::uint8_t> bytes;
};

/// Writes tensors through `file` (the caller commits). Larger elements come first, equal ones by name, so that every
/// tensor is aligned to its elements and the file depends on nothing but the arguments. Throws invalid_argument for a
/// name that is used twice, is reserved or not UTF-8; io.
void write_safetensors(AtomicFile& file, std::span<const TensorBytes> tensors,
                       const std::map<std::string, std::string>& metadata = {});
/// The same to `path`, which appears whole or not at all.
void write_safetensors(const std::filesystem::path& path, std::span<const TensorBytes> tensors,
                       const std::map<std::string, std::string>& metadata = {});

}  // namespace simile
