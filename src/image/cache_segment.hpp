// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "simile/core/atomic_file.hpp"
#include "simile/core/input_file.hpp"
#include "simile/image/image_set.hpp"

namespace simile {

/// Names an image file in one state: the first half of a SHA-256.
using CacheKey = std::array<std::uint64_t, 2>;

/// One record of a segment, as its index holds it.
struct CacheEntry {
  CacheKey key{};
  std::int64_t offset = 0;
  std::int64_t size_bytes = 0;
  ReadCost cost{};             ///< of the image
  std::uint64_t checksum = 0;  ///< of the record's bytes
};
static_assert(sizeof(CacheEntry) == 56);

/// A file of the cache: records made by one recipe, one after the other, then an index, then where the index starts.
/// Segments never change: a run adds segments of its own, so that two runs at once do not disturb each other.
class CacheSegment {
 public:
  /// Opens it and checks its index. Throws decode when it is not a whole segment of this recipe; not_found and io.
  CacheSegment(const std::filesystem::path& path, const std::string& recipe);

  const std::filesystem::path& path() const { return path_; }
  std::int64_t size_bytes() const { return file_.size_bytes(); }
  const std::vector<CacheEntry>& entries() const { return entries_; }
  /// Drops the index, which a lookup needs only once.
  void forget_entries() { entries_ = {}; }
  /// The record's bytes; false when they are not what was written. May be called by several threads at once.
  bool read(const CacheEntry& entry, std::vector<std::uint8_t>& bytes) const;

 private:
  std::filesystem::path path_;
  InputFile file_;
  std::vector<CacheEntry> entries_;
};

/// Writes a segment; it appears with commit() or not at all. Throws io.
class CacheSegmentWriter {
 public:
  CacheSegmentWriter(const std::filesystem::path& path, std::string recipe);

  void add(const CacheKey& key, const ReadCost& cost, std::span<const std::uint8_t> bytes);
  std::int64_t size_bytes() const { return size_bytes_; }
  void commit();

 private:
  AtomicFile file_;
  std::string recipe_;
  std::int64_t size_bytes_ = 0;
  std::vector<CacheEntry> entries_;
};

}  // namespace simile
