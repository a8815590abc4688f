// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "simile/core/input_file.hpp"

namespace simile {

static_assert(std::endian::native == std::endian::little, "state files are written as the machine holds them");

/// State files hold what a long run has found so far. They are little-endian 64-bit words: magic, format version, the
/// kind as text, the content, and a checksum of all before it. One writer, one reader, in the same order.
class StateWriter {
 public:
  /// Bytes go to `write` piece by piece.
  StateWriter(std::string_view kind, std::function<void(std::string_view)> write);

  void integer(std::int64_t value) { words(&value, 1); }
  void number(double value) { words(&value, 1); }
  void text(std::string_view value);
  /// The count, then the elements, each of whole words without padding.
  template <class T>
  void array(std::span<const T> values) {
    integer(static_cast<std::int64_t>(values.size()));
    elements(values);
  }
  /// The elements alone: for arrays in pieces, after their whole count.
  template <class T>
  void elements(std::span<const T> values) {
    static_assert(std::is_trivially_copyable_v<T> && sizeof(T) % 8 == 0);
    words(values.data(), values.size() * (sizeof(T) / 8));
  }
  /// Writes the checksum; nothing may follow.
  void finish();

 private:
  void words(const void* data, std::size_t count);

  std::function<void(std::string_view)> write_;
  std::uint64_t checksum_ = 0;
};

/// Reads what StateWriter wrote. Everything throws decode, naming what is wrong, for bytes that are not of this kind
/// and format, truncated or damaged: the checksum is verified before the first value is handed out, and no count is
/// believed beyond what is left of the bytes.
class StateReader {
 public:
  using Read = std::function<void(std::int64_t offset, void* target, std::int64_t count)>;

  /// `read` gives any of the `size_bytes` bytes.
  StateReader(std::string_view kind, std::int64_t size_bytes, Read read);
  /// From memory; the bytes outlive the reader.
  StateReader(std::string_view kind, std::span<const std::uint8_t> bytes);
  /// From a file, which outlives the reader.
  StateReader(std::string_view kind, const InputFile& file);

  std::int64_t integer();
  /// Throws decode outside [low, high], saying what `name` is.
  std::int64_t integer(std::string_view name, std::int64_t low, std::int64_t high);
  double number();
  std::string text();
  template <class T>
  std::vector<T> array() {
    std::vector<T> values(static_cast<std::size_t>(count(sizeof(T))));
    elements(std::span<T>(values));
    return values;
  }
  /// How many elements of this size follow, for reading them in pieces by elements().
  std::int64_t count(std::size_t element_bytes);
  template <class T>
  void elements(std::span<T> values) {
    static_assert(std::is_trivially_copyable_v<T> && sizeof(T) % 8 == 0);
    words(values.data(), values.size() * (sizeof(T) / 8));
  }
  /// Throws decode unless everything has been read.
  void finish() const;

 private:
  void words(void* data, std::size_t count);
  std::int64_t bytes_left() const { return end_ - offset_; }

  Read read_;
  std::int64_t offset_ = 0;
  std::int64_t end_ = 0;  // of the content
};

/// Throws decode: the state is not what it should be.
[[noreturn]] void throw_bad_state(std::string_view what);

}  // namespace simile
