// SPDX-License-Identifier: Apache-2.0
#include "simile/model/safetensors.hpp"

#include <array>
#include <cstring>
#include <fstream>
#include <iterator>
#include <ostream>
#include <string>
#include <tuple>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/expect_error.hpp"
#include "support/temporary_folder.hpp"

#include "simile/core/text.hpp"

namespace simile {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

/// A file's bytes: the header's length, the header as it is, the data.
std::string file_of(const std::string& header, std::size_t data_bytes) {
  const std::uint64_t length = header.size();
  std::string bytes(8, '\0');
  std::memcpy(bytes.data(), &length, 8);
  return bytes + header + std::string(data_bytes, '\1');
}

SafetensorsHeader parse(const std::string& bytes) {
  return parse_safetensors_header({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()},
                                  static_cast<std::int64_t>(bytes.size()));
}

std::span<const std::uint8_t> bytes_of(const auto& values) {
  return {reinterpret_cast<const std::uint8_t*>(std::data(values)), std::size(values) * sizeof(values[0])};
}

std::string content(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(Safetensors, ReadsWhatTheFormatDescribes) {
  const auto header = parse(file_of(
      R"({"b":{"dtype":"F16","shape":[2,3],"data_offsets":[8,20]},"a":{"shape":[],"data_offsets":[0,8],"dtype":"I64"},)"
      R"("none":{"dtype":"F32","shape":[4,0],"data_offsets":[8,8]},"__metadata__":{"format":"pt","é":""}}    )",
      20));
  ASSERT_EQ(header.tensors.size(), 3U);
  const auto& [a, b, none] = std::tie(header.tensors[0], header.tensors[1], header.tensors[2]);
  EXPECT_EQ(a.name, "a");
  EXPECT_EQ(a.type, TensorType::int64);
  EXPECT_THAT(a.shape, IsEmpty());
  EXPECT_EQ(a.count(), 1);
  EXPECT_EQ(b.type, TensorType::float16);
  EXPECT_THAT(b.shape, ElementsAre(2, 3));
  EXPECT_EQ(b.offset, a.offset + 8);
  EXPECT_EQ(b.size_bytes, 12);
  EXPECT_EQ(b.count(), 6);
  EXPECT_EQ(none.count(), 0);
  EXPECT_THAT(header.metadata, ElementsAre(Pair("format", "pt"), Pair("é", "")));
}

TEST(Safetensors, ReadsEveryType) {
  for (const auto& [name, type, bytes] : {std::tuple("F64", TensorType::float64, 8),
                                          {"F32", TensorType::float32, 4},
                                          {"F16", TensorType::float16, 2},
                                          {"BF16", TensorType::bfloat16, 2},
                                          {"I64", TensorType::int64, 8},
                                          {"I32", TensorType::int32, 4},
                                          {"I16", TensorType::int16, 2},
                                          {"I8", TensorType::int8, 1},
                                          {"U8", TensorType::uint8, 1},
                                          {"BOOL", TensorType::boolean, 1}}) {
    const auto header =
        parse(file_of(concat(R"({"a":{"dtype":")", name, R"(","shape":[1],"data_offsets":[0,)", bytes, "]}}"),
                      static_cast<std::size_t>(bytes)));
    EXPECT_EQ(header.tensors[0].type, type) << name;
    EXPECT_EQ(to_string(type), name);
    EXPECT_EQ(element_bytes(type), bytes) << name;
  }
}

struct Damage {
  const char* what;
  std::string bytes;
  const char* reason;
};
void PrintTo(const Damage& damage, std::ostream* out) { *out << damage.what; }

std::string tensor(const std::string& fields, std::size_t data_bytes = 4) {
  return file_of("{\"a\":{" + fields + "}}", data_bytes);
}
std::string whole_length(std::uint64_t length) {
  std::string bytes(100, '{');
  std::memcpy(bytes.data(), &length, 8);
  return bytes;
}

class DamagedSafetensors : public testing::TestWithParam<Damage> {};

TEST_P(DamagedSafetensors, IsRefusedWithItsReason) {
  expect_error(ErrorCode::decode, GetParam().reason, [] { parse(GetParam().bytes); });
  // The same through a file, whose name is in the message.
  const test::TemporaryFolder folder;
  const auto path = folder.write("bad.safetensors", GetParam().bytes);
  expect_error(ErrorCode::decode,
               "bad.safetensors' is not a usable .safetensors file: ", [&] { SafetensorsFile file(path); });
}

INSTANTIATE_TEST_SUITE_P(
    Safetensors, DamagedSafetensors,
    testing::Values(
        Damage{"empty", "", "shorter than 8 bytes"}, Damage{"seven_bytes", "1234567", "shorter than 8 bytes"},
        Damage{"no_header", file_of("", 0), "does not begin with '{'"},
        Damage{"header_is_a_list", file_of("[]", 0), "does not begin with '{'"},
        Damage{"header_begins_with_a_blank", file_of(" {}", 0), "does not begin with '{'"},
        Damage{"a_pickle", std::string("\x80\x02\x8a\x0al\xfc\x9c", 7) + std::string(100, 'x'),
               "its header would have"},
        Damage{"header_longer_than_the_file", whole_length(1000), "1000 bytes, but the file has 100 (cut short?)"},
        Damage{"header_of_2_to_63", whole_length(1ULL << 63), "more than the allowed 100000000"},
        Damage{"header_of_all_ones", whole_length(~0ULL), "more than the allowed 100000000"},
        Damage{"no_json", file_of("{\"a\":", 0), "no JSON"}, Damage{"text_after", file_of("{}x", 0), "no JSON"},
        Damage{"zero_bytes_after", file_of(std::string("{}\0\0", 4), 0), "zero byte"},
        Damage{"invalid_utf8", file_of("{\"\xff\":{}}", 0), "no JSON"},
        Damage{"deep", file_of("{\"a\":" + std::string(100'000, '['), 0), "'a' has a list"},
        Damage{"deep_objects", file_of("{\"a\":{\"shape\":{\"b\":{}}}}", 0), "'a' has an object"},
        Damage{"tensor_is_a_number", file_of("{\"a\":1}", 0), "'a' has a number"},
        Damage{"tensor_is_null", file_of("{\"a\":null}", 0), "'a' has null"},
        Damage{"twice", file_of(R"({"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"a":{}})", 0), "'a' twice"},
        Damage{"metadata_is_a_list", file_of(R"({"__metadata__":[]})", 0), "'__metadata__' has a list"},
        Damage{"metadata_has_a_number", file_of(R"({"__metadata__":{"a":1}})", 0), "'__metadata__' has a number"},
        Damage{"metadata_twice", file_of(R"({"__metadata__":{},"__metadata__":{}})", 0), "'__metadata__' twice"},
        Damage{"metadata_key_twice", file_of(R"({"__metadata__":{"a":"","a":""}})", 0), "'a' twice"},
        Damage{"no_dtype", tensor(R"("shape":[1],"data_offsets":[0,4])"), "'a' has no dtype"},
        Damage{"no_shape", tensor(R"("dtype":"F32","data_offsets":[0,4])"), "'a' has no shape"},
        Damage{"no_offsets", tensor(R"("dtype":"F32","shape":[1])"), "'a' has no data_offsets"},
        Damage{"unknown_field", tensor(R"("dtype":"F32","colour":1)"), "unknown field 'colour'"},
        Damage{"shape_twice", tensor(R"("shape":[1],"shape":[1])"), "'a' has shape twice"},
        Damage{"other_type", tensor(R"("dtype":"F8_E4M3","shape":[4],"data_offsets":[0,4])"),
               "'F8_E4M3'; simile reads F64, F32, F16, BF16"},
        Damage{"type_is_a_number", tensor(R"("dtype":4)"), "'a' has a number"},
        Damage{"shape_is_a_text", tensor(R"("shape":"F32")"), "'a' has a text"},
        Damage{"negative_extent", tensor(R"("shape":[-1])"), "a negative number"},
        Damage{"broken_extent", tensor(R"("shape":[1.0])"), "not whole or too large"},
        Damage{"huge_extent", tensor(R"("shape":[18446744073709551616])"), "not whole or too large"},
        Damage{"extent_of_2_to_63", tensor(R"("shape":[9223372036854775808])"), "beyond 2^63"},
        Damage{"overflow", tensor(R"("dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,4])"),
               "overflows"},
        Damage{"overflow_to_0", tensor(R"("dtype":"U8","shape":[4294967296,4294967296],"data_offsets":[0,0])", 0),
               "overflows"},
        Damage{"bytes_overflow", tensor(R"("dtype":"F64","shape":[2305843009213693953],"data_offsets":[0,8])", 8),
               "take 2305843009213693953 times 8"},
        Damage{"many_axes", tensor(R"("dtype":"F32","shape":[1,1,1,1,1,1,1,1,1],"data_offsets":[0,4])"),
               "more than 8 axes"},
        Damage{"one_offset", tensor(R"("dtype":"F32","shape":[1],"data_offsets":[4])"), "not two numbers"},
        Damage{"three_offsets", tensor(R"("dtype":"F32","shape":[1],"data_offsets":[0,4,4])"), "not two numbers"},
        Damage{"backwards", tensor(R"("dtype":"F32","shape":[1],"data_offsets":[4,0])"), "ends before it begins"},
        Damage{"too_few_bytes", tensor(R"("dtype":"F32","shape":[2],"data_offsets":[0,4])"), "take 2 times 4"},
        Damage{"half_an_element", tensor(R"("dtype":"F32","shape":[1],"data_offsets":[0,5])", 5), "take 1 times 4"},
        Damage{"cut_short", tensor(R"("dtype":"F32","shape":[2],"data_offsets":[0,8])", 7), "which has 7 (cut short?)"},
        Damage{"bytes_after", tensor(R"("dtype":"F32","shape":[1],"data_offsets":[0,4])", 6), "2 bytes follow"},
        Damage{"gap_at_the_start", tensor(R"("dtype":"F32","shape":[1],"data_offsets":[4,8])", 8),
               "where 0 is expected: a gap"},
        Damage{"gap",
               file_of(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},)"
                       R"("b":{"dtype":"U8","shape":[1],"data_offsets":[2,3]}})",
                       3),
               "'b' begins at byte 2 of the data, where 1 is expected"},
        Damage{"overlap",
               file_of(R"({"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},)"
                       R"("b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}})",
                       3),
               "'b' begins at byte 1 of the data, where 2 bytes are another's"},
        Damage{"the_same_bytes_twice",
               file_of(R"({"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},)"
                       R"("b":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}})",
                       2),
               "are another's"}),
    [](const auto& each) { return std::string(each.param.what); });

