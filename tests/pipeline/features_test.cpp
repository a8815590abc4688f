// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include "pipeline/runs.hpp"

#include "simile/feature/perceptual_hash.hpp"

namespace simile {
namespace {

namespace fs = std::filesystem;
using test::error_of;
using test::IsError;
using test::snapshot;
using test::text_of;

class RunFeatures : public test::Runs {
 protected:
  void expect_features_refused(const FeaturesOptions& options, ErrorCode code, const std::string& text) {
    const auto before = snapshot(folder_.path());
    EXPECT_THAT(error_of([&] { features(options); }), IsError(code, text));
    EXPECT_EQ(snapshot(folder_.path()), before);
  }
};

TEST_F(RunFeatures, WritesHashesAsNumpyReadsThem) {
  const auto images = test::planted_images({1, 1});
  photos({1, 1});
  features({.input = path("photos"), .features = {.method = Method::phash}, .out = path("h.npy")});
  const NpyFile file(path("h.npy"));
  EXPECT_EQ(file.header().shape, (std::vector<std::int64_t>{2, 8}));
  std::vector<std::uint8_t> bytes(16);
  file.read(NpyType::uint8, bytes.data());
  for (std::int64_t row = 0; row < 2; ++row) {
    const auto hash = perceptual_hash(images[static_cast<std::size_t>(row)].view(), HashKind::phash, 8);
    EXPECT_EQ(std::vector<std::uint8_t>(bytes.data() + 8 * row, bytes.data() + 8 * (row + 1)), hash);
  }
  EXPECT_EQ(text_of(path("h.csv")), "path\n0.png\n1.png\n");
  const auto about = nlohmann::json::parse(text_of(path("h.json")));
  EXPECT_EQ(about["method"], "phash");
  EXPECT_EQ(about["bits"], 64);
}

TEST_F(RunFeatures, WritesGreyImagesForSsim) {
  const auto images = test::planted_images({1});
  features({.input = photos({1}), .out = path("s.npy")});
  const NpyFile file(path("s.npy"));
  EXPECT_EQ(file.header().shape, (std::vector<std::int64_t>{1, 64, 64}));
  std::vector<std::uint8_t> bytes(64 * 64);
  file.read(NpyType::uint8, bytes.data());
  EXPECT_TRUE(std::equal(bytes.data(), bytes.data() + bytes.size(), images[0].data()));
}

TEST_F(RunFeatures, RefusesToReplaceAnyOfItsThreeFilesUnlessAsked) {
  const auto input = photos({1});
  for (const auto* name : {"f.npy", "f.csv", "f.json"}) {
    folder_.write(name, std::string_view("mine"));
    expect_features_refused({.input = input, .out = path("f.npy")}, ErrorCode::invalid_argument, name);
    fs::remove(path(name));
  }
  folder_.write("f.csv", std::string_view("old"));
  features({.input = input, .out = path("f.npy"), .overwrite = true});
  EXPECT_EQ(text_of(path("f.csv")), "path\n0.png\n");
}

TEST_F(RunFeatures, RefusesAnotherExtension) {
  expect_features_refused({.input = photos({1}), .out = path("f.bin")}, ErrorCode::invalid_argument, ".npy");
}

// --overwrite replaces earlier features, never what is being read.
TEST_F(RunFeatures, NeverReplacesItsInput) {
  photos({1});
  const auto list = folder_.write("list.csv", std::string_view("path\nphotos/0.png\n"));
  expect_features_refused({.input = list, .out = path("list.npy"), .overwrite = true}, ErrorCode::invalid_argument,
                          "--out");
  const auto array = test::write_array(path("images.npy"), NpyType::uint8, {1, 8, 8}, std::vector<std::uint8_t>(64));
  expect_features_refused({.input = array, .out = path("images.npy"), .overwrite = true}, ErrorCode::invalid_argument,
                          "--out");
  fs::create_directory_symlink(folder_.path(), path("link"));
  const auto before = text_of(array);
  EXPECT_THAT(error_of([&] { features({.input = array, .out = path("link/images.npy"), .overwrite = true}); }),
              IsError(ErrorCode::invalid_argument, "--out"));
  EXPECT_EQ(text_of(array), before);
}

TEST_F(RunFeatures, LeavesNothingWhenThereIsNothingToRead) {
  folder_.write("photos/x.png", std::string_view("x"));
  expect_features_refused({.input = path("photos"), .out = path("f.npy")}, ErrorCode::decode, "none of the 1 items");
  expect_features_refused({.input = path("no"), .out = path("f.npy")}, ErrorCode::not_found, "no such");
  expect_features_refused({.input = path("photos"), .out = path("no/f.npy")}, ErrorCode::decode, "none of");
}

}  // namespace
}  // namespace simile
