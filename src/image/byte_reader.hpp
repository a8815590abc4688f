// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace simile {

/// Reads numbers from untrusted bytes. Past the end it returns zeros and remembers it in ok(), so that a parser can
/// read a whole group of fields and ask once.
class ByteReader {
 public:
  explicit ByteReader(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}

  bool ok() const { return ok_; }
  std::size_t position() const { return position_; }
  std::size_t remaining() const { return bytes_.size() - position_; }

  /// Moves to `position`; fails (and stays) when that is past the end.
  void seek(std::size_t position) {
    if (position > bytes_.size()) {
      ok_ = false;
    } else {
      position_ = position;
    }
  }
  void skip(std::size_t count) { take(count); }
  /// The next `count` bytes; empty when there are fewer.
  std::span<const std::uint8_t> take(std::size_t count) {
    if (count > remaining()) {
      ok_ = false;
      position_ = bytes_.size();
      return {};
    }
    const auto part = bytes_.subspan(position_, count);
    position_ += count;
    return part;
  }
  /// Takes `text` when it is what comes next.
  bool accept(std::string_view text) {
    if (text.size() > remaining() || !std::equal(text.begin(), text.end(), bytes_.begin() + position_, same_byte)) {
      return false;
    }
    position_ += text.size();
    return true;
  }

  std::uint8_t u8() { return static_cast<std::uint8_t>(little(1)); }
  std::uint16_t u16_big() { return static_cast<std::uint16_t>(big(2)); }
  std::uint32_t u32_big() { return big(4); }
  std::uint64_t u64_big() {
    const std::uint64_t high = u32_big();
    return high << 32 | u32_big();
  }
  std::uint16_t u16_little() { return static_cast<std::uint16_t>(little(2)); }
  std::uint32_t u24_little() { return little(3); }
  std::uint32_t u32_little() { return little(4); }
  std::uint64_t u64_little() {
    const std::uint64_t low = u32_little();
    return std::uint64_t{u32_little()} << 32 | low;
  }

 private:
  static bool same_byte(char a, std::uint8_t b) { return static_cast<std::uint8_t>(a) == b; }
  std::uint32_t big(std::size_t count) {
    std::uint32_t value = 0;
    for (const auto byte : take(count)) value = value << 8 | byte;
    return value;
  }
  std::uint32_t little(std::size_t count) {
    std::uint32_t value = 0;
    int shift = 0;
    for (const auto byte : take(count)) {
      value |= static_cast<std::uint32_t>(byte) << shift;
      shift += 8;
    }
    return value;
  }

  std::span<const std::uint8_t> bytes_;
  std::size_t position_ = 0;
  bool ok_ = true;
};

}  // namespace simile