TEST(Safetensors, RefusesMoreTensorsThanItsLimit) {
  std::string header = "{";
  for (std::int64_t k = 0; k <= kMaxTensors; ++k) {
    header += concat(k > 0 ? "," : "", "\"", k, R"(":{"dtype":"U8","shape":[0],"data_offsets":[0,0]})");
  }
  expect_error(ErrorCode::decode, "more than 100,000 tensors", [&] { parse(file_of(header + "}", 0)); });
}

TEST(Safetensors, EveryTruncationOfAFileIsRefused) {
  const std::string whole = tensor(R"("dtype":"F32","shape":[1],"data_offsets":[0,4])");
  EXPECT_NO_THROW(parse(whole));
  for (std::size_t length = 0; length < whole.size(); ++length) {
    EXPECT_THROW(parse(whole.substr(0, length)), Error) << length;
  }
}

TEST(SafetensorsFile, ReadsBackWhatWasWritten) {
  const test::TemporaryFolder folder;
  const std::vector<float> weights{1.5F, -2, 3, 4, 5, 6};
  const std::vector<std::int64_t> steps{7};
  const std::array<std::uint8_t, 3> switches{1, 0, 1};
  const std::vector<float> none;
  const std::vector<TensorBytes> tensors{{"switch", TensorType::boolean, {3}, switches},
                                         {"fc.weight", TensorType::float32, {2, 3}, bytes_of(weights)},
                                         {"bn.steps", TensorType::int64, {}, bytes_of(steps)},
                                         {"a \"name\"\n é", TensorType::float32, {0}, bytes_of(none)}};
  write_safetensors(folder / "x.safetensors", tensors, {{"format", "pt"}});
  const SafetensorsFile file(folder / "x.safetensors");
  EXPECT_EQ(file.tensors().size(), 4U);
  EXPECT_EQ(file.num_values(), 10);
  EXPECT_THAT(file.metadata(), ElementsAre(Pair("format", "pt")));
  EXPECT_EQ(file.find("fc"), nullptr);
  EXPECT_EQ(file.find(""), nullptr);
  EXPECT_EQ(file.find("zz"), nullptr);
  EXPECT_NE(file.find("a \"name\"\n é"), nullptr);
  const TensorInfo* const fc = file.find("fc.weight");
  ASSERT_NE(fc, nullptr);
  EXPECT_THAT(fc->shape, ElementsAre(2, 3));
  std::vector<float> got(6);
  file.read(*fc, got.data());
  EXPECT_EQ(got, weights);
  std::int64_t step = 0;
  file.read(*file.find("bn.steps"), &step);
  EXPECT_EQ(step, 7);
  std::array<std::uint8_t, 3> read_switches{};
  file.read(*file.find("switch"), read_switches.data());
  EXPECT_EQ(read_switches, switches);
  for (const auto& each : file.tensors()) EXPECT_EQ(each.offset % element_bytes(each.type), 0) << each.name;
}

