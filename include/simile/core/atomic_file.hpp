// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

namespace simile {

/// How the names of temporary files begin.
inline constexpr std::string_view kTemporaryPrefix = ".simile-";

/// Writes a file that appears whole or not at all: bytes go to a temporary file beside `target`, commit() flushes it
/// to the disk and renames it. Without commit() nothing is left behind. Throws Error(io) naming the file and the
/// system's reason (disk full, no permission).
class AtomicFile {
 public:
  explicit AtomicFile(std::filesystem::path target);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  /// Appends; throws io.
  void write(std::string_view bytes);
  void write(std::span<const std::uint8_t> bytes);
  /// Brings what was written to the disk without renaming: what can fail for want of space fails here. For several
  /// files that belong together: sync() all, then commit() all.
  void sync();
  /// sync(), then the file has its name, in place of one that was there. Throws io; once only (internal).
  void commit();

 private:
  void flush();
  void write_through(std::string_view bytes);

  std::filesystem::path target_;
  std::filesystem::path temporary_;
  std::string buffer_;
  int descriptor_ = -1;
};

/// Brings a folder's entries to the disk: what was created, renamed or removed in it. Throws as throw_system_error().
void sync_folder(const std::filesystem::path& folder);

/// An AtomicFile of this text. Throws io.
void write_text(const std::filesystem::path& path, std::string_view text);

/// The whole file; throws not_found, io, or invalid_argument when it is larger than `max_bytes`.
std::string read_file(const std::filesystem::path& path, std::int64_t max_bytes);

/// Throws Error(io) "cannot <action> <path>: <reason of errno>", or not_found for ENOENT.
[[noreturn]] void throw_system_error(std::string_view action, const std::filesystem::path& path);

}  // namespace simile
