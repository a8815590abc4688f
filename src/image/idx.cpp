// SPDX-License-Identifier: Apache-2.0
#include "simile/image/idx.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <string>

#include <zlib.h>

#include "image/byte_reader.hpp"
#include "image/formats.hpp"

#include "simile/core/atomic_file.hpp"
#include "simile/core/text.hpp"
#include "simile/core/units.hpp"

namespace simile {
namespace {

constexpr std::uint8_t kUnsignedByte = 0x08;
constexpr int kMaxRank = 4;
/// Deflate's best case: 258 bytes from a two-bit code, 1032 : 1 (zlib's technical notes).
constexpr std::int64_t kMaxInflation = 1032;

bool is_gzip(Bytes bytes) { return bytes.size() >= 2 && bytes[0] == 0x1f && bytes[1] == 0x8b; }

/// Bytes one after the other, as they are or inflated.
class Source {
 public:
  virtual ~Source() = default;
  /// Fills as much of `out` as there are bytes for; returns how many.
  virtual std::int64_t read(std::span<std::uint8_t> out) = 0;
};

class PlainSource : public Source {
 public:
  explicit PlainSource(Bytes bytes) : rest_(bytes) {}
  std::int64_t read(std::span<std::uint8_t> out) override {
    const auto count = std::min(out.size(), rest_.size());
    std::copy_n(rest_.begin(), count, out.begin());
    rest_ = rest_.subspan(count);
    return static_cast<std::int64_t>(count);
  }

 private:
  Bytes rest_;
};

/// Inflates the members of a gzip file (RFC 1952: a file may be several, one after the other).
class GzipSource : public Source {
 public:
  explicit GzipSource(Bytes bytes) : rest_(bytes) {
    constexpr int kGzipWithLargestWindow = 15 + 16;
    if (inflateInit2(&stream_, kGzipWithLargestWindow) != Z_OK) {
      throw Error(ErrorCode::out_of_memory, "cannot start inflating");
    }
  }
  ~GzipSource() override { inflateEnd(&stream_); }
  GzipSource(const GzipSource&) = delete;
  GzipSource& operator=(const GzipSource&) = delete;

  std::int64_t read(std::span<std::uint8_t> out) override {
    std::size_t filled = 0;
    while (filled < out.size() && !(member_ended_ && rest_.empty())) {
      if (member_ended_) begin_member();
      filled += inflate_some(out.subspan(filled));
    }
    return static_cast<std::int64_t>(filled);
  }

 private:
  void begin_member() {
    if (!is_gzip(rest_)) throw_decode("bytes after the end of the gzip data");
    inflateReset(&stream_);
    member_ended_ = false;
  }

  std::size_t inflate_some(std::span<std::uint8_t> out) {
    constexpr std::size_t kMaxPiece = std::numeric_limits<uInt>::max();
    const auto in = rest_.first(std::min(rest_.size(), kMaxPiece));
    const auto room = out.first(std::min(out.size(), kMaxPiece));
    stream_.next_in = const_cast<Bytef*>(in.data());  // zlib only reads from it
    stream_.avail_in = static_cast<uInt>(in.size());
    stream_.next_out = room.data();
    stream_.avail_out = static_cast<uInt>(room.size());
    const int status = inflate(&stream_, Z_NO_FLUSH);
    rest_ = rest_.subspan(in.size() - stream_.avail_in);
    if (status == Z_BUF_ERROR) throw_decode("gzip data cut short");
    if (status == Z_MEM_ERROR) throw Error(ErrorCode::out_of_memory, "no memory to inflate");
    if (status != Z_OK && status != Z_STREAM_END) {
      throw_decode(concat("corrupt gzip data: ", stream_.msg != nullptr ? stream_.msg : "unknown reason"));
    }
    member_ended_ = status == Z_STREAM_END;
    return room.size() - stream_.avail_out;
  }

  Bytes rest_;
  z_stream stream_{};
  bool member_ended_ = false;
};

void read_exactly(Source& source, std::span<std::uint8_t> out, const char* what) {
  const auto count = source.read(out);
  if (count != static_cast<std::int64_t>(out.size())) {
    throw_decode(concat("IDX cut short: ", count, " of ", out.size(), " bytes of its ", what));
  }
}

std::vector<std::int64_t> read_shape(Source& source) {
  std::array<std::uint8_t, 4> magic{};
  read_exactly(source, magic, "header");
  if (magic[0] != 0 || magic[1] != 0) throw_decode("not an IDX file");
  if (magic[2] != kUnsignedByte) {
    throw_decode(concat("IDX element type ", int{magic[2]}, " is not supported, only unsigned bytes (8)"));
  }
  if (magic[3] < 1 || magic[3] > kMaxRank) throw_decode(concat("IDX array of ", int{magic[3]}, " dimensions"));
  std::array<std::uint8_t, 4 * kMaxRank> extents{};
  const auto used = std::span(extents).first(4U * magic[3]);
  read_exactly(source, used, "header");
  ByteReader reader(used);
  std::vector<std::int64_t> shape(magic[3]);
  for (auto& extent : shape) extent = reader.u32_big();
  return shape;
}

/// Product of the extents; the largest number there is when it is beyond that.
std::int64_t element_count(const std::vector<std::int64_t>& shape) {
  std::int64_t count = 1;
  for (const auto extent : shape) {
    if (__builtin_mul_overflow(count, extent, &count)) return std::numeric_limits<std::int64_t>::max();
  }
  return count;
}

IdxArray read_array(Source& source, std::int64_t most_there_can_be, std::int64_t max_bytes) {
  IdxArray array{.shape = read_shape(source), .bytes = {}};
  const auto count = element_count(array.shape);
  if (count > most_there_can_be) throw_decode("IDX header claims more bytes than the file can hold");
  if (count > max_bytes) {
    throw Error(ErrorCode::invalid_argument,
                concat("an IDX array of ", format_bytes(count), " is more than the allowed ", format_bytes(max_bytes)));
  }
  array.bytes = Array<std::uint8_t, 1>({count});
  read_exactly(source, {array.bytes.data(), static_cast<std::size_t>(count)}, "elements");
  std::uint8_t extra = 0;
  if (source.read({&extra, 1}) != 0) throw_decode("IDX with bytes after its last element");
  return array;
}

}  // namespace

bool is_idx_or_gzip(std::span<const std::uint8_t> bytes) {
  if (is_gzip(bytes)) return true;
  return bytes.size() >= 4 && bytes[0] == 0 && bytes[1] == 0 && bytes[2] >= 0x08 && bytes[2] <= 0x0e && bytes[3] >= 1;
}

IdxArray parse_idx(std::span<const std::uint8_t> bytes, std::int64_t max_bytes) {
  const auto size = static_cast<std::int64_t>(bytes.size());
  if (is_gzip(bytes)) {
    GzipSource source(bytes);
    return read_array(source, size * kMaxInflation, max_bytes);
  }
  PlainSource source(bytes);
  return read_array(source, size, max_bytes);
}

IdxArray read_idx(const std::filesystem::path& path, std::int64_t max_bytes) {
  // A plain file is its array and a header; compressed data that does not shrink grows by less than the rest.
  const auto file = read_file(path, max_bytes + max_bytes / 1000 + 4096);
  try {
    return parse_idx({reinterpret_cast<const std::uint8_t*>(file.data()), file.size()}, max_bytes);
  } catch (const Error& error) {
    throw Error(error.code(), concat(in_quotes(path.native()), ": ", error.what()));
  }
}

}  // namespace simile
