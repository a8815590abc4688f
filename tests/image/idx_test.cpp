// SPDX-License-Identifier: Apache-2.0
#include "simile/image/idx.hpp"

#include <gtest/gtest.h>

#include "support/image_errors.hpp"
#include "support/image_files.hpp"

namespace simile {
namespace {

using namespace simile::test;

constexpr std::int64_t kPlenty = 1 << 30;

File idx_header(const std::vector<std::uint32_t>& shape, std::uint8_t type = 8) {
  File file{0, 0, type, static_cast<std::uint8_t>(shape.size())};
  file.resize(4 + 4 * shape.size());
  for (std::size_t axis = 0; axis < shape.size(); ++axis) put_big(file, 4 + 4 * axis, 4, shape[axis]);
  return file;
}

File counting(std::size_t count) {
  File bytes(count);
  for (std::size_t k = 0; k < count; ++k) bytes[k] = static_cast<std::uint8_t>(k * 7 + k / 251);
  return bytes;
}

std::optional<Error> idx_error(const File& file, std::int64_t max_bytes = kPlenty) {
  return error_of([&] { parse_idx(file, max_bytes); });
}

void expect_elements(const IdxArray& array, const std::vector<std::int64_t>& shape, const File& elements) {
  EXPECT_EQ(array.shape, shape);
  EXPECT_EQ(File(array.bytes.data(), array.bytes.data() + array.bytes.size()), elements);
}

TEST(Idx, ReadsPlainAndGzippedArrays) {
  const auto elements = counting(5 * 28 * 28);
  const auto file = idx_header({5, 28, 28}) + elements;
  expect_elements(parse_idx(file, kPlenty), {5, 28, 28}, elements);
  expect_elements(parse_idx(gzipped(file), kPlenty), {5, 28, 28}, elements);
  expect_elements(parse_idx(idx_header({3}) + counting(3), kPlenty), {3}, counting(3));
  expect_elements(parse_idx(idx_header({0, 28, 28}), kPlenty), {0, 28, 28}, {});
}

TEST(Idx, ReadsConcatenatedGzipMembers) {
  const auto file = idx_header({1000}) + counting(1000);
  const auto middle = file.begin() + 400;
  const auto members = gzipped(File(file.begin(), middle)) + gzipped({}) + gzipped(File(middle, file.end()));
  expect_elements(parse_idx(members, kPlenty), {1000}, counting(1000));
}

TEST(Idx, InflatesAsMuchAsDeflateCanShrink) {
  const auto file = idx_header({4000, 1000}) + File(4'000'000, 0);
  EXPECT_EQ(parse_idx(gzipped(file), kPlenty).bytes.size(), 4'000'000);
}

TEST(Idx, IsRecognisedByItsFirstBytes) {
  EXPECT_TRUE(is_idx_or_gzip(idx_header({1})));
  EXPECT_TRUE(is_idx_or_gzip(gzipped(idx_header({1}))));
  EXPECT_FALSE(is_idx_or_gzip({}));
  EXPECT_FALSE(is_idx_or_gzip(File{0, 0, 1, 0}));
  EXPECT_FALSE(is_idx_or_gzip(encode(".png", photo(2, 2))));
}

TEST(Idx, RefusesOtherTypesRanksAndFiles) {
  EXPECT_THAT(idx_error(idx_header({1}, 0x0d) + File(4, 0)), IsError(ErrorCode::decode, "element type 13"));
  EXPECT_THAT(idx_error(idx_header({1, 1, 1, 1, 1}) + File{0}), IsError(ErrorCode::decode, "5 dimensions"));
  EXPECT_THAT(idx_error(File{0, 0, 8, 0}), IsError(ErrorCode::decode, "0 dimensions"));
  EXPECT_THAT(idx_error(File{'h', 'e', 'l', 'l', 'o'}), IsError(ErrorCode::decode, "not an IDX file"));
}

TEST(Idx, RefusesEveryTruncation) {
  const auto file = idx_header({10, 3}) + counting(30);
  for (std::size_t size = 0; size < file.size(); ++size) {
    const auto end = file.begin() + static_cast<std::ptrdiff_t>(size);
    EXPECT_THAT(idx_error({file.begin(), end}), IsError(ErrorCode::decode, "")) << size;
    EXPECT_THAT(idx_error(gzipped(File{file.begin(), end})), IsError(ErrorCode::decode, "")) << size;
  }
  const auto compressed = gzipped(file);
  for (std::size_t size = 0; size < compressed.size(); ++size) {
    EXPECT_THAT(idx_error({compressed.begin(), compressed.begin() + static_cast<std::ptrdiff_t>(size)}),
                IsError(ErrorCode::decode, ""))
        << size;
  }
}

TEST(Idx, RefusesTrailingBytes) {
  const auto file = idx_header({3}) + counting(3);
  EXPECT_THAT(idx_error(file + File{0}), IsError(ErrorCode::decode, "after its last element"));
  EXPECT_THAT(idx_error(gzipped(file + File{0})), IsError(ErrorCode::decode, "after its last element"));
  EXPECT_THAT(idx_error(gzipped(file) + File{1, 2, 3}), IsError(ErrorCode::decode, "after the end of the gzip data"));
}

TEST(Idx, RefusesCorruptGzip) {
  auto file = gzipped(idx_header({3000}) + counting(3000));
  file.at(file.size() - 6) ^= 1;  // in the checksum
  EXPECT_THAT(idx_error(file), IsError(ErrorCode::decode, "corrupt gzip data"));
}

TEST(Idx, AllocatesNothingOnTheHeadersWordAlone) {
  const auto liar = idx_header({1 << 20, 1 << 10, 1 << 10}) + counting(100);
  EXPECT_THAT(idx_error(liar, INT64_MAX), IsError(ErrorCode::decode, "more bytes than the file can hold"));
  EXPECT_THAT(idx_error(gzipped(liar), INT64_MAX), IsError(ErrorCode::decode, "more bytes than the file can hold"));
  const auto overflowing = idx_header({0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}) + counting(100);
  EXPECT_THAT(idx_error(overflowing, INT64_MAX), IsError(ErrorCode::decode, "more bytes than the file can hold"));
}

TEST(Idx, RefusesArraysBeyondTheLimit) {
  const auto file = idx_header({100}) + counting(100);
  EXPECT_FALSE(idx_error(file, 100));
  EXPECT_THAT(idx_error(file, 99), IsError(ErrorCode::invalid_argument, "more than the allowed"));
}

TEST(Idx, NamesTheFile) {
  const TemporaryFolder folder;
  const auto path = folder.write("labels.idx", idx_header({3}) + counting(3));
  expect_elements(read_idx(path, kPlenty), {3}, counting(3));
  const auto broken = folder.write("broken.idx", idx_header({3}));
  EXPECT_THAT(error_of([&] { read_idx(broken, kPlenty); }), IsError(ErrorCode::decode, "broken.idx"));
  EXPECT_THAT(error_of([&] { read_idx(folder.path() / "none", kPlenty); }), IsError(ErrorCode::not_found, "none"));
}

}  // namespace
}  // namespace simile
