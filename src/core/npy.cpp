// SPDX-License-Identifier: Apache-2.0
#include "simile/core/npy.hpp"

#include <algorithm>
#include <bit>
#include <cctype>
#include <charconv>
#include <cstring>
#include <string_view>

#include "simile/core/error.hpp"
#include "simile/core/text.hpp"

namespace simile {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr std::int64_t kMaxHeaderBytes = 1 << 20;

[[noreturn]] void refuse(const std::string& reason) {
  throw Error(ErrorCode::decode, concat("not a usable .npy file: ", reason));
}

/// Reads the header's text: a Python dict literal with the keys descr, fortran_order and shape, as NumPy writes it.
class DictReader {
 public:
  explicit DictReader(std::string_view text) : text_(text) {}

  void read(NpyHeader& header) {
    bool has_type = false;
    bool has_order = false;
    bool has_shape = false;
    expect('{');
    while (!accept('}')) {
      const std::string_view key = string();
      expect(':');
      if (key == "descr" && !has_type) {
        has_type = true;
        header.type = type();
      } else if (key == "fortran_order" && !has_order) {
        has_order = true;
        if (accept_word("True")) refuse("Fortran order; save it with numpy.ascontiguousarray");
        if (!accept_word("False")) refuse("fortran_order is neither True nor False");
      } else if (key == "shape" && !has_shape) {
        has_shape = true;
        header.shape = shape();
      } else {
        refuse(concat("unexpected key ", in_quotes(key)));
      }
      if (!accept(',')) {
        expect('}');
        break;
      }
    }
    skip_blanks();
    if (!text_.empty()) refuse("text after the header");
    if (!has_type || !has_order || !has_shape) refuse("the header lacks descr, fortran_order or shape");
  }

 private:
  void skip_blanks() {
    while (!text_.empty() && (text_[0] == ' ' || text_[0] == '\n' || text_[0] == '\t' || text_[0] == '\r'))
      text_.remove_prefix(1);
  }
  bool accept(char wanted) {
    skip_blanks();
    if (text_.empty() || text_[0] != wanted) return false;
    text_.remove_prefix(1);
    return true;
  }
  void expect(char wanted) {
    if (!accept(wanted)) refuse(concat("the header lacks '", wanted, "'"));
  }
  bool accept_word(std::string_view word) {
    skip_blanks();
    if (!text_.starts_with(word)) return false;
    text_.remove_prefix(word.size());
    return true;
  }
  std::string_view string() {
    skip_blanks();
    if (text_.empty() || (text_[0] != '\'' && text_[0] != '"')) refuse("the header is not a dict of strings");
    const std::size_t end = text_.find(text_[0], 1);
    if (end == std::string_view::npos) refuse("a string in the header has no end");
    const std::string_view value = text_.substr(1, end - 1);
    text_.remove_prefix(end + 1);
    return value;
  }
  NpyType type() {
    skip_blanks();
    if (!text_.empty() && text_[0] == '[') refuse("a structured array");
    const std::string_view name = string();
    if (name == "|u1") return NpyType::uint8;
    if (name == "<u4") return NpyType::uint32;
    if (name == "<i8") return NpyType::int64;
    if (name == "<f2") return NpyType::float16;
    if (name == "<f4") return NpyType::float32;
    if (name.find('O') != std::string_view::npos) refuse("an object array (a pickle) is never read");
    refuse(concat("elements of type ", in_quotes(name),
                  "; simile reads |u1, <u4, <i8, <f2 and <f4 (save others with numpy's astype)"));
  }
  std::vector<std::int64_t> shape() {
    std::vector<std::int64_t> extents;
    expect('(');
    while (!accept(')')) {
      skip_blanks();
      std::int64_t extent = 0;
      const auto [end, error] = std::from_chars(text_.data(), text_.data() + text_.size(), extent);
      if (error != std::errc() || extent < 0) refuse("the shape is not a tuple of sizes");
      text_.remove_prefix(static_cast<std::size_t>(end - text_.data()));
      extents.push_back(extent);
      if (extents.size() > 8) refuse("more than 8 axes");
      if (!accept(',')) {
        expect(')');
        break;
      }
    }
    return extents;
  }

  std::string_view text_;
};

std::int64_t data_bytes(const NpyHeader& header) {
  // With empty axes counted as 1: the strides of such an array must fit, too.
  std::int64_t bytes = element_bytes(header.type);
  bool empty = false;
  for (const auto extent : header.shape) {
    empty = empty || extent == 0;
    if (__builtin_mul_overflow(bytes, extent == 0 ? 1 : extent, &bytes) || bytes > (1LL << 62))
      refuse("the shape is too large");
  }
  return empty ? 0 : bytes;
}

/// Runs `read` and puts the file's name before the message of what it throws.
template <class Read>
auto naming(const std::filesystem::path& path, Read&& read) {
  try {
    return read();
  } catch (const Error& error) {
    throw Error(error.code(), concat(in_quotes(path.native()), ": ", error.what()));
  }
}

InputFile open(const std::filesystem::path& path) {
  return naming(path, [&] { return InputFile(path); });
}

}  // namespace