TEST(SafetensorsFile, IsWrittenTheSameWhateverTheOrderOfItsTensors) {
  const test::TemporaryFolder folder;
  const std::vector<float> values{1, 2};
  const TensorBytes a{"a", TensorType::float32, {2}, bytes_of(values)};
  const TensorBytes b{"b", TensorType::uint8, {8}, bytes_of(values)};
  const TensorBytes c{"c", TensorType::float32, {1, 2}, bytes_of(values)};
  write_safetensors(folder / "1", std::array{a, b, c});
  write_safetensors(folder / "2", std::array{c, b, a});
  const std::string bytes = content(folder / "1");
  EXPECT_EQ(bytes, content(folder / "2"));
  // As the format describes it, byte by byte.
  const std::string header =
      R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"c":{"dtype":"F32","shape":[1,2],"data_offsets":[8,16]},)"
      R"("b":{"dtype":"U8","shape":[8],"data_offsets":[16,24]}})";
  EXPECT_EQ(bytes.substr(8, header.size()), header);
  EXPECT_EQ(bytes.size() % 8, 0U);
  EXPECT_EQ(bytes.substr(8 + header.size(), bytes.size() - 8 - header.size() - 24).find_first_not_of(' '),
            std::string::npos);
}

TEST(SafetensorsFile, MayHoldNothing) {
  const test::TemporaryFolder folder;
  write_safetensors(folder / "x", {});
  const SafetensorsFile file(folder / "x");
  EXPECT_THAT(file.tensors(), IsEmpty());
  EXPECT_EQ(file.num_values(), 0);
}

