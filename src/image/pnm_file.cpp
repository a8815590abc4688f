// SPDX-License-Identifier: Apache-2.0
// Netpbm: PBM, PGM and PPM as text (P1 to P3) and binary (P4 to P6), and PAM (P7). Of a file with several images the
// first is read. Small enough to be decoded here.
#include <optional>
#include <string_view>

#include "image/byte_reader.hpp"
#include "image/formats.hpp"

#include "simile/core/text.hpp"

namespace simile {
namespace {

constexpr std::int64_t kMaxNumber = 0xffffffff;
constexpr std::int64_t kMaxSample = 65535;

bool is_space(std::uint8_t byte) { return byte == ' ' || (byte >= '\t' && byte <= '\r'); }
bool is_digit(std::uint8_t byte) { return byte >= '0' && byte <= '9'; }

/// Reads words and numbers between white space and comments.
class PnmText {
 public:
  PnmText(Bytes bytes, std::size_t start) : bytes_(bytes), position_(start) {}

  std::size_t position() const { return position_; }
  bool at_end() const { return position_ >= bytes_.size(); }

  void skip_space() {
    for (; !at_end(); ++position_) {
      if (bytes_[position_] == '#') {
        while (!at_end() && bytes_[position_] != '\n') ++position_;
        if (at_end()) return;
      } else if (!is_space(bytes_[position_])) {
        return;
      }
    }
  }
  /// Nothing where no number stands, or one beyond 32 bits.
  std::optional<std::int64_t> number() {
    skip_space();
    std::int64_t value = 0;
    const auto start = position_;
    for (; !at_end() && is_digit(bytes_[position_]); ++position_) {
      value = 10 * value + (bytes_[position_] - '0');
      if (value > kMaxNumber) return std::nullopt;
    }
    if (position_ == start) return std::nullopt;
    return value;
  }
  /// One digit of a P1 file, where nothing need stand between them.
  std::optional<std::int64_t> bit() {
    skip_space();
    if (at_end() || (bytes_[position_] != '0' && bytes_[position_] != '1')) return std::nullopt;
    return bytes_[position_++] - '0';
  }
  std::string_view word() {
    skip_space();
    const auto start = position_;
    while (!at_end() && !is_space(bytes_[position_])) ++position_;
    return {reinterpret_cast<const char*>(bytes_.data()) + start, position_ - start};
  }
  /// The rest of the line, and its end.
  void skip_line() {
    while (!at_end() && bytes_[position_] != '\n') ++position_;
    skip_byte();
  }
  void skip_byte() {
    if (!at_end()) ++position_;
  }

 private:
  Bytes bytes_;
  std::size_t position_;
};

struct PnmFields {
  char kind = 0;  ///< '1' to '7'
  std::int64_t width_px = 0;
  std::int64_t height_px = 0;
  std::int64_t channels = 1;
  std::int64_t largest = 1;  ///< sample of full brightness
  std::size_t data_start = 0;

