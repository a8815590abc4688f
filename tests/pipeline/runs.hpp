// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <opencv2/core.hpp>

#include "support/image_errors.hpp"
#include "support/image_files.hpp"
#include "support/random_images.hpp"

#include "simile/core/csv.hpp"
#include "simile/core/npy.hpp"
#include "simile/pipeline/cluster.hpp"
#include "simile/pipeline/features.hpp"

namespace simile::test {

inline std::string text_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

/// Everything below a folder by relative path: bytes of files (of long ones a digest), "->" and the target of links,
/// "/" for folders.
inline std::map<std::string, std::string> snapshot(const std::filesystem::path& folder) {
  std::map<std::string, std::string> all;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    auto& content = all[entry.path().lexically_relative(folder).native()];
    if (entry.is_symlink()) {
      content = "->" + std::filesystem::read_symlink(entry.path()).native();
    } else {
      content = entry.is_directory() ? "/" : entry.is_regular_file() ? text_of(entry.path()) : "special";
      if (content.size() > 100) content = "digest " + std::to_string(std::hash<std::string>()(content));
    }
  }
  return all;
}

/// All CSV files of a result folder by name: what must be the same bytes from run to run.
inline std::map<std::string, std::string> tables(const std::filesystem::path& folder) {
  std::map<std::string, std::string> all;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".csv") all[entry.path().filename().native()] = text_of(entry.path());
  }
  return all;
}

/// The cluster of every row of clusters.csv.
inline std::map<std::string, std::string> clusters(const std::filesystem::path& folder) {
  std::map<std::string, std::string> all;
  const auto table = read_csv(folder / "clusters.csv");
  for (const auto& row : table.rows) all[row[0]] = row[1];
  return all;
}

/// A grey image as a lossless file.
inline File png_of(const Array<std::uint8_t, 2>& image) {
  const cv::Mat grey(static_cast<int>(image.shape(0)), static_cast<int>(image.shape(1)), CV_8UC1,
                     const_cast<std::uint8_t*>(image.data()));
  return encode(".png", grey);
}

/// Images 0, 1, 2, ... of planted groups: `sizes` says how many near-copies each group has (1: an outlier), and they
/// come by turns, so that no group is a range.
inline std::vector<Array<std::uint8_t, 2>> planted_images(std::vector<int> sizes, std::int64_t side = 64) {
  std::vector<Array<std::uint8_t, 2>> images;
  std::vector<int> made(sizes.size(), 0);
  for (bool more = true; more;) {
    more = false;
    for (std::size_t group = 0; group < sizes.size(); ++group) {
      if (made[group] == sizes[group]) continue;
      const auto original = natural_image(side, side, 100 + group);
      images.push_back(near_duplicate(original.view(), made[group] == 0 ? 0 : 2,
                                      1000 * group + static_cast<std::uint64_t>(made[group])));
      ++made[group];
      more = true;
    }
  }
  return images;
}

template <class T>
std::span<const std::uint8_t> bytes_of(const std::vector<T>& values) {
  return {reinterpret_cast<const std::uint8_t*>(values.data()), values.size() * sizeof(T)};
}

inline std::filesystem::path write_array(const std::filesystem::path& path, NpyType type,
                                         const std::vector<std::int64_t>& shape, std::span<const std::uint8_t> bytes) {
  AtomicFile file(path);
  write_npy(file, type, shape, bytes);
  file.commit();
  return path;
}

/// An IDX file of unsigned bytes.
inline File idx_of(const std::vector<std::int64_t>& shape, std::span<const std::uint8_t> bytes) {
  File file{0, 0, 8, static_cast<std::uint8_t>(shape.size())};
  for (const auto extent : shape) {
    file.resize(file.size() + 4);
    put_big(file, file.size() - 4, 4, static_cast<std::uint64_t>(extent));
  }
  for (const auto byte : bytes) file.push_back(byte);
  return file;
}

/// Runs of the pipeline in a folder of their own.
class Runs : public ::testing::Test {
 protected:
  ClusterSummary cluster(ClusterOptions options, int threads = 2, std::int64_t memory_bytes = 256 << 20) {
    ThreadPool pool(threads);
    return run_cluster(options, {pool, *progress_, cancellation_, memory_bytes, {}});
  }
  ClusterSummary cluster(const std::filesystem::path& input) { return cluster({.input = input, .out = out_}); }
  FeaturesSummary features(const FeaturesOptions& options) {
    ThreadPool pool(2);
    return run_features(options, {pool, *progress_, cancellation_, 256 << 20, {}});
  }
  std::string plan(const ClusterOptions& options) {
    ThreadPool pool(1);
    return plan_cluster(options, {pool, *progress_, cancellation_, 256 << 20, {}});
  }
  /// What planted_images() gives, as photos/0.png, ...
  std::filesystem::path photos(const std::vector<int>& sizes) const {
    const auto images = planted_images(sizes);
    for (std::size_t k = 0; k < images.size(); ++k) {
      folder_.write("photos/" + std::to_string(k) + ".png", png_of(images[k]));
    }
    return path("photos");
  }
  std::filesystem::path path(const std::string& name) const { return folder_.path() / name; }
  /// The run fails so, and leaves everything as it was.
  void expect_refused(const ClusterOptions& options, ErrorCode code, const std::string& text) {
    const auto before = snapshot(folder_.path());
    EXPECT_THAT(error_of([&] { cluster(options); }), IsError(code, text));
    EXPECT_EQ(snapshot(folder_.path()), before);
  }

  TemporaryFolder folder_;
  std::filesystem::path out_ = folder_.path() / "out";
  std::unique_ptr<Progress> progress_ = make_silent_progress();
  Cancellation cancellation_;
};

}  // namespace simile::test
