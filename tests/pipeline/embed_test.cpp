// SPDX-License-Identifier: Apache-2.0
// Embeddings of images through the pipeline, by a network that is none: what LibTorch adds is tested beside it.
#include <nlohmann/json.hpp>

#include "pipeline/runs.hpp"

#include "simile/feature/image_embedder.hpp"
#include "simile/image/resize.hpp"
#include "simile/pipeline/search.hpp"

namespace simile {
namespace {

namespace fs = std::filesystem;
using test::error_of;
using test::IsError;
using test::text_of;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::Le;
using ::testing::SizeIs;

/// The mean levels of the image's four quarters.
class Quarters final : public ImageEmbedder {
 public:
  explicit Quarters(std::string identity = "quarters 1", std::string arithmetic = "fp32 on cpu",
                    std::string architecture = {})
      : identity_(std::move(identity)), arithmetic_(std::move(arithmetic)), architecture_(std::move(architecture)) {}

  std::string name() const override { return "quarters"; }
  std::string identity() const override { return identity_; }
  std::string arithmetic() const override { return arithmetic_; }
  std::string architecture() const override { return architecture_; }
  std::int64_t dimensions() const override { return 4; }
  std::int64_t batch() const override { return 3; }
  PixelSize resized_to() const override { return {2, 2}; }
  std::vector<std::uint8_t> prepare(View<const std::uint8_t, 3> image) const override {
    const auto small = resize(image, {2, 2});
    std::vector<std::uint8_t> levels;
    for (std::int64_t k = 0; k < 4; ++k) levels.push_back(small.data()[k * small.shape(2)]);
    return levels;
  }
  void embed(std::span<const std::vector<std::uint8_t>> prepared, View<float, 2> vectors) override {
    batches.push_back(prepared.size());
    for (std::size_t k = 0; k < prepared.size(); ++k) {
      for (std::size_t v = 0; v < 4; ++v) vectors(k, v) = prepared[k][v];
    }
  }

  std::vector<std::size_t> batches;

