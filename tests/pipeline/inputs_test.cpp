// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <limits>

#include "pipeline/runs.hpp"

namespace simile {
namespace {

namespace fs = std::filesystem;
using test::clusters;
using test::text_of;
using Clusters = std::map<std::string, std::string>;

const Clusters kPlantedRows{{"0", "0"}, {"1", "1"}, {"2", "-1"}, {"3", "0"}, {"4", "1"}, {"5", "0"}};

class Inputs : public test::Runs {
 protected:
  static std::vector<std::uint8_t> planted_pixels() {
    std::vector<std::uint8_t> pixels;
    for (const auto& image : test::planted_images({3, 2, 1}, 28)) {
      pixels.insert(pixels.end(), image.data(), image.data() + image.size());
    }
    return pixels;
  }
  fs::path vectors(const std::vector<float>& values, std::int64_t dimensions) const {
    const auto count = static_cast<std::int64_t>(values.size()) / dimensions;
    return test::write_array(path("vectors.npy"), NpyType::float32, {count, dimensions}, test::bytes_of(values));
  }
  fs::path hashes(const std::vector<std::uint8_t>& bytes, std::int64_t width) const {
    return test::write_array(path("hashes.npy"), NpyType::uint8,
                             {static_cast<std::int64_t>(bytes.size()) / width, width}, bytes);
  }
};

TEST_F(Inputs, MayBeAListInItsOwnOrderWithRepeats) {
  photos({3, 2, 1});
  const auto list = folder_.write("list.txt", std::string_view("photos/5.png\r\nphotos/0.png\n\nphotos/./5.png\n"
                                                               "photos/1.png\nphotos/gone.png"));
  const auto summary = cluster(list);
  EXPECT_EQ(summary.kind, "list");
  EXPECT_EQ(summary.num_items, 4);
  EXPECT_EQ(summary.num_repeats, 1);
  EXPECT_EQ(summary.num_unreadable, 1);
  const auto table = read_csv(out_ / "clusters.csv");
  ASSERT_EQ(table.rows.size(), 3U);
  EXPECT_EQ(table.rows[0][0], "photos/5.png");
  EXPECT_EQ(clusters(out_), (Clusters{{"photos/5.png", "0"}, {"photos/0.png", "0"}, {"photos/1.png", "-1"}}));
}

TEST_F(Inputs, MayBeACsvWithAColumnPath) {
  photos({3, 2, 1});
  const auto list =
      folder_.write("list.csv", std::string_view("\xEF\xBB\xBFname;path\r\nx;\"photos/0.png\"\r\ny;photos/3.png"));
  EXPECT_EQ(cluster(list).num_items, 2);
  EXPECT_EQ(clusters(out_), (Clusters{{"photos/0.png", "0"}, {"photos/3.png", "0"}}));
}

TEST_F(Inputs, MayBeTheKeepListOfAnEarlierRunBesideThePhotos) {
  const auto input = photos({3, 2, 1});
  cluster(input);
  fs::copy_file(out_ / "keep.csv", input / "keep.csv");
  EXPECT_EQ(cluster({.input = input / "keep.csv", .out = path("again")}).num_groups, 0);
  EXPECT_EQ(clusters(path("again")).size(), 3U);
}

TEST_F(Inputs, MayBeIdxPlainOrGzipped) {
  const auto idx = test::idx_of({6, 28, 28}, planted_pixels());
  EXPECT_EQ(cluster(folder_.write("images-idx3-ubyte", idx)).kind, "IDX images");
  EXPECT_EQ(clusters(out_), kPlantedRows);
  const auto plain = text_of(out_ / "clusters.csv");
  cluster({.input = folder_.write("images.gz", test::gzipped(idx)), .out = out_, .overwrite = true});
  EXPECT_EQ(text_of(out_ / "clusters.csv"), plain);
}

TEST_F(Inputs, MayBeAnArrayOfGreyOrColourImages) {
  const auto pixels = planted_pixels();
  EXPECT_EQ(cluster(test::write_array(path("grey.npy"), NpyType::uint8, {6, 28, 28}, pixels)).kind, "image array");
  EXPECT_EQ(clusters(out_), kPlantedRows);
  std::vector<std::uint8_t> colour;
  for (const auto level : pixels) colour.insert(colour.end(), 3, level);
  const auto file = test::write_array(path("colour.npy"), NpyType::uint8, {6, 28, 28, 3}, colour);
  cluster({.input = file, .out = out_, .overwrite = true});
  EXPECT_EQ(clusters(out_), kPlantedRows);
}

TEST_F(Inputs, MayBeEmbeddingsWhoseBadRowsAreReported) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float inf = std::numeric_limits<float>::infinity();
  const auto summary = cluster(vectors({1, 0, nan, 0, 0, 0, 0, 0, 2, 0.1F, -inf, 1, 0, 1}, 2));
  EXPECT_EQ(summary.kind, "embeddings");
  EXPECT_EQ(summary.method, "embedding");
  EXPECT_EQ(summary.num_unreadable, 2);
  // Zero rows are alike to nothing, not even to each other.
  EXPECT_EQ(clusters(out_), (Clusters{{"0", "0"}, {"2", "-1"}, {"3", "-1"}, {"4", "0"}, {"6", "-1"}}));
  EXPECT_EQ(text_of(out_ / "unreadable.csv"),
            "path,reason\n1,the vector holds NaN or an infinite value\n5,the vector holds NaN or an infinite value\n");
}

TEST_F(Inputs, KeepZeroVectorsApartAtTheLowestThreshold) {
  cluster({.input = vectors({0, 0, 0, 0, 1, 0, -1, 0}, 2), .threshold = -1, .out = out_, .similarities = true});
  EXPECT_EQ(clusters(out_), (Clusters{{"0", "-1"}, {"1", "-1"}, {"2", "0"}, {"3", "0"}}));
  EXPECT_EQ(text_of(out_ / "similarities.csv"), "from,to,similarity\n2,3,-1\n");
}

TEST_F(Inputs, OfNothingButBadVectorsFail) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  expect_refused({.input = vectors({nan, 0, 0, nan}, 2), .out = out_}, ErrorCode::decode, "none of the 2 items");
}

