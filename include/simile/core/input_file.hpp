// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>

#include "simile/core/array.hpp"

namespace simile {

/// A regular file that is open for reading. Reasons in its errors leave the path out: callers put it where it belongs.
class InputFile {
 public:
  /// Never waits for the other end of a FIFO. Throws not_found or io with the reason.
  explicit InputFile(const std::filesystem::path& path);
  ~InputFile();
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  std::int64_t size_bytes() const { return size_bytes_; }
  /// All of it; throws io, also when the file has become shorter since it was opened.
  Array<std::uint8_t, 1> read() const;
  /// `count` bytes from `offset` on into `target`; throws as read().
  void read_at(std::int64_t offset, void* target, std::int64_t count) const;

 private:
  int descriptor_;
  std::int64_t size_bytes_ = 0;
};

}  // namespace simile