TEST(SafetensorsFile, SaysWhatCannotBeWrittenAndLeavesTheOlderFile) {
  const test::TemporaryFolder folder;
  const auto path = folder.write("x", "older");
  const TensorBytes a{"a", TensorType::uint8, {0}, {}};
  const auto named = [](const char* name) { return TensorBytes{name, TensorType::uint8, {0}, {}}; };
  expect_error(ErrorCode::invalid_argument, "two tensors are named 'a'",
               [&] { write_safetensors(path, std::array{a, a}); });
  expect_error(ErrorCode::invalid_argument, "no tensor may be named '__metadata__'",
               [&] { write_safetensors(path, std::array{named("__metadata__")}); });
  expect_error(ErrorCode::invalid_argument, "which is not UTF-8",
               [&] { write_safetensors(path, std::array{named("\xff")}); });
  expect_error(ErrorCode::invalid_argument, "which is not UTF-8",
               [&] { write_safetensors(path, {}, {{"a", "\xff"}}); });
  const TensorBytes other{"a", TensorType::float32, {2}, std::span<const std::uint8_t>()};
  expect_error(ErrorCode::internal, "shape and its bytes differ", [&] { write_safetensors(path, std::array{other}); });
  EXPECT_EQ(content(path), "older");
  EXPECT_EQ(folder.size(), 1);
}

TEST(SafetensorsFile, SaysThatItIsNotThereOrNoFile) {
  const test::TemporaryFolder folder;
  expect_error(ErrorCode::not_found, "none.safetensors' cannot be read",
               [&] { SafetensorsFile file(folder / "none.safetensors"); });
  expect_error(ErrorCode::io, "is not a file but a folder", [&] { SafetensorsFile file(folder.path()); });
}

TEST(SafetensorsFile, SaysThatItBecameShorterInsteadOfCrashing) {
  const test::TemporaryFolder folder;
  const std::vector<float> values(100'000, 1);
  const auto path = folder / "x.safetensors";
  write_safetensors(path, std::array{TensorBytes{"a", TensorType::float32, {100'000}, bytes_of(values)}});
  const SafetensorsFile file(path);
  std::filesystem::resize_file(path, 1000);
  std::vector<float> got(values.size());
  expect_error(ErrorCode::io, "x.safetensors' became shorter", [&] { file.read(*file.find("a"), got.data()); });
}

TEST(SafetensorsFile, RefusesATruthValueThatIsNone) {
  const test::TemporaryFolder folder;
  const std::array<std::uint8_t, 2> values{1, 2};
  write_safetensors(folder / "x", std::array{TensorBytes{"a", TensorType::boolean, {2}, values}});
  const SafetensorsFile file(folder / "x");
  std::array<std::uint8_t, 2> got{};
  expect_error(ErrorCode::decode, "'a' has a truth value", [&] { file.read(*file.find("a"), got.data()); });
}

}  // namespace
}  // namespace simile
