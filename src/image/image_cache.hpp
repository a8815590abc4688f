// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "image/cache_segment.hpp"

#include "simile/image/derive.hpp"

namespace simile {

/// A file as it is at one time.
struct FileState {
  std::int64_t size_bytes = 0;
  std::int64_t changed_s = 0;
  std::int64_t changed_ns = 0;
  CacheKey key{};  ///< of path, size, time of change, first and last 4 KiB
};
/// Nothing where the file cannot be read.
std::optional<FileState> file_state(const std::filesystem::path& file);
/// Whether size and time of change are still those.
bool is_unchanged(const std::filesystem::path& file, const FileState& state);

/// What one recipe made of images, kept in a folder. Trouble with the folder never throws: what cannot be read is not
/// there, what cannot be written is not kept, and problem() says why. find() first, then read() and add() by several
/// workers at once, then finish(); the destructor finishes quietly, so that a run that is stopped keeps what it paid
/// for.
class ImageCache {
 public:
  ImageCache(CacheOptions options, std::string recipe);
  ~ImageCache();
  ImageCache(const ImageCache&) = delete;
  ImageCache& operator=(const ImageCache&) = delete;

  /// Looks all files up at once; returns for each where its record is.
  struct Hit {
    const CacheSegment* segment = nullptr;  ///< null: there is none
    CacheEntry entry{};
  };
  std::vector<Hit> find(const std::vector<std::optional<FileState>>& files);
  /// The bytes of a hit; false when they are damaged.
  bool read(const Hit& hit, std::vector<std::uint8_t>& bytes);

  void add(const CacheKey& key, const ReadCost& cost, std::span<const std::uint8_t> bytes);
  /// Makes what was added visible, merges small segments, and deletes what exceeds the cache's size.
  void finish();

  /// Why nothing more is kept; empty when all is well.
  std::string problem() const;

 private:
  template <class Work>
  void guarded(Work&& work);
  void start_segment();
  void commit_segment();
  void merge_segments();
  void shrink();

  CacheOptions options_;
  std::string recipe_;
  std::string prefix_;  ///< of the names of its segments
  std::int64_t segment_bytes_;
  std::vector<std::unique_ptr<CacheSegment>> segments_;
  std::atomic<bool> damaged_{false};  ///< a record is not what was written: the segments are written anew

  mutable std::mutex mutex_;  // of all below
  std::optional<CacheSegmentWriter> writer_;
  std::chrono::steady_clock::time_point writer_start_;
  std::int64_t written_bytes_ = 0;
  bool added_ = false;
  bool finished_ = false;
  std::string problem_;
};

}  // namespace simile