std::string to_string(NpyType type) {
  switch (type) {
    case NpyType::uint8:
      return "uint8";
    case NpyType::uint32:
      return "uint32";
    case NpyType::int64:
      return "int64";
    case NpyType::float16:
      return "float16";
    case NpyType::float32:
      return "float32";
  }
  return "unknown";
}

std::int64_t element_bytes(NpyType type) {
  switch (type) {
    case NpyType::uint8:
      return 1;
    case NpyType::float16:
      return 2;
    case NpyType::uint32:
    case NpyType::float32:
      return 4;
    case NpyType::int64:
      return 8;
  }
  return 0;
}

bool is_npy(std::span<const std::uint8_t> bytes) {
  return bytes.size() >= kMagic.size() && std::memcmp(bytes.data(), kMagic.data(), kMagic.size()) == 0;
}

NpyHeader parse_npy_header(std::span<const std::uint8_t> bytes) {
  if (!is_npy(bytes) || bytes.size() < 10) refuse("it does not start as one");
  const int major = bytes[6];
  if (major < 1 || major > 3) refuse(concat("format version ", major, "; simile reads 1 to 3"));
  const std::size_t length_bytes = major == 1 ? 2 : 4;
  if (bytes.size() < 8 + length_bytes) refuse("the header is cut short");
  std::size_t length = 0;
  for (std::size_t k = 0; k < length_bytes; ++k) length |= static_cast<std::size_t>(bytes[8 + k]) << (8 * k);
  if (length > static_cast<std::size_t>(kMaxHeaderBytes)) refuse("the header is longer than 1 MiB");
  const std::size_t start = 8 + length_bytes;
  if (bytes.size() < start + length) refuse("the header is cut short");
  NpyHeader header;
  DictReader(std::string_view(reinterpret_cast<const char*>(bytes.data()) + start, length)).read(header);
  header.data_offset = static_cast<std::int64_t>(start + length);
  data_bytes(header);
  return header;
}

NpyFile::NpyFile(const std::filesystem::path& path) : path_(path), file_(open(path)) {
  naming(path_, [&] {
    std::vector<std::uint8_t> start(
        static_cast<std::size_t>(std::min<std::int64_t>(file_.size_bytes(), kMaxHeaderBytes + 12)));
    file_.read_at(0, start.data(), static_cast<std::int64_t>(start.size()));
    header_ = parse_npy_header(start);
    const std::int64_t actual = file_.size_bytes() - header_.data_offset;
    if (actual != data_bytes(header_)) {
      refuse(concat(actual, " bytes of data where the header says ", data_bytes(header_)));
    }
  });
}

void NpyFile::read(NpyType type, void* target) const {
  naming(path_, [&] {
    if (type != header_.type) refuse(concat("elements of type ", to_string(header_.type), ", not ", to_string(type)));
    file_.read_at(header_.data_offset, target, data_bytes(header_));
  });
}

Array<float, 2> NpyFile::read_embeddings() const {
  if (header_.shape.size() != 2 || (header_.type != NpyType::float32 && header_.type != NpyType::float16)) {
    naming(path_, [] { refuse("embeddings are float32 or float16 arrays [n, d]"); });
  }
  Array<float, 2> values({header_.shape[0], header_.shape[1]});
  if (header_.type == NpyType::float32) {
    read(NpyType::float32, values.data());
    return values;
  }
  Array<std::uint16_t, 1> halves({values.size()});
  read(NpyType::float16, halves.data());
  for (std::int64_t k = 0; k < values.size(); ++k) values.data()[k] = half_to_float(halves.data()[k]);
  return values;
}

void write_npy(AtomicFile& file, NpyType type, std::span<const std::int64_t> shape,
               std::span<const std::uint8_t> bytes) {
  static constexpr std::string_view kNames[] = {"|u1", "<u4", "<i8", "<f2", "<f4"};
  std::string text =
      concat("{'descr': '", kNames[static_cast<std::size_t>(type)], "', 'fortran_order': False, 'shape': (");
  for (const auto extent : shape) text += concat(extent, ", ");
  if (shape.size() > 1) text.resize(text.size() - 2);
  if (shape.size() == 1) text.pop_back();
  text += "), }";
  // The data starts at a multiple of 64, as NumPy's own files.
  while ((10 + text.size() + 1) % 64 != 0) text += ' ';
  text += '\n';
  std::string start(kMagic);
  start += '\1';
  start += '\0';
  start += static_cast<char>(text.size() & 0xff);
  start += static_cast<char>(text.size() >> 8);
  file.write(start + text);
  file.write(bytes);
}

float half_to_float(std::uint16_t half) {
  const std::uint32_t sign = static_cast<std::uint32_t>(half & 0x8000) << 16;
  const std::uint32_t exponent = half >> 10 & 0x1f;
  const std::uint32_t mantissa = half & 0x3ff;
  if (exponent == 0) {
    const float magnitude = static_cast<float>(mantissa) * 0x1p-24f;
    return sign != 0 ? -magnitude : magnitude;
  }
  if (exponent == 31) return std::bit_cast<float>(sign | 0x7f800000u | mantissa << 13);
  return std::bit_cast<float>(sign | (exponent + 112) << 23 | mantissa << 13);
}

}  // namespace simile