 private:
  std::string identity_, arithmetic_, architecture_;
};

class Embed : public test::Runs {
 protected:
  FeatureOptions by(std::shared_ptr<ImageEmbedder> embedder) const {
    FeatureOptions options;
    options.method = Method::embedding;
    options.embedder = std::move(embedder);
    return options;
  }
  nlohmann::json about(const char* name) const { return nlohmann::json::parse(text_of(path(name))); }
};

TEST_F(Embed, WritesAVectorAnImageInTheirOrder) {
  const auto images = test::planted_images({1, 1, 1, 1, 1});
  const auto embedder = std::make_shared<Quarters>();
  const auto summary = features({.input = photos({1, 1, 1, 1, 1}), .features = by(embedder), .out = path("e.npy")});
  EXPECT_THAT(embedder->batches, ElementsAre(3, 2));
  EXPECT_EQ(summary.model, "quarters");
  EXPECT_EQ(summary.row_size, 4);
  EXPECT_GT(summary.images_per_second(), 0);
  const auto vectors = NpyFile(path("e.npy")).read_embeddings();
  ASSERT_EQ(vectors.shape(), (std::array<std::int64_t, 2>{5, 4}));
  for (std::int64_t row = 0; row < 5; ++row) {
    const auto& image = images[static_cast<std::size_t>(row)];
    const auto small = resize(image.view(), {2, 2});
    for (std::int64_t k = 0; k < 4; ++k) EXPECT_EQ(vectors.view()(row, k), small.data()[k]) << row;
  }
  EXPECT_EQ(about("e.json")["method"], "embedding");
  EXPECT_EQ(about("e.json")["model"], "quarters");
  EXPECT_EQ(about("e.json")["model_identity"], "quarters 1");
  EXPECT_EQ(about("e.json")["arithmetic"], "fp32 on cpu");
  EXPECT_GT(about("e.json")["images_per_second"], 0);
}

TEST_F(Embed, LeavesOutWhatCannotBeRead) {
  photos({1, 1});
  folder_.write("photos/00.png", std::string_view("no image"));
  const auto summary =
      features({.input = path("photos"), .features = by(std::make_shared<Quarters>()), .out = path("e.npy")});
  EXPECT_EQ(summary.num_rows, 2);
  ASSERT_THAT(summary.unreadable, SizeIs(1));
  EXPECT_EQ(text_of(path("e.csv")), "path\n0.png\n1.png\n");
}

TEST_F(Embed, GoesOnFromWhatAnEarlierRunKept) {
  auto options = by(std::make_shared<Quarters>());
  options.cache.folder = path("cache");
  const auto input = photos({1, 1, 1});
  features({.input = input, .features = options, .out = path("a.npy")});
  const auto again = std::make_shared<Quarters>();
  options.embedder = again;
  const auto summary = features({.input = input, .features = options, .out = path("b.npy")});
  EXPECT_EQ(summary.num_kept, 3);
  EXPECT_EQ(summary.images_per_second(), 0) << "nothing was embedded";
  EXPECT_THAT(again->batches, ::testing::IsEmpty());
  EXPECT_EQ(text_of(path("a.npy")), text_of(path("b.npy")));
  const auto another = std::make_shared<Quarters>("quarters 2");
  options.embedder = another;
  EXPECT_EQ(features({.input = input, .features = options, .out = path("c.npy")}).num_kept, 0);
  options.embedder = std::make_shared<Quarters>("quarters 1", "bf16 on cuda");
  EXPECT_EQ(features({.input = input, .features = options, .out = path("d.npy")}).num_kept, 0);
}

TEST_F(Embed, GroupsPhotosByTheirVectors) {
  ClusterOptions options;
  options.input = photos({3, 1, 2});
  options.features = by(std::make_shared<Quarters>());
  options.threshold = 0.999;
  options.out = path("groups");
  const auto summary = cluster(options);
  EXPECT_EQ(summary.method, "embedding");
  EXPECT_EQ(test::clusters(path("groups")).size(), 6U);
  EXPECT_GE(summary.num_groups, 1);
  EXPECT_TRUE(fs::exists(path("groups/report.html")));
}

TEST_F(Embed, RefusesANetworkForOtherMethods) {
  FeatureOptions options;
  options.method = Method::phash;
  options.network.model = "resnet50";
  EXPECT_THAT(error_of([&] { features({.input = photos({1}), .features = options, .out = path("e.npy")}); }),
              IsError(ErrorCode::invalid_argument, "--model 'resnet50': no effect with --method phash"));
}

TEST_F(Embed, RefusesAnArchitectureOfNothing) {
  FeatureOptions options;
  options.network.architecture = "resnet50";
  const auto run = [&] { features({.input = photos({1}), .features = options, .out = path("e.npy")}); };
  EXPECT_THAT(error_of(run),
              IsError(ErrorCode::invalid_argument, "--arch 'resnet50': says what weights without a card are: --model"));
  options.network.torchscript = "x.pt";
  EXPECT_THAT(error_of(run), IsError(ErrorCode::invalid_argument, "--arch 'resnet50': no effect with --torchscript"));
}

TEST_F(Embed, TakesANetworkToMeanTheMethod) {
  FeatureOptions options;
  options.network.model = "quarters";
  options.embedder = std::make_shared<Quarters>();
  features({.input = photos({1}), .features = options, .out = path("e.npy")});
  EXPECT_EQ(about("e.json")["method"], "embedding");
}

class EmbedSearch : public Embed {
 protected:
  SearchSummary search(const fs::path& input, const FeatureOptions& features, const std::string& query) {
    SearchOptions options;
    options.input = input;
    options.features = features;
    options.queries = {query};
    ThreadPool pool(2);
    return run_search(options, {pool, *progress_, cancellation_, 256 << 20, {}});
  }
};

TEST_F(EmbedSearch, SeesAQueryByTheSameNetwork) {
  photos({2, 2, 1});
  features({.input = path("photos"), .features = by(std::make_shared<Quarters>()), .out = path("e.npy")});
  fs::copy_file(path("photos/1.png"), path("query.png"));
  const auto summary = search(path("e.npy"), by(std::make_shared<Quarters>()), path("query.png").native());
  ASSERT_THAT(summary.results, SizeIs(1));
  EXPECT_EQ(summary.results[0].hits.at(0).id, "1.png");
  EXPECT_EQ(summary.results[0].hits.at(0).similarity, 1);
}

TEST_F(EmbedSearch, RefusesAnotherNetwork) {
  photos({2, 2, 1});
  features({.input = path("photos"), .features = by(std::make_shared<Quarters>()), .out = path("e.npy")});
  fs::copy_file(path("photos/1.png"), path("query.png"));
  EXPECT_THAT(error_of([&] {
                search(path("e.npy"), by(std::make_shared<Quarters>("quarters 2")), path("query.png").native());
              }),
              IsError(ErrorCode::invalid_argument, "embed the set again"));
}

TEST_F(EmbedSearch, ComparesWhatWasComputedElsewhere) {
  photos({2, 2, 1});
  const auto on_gpu = std::make_shared<Quarters>("quarters 1", "bf16 on cuda");
  features({.input = path("photos"), .features = by(on_gpu), .out = path("e.npy")});
  fs::copy_file(path("photos/1.png"), path("query.png"));
  const auto summary = search(path("e.npy"), by(std::make_shared<Quarters>()), path("query.png").native());
  EXPECT_EQ(summary.results.at(0).hits.at(0).id, "1.png");
}

TEST_F(EmbedSearch, TakesVectorsThatAnEarlierVersionWrote) {
  photos({2, 2, 1});
  const auto earlier = std::make_shared<Quarters>("quarters 1, fp16 on cuda", "");
  features({.input = path("photos"), .features = by(earlier), .out = path("e.npy")});
  fs::copy_file(path("photos/1.png"), path("query.png"));
  EXPECT_EQ(search(path("e.npy"), by(std::make_shared<Quarters>()), path("query.png").native()).results.size(), 1U);
  EXPECT_EQ(comparable_identity("a, bf16 on cpu; helper 12"), "a; helper 12");
  EXPECT_EQ(comparable_identity("a, fp32 on cpu, b"), "a, fp32 on cpu, b");
}

TEST_F(EmbedSearch, ComparesVectorsOfTheSameNetworkAlone) {
  photos({2, 2, 1});
  features({.input = path("photos"), .features = by(std::make_shared<Quarters>()), .out = path("e.npy")});
  features({.input = path("photos"), .features = by(std::make_shared<Quarters>()), .out = path("same.npy")});
  features({.input = path("photos"), .features = by(std::make_shared<Quarters>("quarters 2")), .out = path("o.npy")});
  EXPECT_EQ(search(path("e.npy"), {}, path("same.npy").native()).results.size(), 5U);
  EXPECT_THAT(error_of([&] { search(path("e.npy"), {}, path("o.npy").native()); }),
              IsError(ErrorCode::invalid_argument, "the query is of 'quarters' (quarters 2)"));
}

TEST_F(EmbedSearch, OpensATorchScriptModuleOnlyWhenItIsNamed) {
  photos({2, 2, 1});
  const auto module = std::make_shared<Quarters>("quarters 1", "fp32 on cpu", kTorchScript);
  features({.input = path("photos"), .features = by(module), .out = path("e.npy")});
  fs::copy_file(path("photos/1.png"), path("query.png"));
  EXPECT_THAT(error_of([&] { search(path("e.npy"), {}, path("query.png").native()); }),
              IsError(ErrorCode::invalid_argument, "opened only when you name it: --torchscript FILE"));
  FeatureOptions named = by(module);
  named.network.torchscript = "quarters.pt";
  EXPECT_EQ(search(path("e.npy"), named, path("query.png").native()).results.at(0).hits.at(0).id, "1.png");
}

TEST_F(EmbedSearch, RefusesANetworkThatHasNothingToSee) {
  photos({2, 2, 1});
  features({.input = path("photos"), .features = by(std::make_shared<Quarters>()), .out = path("e.npy")});
  FeatureOptions options;
  options.network.model = "quarters";
  EXPECT_THAT(error_of([&] { search(path("e.npy"), options, "1.png"); }),
              IsError(ErrorCode::invalid_argument, "every --query is an item of the set"));
}

}  // namespace
}  // namespace simile
