// SPDX-License-Identifier: Apache-2.0
#include "image/cache_segment.hpp"

#include <cstring>
#include <utility>

#include "simile/core/error.hpp"
#include "simile/core/sha256.hpp"
#include "simile/core/state_file.hpp"

namespace simile {
namespace {

/// The end of a segment.
struct Footer {
  std::int64_t index_offset = 0;
  std::uint64_t magic = 0x3165'6863'6143'6d73;  // "smCache1"
};
static_assert(sizeof(Footer) == 16);

std::uint64_t checksum_of(std::span<const std::uint8_t> bytes) {
  const auto digest = sha256({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  std::uint64_t checksum = 0;
  std::memcpy(&checksum, digest.data(), sizeof checksum);
  return checksum;
}

std::string_view as_text(const void* data, std::size_t count) { return {static_cast<const char*>(data), count}; }

}  // namespace

CacheSegment::CacheSegment(const std::filesystem::path& path, const std::string& recipe) : path_(path), file_(path) {
  const std::int64_t footer_offset = file_.size_bytes() - static_cast<std::int64_t>(sizeof(Footer));
  if (footer_offset < 0) throw_bad_state("it is too short");
  Footer footer;
  file_.read_at(footer_offset, &footer, sizeof footer);
  if (footer.magic != Footer().magic || footer.index_offset < 0 || footer.index_offset > footer_offset) {
    throw_bad_state("it does not end as a segment of the cache does");
  }
  StateReader index(recipe, footer_offset - footer.index_offset,
                    [&](std::int64_t offset, void* target, std::int64_t count) {
                      file_.read_at(footer.index_offset + offset, target, count);
                    });
  entries_ = index.array<CacheEntry>();
  index.finish();
  for (const auto& entry : entries_) {
    if (entry.offset < 0 || entry.size_bytes < 0 || entry.offset > footer.index_offset ||
        entry.size_bytes > footer.index_offset - entry.offset) {
      throw_bad_state("a record lies outside");
    }
  }
}

bool CacheSegment::read(const CacheEntry& entry, std::vector<std::uint8_t>& bytes) const {
  bytes.resize(static_cast<std::size_t>(entry.size_bytes));
  file_.read_at(entry.offset, bytes.data(), entry.size_bytes);
  return checksum_of(bytes) == entry.checksum;
}

CacheSegmentWriter::CacheSegmentWriter(const std::filesystem::path& path, std::string recipe)
    : file_(path), recipe_(std::move(recipe)) {}

void CacheSegmentWriter::add(const CacheKey& key, const ReadCost& cost, std::span<const std::uint8_t> bytes) {
  file_.write(bytes);
  entries_.push_back({key, size_bytes_, static_cast<std::int64_t>(bytes.size()), cost, checksum_of(bytes)});
  size_bytes_ += static_cast<std::int64_t>(bytes.size());
}

void CacheSegmentWriter::commit() {
  const Footer footer{.index_offset = size_bytes_};
  StateWriter index(recipe_, [&](std::string_view bytes) { file_.write(bytes); });
  index.array(std::span<const CacheEntry>(entries_));
  index.finish();
  file_.write(as_text(&footer, sizeof footer));
  file_.commit();
}

}  // namespace simile
