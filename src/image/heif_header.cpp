// SPDX-License-Identifier: Apache-2.0
// HEIF (ISO/IEC 23008-12), of which HEIC and AVIF are the codings by HEVC and AV1: boxes of length, type and content.
// Box "meta" holds items and their properties; item "pitm" is the image.
#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "image/byte_reader.hpp"
#include "image/formats.hpp"

#include "simile/core/text.hpp"

namespace simile {
namespace {

struct Box {
  std::string_view type;
  Bytes content;
};

/// The box at the reader's position, cut at the end of the bytes; nothing where none begins.
std::optional<Box> next_box(ByteReader& reader) {
  std::uint64_t length = reader.u32_big();
  const auto type = reader.take(4);
  std::uint64_t framing = 8;
  if (length == 1) {
    length = reader.u64_big();
    framing = 16;
  }
  if (!reader.ok()) return std::nullopt;
  const std::uint64_t rest = reader.remaining();
  if (length == 0) length = framing + rest;  // to the end of the file
  if (length < framing) return std::nullopt;
  Box box;
  box.type = {reinterpret_cast<const char*>(type.data()), type.size()};
  box.content = reader.take(static_cast<std::size_t>(std::min(length - framing, rest)));
  return box;
}

std::optional<Bytes> find_box(ByteReader reader, std::string_view type) {
  while (const auto box = next_box(reader)) {
    if (box->type == type) return box->content;
  }
  return std::nullopt;
}

/// Reads a full box's version, skipping its flags.
std::uint8_t version_of(ByteReader& reader) {
  const auto version = reader.u8();
  reader.skip(3);
  return version;
}

std::uint32_t item_id(ByteReader& reader, bool wide) { return wide ? reader.u32_big() : reader.u16_big(); }

Bytes required_box(Bytes inside, std::string_view type) {
  const auto box = find_box(ByteReader(inside), type);
  if (!box) throw_decode(concat("HEIF without a box ", in_quotes(type)));
  return *box;
}

std::uint32_t primary_item(Bytes meta) {
  ByteReader reader(required_box(meta, "pitm"));
  const bool wide = version_of(reader) > 0;
  return item_id(reader, wide);
}

std::string_view type_of_item(Bytes meta, std::uint32_t item) {
  ByteReader reader(required_box(meta, "iinf"));
  if (version_of(reader) == 0) {
    reader.skip(2);
  } else {
    reader.skip(4);
  }
  while (const auto entry = next_box(reader)) {
    if (entry->type != "infe") continue;
    ByteReader fields(entry->content);
    const auto version = version_of(fields);
    if (version < 2 || item_id(fields, version > 2) != item) continue;
    fields.skip(2);
    const auto type = fields.take(4);
    return {reinterpret_cast<const char*>(type.data()), type.size()};
  }
  throw_decode("HEIF without its image");
}

/// Indices (from 1) of an item's properties, in the order in which they are applied.
std::vector<std::size_t> properties_of(Bytes properties, std::uint32_t item) {
  std::vector<std::size_t> found;
  ByteReader boxes(properties);
  while (const auto box = next_box(boxes)) {
    if (box->type != "ipma") continue;
    ByteReader reader(box->content);
    const auto version = reader.u8();
    reader.skip(2);
    const bool wide_index = (reader.u8() & 1) != 0;
    for (auto entries = reader.u32_big(); entries > 0 && reader.ok(); --entries) {
      const bool ours = item_id(reader, version > 0) == item;
      for (auto count = reader.u8(); count > 0 && reader.ok(); --count) {
        const std::size_t index = wide_index ? reader.u16_big() & 0x7fff : reader.u8() & 0x7f;
        if (ours && reader.ok()) found.push_back(index);
      }
    }
  }
  return found;
}

/// Box "clap": the shown part's sides as fractions, then its offsets.
void crop(ByteReader reader, ImageHeader& header) {
  const auto side = [&](std::int64_t whole) {
    const std::int64_t numerator = reader.u32_big();
    const std::int64_t denominator = reader.u32_big();
    const bool sensible = reader.ok() && denominator > 0 && numerator % denominator == 0 &&
                          numerator / denominator >= 1 && numerator / denominator <= whole;
    if (!sensible) throw_decode("HEIF with a crop that is not of whole pixels inside the image");
    return numerator / denominator;
  };
  header.width_px = side(header.width_px);
  header.height_px = side(header.height_px);
}

void apply(const Box& property, ImageHeader& header) {
  ByteReader reader(property.content);
  if (property.type == "ispe") {
    version_of(reader);
    header.width_px = header.block_width_px = reader.u32_big();
    header.height_px = header.block_height_px = reader.u32_big();
    if (!reader.ok()) throw_decode("HEIF cut short");
  } else if (property.type == "irot") {
    if ((reader.u8() & 1) != 0) std::swap(header.width_px, header.height_px);
  } else if (property.type == "clap") {
    crop(reader, header);
  } else if (property.type == "pixi") {
    version_of(reader);
    header.channels = std::max<int>(reader.u8(), 1);
    header.bits_per_sample = reader.u8();
  }
}

ImageFormat format_of(std::string_view item_type, Bytes file) {
  if (item_type == "hvc1") return ImageFormat::heic;
  if (item_type == "av01") return ImageFormat::avif;
  if (item_type != "grid" && item_type != "iovl" && item_type != "iden") {
    throw_decode(concat("HEIF of kind ", in_quotes(item_type), " is not supported"));
  }
  // Composed of tiles or others, which are all coded alike; the brand says how.
  const auto brands = required_box(file, "ftyp");
  const std::string_view text{reinterpret_cast<const char*>(brands.data()), brands.size()};
  return text.find("avif") != std::string_view::npos ? ImageFormat::avif : ImageFormat::heic;
}

}  // namespace

bool is_heif(Bytes bytes) {
  ByteReader reader(bytes);
  reader.skip(4);
  if (!reader.accept("ftyp")) return false;
  reader.seek(0);
  const auto box = next_box(reader);
  if (!box) return false;
  // The major brand, a version, then the brands that the file is compatible with.
  ByteReader brands(box->content);
  for (std::size_t k = 0; brands.remaining() >= 4; ++k) {
    const auto brand = brands.take(4);
    const std::string_view name{reinterpret_cast<const char*>(brand.data()), brand.size()};
    if (k != 1 && (name == "mif1" || name == "heic" || name == "heix" || name == "heim" || name == "heis" ||
                   name == "avif" || name == "msf1" || name == "avis" || name == "hevc")) {
      return true;
    }
  }
  return false;
}

ImageHeader read_heif_header(Bytes bytes) {
  const auto whole_meta = find_box(ByteReader(bytes), "meta");
  if (!whole_meta || whole_meta->size() < 4) throw_decode("HEIF without a still image");
  const Bytes meta = whole_meta->subspan(4);
  const auto item = primary_item(meta);
  ImageHeader header{.format = format_of(type_of_item(meta, item), bytes), .channels = 3};
  const auto properties = required_box(meta, "iprp");
  std::vector<Box> boxes;
  ByteReader reader(required_box(properties, "ipco"));
  while (const auto box = next_box(reader)) boxes.push_back(*box);
  for (const auto index : properties_of(properties, item)) {
    if (index >= 1 && index <= boxes.size()) apply(boxes[index - 1], header);
  }
  return header;
}

}  // namespace simile
