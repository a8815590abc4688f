// SPDX-License-Identifier: Apache-2.0
// Whole runs with a cache: the same bytes, and no photo read twice.
#include <regex>

#include <nlohmann/json.hpp>

#include "pipeline/runs.hpp"

#include "simile/feature/method.hpp"

namespace simile {
namespace {

namespace fs = std::filesystem;
using test::snapshot;
using test::tables;
using test::text_of;

class CachedRuns : public test::Runs {
 protected:
  /// The report but for how long things took.
  static std::string page_of(const fs::path& result) {
    static const std::regex times("<dt>(Compared in|Plain double loop, about)</dt><dd>[^<]*</dd>");
    return std::regex_replace(text_of(result / "report.html"), times, "");
  }
  CacheOptions cache() const { return {.folder = path("cache")}; }
  std::map<std::string, std::string> feature_files() const {
    std::map<std::string, std::string> files;
    for (const auto& entry : fs::directory_iterator(folder_.path())) {
      if (entry.is_regular_file()) files[entry.path().filename().native()] = text_of(entry.path());
    }
    return files;
  }
};

TEST_F(CachedRuns, GiveTheSameResultAndReadNoPhotoTwice) {
  const auto input = photos({3, 2, 1});
  folder_.write("photos/broken.png", std::string_view("no image"));
  cluster({.input = input, .out = path("plain")});
  const ClusterOptions options{
      .input = input, .features = {.cache = cache()}, .out = path("cached"), .overwrite = true};
  EXPECT_EQ(cluster(options).num_kept, 0);
  EXPECT_EQ(tables(path("cached")), tables(path("plain")));
  const auto report = page_of(path("cached"));
  EXPECT_TRUE(report == page_of(path("plain")));  // a page is too long to be shown

  // What the second run would have to read, a feature or a thumbnail, it would keep.
  const auto kept = snapshot(path("cache"));
  const auto second = cluster(options);
  EXPECT_EQ(second.num_kept, 6);
  EXPECT_EQ(second.num_unreadable, 1);
  EXPECT_EQ(tables(path("cached")), tables(path("plain")));
  EXPECT_TRUE(page_of(path("cached")) == report);
  EXPECT_EQ(snapshot(path("cache")), kept);
  EXPECT_EQ(nlohmann::json::parse(text_of(path("cached/manifest.json")))["summary"]["from_cache"], 6);
}

TEST_F(CachedRuns, OfEveryMethodWriteTheSameFeatures) {
  photos({2, 1});
  folder_.write("photos/noise.png", test::png_of(noise_image(280, 300, 2)));
  folder_.write("photos/colour.jpg", test::encode(".jpg", test::photo(600, 500)));
  for (const auto& method : methods()) {
    if (method.method == Method::embedding) continue;
    SCOPED_TRACE(method.name);
    FeaturesOptions options{
        .input = path("photos"), .features = {.method = method.method}, .out = path("f.npy"), .overwrite = true};
    features(options);
    const auto plain = feature_files();
    options.features.cache = cache();
    features(options);
    EXPECT_EQ(feature_files(), plain);
    features(options);
    EXPECT_EQ(feature_files(), plain);
  }
}

TEST_F(CachedRuns, TellParametersApart) {
  const auto input = photos({2, 1});
  folder_.write("photos/colour.jpg", test::encode(".jpg", test::photo(600, 500)));
  const auto run = [&](FeatureOptions options, bool cached) {
    if (cached) options.cache = cache();
    features({.input = input, .features = options, .out = path("f.npy"), .overwrite = true});
    return feature_files();
  };
  const std::vector<FeatureOptions> all{{.method = Method::ssim},
                                        {.method = Method::ssim, .size = PixelSize{32, 64}},
                                        {.method = Method::ssim, .size = PixelSize{64, 32}},
                                        {.method = Method::ssim, .full_decode = true},
                                        {.method = Method::phash},
                                        {.method = Method::dhash},
                                        {.method = Method::ahash},
                                        {.method = Method::ahash, .hash_size = 16}};
  for (const bool again : {false, true}) {
    for (std::size_t k = 0; k < all.size(); ++k) EXPECT_EQ(run(all[k], true), run(all[k], false)) << k << again;
  }
}

}  // namespace
}  // namespace simile
