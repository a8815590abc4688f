// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "image/byte_reader.hpp"

namespace simile {

/// One entry of a TIFF's directory: a number, or where several stand.
struct TiffEntry {
  std::uint16_t tag = 0;
  std::uint16_t type = 0;
  std::uint64_t count = 0;
  std::size_t values_at = 0;  ///< position of the first value in the file
};

/// The first directory of a TIFF (classic or BigTIFF) or of EXIF, entry by entry. Nothing that it points to is followed
/// but values, so cycles do not matter.
class TiffDirectory {
 public:
  static constexpr std::uint16_t kByte = 1;
  static constexpr std::uint16_t kShort = 3;
  static constexpr std::uint16_t kLong = 4;
  static constexpr std::uint16_t kLong8 = 16;

  explicit TiffDirectory(std::span<const std::uint8_t> bytes) : bytes_(bytes), reader_(bytes) {
    big_endian_ = reader_.accept("MM");
    if (!big_endian_ && !reader_.accept("II")) return;
    const auto version = u16(reader_);
    big_ = version == 43 && u16(reader_) == 8 && u16(reader_) == 0;
    if (version != 42 && !big_) return;
    reader_.seek(offset(reader_));
    left_ = big_ ? u64(reader_) : u16(reader_);
    if (!reader_.ok()) left_ = 0;
  }

  /// The next entry that lies within the bytes; nothing at the end.
  std::optional<TiffEntry> next() {
    constexpr std::size_t kInlineBytes = 4;
    constexpr std::size_t kInlineBytesBig = 8;
    if (left_ == 0) return std::nullopt;
    --left_;
    TiffEntry entry;
    entry.tag = u16(reader_);
    entry.type = u16(reader_);
    entry.count = big_ ? u64(reader_) : u32(reader_);
    entry.values_at = reader_.position();
    const auto inline_bytes = big_ ? kInlineBytesBig : kInlineBytes;
    const auto outside = offset(reader_);
    if (!reader_.ok()) return std::nullopt;
    if (entry.count > inline_bytes / size_of(entry.type)) entry.values_at = outside;
    return entry;
  }

  /// An entry's first value; nothing when it is no whole number or lies outside the file.
  std::optional<std::uint64_t> value(const TiffEntry& entry) const {
    if (entry.count == 0) return std::nullopt;
    ByteReader reader(bytes_);
    reader.seek(entry.values_at);
    std::uint64_t number = 0;
    switch (entry.type) {
      case kByte:
        number = reader.u8();
        break;
      case kShort:
        number = u16(reader);
        break;
      case kLong:
        number = u32(reader);
        break;
      case kLong8:
        number = u64(reader);
        break;
      default:
        return std::nullopt;
    }
    if (!reader.ok()) return std::nullopt;
    return number;
  }

 private:
  static std::size_t size_of(std::uint16_t type) {
    return type == kShort ? 2 : type == kLong ? 4 : type == kLong8 ? 8 : 1;
  }
  std::uint16_t u16(ByteReader& reader) const { return big_endian_ ? reader.u16_big() : reader.u16_little(); }
  std::uint32_t u32(ByteReader& reader) const { return big_endian_ ? reader.u32_big() : reader.u32_little(); }
  std::uint64_t u64(ByteReader& reader) const { return big_endian_ ? reader.u64_big() : reader.u64_little(); }
  std::uint64_t offset(ByteReader& reader) const { return big_ ? u64(reader) : u32(reader); }

  std::span<const std::uint8_t> bytes_;
  ByteReader reader_;
  bool big_endian_ = false;
  bool big_ = false;
  std::uint64_t left_ = 0;
};

}  // namespace simile
