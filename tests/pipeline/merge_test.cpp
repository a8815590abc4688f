// SPDX-License-Identifier: Apache-2.0
// `simile merge`: batches that a run left apart become what the run would have made of them.
#include "simile/pipeline/merge.hpp"

#include <nlohmann/json.hpp>

#include "pipeline/runs.hpp"

#include "simile/core/sha256.hpp"

namespace simile {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using test::error_of;
using test::IsError;
using test::snapshot;
using test::tables;
using test::text_of;
using ::testing::HasSubstr;
using ::testing::Not;

class Merge : public test::Runs {
 protected:
  ClusterSummary merge(const MergeOptions& options, int threads = 2, std::int64_t memory_bytes = 256 << 20) {
    ThreadPool pool(threads);
    return run_merge(options, {pool, *progress_, cancellation_, memory_bytes, {}});
  }
  /// A result whose batches are apart.
  fs::path apart(ClusterOptions options, const std::string& name = "apart") {
    options.merge_batches = false;
    options.out = path(name);
    if (options.batch_size == 0) options.batch_size = 4;
    cluster(options);
    return path(name);
  }
  /// The merge fails so, and leaves everything as it was.
  void expect_merge_refused(const MergeOptions& options, ErrorCode code, const std::string& text) {
    const auto before = snapshot(folder_.path());
    EXPECT_THAT(error_of([&] { merge(options); }), IsError(code, text));
    EXPECT_EQ(snapshot(folder_.path()), before);
  }
  void expect_merge_refused(ErrorCode code, const std::string& text) {
    expect_merge_refused({.folders = {path("apart")}, .out = out_}, code, text);
  }