TEST_F(Inputs, MayBeHashesWithoutCompanions) {
  // Rows 0 and 2 differ in one bit of 16: 0.9375.
  const auto summary = cluster(hashes({0xff, 0x00, 0x0f, 0xf0, 0xff, 0x01}, 2));
  EXPECT_EQ(summary.kind, "hashes");
  EXPECT_EQ(summary.method, "phash");
  EXPECT_EQ(clusters(out_), (Clusters{{"0", "0"}, {"1", "-1"}, {"2", "0"}}));
}

TEST_F(Inputs, TakeNamesAndMethodOfHashesFromTheirCompanions) {
  folder_.write("hashes.csv", std::string_view("path\na.jpg\n\"b,c.jpg\"\nd.jpg\n"));
  folder_.write("hashes.json", std::string_view("{\"method\": \"dhash\", \"bits\": 32}"));
  // Rows 0 and 2 differ in one bit of 32: above dhash's default threshold.
  const auto input = hashes({0xff, 0x00, 0x0f, 0xf0, 0x0f, 0xf0, 0x0f, 0xf0, 0xff, 0x01, 0x0f, 0xf0}, 4);
  EXPECT_EQ(cluster(input).method, "dhash");
  EXPECT_EQ(clusters(out_), (Clusters{{"a.jpg", "0"}, {"b,c.jpg", "-1"}, {"d.jpg", "0"}}));
}

struct Companion {
  const char* name;
  const char* csv;
  const char* json;
  ErrorCode code;
  const char* text;
};
void PrintTo(const Companion& value, std::ostream* out) { *out << value.name; }
class BadCompanions : public Inputs, public ::testing::WithParamInterface<Companion> {};

TEST_P(BadCompanions, AreRefusedByName) {
  if (*GetParam().csv != '\0') folder_.write("hashes.csv", std::string_view(GetParam().csv));
  if (*GetParam().json != '\0') folder_.write("hashes.json", std::string_view(GetParam().json));
  expect_refused({.input = hashes({1, 2, 3, 4}, 2), .out = out_}, GetParam().code, GetParam().text);
}

INSTANTIATE_TEST_SUITE_P(
    Each, BadCompanions,
    ::testing::Values(
        Companion{"FewerNames", "path\na\n", "", ErrorCode::invalid_argument, "has 2 rows, but"},
        Companion{"MoreNames", "path\na\nb\nc\n", "", ErrorCode::invalid_argument, "names 3"},
        Companion{"RaggedNames", "path,x\na,1\nb\n", "", ErrorCode::decode, "line 3"},
        Companion{"NotJson", "", "{", ErrorCode::decode, "hashes.json"},
        Companion{"NoMethod", "", "{\"simile\": \"0.1.0\"}", ErrorCode::decode, "no method"},
        Companion{"UnknownMethod", "", "{\"method\": \"x\"}", ErrorCode::invalid_argument, "'x'"},
        Companion{"NoBits", "", "{\"method\": \"phash\"}", ErrorCode::decode, "no bits"},
        Companion{"OtherBits", "", "{\"method\": \"phash\", \"bits\": 64}", ErrorCode::invalid_argument, "64 bits"},
        Companion{"MethodOfVectors", "", "{\"method\": \"embedding\"}", ErrorCode::invalid_argument, "hashes.json"},
        Companion{"MethodOfImages", "", "{\"method\": \"ssim\"}", ErrorCode::invalid_argument, "hashes.json"}),
    [](const auto& test) { return test.param.name; });

