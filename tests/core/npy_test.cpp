// SPDX-License-Identifier: Apache-2.0
#include "simile/core/npy.hpp"

#include <bit>
#include <cmath>
#include <cstdint>
#include <ostream>
#include <string>
#include <vector>

#include "core/expect_error.hpp"
#include "support/temporary_folder.hpp"

namespace simile {
namespace {

using test::TemporaryFolder;

using testing::ElementsAre;

/// A file as NumPy writes it: magic, version, length, header.
std::string npy(int version, const std::string& header, const std::string& data = "") {
  std::string out = "\x93NUMPY";
  out += static_cast<char>(version);
  out += '\0';
  for (int k = 0; k < (version == 1 ? 2 : 4); ++k) out += static_cast<char>(header.size() >> (8 * k) & 0xff);
  return out + header + data;
}

std::string header_of(const std::string& descr, const std::string& shape, const std::string& order = "False") {
  return "{'descr': " + descr + ", 'fortran_order': " + order + ", 'shape': " + shape + ", }\n";
}

std::span<const std::uint8_t> bytes_of(const std::string& text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

void write(const std::filesystem::path& path, const std::string& text) {
  AtomicFile file(path);
  file.write(text);
  file.commit();
}

TEST(Npy, ReadsHeadersOfEveryVersion) {
  for (const int version : {1, 2, 3}) {
    const auto text = npy(version, header_of("'<f4'", "(3, 4)"));
    const auto header = parse_npy_header(bytes_of(text));
    EXPECT_EQ(header.type, NpyType::float32);
    EXPECT_THAT(header.shape, ElementsAre(3, 4));
    EXPECT_EQ(header.data_offset, static_cast<std::int64_t>(text.size()));
  }
}

TEST(Npy, ReadsEveryType) {
  const std::vector<std::pair<std::string, NpyType>> types{{"'|u1'", NpyType::uint8},
                                                           {"'<u4'", NpyType::uint32},
                                                           {"\"<i8\"", NpyType::int64},
                                                           {"'<f2'", NpyType::float16},
                                                           {"'<f4'", NpyType::float32}};
  for (const auto& [descr, type] : types) {
    EXPECT_EQ(parse_npy_header(bytes_of(npy(1, header_of(descr, "(2,)")))).type, type);
    EXPECT_EQ(to_string(type), std::vector<std::string>(
                                   {"uint8", "uint32", "int64", "float16", "float32"})[static_cast<std::size_t>(type)]);
  }
}

TEST(Npy, ReadsKeysInAnyOrderAndEmptyShapes) {
  const auto header = parse_npy_header(bytes_of(npy(1, "{\"shape\":(),\t'fortran_order' :False,'descr':'|u1'}   \n")));
  EXPECT_TRUE(header.shape.empty());
  EXPECT_THAT(parse_npy_header(bytes_of(npy(1, header_of("'|u1'", "(0, 5)")))).shape, ElementsAre(0, 5));
}

struct BadHeader {
  const char* name;
  std::string text;
  const char* message;
  friend void PrintTo(const BadHeader& value, std::ostream* out) { *out << value.name; }
};

class NpyRefuses : public testing::TestWithParam<BadHeader> {};

TEST_P(NpyRefuses, ByName) {
  // An exact heap copy lets AddressSanitizer see a read past the end.
  const std::vector<std::uint8_t> bytes(GetParam().text.begin(), GetParam().text.end());
  expect_error(ErrorCode::decode, GetParam().message, [&] { parse_npy_header(bytes); });
}

INSTANTIATE_TEST_SUITE_P(
    Headers, NpyRefuses,
    testing::Values(
        BadHeader{"Empty", "", "does not start as one"}, BadHeader{"Magic", "\x93NUMPX\1\0\2\0{}", "does not start"},
        BadHeader{"OnlyMagic", "\x93NUMPY\1", "does not start as one"},
        BadHeader{"Version0", npy(0, header_of("'|u1'", "(1,)")), "version 0"},
        BadHeader{"Version4", npy(4, header_of("'|u1'", "(1,)")), "version 4"},
        BadHeader{"CutLength", npy(2, "").substr(0, 10), "cut short"},
        BadHeader{"CutHeader", npy(1, header_of("'|u1'", "(1,)")).substr(0, 30), "cut short"},
        BadHeader{"LongHeader", npy(2, std::string((1 << 20) + 1, ' ')), "longer than 1 MiB"},
        BadHeader{"Fortran", npy(1, header_of("'<f4'", "(1, 1)", "True")), "Fortran order"},
        BadHeader{"OrderWord", npy(1, header_of("'<f4'", "(1, 1)", "None")), "neither True nor False"},
        BadHeader{"Object", npy(1, header_of("'|O'", "(1,)")), "pickle"},
        BadHeader{"Structured", npy(1, header_of("[('a', '<f4')]", "(1,)")), "structured"},
        BadHeader{"BigEndian", npy(1, header_of("'>f4'", "(1,)")), "'>f4'"},
        BadHeader{"Double", npy(1, header_of("'<f8'", "(1,)")), "'<f8'; simile reads"},
        BadHeader{"NoShape", npy(1, "{'descr': '|u1', 'fortran_order': False}"), "lacks descr"},
        BadHeader{"NoKeys", npy(1, "{}"), "lacks descr"},
        BadHeader{"RepeatedKey", npy(1, "{'descr': '|u1', 'descr': '|u1'}"), "unexpected key 'descr'"},
        BadHeader{"UnknownKey", npy(1, "{'pickle': 1}"), "unexpected key 'pickle'"},
        BadHeader{"NoDict", npy(1, "(1, 2)"), "lacks '{'"}, BadHeader{"NumberKey", npy(1, "{1: 2}"), "dict of strings"},
        BadHeader{"OpenString", npy(1, "{'descr"), "no end"}, BadHeader{"NoColon", npy(1, "{'descr' '|u1'}"), "':'"},
        BadHeader{"OpenDict", npy(1, "{'descr': '|u1'"), "'}'"},
        BadHeader{"Trailing", npy(1, header_of("'|u1'", "(1,)") + "x"), "text after the header"},
        BadHeader{"NegativeExtent", npy(1, header_of("'|u1'", "(-1,)")), "tuple of sizes"},
        BadHeader{"TextExtent", npy(1, header_of("'|u1'", "(a,)")), "tuple of sizes"},
        BadHeader{"DoubleComma", npy(1, header_of("'|u1'", "(1,,2)")), "tuple of sizes"},
        BadHeader{"OpenTuple", npy(1, "{'shape': (1, 2"), "')'"},
        BadHeader{"ExtentBeyond64Bits", npy(1, header_of("'|u1'", "(99999999999999999999,)")), "tuple of sizes"},
        BadHeader{"NineAxes", npy(1, header_of("'|u1'", "(1, 1, 1, 1, 1, 1, 1, 1, 1)")), "8 axes"},
        BadHeader{"Overflow", npy(1, header_of("'<f4'", "(4294967296, 4294967296)")), "shape is too large"},
        BadHeader{"OverflowInBytes", npy(1, header_of("'<f4'", "(4611686018427387904,)")), "shape is too large"},
        BadHeader{"OverflowBesideNothing", npy(1, header_of("'|u1'", "(0, 1099511627776, 1099511627776)")),
                  "shape is too large"}),
    [](const auto& given) { return std::string(given.param.name); });

TEST(Npy, RefusesEveryPrefixOfAHeader) {
  const std::string whole = npy(3, header_of("'<f2'", "(3, 5)"));
  for (std::size_t length = 0; length < whole.size(); ++length) {
    const std::vector<std::uint8_t> part(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length));
    ASSERT_THROW(parse_npy_header(part), Error) << length;
  }
}

class NpyRoundTrip : public testing::TestWithParam<std::vector<std::int64_t>> {};

TEST_P(NpyRoundTrip, KeepsShapeTypeAndBytes) {
  const TemporaryFolder folder;
  std::int64_t count = 1;
  for (const auto extent : GetParam()) count *= extent;
  for (const NpyType type : {NpyType::uint8, NpyType::uint32, NpyType::int64, NpyType::float16, NpyType::float32}) {
    std::vector<std::uint8_t> bytes(static_cast<std::size_t>(count * element_bytes(type)));
    for (std::size_t k = 0; k < bytes.size(); ++k) bytes[k] = static_cast<std::uint8_t>(37 * k + 1);
    AtomicFile file(folder / "a.npy");
    write_npy(file, type, GetParam(), bytes);
    file.commit();
    const NpyFile written(folder / "a.npy");
    EXPECT_EQ(written.header().type, type);
    EXPECT_EQ(written.header().shape, GetParam());
    EXPECT_EQ(written.header().data_offset % 64, 0);
    std::vector<std::uint8_t> read(bytes.size());
    written.read(type, read.data());
    EXPECT_EQ(read, bytes);
    const NpyType other = type == NpyType::uint8 ? NpyType::int64 : NpyType::uint8;
    expect_error(ErrorCode::decode, "elements of type", [&] { written.read(other, read.data()); });
  }
}

INSTANTIATE_TEST_SUITE_P(Shapes, NpyRoundTrip,
                         testing::Values(std::vector<std::int64_t>{}, std::vector<std::int64_t>{0},
                                         std::vector<std::int64_t>{7}, std::vector<std::int64_t>{3, 5},
                                         std::vector<std::int64_t>{2, 3, 4}, std::vector<std::int64_t>{0, 9, 9},
                                         std::vector<std::int64_t>{1, 1, 1, 1, 1, 1, 1, 2}));

TEST(Npy, RefusesTruncatedAndTrailingDataNamingTheFile) {
  const TemporaryFolder folder;
  write(folder / "short.npy", npy(1, header_of("'<f4'", "(2, 2)"), std::string(15, 'x')));
  expect_error(ErrorCode::decode, "15 bytes of data where the header says 16", [&] { NpyFile{folder / "short.npy"}; });
  expect_error(ErrorCode::decode, "short.npy", [&] { NpyFile{folder / "short.npy"}; });
  write(folder / "long.npy", npy(1, header_of("'<f4'", "(2, 2)"), std::string(17, 'x')));
  expect_error(ErrorCode::decode, "17 bytes of data where the header says 16", [&] { NpyFile{folder / "long.npy"}; });
  expect_error(ErrorCode::not_found, "none.npy", [&] { NpyFile{folder / "none.npy"}; });
}

TEST(Npy, RefusesHugeShapesWithoutAllocating) {
  const TemporaryFolder folder;
  write(folder / "a.npy", npy(1, header_of("'|u1'", "(1099511627776,)"), "x"));
  expect_error(ErrorCode::decode, "1 bytes of data", [&] { NpyFile{folder / "a.npy"}; });
}

TEST(Npy, ReadsEmbeddings) {
  const TemporaryFolder folder;
  write(folder / "half.npy", npy(1, header_of("'<f2'", "(1, 3)"), std::string("\x00\x3c\x01\x00\x00\xc4", 6)));
  const auto half = NpyFile(folder / "half.npy").read_embeddings();
  EXPECT_EQ(half.shape(), (std::array<std::int64_t, 2>{1, 3}));
  EXPECT_EQ(half.view()(0, 0), 1.0F);
  EXPECT_EQ(half.view()(0, 1), 0x1p-24F);
  EXPECT_EQ(half.view()(0, 2), -4.0F);
  write(folder / "float.npy", npy(1, header_of("'<f4'", "(1, 1)"), std::string("\x00\x00\xc0\x3f", 4)));
  EXPECT_EQ(NpyFile(folder / "float.npy").read_embeddings().view()(0, 0), 1.5F);
  write(folder / "none.npy", npy(1, header_of("'<f4'", "(0, 512)")));
  EXPECT_EQ(NpyFile(folder / "none.npy").read_embeddings().shape(1), 512);
}

TEST(Npy, RefusesEmbeddingsOfAnotherTypeOrRank) {
  const TemporaryFolder folder;
  write(folder / "type.npy", npy(1, header_of("'|u1'", "(1, 1)"), "x"));
  expect_error(ErrorCode::decode, "embeddings are float32 or float16",
               [&] { NpyFile(folder / "type.npy").read_embeddings(); });
  write(folder / "rank.npy", npy(1, header_of("'<f4'", "(1,)"), "xxxx"));
  expect_error(ErrorCode::decode, "rank.npy", [&] { NpyFile(folder / "rank.npy").read_embeddings(); });
}

// IEEE 754, 3.4: (-1)^s 2^(e-15) (1 + m / 1024), or (-1)^s 2^-14 m / 1024 when e = 0.
TEST(HalfToFloat, IsExactForAll65536Values) {
  for (int bits = 0; bits < 65536; ++bits) {
    const float value = half_to_float(static_cast<std::uint16_t>(bits));
    const int exponent = bits >> 10 & 31;
    const int mantissa = bits & 1023;
    ASSERT_EQ(std::signbit(value), bits >= 0x8000) << bits;
    if (exponent == 31) {
      ASSERT_EQ(std::isinf(value), mantissa == 0) << bits;
      ASSERT_EQ(std::isnan(value), mantissa != 0) << bits;
      continue;
    }
    const double magnitude =
        exponent == 0 ? std::ldexp(mantissa, -24) : std::ldexp(1024.0 + mantissa, exponent - 15 - 10);
    ASSERT_EQ(std::fabs(static_cast<double>(value)), magnitude) << bits;
  }
}

}  // namespace
}  // namespace simile