  /// Changes the manifest of apart/, as somebody might who does not know better.
  template <class Change>
  void edit_manifest(Change change) {
    json manifest = json::parse(text_of(path("apart/manifest.json")));
    change(manifest);
    folder_.write("apart/manifest.json", manifest.dump());
  }
  /// Puts another file in its place, with a checksum that is right.
  void replace_table(const std::string& name, const std::string& text) {
    folder_.write("apart/" + name, text);
    edit_manifest([&](json& manifest) { manifest["sha256"][name] = to_hex(sha256(text)); });
  }
};

struct Case {
  const char* name;
  ClusterOptions options;
};
void PrintTo(const Case& value, std::ostream* out) { *out << value.name; }

class MergeOf : public Merge, public ::testing::WithParamInterface<Case> {};

TEST_P(MergeOf, GivesTheTablesOfARunThatMerges) {
  ClusterOptions options = GetParam().options;
  options.input = photos({5, 4, 3, 2, 1, 1});
  folder_.write("photos/broken.png", std::string_view("no image"));
  if (options.batch_size == 0) options.batch_size = 4;
  options.out = path("whole");
  const auto whole = cluster(options);
  options.min_size = 2;  // with --no-merge, it may not be another
  apart(options);
  const auto merged = merge({.folders = {path("apart")}, .min_size = GetParam().options.min_size, .out = out_});
  EXPECT_EQ(tables(out_), tables(path("whole")));
  EXPECT_EQ(merged.pairs_in_merge, whole.pairs_in_merge);
  EXPECT_EQ(merged.pairs_in_batches, whole.pairs_in_batches);
  EXPECT_EQ(merged.num_batches, whole.num_batches);
  EXPECT_EQ(merged.compare.pairs, whole.compare.pairs);
  EXPECT_EQ(merged.compare.pairs_resumed, whole.pairs_in_batches);
  EXPECT_EQ(merged.num_groups, whole.num_groups);
  EXPECT_EQ(merged.num_unreadable, 1);
}

INSTANTIATE_TEST_SUITE_P(
    Each, MergeOf,
    ::testing::Values(Case{"Default", {}}, Case{"Threshold", {.input = {}, .threshold = 0.9, .batch_size = 3}},
                      Case{"OneBatch", {.input = {}, .batch_size = 100}},
                      Case{"MinSize", {.input = {}, .min_size = 3, .batch_size = 5}},
                      Case{"Size", {.input = {}, .features = {.method = Method::ssim, .size = PixelSize{32, 48}}}},
                      Case{"Scale", {.input = {}, .features = {.scale = 0.5}}},
                      Case{"HashSize",
                           {.input = {}, .features = {.method = Method::dhash, .hash_size = 16}, .threshold = 0.8}},
                      Case{"Template", {.input = {}, .features = {.method = Method::template_match}}},
                      Case{"Minhash", {.input = {}, .features = {.method = Method::minhash}}},
                      Case{"Orb", {.input = {}, .features = {.method = Method::orb, .size = PixelSize{128, 128}}}},
                      Case{"Globs", {.input = {}, .listing = {.include = {"*.png"}, .exclude = {"[1-2].png"}}}}),
    [](const auto& test) { return std::string(test.param.name); });

TEST_F(Merge, IsTheSameForAnyNumberOfThreads) {
  apart({.input = photos({5, 4, 3, 2, 1, 1})});
  merge({.folders = {path("apart")}, .out = path("one")}, 1);
  merge({.folders = {path("apart")}, .out = path("four")}, 4);
  EXPECT_EQ(tables(path("one")), tables(path("four")));
}

TEST_F(Merge, WritesAWholeResultAndSaysWhatItWasMadeOf) {
  apart({.input = photos({3, 2, 1}), .threshold = 0.85});
  EXPECT_EQ(merge({.folders = {path("apart")}, .arguments = {"merge", "apart"}}).output, path("apart_merged").native());
  std::set<std::string> names;
  for (const auto& [name, content] : snapshot(path("apart_merged"))) names.insert(name);
  EXPECT_EQ(names,
            (std::set<std::string>{"clusters.csv", "keep.csv", "manifest.json", "report.html", "unreadable.csv"}));
  const json manifest = json::parse(text_of(path("apart_merged/manifest.json")));
  EXPECT_EQ(manifest["arguments"], (json{"merge", "apart"}));
  EXPECT_EQ(manifest["summary"]["merged"], true);
  EXPECT_EQ(manifest["summary"]["merged_from"], json{path("apart").native()});
  EXPECT_EQ(manifest["summary"]["threshold"], 0.85);
  EXPECT_EQ(manifest["summary"]["threshold_in_batches"], 0.85);
  EXPECT_FALSE(manifest.contains("batches"));
  EXPECT_THAT(text_of(path("apart_merged/report.html")), HasSubstr("../photos/"));
}

TEST_F(Merge, ReplacesTheBatchesInPlaceWhenTold) {
  const auto input = photos({3, 2, 1});
  cluster({.input = input, .batch_size = 4, .out = path("whole")});
  apart({.input = input, .transfer = Transfer::copy});
  expect_merge_refused({.folders = {path("apart")}, .out = path("apart")}, ErrorCode::invalid_argument,
                       "exists (--overwrite replaces an earlier result)");
  merge({.folders = {path("apart")}, .out = path("apart"), .overwrite = true});
  EXPECT_EQ(tables(path("apart")), tables(path("whole")));
  EXPECT_FALSE(fs::exists(path("apart/results")));
}

TEST_F(Merge, DecodesNothingAgainWithACache) {
  const CacheOptions cache{.folder = path("cache")};
  apart({.input = photos({3, 2, 1}), .features = {.cache = cache}});
  EXPECT_EQ(merge({.folders = {path("apart")}, .out = out_, .cache = cache}).num_kept, 6);
}

TEST_F(Merge, MergesAtAnotherThresholdWhenTold) {
  const auto input = photos({3, 3});
  apart({.input = input, .threshold = 1, .batch_size = 2});  // near copies are apart
  EXPECT_EQ(merge({.folders = {path("apart")}, .out = path("strict")}).num_groups, 0);
  const auto loose = merge({.folders = {path("apart")}, .threshold = 0.8, .out = path("loose")});
  EXPECT_EQ(loose.num_groups, 2);
  EXPECT_EQ(loose.threshold, 0.8);
  EXPECT_EQ(loose.threshold_in_batches, 1);
  EXPECT_THAT(error_of([&] { merge({.folders = {path("apart")}, .threshold = 1.5, .out = out_}); }),
              IsError(ErrorCode::invalid_argument, "--threshold 1.5: allowed for ssim"));
}

TEST_F(Merge, TransfersAndJudgesLikeARunThatMerges) {
  const auto input = photos({3, 2, 1});
  cluster({.input = input, .batch_size = 4, .truth = "folders", .out = path("whole"), .transfer = Transfer::copy});
  apart({.input = input});
  const auto merged = merge({.folders = {path("apart")}, .truth = "folders", .out = out_, .transfer = Transfer::copy});
  EXPECT_EQ(merged.purity, 1);
  EXPECT_EQ(snapshot(out_ / "results"), snapshot(path("whole/results")));
}

TEST_F(Merge, OfArraysNeedsNoFiles) {
  const auto images = test::planted_images({4, 3, 1}, 16);
  std::vector<std::uint8_t> bytes;
  for (const auto& image : images) bytes.insert(bytes.end(), image.data(), image.data() + image.size());
  const auto npy = test::write_array(path("images.npy"), NpyType::uint8, {8, 16, 16}, bytes);
  cluster({.input = npy, .batch_size = 3, .out = path("whole")});
  apart({.input = npy, .batch_size = 3});
  merge({.folders = {path("apart")}, .out = out_});
  EXPECT_EQ(tables(out_), tables(path("whole")));
  expect_merge_refused({.folders = {path("apart")}, .out = path("more"), .transfer = Transfer::copy},
                       ErrorCode::invalid_argument, "--transfer needs files");
}

TEST_F(Merge, OfEmbeddingsIsThatOfARunThatMerges) {
  std::vector<float> values;
  for (int k = 0; k < 40; ++k) {
    values.push_back(static_cast<float>(std::cos(0.1 * (k * 7 % 40))));
    values.push_back(static_cast<float>(std::sin(0.1 * (k * 7 % 40))));
  }
  values[10] = std::nanf("");  // an item that is unreadable
  const auto npy = test::write_array(path("v.npy"), NpyType::float32, {40, 2}, test::bytes_of(values));
  cluster({.input = npy, .threshold = 0.98, .batch_size = 7, .out = path("whole")});
  apart({.input = npy, .threshold = 0.98, .batch_size = 7});
  merge({.folders = {path("apart")}, .out = out_});
  EXPECT_EQ(tables(out_), tables(path("whole")));
}

TEST_F(Merge, FindsPhotosThatWereMovedWhenTold) {
  const auto input = photos({3, 2, 1});
  apart({.input = input});
  merge({.folders = {path("apart")}, .out = path("before")});
  fs::rename(input, path("elsewhere"));
  expect_merge_refused(ErrorCode::not_found, "--input PHOTOS says where it is now");
  expect_merge_refused({.folders = {path("apart")}, .inputs = {path("nowhere")}, .out = out_}, ErrorCode::not_found,
                       "no such file or folder: '" + path("nowhere").native() + "'");
  merge({.folders = {path("apart")}, .inputs = {path("elsewhere")}, .out = out_});
  EXPECT_EQ(tables(out_), tables(path("before")));
}

// Several folders.

TEST_F(Merge, OfSeveralFoldersIsThatOfBatchesAlikeOfAll) {
  const auto images = test::planted_images({4, 3, 3, 1, 1}, 64);  // batches of four: each folder is one
  for (std::size_t k = 0; k < images.size(); ++k) {
    folder_.write("all/" + std::string(1, static_cast<char>('a' + k / 4)) + "/" + std::to_string(k) + ".png",
                  test::png_of(images[k]));
  }
  cluster({.input = path("all"), .batch_size = 4, .out = path("whole")});
  std::vector<fs::path> folders;
  for (const auto* name : {"c", "a", "b"}) folders.push_back(apart({.input = path("all") / name}, name));
  const auto summary = merge({.folders = folders, .out = out_});
  EXPECT_EQ(tables(out_), tables(path("whole")));
  EXPECT_EQ(summary.num_batches, 3);
  EXPECT_EQ(summary.pairs_in_batches, 18);
  EXPECT_EQ(summary.input, path("all").native());
  EXPECT_EQ(summary.merged_from.size(), 3U);
  merge({.folders = {folders[1], folders[2], folders[0]}, .out = path("turned")});
  EXPECT_EQ(tables(path("turned")), tables(out_));
}

TEST_F(Merge, OfSeveralFoldersTakesEveryMethod) {
  const auto images = test::planted_images({3, 3, 2}, 96);
  for (std::size_t k = 0; k < images.size(); ++k) {
    folder_.write(std::string(k < 4 ? "all/a/" : "all/b/") + std::to_string(k) + ".png", test::png_of(images[k]));
  }
  folder_.write("all/a/black.png", test::png_of(constant_image(96, 96, 0)));  // no corners, no keypoints
  folder_.write("all/b/zz.png", std::string_view("x"));
  for (const auto& method : methods()) {
    if (method.method == Method::embedding) continue;
    SCOPED_TRACE(method.name);
    const FeatureOptions features{.method = method.method};
    const auto name = [&](const char* what) { return std::string(method.name) + what; };
    cluster({.input = path("all"), .features = features, .batch_size = 5, .out = path(name("whole"))});
    const std::vector<fs::path> folders{
        apart({.input = path("all/b"), .features = features}, name("b")),
        apart({.input = path("all/a"), .features = features, .batch_size = 5}, name("a"))};
    merge({.folders = folders, .out = path(name("merged"))});
    EXPECT_EQ(tables(path(name("merged"))), tables(path(name("whole"))));
  }
}

TEST_F(Merge, OfSeveralFoldersStaysWithinTheMemory) {
  const FeatureOptions features{.size = PixelSize{512, 512}};  // 256 KiB an image
  const auto images = test::planted_images({4, 4, 4, 2}, 64);
  for (std::size_t k = 0; k < images.size(); ++k) {
    folder_.write(std::string(k < 6 ? "all/a/" : "all/b/") + std::to_string(k) + ".png", test::png_of(images[k]));
  }
  const MergeOptions options{.folders = {apart({.input = path("all/a"), .features = features}, "a"),
                                         apart({.input = path("all/b"), .features = features}, "b")},
                             .out = out_};
  const auto refused = [&](std::int64_t kib) { return error_of([&] { merge(options, 1, kib << 10); }); };
  EXPECT_THAT(refused(2500),
              IsError(ErrorCode::out_of_memory, "joining the features of several folders needs 3.0 MiB"));
  // What the first folder holds is not there for the second.
  EXPECT_THAT(refused(3300), IsError(ErrorCode::out_of_memory, "the features need 2.0 MiB; --memory allows 1.7 MiB"));
  EXPECT_THAT(refused(6900),
              IsError(ErrorCode::out_of_memory, "joining the features of several folders needs 7.0 MiB"));
  EXPECT_EQ(merge(options, 1, 32 << 20).num_items, 14);
}

TEST_F(Merge, OfSeveralFoldersNamesWhatLiesOutside) {
  photos({2, 1});
  folder_.write("far/off/x.png", test::png_of(noise_image(64, 64, 3)));
  const auto list = folder_.write("lists/list.txt", std::string_view("../far/off/x.png\n../photos/1.png\n"));
  apart({.input = path("photos"), .listing = {.include = {}, .exclude = {"1.png"}}});
  apart({.input = list}, "listed");
  merge({.folders = {path("apart"), path("listed")}, .out = out_});
  const auto groups = test::clusters(out_);
  ASSERT_EQ(groups.size(), 4U);
  EXPECT_TRUE(groups.contains("photos/0.png"));
  EXPECT_TRUE(groups.contains((fs::canonical(path("lists")) / "../far/off/x.png").native()));
}

TEST_F(Merge, OfSeveralFoldersRefusesWhatDoesNotGoTogether) {
  const auto input = photos({2, 1});
  apart({.input = input});
  const auto refuse = [&](const std::vector<fs::path>& folders, const std::string& text) {
    expect_merge_refused({.folders = folders, .out = out_}, ErrorCode::invalid_argument, text);
  };
  refuse({path("apart"), path("apart/")}, "is named twice");
  refuse({}, "DIR is required");
  const auto again = apart({.input = input}, "again");
  refuse({path("apart"), again}, "photos/0.png' is in '" + path("apart").native() + "' and in '" + again.native());
  const auto other = [&](ClusterOptions options, const std::string& text) {
    static int count = 0;
    options.input = input;
    const auto folder = apart(options, "other" + std::to_string(count++));
    refuse({path("apart"), folder}, text + " in '" + folder.native() + "'");
  };
  other({.input = {}, .features = {.method = Method::phash}},
        "--method is ssim in '" + path("apart").native() + "', is phash");
  other({.input = {}, .features = {.size = PixelSize{32, 16}}},
        "--size is not set in '" + path("apart").native() + "', is 32x16");
  other({.input = {}, .features = {.full_decode = true}}, ", is on");
  other({.input = {}, .threshold = 0.7}, "--threshold is 0.8 in '" + path("apart").native() + "', is 0.7");
  other({.input = {}, .seed = 3}, ", is 3");
  const auto npy = test::write_array(path("i.npy"), NpyType::uint8, {2, 8, 8}, std::vector<std::uint8_t>(128));
  refuse({path("apart"), apart({.input = npy}, "array")}, "is of image array: only results of files");
  expect_merge_refused({.folders = {path("apart"), again}, .inputs = {input}, .out = out_}, ErrorCode::invalid_argument,
                       "give one for each of 2 folders");
}

// Items that are not what they were.

TEST_F(Merge, RefusesAnInputThatHasChanged) {
  photos({3, 2, 1});
  apart({.input = path("photos")});
  const auto original = text_of(path("photos/3.png"));
  const auto refused = [&](const std::string& text) {
    expect_merge_refused(ErrorCode::io, "'" + path("photos").native() + "' is not as it was when '" +
                                            path("apart").native() + "' was made: " + text);
  };
  fs::remove(path("photos/3.png"));
  refused("'3.png' has gone; simile cluster makes");
  fs::remove(path("photos/1.png"));
  refused("'1.png' has gone (the first of 2 items); simile cluster makes");
  photos({3, 2, 1});
  folder_.write("photos/00.png", original);
  refused("'00.png' was not there;");
  fs::remove(path("photos/00.png"));
  folder_.write("photos/3.png", test::png_of(noise_image(64, 64, 1)));
  refused("'3.png' has changed;");
  folder_.write("photos/3.png", std::string_view("x"));
  refused("'3.png' cannot be read any more: ");
  folder_.write("photos/3.png", original);
  merge({.folders = {path("apart")}, .out = out_});
}

TEST_F(Merge, RefusesAnItemThatCanBeReadOnlyNow) {
  photos({3, 2, 1});
  const auto original = text_of(path("photos/3.png"));
  folder_.write("photos/3.png", std::string_view("x"));
  apart({.input = path("photos")});
  folder_.write("photos/3.png", original);
  expect_merge_refused(ErrorCode::io, "'3.png' could not be read;");
}

TEST_F(Merge, RefusesAListInAnotherOrder) {
  photos({2, 1});
  const auto list = folder_.write("list.txt", std::string_view("photos/0.png\nphotos/1.png\nphotos/2.png\n"));
  apart({.input = list});
  folder_.write("list.txt", std::string_view("photos/1.png\nphotos/0.png\nphotos/2.png\n"));
  expect_merge_refused(ErrorCode::io, "'photos/0.png' had another place in the list");
}

TEST_F(Merge, ReadsWithinTheLimitsOfTheBatches) {
  photos({2, 1});
  folder_.write("photos/large.png", test::png_of(noise_image(100, 100, 1)));
  apart({.input = path("photos"), .features = {.limits = {.max_pixels = 5000}}});
  EXPECT_EQ(merge({.folders = {path("apart")}, .out = out_}).num_unreadable, 1);
}

TEST_F(Merge, TakesManifestsWithoutALimitOfTime) {
  apart({.input = photos({2, 1}), .features = {.limits = {.max_decode_seconds = 7}}});
  edit_manifest([](json& manifest) { EXPECT_EQ(manifest["batches"]["max_decode_seconds"], 7); });
  edit_manifest([](json& manifest) { manifest["batches"].erase("max_decode_seconds"); });
  EXPECT_EQ(merge({.folders = {path("apart")}, .out = out_}).num_items, 3);
  expect_merge_refused({.folders = {path("apart")}, .out = path("x"), .max_decode_seconds = -1},
                       ErrorCode::invalid_argument, "--max-decode-time -1");
}

// Folders that are not what they should be.

TEST_F(Merge, RefusesWhatIsNoResult) {
  expect_merge_refused(ErrorCode::not_found, "no such folder: '" + path("apart").native() + "'");
  folder_.write("apart", std::string_view("x"));
  expect_merge_refused(ErrorCode::not_found, "no such folder");
  fs::remove(path("apart"));
  photos({1});
  expect_merge_refused({.folders = {path("photos")}, .out = out_}, ErrorCode::not_found,
                       "is no result folder of simile: it has no manifest.json");
}

TEST_F(Merge, RefusesResultsWithoutBatchesThatAreApart) {
  const auto input = photos({2, 1});
  cluster({.input = input, .out = path("apart")});
  expect_merge_refused(ErrorCode::invalid_argument,
                       "'" + path("apart").native() + "' holds no batches: simile cluster --batch-size N --no-merge");
  cluster({.input = input, .batch_size = 2, .out = path("apart"), .overwrite = true});
  expect_merge_refused(ErrorCode::invalid_argument, "'" + path("apart").native() + "' is merged already");
  fs::remove_all(path("apart"));
  apart({.input = input});
  merge({.folders = {path("apart")}, .out = path("apart"), .overwrite = true});
  expect_merge_refused(ErrorCode::invalid_argument, "is merged already");
}

TEST_F(Merge, RefusesPhotosThatWereMovedIntoTheResult) {
  apart({.input = photos({2, 1}), .transfer = Transfer::move});
  expect_merge_refused(ErrorCode::invalid_argument,
                       "simile undo '" + path("apart").native() + "' puts them back first");
}

TEST_F(Merge, RefusesTargetsThatOverlap) {
  apart({.input = photos({2, 1})});
  expect_merge_refused({.folders = {path("apart")}, .out = path("apart/in")}, ErrorCode::invalid_argument,
                       "lies inside the input");
  expect_merge_refused({.folders = {path("apart")}, .out = path("photos/in")}, ErrorCode::invalid_argument,
                       "lies inside the input");
}

TEST_F(Merge, RefusesATruncatedOrForeignManifest) {
  apart({.input = photos({2, 1})});
  const auto text = text_of(path("apart/manifest.json"));
  for (std::size_t length = 0; length + 2 < text.size(); length += 7) {
    folder_.write("apart/manifest.json", text.substr(0, length));
    EXPECT_THAT(error_of([&] { merge({.folders = {path("apart")}, .out = out_}); }),
                IsError(ErrorCode::decode, "manifest.json' is not as simile writes it: it is no JSON"));
  }
  folder_.write("apart/manifest.json", std::string_view("{\"a\": 1}"));
  expect_merge_refused(ErrorCode::decode, "names no version of simile");
  folder_.write("apart/manifest.json", std::string_view("[1]"));
  expect_merge_refused(ErrorCode::decode, "names no version of simile");
}

struct BadSetting {
  const char* name;
  json value;  ///< null: the setting is missing
  const char* message;
};

TEST_F(Merge, RefusesSettingsThatAreNone) {
  apart({.input = photos({2, 1})});
  const auto manifest = text_of(path("apart/manifest.json"));
  const std::vector<BadSetting> all{{"size", nullptr, "its batches have no size"},
                                    {"size", 1, "its batches have no size"},
                                    {"size", "4", "its batches have no size"},
                                    {"size", 3.5, "its batches have no size"},
                                    {"size", 1ULL << 63, "its batches have no size"},
                                    {"input", 7, "\"batches\" has a wrong input"},
                                    {"include", nullptr, "has no include"},
                                    {"exclude", {1}, "has a wrong exclude"},
                                    {"exclude", {"["}, "not allowed"},
                                    {"method", nullptr, "has no method"},
                                    {"method", "md5", "has a value that is not allowed: --method 'md5'"},
                                    {"hash_size", 16, "not allowed: --hash-size 16: no effect with --method ssim"},
                                    {"width_px", 64, "has no height_px"},
                                    {"scale", -1, "not allowed: --scale -1"},
                                    {"full_decode", "yes", "has a wrong full_decode"},
                                    {"max_pixels", -5, "has a wrong max_pixels"},
                                    {"max_pixels", 0, "not allowed: --max-pixels 0"},
                                    {"max_decode_seconds", "1", "has a wrong max_decode_seconds"},
                                    {"max_decode_seconds", 86401, "not allowed: --max-decode-time 86401"},
                                    {"window", "x", "not allowed"},
                                    {"threshold", "0.8", "has a wrong threshold"},
                                    {"seed", nullptr, "has no seed"}};
  for (const auto& bad : all) {
    SCOPED_TRACE(bad.message);
    folder_.write("apart/manifest.json", manifest);
    edit_manifest([&](json& edited) {
      if (bad.value.is_null()) {
        edited["batches"].erase(bad.name);
      } else {
        edited["batches"][bad.name] = bad.value;
      }
    });
    EXPECT_THAT(error_of([&] { merge({.folders = {path("apart")}, .out = out_}); }),
                IsError(ErrorCode::decode, bad.message));
  }
}

TEST_F(Merge, RefusesFeaturesOfOtherParameters) {
  apart({.input = photos({2, 1})});
  edit_manifest([](json& manifest) { manifest["batches"]["width_px"] = manifest["batches"]["height_px"] = 32; });
  expect_merge_refused(ErrorCode::io, "'0.png' has changed (the first of 3 items)");
}

TEST_F(Merge, RefusesTablesThatAreNotThoseOfTheManifest) {
  apart({.input = photos({2, 1})});
  for (const auto* name : {"clusters.csv", "batches.csv", "unreadable.csv"}) {
    const auto text = text_of(path("apart") / name);
    folder_.write(std::string("apart/") + name, text.substr(0, text.size() - 2));
    expect_merge_refused(ErrorCode::decode, std::string(name) + "' is not as simile writes it: its checksum");
    fs::remove(path("apart") / name);
    expect_merge_refused(ErrorCode::decode, std::string(name) + "' is not as simile writes it: there is no such file");
    folder_.write(std::string("apart/") + name, text);
  }
  edit_manifest([](json& manifest) { manifest["sha256"] = 7; });
  expect_merge_refused(ErrorCode::decode, "its checksum is not that");
}

TEST_F(Merge, RefusesClusterNumbersThatAreNotThoseOfTheFile) {
  apart({.input = photos({3, 3}), .batch_size = 3});  // 0 1 2 | 3 4 5: groups {0, 2}, {3, 5}
  const std::string head = "path,cluster,representative,similarity_to_representative\n";
  const auto numbered = [&](const std::vector<std::string>& clusters) {
    std::string text = head;
    for (std::size_t k = 0; k < clusters.size(); ++k) {
      text += std::to_string(k) + ".png," + clusters[k] + "," + std::to_string(k) + ".png,1\n";
    }
    replace_table("clusters.csv", text);
  };
  numbered({"0", "-1", "0", "1", "-1", "1"});
  merge({.folders = {path("apart")}, .out = path("right")});
  const char* const kNumbers = "its cluster numbers do not count groups";
  for (const auto& [clusters, message] : std::vector<std::pair<std::vector<std::string>, const char*>>{
           {{"1", "-1", "1", "0", "-1", "0"}, kNumbers},
           {{"0", "-1", "0", "2", "-1", "2"}, kNumbers},
           {{"0", "1", "0", "2", "-1", "2"}, kNumbers},
           {{"0", "-1", "0", "-2", "-1", "-2"}, kNumbers},
           {{"0", "0", "-1", "0", "-1", "-1"}, "cluster 0 has images of two batches"},
           {{"0", "-1", "0", "x", "-1", "1"}, "the cluster 'x' is no number"},
           {{"0", "-1", "0", "", "-1", "1"}, "the cluster '' is no number"},
           {{"0", "-1", "0", "99999999999999999999", "-1", "1"}, "is no number"}}) {
    numbered(clusters);
    expect_merge_refused(ErrorCode::decode, message);
  }
  replace_table("clusters.csv", "path,label\n0.png,0\n1.png,0\n2.png,0\n3.png,0\n4.png,0\n5.png,0\n");
  expect_merge_refused(ErrorCode::decode, "no column cluster");
}

TEST_F(Merge, RefusesTablesOfOtherItems) {
  apart({.input = photos({2, 1})});
  const std::string head = "path,cluster,representative,similarity_to_representative\n";
  const auto clusters = text_of(path("apart/clusters.csv"));
  const auto batches = text_of(path("apart/batches.csv"));
  const auto of_items = [&](const std::vector<std::string>& ids) {
    std::string text = head;
    std::string apart = "path,batch,feature\n";
    for (const auto& id : ids) {
      text += id + ",-1," + id + ",1\n";
      apart += id + ",0,0123456789abcdef\n";
    }
    replace_table("clusters.csv", text);
    replace_table("batches.csv", apart);
  };
  of_items({"0.png", "1.png", "0.png"});
  expect_merge_refused(ErrorCode::decode, "clusters.csv' is not as simile writes it: '0.png' is there twice");
  of_items({"../../etc/passwd", "/etc/passwd", "2.png"});  // paths outside are no items: nothing there is read
  expect_merge_refused(ErrorCode::io, "'../../etc/passwd' has gone (the first of 4 items)");
  of_items({});
  expect_merge_refused(ErrorCode::io, "'0.png' was not there (the first of 3 items)");
  replace_table("clusters.csv", clusters);
  expect_merge_refused(ErrorCode::decode, "batches.csv' is not as simile writes it: its images are not those of");
  replace_table("batches.csv", batches);
  edit_manifest([](json& manifest) { manifest["batches"]["size"] = 2; });
  expect_merge_refused(ErrorCode::decode, "batches.csv' is not as simile writes it: its batches are not of 2 images");
}

TEST_F(Merge, OfAnInputThatJsonCannotSayNeedsToBeTold) {
  photos({2, 1});
  const fs::path odd = path("p\xff");
  fs::rename(path("photos"), odd);
  apart({.input = odd});
  expect_merge_refused(ErrorCode::not_found, "does not say where its input is; --input PHOTOS does");
  EXPECT_EQ(merge({.folders = {path("apart")}, .inputs = {odd}, .out = out_}).num_items, 3);
}

TEST_F(Merge, CannotComeAfterGlobsThatJsonCannotSay) {
  const auto input = photos({2, 1});
  ClusterOptions options{
      .input = input, .listing = {.include = {}, .exclude = {"x", "p\xff*"}}, .batch_size = 4, .out = out_};
  EXPECT_EQ(cluster(options).num_items, 3);
  fs::remove_all(out_);
  options.merge_batches = false;
  expect_refused(options, ErrorCode::invalid_argument, "--exclude 'p\\xFF*' with --no-merge: not UTF-8");
  options.listing = {{"\xc3"}, {}};
  expect_refused(options, ErrorCode::invalid_argument, "--include '\\xC3' with --no-merge: not UTF-8");
}

TEST_F(Merge, PlansWithoutWriting) {
  apart({.input = photos({3, 2, 1})});
  const auto before = snapshot(folder_.path());
  ThreadPool pool(1);
  const auto plan = plan_merge({.folders = {path("apart")}}, {pool, *progress_, cancellation_, 256 << 20, {}});
  EXPECT_THAT(plan, HasSubstr("batches: 2 batches of '" + path("apart").native() + "', 6 images of '"));
  EXPECT_THAT(plan, HasSubstr("\ncompare: 5 representatives, 10 pairs, by ssim; alike from 0.8 on\n"));
  EXPECT_THAT(plan, HasSubstr("\nwrite: '" + path("apart_merged").native() + "'\nnothing was written (--dry-run)\n"));
  EXPECT_EQ(snapshot(folder_.path()), before);
}

TEST_F(Merge, PlansNoComparingWithinOneBatchUnlessTheThresholdIsLower) {
  apart({.input = photos({3, 2, 1}), .batch_size = 6});
  ThreadPool pool(1);
  const Context context{pool, *progress_, cancellation_, 256 << 20, {}};
  EXPECT_THAT(plan_merge({.folders = {path("apart")}}, context),
              HasSubstr("\ncompare: nothing more, since groups of one batch are apart, by ssim; alike from 0.8 on\n"));
  EXPECT_THAT(plan_merge({.folders = {path("apart")}, .threshold = 0.5}, context),
              HasSubstr("\ncompare: 3 representatives, 3 pairs, by ssim; alike from 0.5 on\n"));
}

TEST_F(Merge, IsRefusedWhereAnotherResultStands) {
  apart({.input = photos({2, 1})});
  merge({.folders = {path("apart")}, .out = out_});
  expect_merge_refused(ErrorCode::invalid_argument, "exists (--overwrite replaces an earlier result)");
  merge({.folders = {path("apart")}, .out = out_, .overwrite = true});
  expect_merge_refused({.folders = {path("apart")}, .min_size = 0, .out = path("x")}, ErrorCode::invalid_argument,
                       "--min-size 0: allowed is 1 or more");
}

}  // namespace
}  // namespace simile