TEST_F(Inputs, MayHaveTablesOfTheUsersBesideThem) {
  folder_.write("hashes.csv", std::string_view("width,height\n1,2\n"));
  folder_.write("hashes.json", std::string_view("{\"model\": \"resnet\"}"));
  const auto summary = cluster(hashes({0xff, 0x00, 0x0f, 0xf0, 0xff, 0x00}, 2));
  EXPECT_EQ(summary.method, "phash");
  EXPECT_EQ(clusters(out_), (Clusters{{"0", "0"}, {"1", "-1"}, {"2", "0"}}));
}

TEST_F(Inputs, OfAKnownHashAreNotTakenForAnother) {
  folder_.write("hashes.json", std::string_view("{\"simile\": \"0.1.0\", \"method\": \"phash\", \"bits\": 16}"));
  expect_refused({.input = hashes({1, 2, 3, 4}, 2), .features = {.method = Method::dhash}, .out = out_},
                 ErrorCode::invalid_argument, "needs dhash hashes or images, but the input holds phash hashes");
}

struct Misfit {
  const char* name;
  std::vector<std::int64_t> shape;
  NpyType type;
  std::optional<Method> method;
  const char* text;
};
void PrintTo(const Misfit& value, std::ostream* out) { *out << value.name; }
class Misfits : public Inputs, public ::testing::WithParamInterface<Misfit> {};

TEST_P(Misfits, AreRefusedNamingWhatIsNeeded) {
  std::int64_t bytes = element_bytes(GetParam().type);
  for (const auto extent : GetParam().shape) bytes *= extent;
  const auto file = test::write_array(path("x.npy"), GetParam().type, GetParam().shape,
                                      std::vector<std::uint8_t>(static_cast<std::size_t>(bytes), 1));
  expect_refused({.input = file, .features = {.method = GetParam().method}, .out = out_}, ErrorCode::invalid_argument,
                 GetParam().text);
}

INSTANTIATE_TEST_SUITE_P(
    Each, Misfits,
    ::testing::Values(Misfit{"SsimOfVectors", {2, 4}, NpyType::float32, Method::ssim, "needs images"},
                      Misfit{"PhashOfVectors", {2, 4}, NpyType::float16, Method::phash, "needs images"},
                      Misfit{"SsimOfHashes", {2, 8}, NpyType::uint8, Method::ssim, "needs images"},
                      Misfit{"TinyImages", {2, 6, 7}, NpyType::uint8, std::nullopt, "smaller than SSIM's window"},
                      Misfit{"EmptyImages", {2, 0, 0}, NpyType::uint8, std::nullopt, "2 empty rows"},
                      Misfit{"EmptyVectors", {2, 0}, NpyType::float32, std::nullopt, "2 empty rows"},
                      Misfit{"EmptyHashes", {2, 0}, NpyType::uint8, std::nullopt, "2 empty rows"},
                      Misfit{"OneAxis", {4}, NpyType::float32, std::nullopt, "neither images"},
                      Misfit{"TwoChannels", {2, 8, 8, 2}, NpyType::uint8, std::nullopt, "neither images"},
                      Misfit{"Integers", {2, 8}, NpyType::int64, std::nullopt, "neither images"}),
    [](const auto& test) { return test.param.name; });

TEST_F(Inputs, AsArraysRefuseTransfers) {
  const auto file = test::write_array(path("x.npy"), NpyType::uint8, {6, 28, 28}, planted_pixels());
  expect_refused({.input = file, .out = out_, .transfer = Transfer::copy}, ErrorCode::invalid_argument, "--transfer");
}

TEST_F(Inputs, WithoutRowsFail) {
  const auto file = test::write_array(path("x.npy"), NpyType::uint8, {0, 8, 8}, {});
  expect_refused({.input = file, .out = out_}, ErrorCode::not_found, "nothing to read");
}

TEST_F(Inputs, LargerThanTheMemoryAreRefusedByItsName) {
  const auto file = test::write_array(path("x.npy"), NpyType::uint8, {6, 28, 28}, planted_pixels());
  EXPECT_THAT(test::error_of([&] { cluster({.input = file, .out = out_}, 1, 1000); }),
              test::IsError(ErrorCode::out_of_memory, "--memory"));
  EXPECT_FALSE(fs::exists(out_));
}

}  // namespace
}  // namespace simile
