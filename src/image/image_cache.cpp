// SPDX-License-Identifier: Apache-2.0
#include "image/image_cache.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <set>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "simile/core/error.hpp"
#include "simile/core/sha256.hpp"
#include "simile/core/text.hpp"
#include "simile/core/units.hpp"

namespace simile {
namespace {

namespace fs = std::filesystem;
using Seconds = std::chrono::seconds;

constexpr std::int64_t kEndBytes = 4096;               // of a file's head and tail
constexpr std::int64_t kLeastSegmentBytes = 64 << 20;  // beyond it a run starts another segment, and none is merged
constexpr std::int64_t kMostSegments = 64;             // of the largest size: each is an open file
constexpr Seconds kSegmentAge{30};                     // a run that is killed loses no more than this
constexpr std::size_t kFewSegments = 8;                // more small ones are merged
constexpr Seconds kAbandonedAge{24 * 60 * 60};         // temporary files of runs that were killed
constexpr std::string_view kNamePrefix = "images-";
constexpr std::string_view kNameSuffix = ".cache";

/// Adds a field of any length so that no two sequences of fields are the same bytes.
void add_field(Sha256& hash, std::string_view bytes) {
  const std::uint64_t size = bytes.size();
  hash.add(&size, sizeof size);
  hash.add(bytes);
}

/// Size and time of change of a regular file, without a key.
std::optional<FileState> stamp_of(const fs::path& file) {
  struct stat status{};
  if (::stat(file.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return std::nullopt;
  return FileState{status.st_size, status.st_mtim.tv_sec, status.st_mtim.tv_nsec, {}};
}

/// A file of this folder that a cache wrote.
struct CacheFile {
  fs::path path;
  std::int64_t size_bytes = 0;
  fs::file_time_type used;
};

/// All segments of the folder whose names start so, those unused for longest first.
std::vector<CacheFile> list_segments(const fs::path& folder, std::string_view prefix) {
  std::vector<CacheFile> files;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename().native();
    std::error_code gone;  // by another run
    if (!name.starts_with(prefix) || !name.ends_with(kNameSuffix) || !entry.is_regular_file(gone)) continue;
    const auto size = entry.file_size(gone);
    const auto used = gone ? fs::file_time_type() : entry.last_write_time(gone);
    if (!gone) files.push_back({entry.path(), static_cast<std::int64_t>(size), used});
  }
  std::sort(files.begin(), files.end(),
            [](const auto& a, const auto& b) { return a.used != b.used ? a.used < b.used : a.path < b.path; });
  return files;
}

/// A name that no other segment has.
std::string unique_name(const std::string& prefix) {
  static std::atomic<std::uint64_t> counter{0};
  const auto now = std::chrono::system_clock::now().time_since_epoch().count();
  return concat(prefix, to_hex(sha256(concat(::getpid(), " ", now, " ", counter.fetch_add(1)))).substr(0, 16),
                kNameSuffix);
}

void remove_abandoned(const fs::path& folder) {
  const auto now = fs::file_time_type::clock::now();
  for (const auto& entry : fs::directory_iterator(folder)) {
    std::error_code gone;
    if (!entry.path().filename().native().starts_with(kTemporaryPrefix) || !entry.is_regular_file(gone)) continue;
    const auto written = entry.last_write_time(gone);
    if (!gone && now - written > kAbandonedAge) fs::remove(entry.path(), gone);
  }
}

/// The segment; null when there is none any more, or none that could be believed: then the file goes.
std::unique_ptr<CacheSegment> open_segment(const fs::path& path, const std::string& recipe) {
  try {
    return std::make_unique<CacheSegment>(path, recipe);
  } catch (const Error& error) {
    std::error_code ignored;
    if (error.code() == ErrorCode::decode) fs::remove(path, ignored);
    return nullptr;
  }
}

}  // namespace

fs::path default_cache_folder() {
  const auto absolute = [](const char* variable) {
    const char* const value = std::getenv(variable);  // NOLINT(concurrency-mt-unsafe)
    fs::path path = value == nullptr ? "" : value;
    return path.is_absolute() ? path : fs::path();
  };
  if (const auto cache = absolute("XDG_CACHE_HOME"); !cache.empty()) return cache / "simile";
  if (const auto home = absolute("HOME"); !home.empty()) return home / ".cache" / "simile";
  return {};
}

std::optional<FileState> file_state(const fs::path& file) {
  auto state = stamp_of(file);
  if (!state) return std::nullopt;
  Sha256 hash;
  add_field(hash, file.native());
  for (const auto number : {state->size_bytes, state->changed_s, state->changed_ns}) hash.add(&number, sizeof number);
  try {
    const InputFile input(file);
    std::array<char, kEndBytes> piece{};
    const std::int64_t head = std::min(kEndBytes, input.size_bytes());
    input.read_at(0, piece.data(), head);
    hash.add(piece.data(), static_cast<std::size_t>(head));
    const std::int64_t tail = std::min(kEndBytes, input.size_bytes() - head);
    input.read_at(input.size_bytes() - tail, piece.data(), tail);
    hash.add(piece.data(), static_cast<std::size_t>(tail));
  } catch (const Error&) {
    return std::nullopt;  // reading the image will say why
  }
  const auto digest = hash.digest();
  std::memcpy(state->key.data(), digest.data(), sizeof state->key);
  return state;
}

bool is_unchanged(const fs::path& file, const FileState& state) {
  const auto now = stamp_of(file);
  return now && now->size_bytes == state.size_bytes && now->changed_s == state.changed_s &&
         now->changed_ns == state.changed_ns;
}

/// Runs what may find the folder unusable.
template <class Work>
void ImageCache::guarded(Work&& work) {
  if (!problem_.empty()) return;
  try {
    work();
  } catch (const Error& error) {
    if (error.code() != ErrorCode::io && error.code() != ErrorCode::not_found) throw;
    problem_ = error.what();
  } catch (const fs::filesystem_error& error) {
    problem_ = concat("cannot use ", in_quotes(options_.folder.native()), ": ", error.code().message());
  }
  if (!problem_.empty()) writer_.reset();
}

ImageCache::ImageCache(CacheOptions options, std::string recipe)
    : options_(std::move(options)),
      recipe_(std::move(recipe)),
      prefix_(concat(kNamePrefix, to_hex(sha256(recipe_)).substr(0, 16), "-")),
      segment_bytes_(std::max(kLeastSegmentBytes, options_.max_bytes / kMostSegments)) {
  const std::lock_guard lock(mutex_);
  guarded([&] {
    if (fs::is_directory(options_.folder)) return;
    fs::create_directories(options_.folder);
    fs::permissions(options_.folder, fs::perms::owner_all);  // small pictures of private photos
  });
}

ImageCache::~ImageCache() {
  try {
    finish();
  } catch (const std::exception&) {  // the cache is a help, and a destructor has nobody to tell
  }
}

std::vector<ImageCache::Hit> ImageCache::find(const std::vector<std::optional<FileState>>& files) {
  std::vector<std::pair<CacheKey, std::size_t>> wanted;
  for (std::size_t k = 0; k < files.size(); ++k) {
    if (files[k]) wanted.emplace_back(files[k]->key, k);
  }
  std::sort(wanted.begin(), wanted.end());
  std::vector<Hit> hits(files.size());
  const std::lock_guard lock(mutex_);
  guarded([&] {
    for (const auto& file : list_segments(options_.folder, prefix_)) {
      auto segment = open_segment(file.path, recipe_);
      if (!segment) continue;
      bool used = false;
      for (const auto& entry : segment->entries()) {
        auto place = std::lower_bound(wanted.begin(), wanted.end(), std::pair{entry.key, std::size_t{0}});
        for (; place != wanted.end() && place->first == entry.key; ++place) {
          hits[place->second] = {segment.get(), entry};
          used = true;
        }
      }
      if (!used) continue;
      ::utimensat(AT_FDCWD, file.path.c_str(), nullptr, 0);  // now: those unused for longest are deleted first
      segment->forget_entries();
      segments_.push_back(std::move(segment));
    }
  });
  return hits;
}

bool ImageCache::read(const Hit& hit, std::vector<std::uint8_t>& bytes) {
  try {
    if (hit.segment->read(hit.entry, bytes)) return true;
  } catch (const Error& error) {
    if (error.code() != ErrorCode::io) throw;
  }
  damaged_ = true;
  return false;
}

void ImageCache::start_segment() {
  writer_.emplace(options_.folder / unique_name(prefix_), recipe_);
  writer_start_ = std::chrono::steady_clock::now();
}

void ImageCache::commit_segment() {
  if (!writer_) return;
  writer_->commit();
  writer_.reset();
  shrink();
}

void ImageCache::add(const CacheKey& key, const ReadCost& cost, std::span<const std::uint8_t> bytes) {
  const std::lock_guard lock(mutex_);
  guarded([&] {
    written_bytes_ += static_cast<std::int64_t>(bytes.size() + sizeof(CacheEntry));
    if (written_bytes_ > options_.max_bytes) {
      commit_segment();
      problem_ = concat("--cache-size ", format_bytes(options_.max_bytes), " is less than one run needs");
      return;
    }
    if (!writer_) start_segment();
    writer_->add(key, cost, bytes);
    added_ = true;
    const auto age = std::chrono::steady_clock::now() - writer_start_;
    if (writer_->size_bytes() >= segment_bytes_ || age > kSegmentAge) commit_segment();
  });
}

void ImageCache::merge_segments() {
  std::vector<fs::path> small;
  for (const auto& file : list_segments(options_.folder, prefix_)) {
    if (damaged_ || file.size_bytes < segment_bytes_ / 2) small.push_back(file.path);
  }
  if (small.size() <= kFewSegments && !damaged_) return;
  std::set<CacheKey> done;
  std::vector<std::uint8_t> bytes;
  for (const auto& path : small) {
    const auto segment = open_segment(path, recipe_);
    if (!segment) continue;
    for (const auto& entry : segment->entries()) {
      if (!segment->read(entry, bytes) || !done.insert(entry.key).second) continue;
      if (!writer_) start_segment();
      writer_->add(entry.key, entry.cost, bytes);
      if (writer_->size_bytes() >= segment_bytes_) {
        writer_->commit();
        writer_.reset();
      }
    }
  }
  if (writer_) writer_->commit();
  writer_.reset();
  for (const auto& path : small) fs::remove(path);
}

void ImageCache::shrink() {
  const auto files = list_segments(options_.folder, kNamePrefix);
  std::int64_t total = 0;
  for (const auto& file : files) total += file.size_bytes;
  for (const auto& file : files) {
    if (total <= options_.max_bytes) return;
    fs::remove(file.path);
    total -= file.size_bytes;
  }
}

void ImageCache::finish() {
  const std::lock_guard lock(mutex_);
  if (std::exchange(finished_, true)) return;
  guarded([&] {
    if (!added_ && !damaged_) return;
    commit_segment();
    merge_segments();
    remove_abandoned(options_.folder);
    shrink();
  });
}

std::string ImageCache::problem() const {
  const std::lock_guard lock(mutex_);
  return problem_;
}

}  // namespace simile
