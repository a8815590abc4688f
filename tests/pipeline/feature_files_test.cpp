// SPDX-License-Identifier: Apache-2.0
// What `simile features` writes is read back as it was, and nothing else is.
#include <nlohmann/json.hpp>

#include "pipeline/runs.hpp"

#include "simile/feature/feature_file.hpp"
#include "simile/feature/minhash.hpp"
#include "simile/feature/orb.hpp"
#include "simile/image/resize.hpp"

namespace simile {
namespace {

namespace fs = std::filesystem;
using test::error_of;
using test::IsError;
using test::text_of;

class FeatureFiles : public test::Runs {
 protected:
  Dataset open(const std::string& name) {
    ThreadPool pool(1);
    return open_dataset(path(name), {.listing = {}, .memory_bytes = 64 << 20},
                        {pool, *progress_, cancellation_, 64 << 20, {}});
  }
  Extraction extract(const std::string& name, const FeatureOptions& options, int threads = 2,
                     std::int64_t memory_bytes = 64 << 20) {
    ThreadPool pool(threads);
    Dataset dataset = open(name);
    return extract_features(dataset, options, {pool, *progress_, cancellation_, memory_bytes, {}});
  }
  nlohmann::json about(const std::string& name) { return nlohmann::json::parse(text_of(path(name))); }
  /// Photos of several sizes with many corners: noise over shapes, one file that is none, one without corners.
  void mixed_photos() const {
    folder_.write("photos/a.png", test::encode(".png", test::photo(300, 280)));
    folder_.write("photos/broken.png", std::string_view("no image"));
    folder_.write("photos/noise.png", test::png_of(noise_image(270, 400, 3)));
    folder_.write("photos/plain.png", test::png_of(constant_image(90, 80, 60)));
  }
};

template <class T, int Rank>
void expect_equal(const Array<T, Rank>& a, const Array<T, Rank>& b) {
  ASSERT_EQ(a.shape(), b.shape());
  EXPECT_TRUE(std::equal(a.data(), a.data() + a.size(), b.data()));
}

TEST_F(FeatureFiles, KeepEveryMethodsFeatures) {
  mixed_photos();
  for (const auto& method : methods()) {
    if (method.method == Method::embedding) continue;
    SCOPED_TRACE(method.name);
    const FeatureOptions options{.method = method.method};
    features({.input = path("photos"), .features = options, .out = path("f.npy"), .overwrite = true});
    EXPECT_EQ(about("f.json")["method"], method.name);
    EXPECT_EQ(text_of(path("f.csv")), "path\na.png\nnoise.png\nplain.png\n");
    const auto taken = extract("photos", options);
    EXPECT_EQ(taken.features.items, (std::vector<std::int64_t>{0, 2, 3}));

    Dataset dataset = open("f.npy");
    EXPECT_EQ(dataset.method, method.method);
    EXPECT_EQ(choose_method(dataset, {}), method.method);
    EXPECT_EQ(dataset.catalogue().ids, (std::vector<std::string>{"a.png", "noise.png", "plain.png"}));
    EXPECT_EQ(fs::exists(path("f.offsets.npy")), method.method == Method::orb);
    const auto read = extract("f.npy", {});
    EXPECT_EQ(read.features.method, method.method);
    EXPECT_EQ(read.features.items, (std::vector<std::int64_t>{0, 1, 2}));
    EXPECT_EQ(read.features.bits, taken.features.bits);
    EXPECT_EQ(read.features.width_px, taken.features.width_px);
    EXPECT_EQ(read.features.height_px, taken.features.height_px);
    EXPECT_EQ(read.features.offsets, taken.features.offsets);
    expect_equal(read.features.images, taken.features.images);
    expect_equal(read.features.colour_images, taken.features.colour_images);
    expect_equal(read.features.codes, taken.features.codes);
    expect_equal(read.features.signatures, taken.features.signatures);
  }
}

TEST_F(FeatureFiles, HoldColoursForTemplateAtTheWantedSize) {
  const auto picture = test::photo(90, 70);
  folder_.write("photos/a.png", test::encode(".png", picture));
  folder_.write("photos/b.png", test::png_of(gradient_image(40, 50)));
  features({.input = path("photos"),
            .features = {.method = Method::template_match, .size = PixelSize{20, 30}},
            .out = path("f.npy")});
  EXPECT_EQ(about("f.json")["width_px"], 20);
  const auto taken = extract("f.npy", {}).features.colour_images.clone();
  EXPECT_EQ(taken.shape(), (std::array<std::int64_t, 4>{2, 30, 20, 3}));
  Array<std::uint8_t, 3> rgb({70, 90, 3});
  for (int y = 0; y < 70; ++y) {
    for (int x = 0; x < 90; ++x) {
      for (int c = 0; c < 3; ++c) rgb.view()(y, x, c) = picture.at<cv::Vec3b>(y, x)[2 - c];
    }
  }
  const auto expected = resize(rgb.view(), {20, 30});
  EXPECT_TRUE(std::equal(expected.data(), expected.data() + expected.size(), taken.data()));
  const auto grey = resize(gradient_image(40, 50).view(), {20, 30});
  for (std::int64_t k = 0; k < grey.size(); ++k) {
    for (int c = 0; c < 3; ++c) ASSERT_EQ(taken.data()[3 * 600 + 3 * k + c], grey.data()[k]);
  }
}

TEST_F(FeatureFiles, HoldTheSignatureAndDescriptorsOfTheSmallGreyImage) {
  mixed_photos();
  const auto noise = noise_image(270, 400, 3);
  const auto taken = extract("photos", {.method = Method::minhash});
  const auto signature = minhash_signature(corner_cells(resize(noise.view(), {64, 64}).view()));
  EXPECT_TRUE(std::equal(signature.begin(), signature.end(), taken.features.signatures.view()[1].data));
  EXPECT_THAT(std::vector<std::uint32_t>(taken.features.signatures.view()[2].data,
                                         taken.features.signatures.view()[2].data + kMinhashPermutations),
              testing::Each(kNoMinimum));

  const auto orb = extract("photos", {.method = Method::orb}).features;
  ASSERT_EQ(orb.offsets.size(), 4U);
  EXPECT_EQ(orb.offsets[2], orb.offsets[3]) << "a plain image has no keypoints";
  const auto descriptors = orb_descriptors(resize(noise.view(), {256, 256}).view());
  EXPECT_EQ(descriptors, std::vector<std::uint8_t>(orb.codes.view()[orb.offsets[1]].data,
                                                   orb.codes.view()[orb.offsets[1]].data +
                                                       (orb.offsets[2] - orb.offsets[1]) * kOrbDescriptorBytes));
}

TEST_F(FeatureFiles, AreTheSameForEveryNumberOfThreads) {
  mixed_photos();
  for (const Method method : {Method::template_match, Method::minhash, Method::orb}) {
    const auto one = extract("photos", {.method = method}, 1);
    const auto four = extract("photos", {.method = method}, 4);
    EXPECT_EQ(one.features.offsets, four.features.offsets);
    expect_equal(one.features.codes, four.features.codes);
    expect_equal(one.features.signatures, four.features.signatures);
    expect_equal(one.features.colour_images, four.features.colour_images);
  }
}

TEST_F(FeatureFiles, OfDescriptorsMustFitTheMemory) {
  for (int k = 0; k < 40; ++k) {
    folder_.write("photos/" + std::to_string(k) + ".png", test::png_of(noise_image(100, 100, 7)));
  }
  const auto needed = 2 * extract("photos", {.method = Method::orb}).features.codes.size();
  EXPECT_THAT(error_of([&] { extract("photos", {.method = Method::orb}, 1, needed - 1); }),
              IsError(ErrorCode::out_of_memory, "--memory"));
  EXPECT_EQ(extract("photos", {.method = Method::orb}, 1, needed).features.num_rows(), 40);
}

TEST_F(FeatureFiles, LoseTheOffsetsOfEarlierDescriptors) {
  mixed_photos();
  const auto input = path("photos");
  features({.input = input, .features = {.method = Method::orb}, .out = path("f.npy")});
  fs::remove(path("f.npy"));
  fs::remove(path("f.csv"));
  fs::remove(path("f.json"));
  EXPECT_THAT(
      error_of([&] { features({.input = input, .features = {.method = Method::phash}, .out = path("f.npy")}); }),
      IsError(ErrorCode::invalid_argument, "f.offsets.npy"));
  features({.input = input, .features = {.method = Method::phash}, .out = path("f.npy"), .overwrite = true});
  EXPECT_FALSE(fs::exists(path("f.offsets.npy")));
  EXPECT_EQ(open("f.npy").kind, "hashes");
}

TEST_F(FeatureFiles, FindThePhotosAgainWhileTheyAreThere) {
  mixed_photos();
  features({.input = path("photos"), .features = {.method = Method::phash}, .out = path("f.npy")});
  const auto with = open("f.npy");
  EXPECT_TRUE(with.catalogue().has_files);
  EXPECT_EQ(with.catalogue().file(1), fs::canonical(path("photos")) / "noise.png");
  fs::rename(path("photos"), path("elsewhere"));
  EXPECT_FALSE(open("f.npy").catalogue().has_files);
}

TEST_F(FeatureFiles, GiveAReportItsPicturesAndTransfers) {
  const auto input = photos({3, 2, 1});
  features({.input = input, .features = {.method = Method::phash}, .out = path("f.npy")});
  fs::remove(input / "5.png");
  cluster({.input = path("f.npy"), .truth = "folders", .out = out_, .transfer = Transfer::copy});
  EXPECT_THAT(text_of(out_ / "report.html"), testing::HasSubstr("image/jpeg"));
  EXPECT_TRUE(fs::exists(out_ / "results/cluster_0/0.png"));
  EXPECT_THAT(text_of(out_ / "transfer_errors.csv"), testing::HasSubstr("5.png"));
}

TEST_F(FeatureFiles, AreNotReplacedWithTheResultThatHoldsTheirPhotos) {
  photos({3, 2, 1});
  cluster({.input = path("photos"), .out = out_, .transfer = Transfer::copy});
  features({.input = out_ / "results", .features = {.method = Method::phash}, .out = path("f.npy")});
  EXPECT_THAT(error_of([&] { cluster({.input = path("f.npy"), .out = out_, .overwrite = true}); }),
              IsError(ErrorCode::invalid_argument, "would be replaced"));
}

/// Features of three items that were written well, and then one file that is not as it was.
struct Damage {
  const char* name;
  Method method;
  std::function<void(const fs::path& folder)> damage;
  ErrorCode code;
  const char* text;
};
void PrintTo(const Damage& value, std::ostream* out) { *out << value.name; }
class DamagedFeatureFiles : public FeatureFiles, public ::testing::WithParamInterface<Damage> {};

TEST_P(DamagedFeatureFiles, AreRefusedByName) {
  mixed_photos();
  features({.input = path("photos"), .features = {.method = GetParam().method}, .out = path("f.npy")});
  GetParam().damage(folder_.path());
  EXPECT_THAT(error_of([&] { open("f.npy"); }), IsError(GetParam().code, GetParam().text));
}

void write_text(const fs::path& file, const std::string& text) { std::ofstream(file, std::ios::binary) << text; }

auto json_with(const std::string& name, const nlohmann::json& value) {
  return [=](const fs::path& folder) {
    auto json = nlohmann::json::parse(text_of(folder / "f.json"));
    json[name] = value;
    write_text(folder / "f.json", json.dump());
  };
}

auto offsets_of(const std::vector<std::int64_t>& offsets) {
  return [=](const fs::path& folder) {
    test::write_array(folder / "f.offsets.npy", NpyType::int64, {std::ssize(offsets)}, test::bytes_of(offsets));
  };
}

auto array_of(NpyType type, const std::vector<std::int64_t>& shape, std::int64_t bytes, std::uint8_t value = 1) {
  return [=](const fs::path& folder) {
    test::write_array(folder / "f.npy", type, shape, std::vector<std::uint8_t>(static_cast<std::size_t>(bytes), value));
  };
}

void cut(const fs::path& file) { fs::resize_file(file, fs::file_size(file) - 1); }

INSTANTIATE_TEST_SUITE_P(
    Each, DamagedFeatureFiles,
    ::testing::Values(
        Damage{"NoOffsets", Method::orb, [](const auto& f) { fs::remove(f / "f.offsets.npy"); }, ErrorCode::not_found,
               "f.offsets.npy"},
        Damage{"CutOffsets", Method::orb, [](const auto& f) { cut(f / "f.offsets.npy"); }, ErrorCode::decode,
               "f.offsets.npy"},
        Damage{"OffsetsOfOtherDescriptors", Method::orb, offsets_of({0, 1, 2, 3}), ErrorCode::decode,
               "must rise from 0"},
        Damage{"NoOffsetsAtAll", Method::orb, offsets_of({}), ErrorCode::decode, "int64 [n + 1]"},
        Damage{"OffsetsOfAnotherType", Method::orb,
               [](const auto& f) {
                 fs::copy_file(f / "f.npy", f / "f.offsets.npy", fs::copy_options::overwrite_existing);
               },
               ErrorCode::decode, "int64 [n + 1]"},
        Damage{"CutDescriptors", Method::orb, [](const auto& f) { cut(f / "f.npy"); }, ErrorCode::decode, "f.npy"},
        Damage{"OtherDescriptors", Method::orb, array_of(NpyType::uint8, {4, 32}, 128), ErrorCode::decode,
               "must rise from 0 to the 4 rows"},
        Damage{"NarrowDescriptors", Method::orb, array_of(NpyType::uint8, {4, 16}, 64), ErrorCode::invalid_argument,
               "rows of 16 bytes cannot be ORB descriptors"},
        Damage{"ImagesCalledDescriptors", Method::orb, array_of(NpyType::uint8, {4, 8, 8}, 256),
               ErrorCode::invalid_argument, "says method 'orb', but"},
        Damage{"NamesOfOtherDescriptors", Method::orb, [](const auto& f) { write_text(f / "f.csv", "path\na\nb\n"); },
               ErrorCode::invalid_argument, "has 3 rows, but"},
        Damage{"CutSignatures", Method::minhash, [](const auto& f) { cut(f / "f.npy"); }, ErrorCode::decode, "f.npy"},
        Damage{"NarrowSignatures", Method::minhash, array_of(NpyType::uint32, {3, 64}, 3 * 64 * 4),
               ErrorCode::invalid_argument, "uint32 [n,128]"},
        Damage{"HalfEmptySignature", Method::minhash,
               [](const auto& f) {
                 std::vector<std::uint32_t> minima(3 * 128, 7);
                 minima[130] = kNoMinimum;
                 test::write_array(f / "f.npy", NpyType::uint32, {3, 128}, test::bytes_of(minima));
               },
               ErrorCode::decode, "row 1 is no signature"},
        Damage{"SignaturesCalledHashes", Method::minhash, json_with("method", "phash"), ErrorCode::decode, "no bits"},
        Damage{"HashesCalledSignatures", Method::phash, json_with("method", "minhash"), ErrorCode::invalid_argument,
               "holds hashes"},
        Damage{"HashesCalledTemplates", Method::phash, json_with("method", "template"), ErrorCode::invalid_argument,
               "says method 'template'"},
        Damage{"GreyCalledTemplates", Method::ssim, json_with("method", "template"), ErrorCode::invalid_argument,
               "holds grey images"},
        Damage{"OtherSize", Method::template_match, json_with("width_px", 32), ErrorCode::invalid_argument,
               "says 32x64 pixels, but"},
        Damage{"SizeThatIsNone", Method::ssim, json_with("height_px", "64"), ErrorCode::decode, "no height_px"},
        Damage{"NegativeSize", Method::minhash, json_with("width_px", -1), ErrorCode::decode, "no width_px"}),
    [](const auto& test) { return test.param.name; });

TEST_F(FeatureFiles, OfDescriptorsAreKnownByTheirOffsetsWithoutADescription) {
  mixed_photos();
  features({.input = path("photos"), .features = {.method = Method::orb}, .out = path("f.npy")});
  fs::remove(path("f.json"));
  EXPECT_EQ(open("f.npy").kind, "ORB descriptors");
  fs::remove(path("f.offsets.npy"));
  fs::remove(path("f.csv"));
  EXPECT_EQ(open("f.npy").kind, "hashes");
}

/// Flags that would do nothing.
struct Useless {
  const char* name;
  const char* input;
  FeatureOptions options;
  const char* text;
};
void PrintTo(const Useless& value, std::ostream* out) { *out << value.name; }
class UselessFlags : public FeatureFiles, public ::testing::WithParamInterface<Useless> {};

TEST_P(UselessFlags, AreRefusedWithTheMethodOrTheInput) {
  mixed_photos();
  features({.input = path("photos"), .features = {.method = Method::phash}, .out = path("hashes.npy")});
  features({.input = path("photos"), .features = {.method = Method::ssim}, .out = path("images.npy")});
  expect_refused({.input = path(GetParam().input), .features = GetParam().options, .out = out_},
                 ErrorCode::invalid_argument, GetParam().text);
}

INSTANTIATE_TEST_SUITE_P(
    Each, UselessFlags,
    ::testing::Values(
        Useless{"SizeOfHashes",
                "photos",
                {.method = Method::phash, .size = PixelSize{32, 24}},
                "--size 32x24: no effect with --method phash"},
        Useless{"ScaleOfHashes",
                "photos",
                {.method = Method::phash, .scale = 0.5},
                "--scale 0.5: no effect with --method phash"},
        Useless{"ScaleOfOrb", "photos", {.method = Method::orb, .scale = 2}, "--scale 2: no effect with --method orb"},
        Useless{"ScaleOfFeatures", "hashes.npy", {.scale = 0.5}, "--scale 0.5: no effect on hashes"},
        Useless{"HashSizeOfSsim", "photos", {.hash_size = 8}, "--hash-size 8: no effect with --method ssim"},
        Useless{"HashSizeOfOrb",
                "photos",
                {.method = Method::orb, .hash_size = 16},
                "--hash-size 16: no effect with --method orb"},
        Useless{"FullDecodeOfHashes",
                "photos",
                {.method = Method::ahash, .full_decode = true},
                "--full-decode: no effect with --method ahash"},
        Useless{"FullDecodeOfAnArray", "images.npy", {.full_decode = true}, "--full-decode: no effect on an array"},
        Useless{"HashSizeOfFeatures", "hashes.npy", {.hash_size = 8}, "--hash-size 8: no effect on hashes"},
        Useless{"SizeOfFeatures", "hashes.npy", {.size = PixelSize{64, 64}}, "--size 64x64: no effect on hashes"}),
    [](const auto& test) { return test.param.name; });

TEST_F(FeatureFiles, AndListsAreNotChosenFromByGlobs) {
  mixed_photos();
  folder_.write("list.txt", std::string_view("photos/a.png\n"));
  expect_refused({.input = path("list.txt"), .listing = {.include = {"*.jpg"}, .exclude = {}}, .out = out_},
                 ErrorCode::invalid_argument, "--include '*.jpg': no effect on");
  features({.input = path("photos"), .features = {.method = Method::phash}, .out = path("hashes.npy")});
  expect_refused({.input = path("hashes.npy"), .listing = {.include = {}, .exclude = {"x"}}, .out = out_},
                 ErrorCode::invalid_argument, "--exclude 'x': no effect on");
}

TEST_F(FeatureFiles, AndHashesHaveNoWindow) {
  const auto input = photos({1});
  expect_refused({.input = input, .features = {.method = Method::dhash}, .metric = {SsimWindow::uniform}, .out = out_},
                 ErrorCode::invalid_argument, "--window uniform: no effect with --method dhash");
  expect_refused({.input = input, .features = {.method = Method::phash}, .metric = {SsimWindow::gaussian}, .out = out_},
                 ErrorCode::invalid_argument, "--window gaussian: no effect with --method phash");
}

TEST_F(FeatureFiles, SmallerThanAGaussianWindowAreRefusedBeforeTheyAreRead) {
  const auto file = test::write_array(path("x.npy"), NpyType::uint8, {2, 10, 28}, std::vector<std::uint8_t>(560, 1));
  expect_refused({.input = file, .metric = {SsimWindow::gaussian}, .out = out_}, ErrorCode::invalid_argument,
                 "--window gaussian: images of 28x10 pixels are smaller than its windows of 11x11");
  const auto input = photos({1});
  expect_refused(
      {.input = input, .features = {.size = PixelSize{64, 10}}, .metric = {SsimWindow::gaussian}, .out = out_},
      ErrorCode::invalid_argument, "images of 64x10 pixels");
  // Only the files say how large these are.
  expect_refused({.input = input, .features = {.scale = 0.15}, .metric = {SsimWindow::gaussian}, .out = out_},
                 ErrorCode::invalid_argument,
                 "images of 10x10 pixels are smaller than SSIM's Gaussian window of 11x11");
  cluster({.input = input, .features = {.size = PixelSize{11, 11}}, .metric = {SsimWindow::gaussian}, .out = out_});
}

}  // namespace
}  // namespace simile