  bool bits() const { return kind == '1' || kind == '4'; }
  bool text() const { return kind <= '3'; }
};

std::int64_t required(std::optional<std::int64_t> number) {
  if (!number) throw_decode("PNM with a broken header");
  return *number;
}

void read_pam_fields(PnmText& text, PnmFields& fields) {
  fields.channels = 0;
  fields.largest = 0;
  for (;;) {
    const auto name = text.word();
    if (name == "ENDHDR") break;
    if (name == "WIDTH") {
      fields.width_px = required(text.number());
    } else if (name == "HEIGHT") {
      fields.height_px = required(text.number());
    } else if (name == "DEPTH") {
      fields.channels = required(text.number());
    } else if (name == "MAXVAL") {
      fields.largest = required(text.number());
    } else if (name == "TUPLTYPE") {
      text.skip_line();
    } else {
      throw_decode("PNM with a broken header");
    }
  }
  text.skip_line();
}

PnmFields read_fields(Bytes bytes) {
  PnmText text(bytes, 2);
  PnmFields fields;
  fields.kind = static_cast<char>(bytes[1]);
  if (fields.kind == '7') {
    read_pam_fields(text, fields);
  } else {
    fields.width_px = required(text.number());
    fields.height_px = required(text.number());
    if (!fields.bits()) fields.largest = required(text.number());
    if (fields.kind == '3' || fields.kind == '6') fields.channels = 3;
    text.skip_byte();
  }
  if (fields.largest < 1 || fields.largest > kMaxSample) {
    throw_decode(concat("PNM with samples up to ", fields.largest, " is not supported"));
  }
  if (fields.channels < 1 || fields.channels > 4) {
    throw_decode(concat("PNM of ", fields.channels, " channels is not supported"));
  }
  fields.data_start = text.position();
  return fields;
}

/// Samples in the order of the file, as 8 bits, whichever of the forms they have.
class PnmSamples {
 public:
  PnmSamples(Bytes bytes, const PnmFields& fields)
      : fields_(fields), text_(bytes, fields.data_start), data_(bytes.subspan(fields.data_start)) {}

  std::uint8_t next() {
    const std::int64_t sample = raw();
    if (sample > fields_.largest) throw_decode("corrupt PNM: a sample above the largest");
    const std::int64_t level = fields_.bits() ? 1 - sample : sample;
    return static_cast<std::uint8_t>((level * 255 + fields_.largest / 2) / fields_.largest);
  }
  /// Rows of P4 start at a byte.
  void start_row() { bits_left_ = 0; }

 private:
  std::int64_t raw() {
    if (fields_.text()) {
      const auto number = fields_.bits() ? text_.bit() : text_.number();
      if (!number) throw_cut();
      return *number;
    }
    if (fields_.bits()) {
      if (bits_left_ == 0) {
        byte_ = data_.u8();
        bits_left_ = 8;
      }
      return checked(byte_ >> --bits_left_ & 1);
    }
    return checked(fields_.largest > 255 ? data_.u16_big() : data_.u8());
  }
  std::int64_t checked(std::int64_t sample) const {
    if (!data_.ok()) throw_cut();
    return sample;
  }
  [[noreturn]] static void throw_cut() { throw_decode("PNM cut short"); }

  PnmFields fields_;
  PnmText text_;
  ByteReader data_;
  int byte_ = 0;
  int bits_left_ = 0;
};

}  // namespace

bool is_pnm(Bytes bytes) {
  return bytes.size() > 2 && bytes[0] == 'P' && bytes[1] >= '1' && bytes[1] <= '7' && is_space(bytes[2]);
}

ImageHeader read_pnm_header(Bytes bytes) {
  const auto fields = read_fields(bytes);
  return {.format = ImageFormat::pnm,
          .width_px = fields.width_px,
          .height_px = fields.height_px,
          .channels = static_cast<int>(fields.channels),
          .bits_per_sample = fields.largest > 255 ? 16 : 8};
}

Image decode_pnm(Bytes bytes, const ImageHeader& header) {
  const auto fields = read_fields(bytes);
  // Before anything is allocated: a picture has at least a bit a sample in its file.
  if ((header.width_px * header.height_px * fields.channels + 7) / 8 > static_cast<std::int64_t>(bytes.size())) {
    throw_decode("PNM cut short");
  }
  Image image({header.height_px, header.width_px, 3});
  PnmSamples samples(bytes, fields);
  auto* out = image.data();
  for (std::int64_t y = 0; y < header.height_px; ++y) {
    samples.start_row();
    for (std::int64_t x = 0; x < header.width_px; ++x, out += 3) {
      out[0] = samples.next();
      out[1] = fields.channels >= 3 ? samples.next() : out[0];
      out[2] = fields.channels >= 3 ? samples.next() : out[0];
      if (fields.channels % 2 == 0) samples.next();  // alpha
    }
  }
  return image;
}

}  // namespace simile
