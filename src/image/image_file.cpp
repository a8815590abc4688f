// SPDX-License-Identifier: Apache-2.0
#include "image/image_file.hpp"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "simile/core/error.hpp"
#include "simile/core/text.hpp"

namespace simile {
namespace {

[[noreturn]] void throw_reason(int code) {
  throw Error(code == ENOENT ? ErrorCode::not_found : ErrorCode::io,
              concat("cannot be read: ", std::generic_category().message(code)));
}

const char* kind_name(mode_t mode) {
  if (S_ISDIR(mode)) return "a folder";
  if (S_ISFIFO(mode)) return "a named pipe";
  if (S_ISSOCK(mode)) return "a socket";
  return "a device";
}

}  // namespace

ImageFile::ImageFile(const std::filesystem::path& path)
    : descriptor_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)) {
  if (descriptor_ < 0) throw_reason(errno);
  struct stat status{};
  if (::fstat(descriptor_, &status) != 0 || !S_ISREG(status.st_mode)) {
    ::close(descriptor_);
    throw Error(ErrorCode::io, concat("not a file but ", kind_name(status.st_mode)));
  }
  size_bytes_ = status.st_size;
}

ImageFile::~ImageFile() { ::close(descriptor_); }

Array<std::uint8_t, 1> ImageFile::read() const {
  Array<std::uint8_t, 1> bytes({size_bytes_});
  std::int64_t done = 0;
  while (done < size_bytes_) {
    const auto count = ::pread(descriptor_, bytes.data() + done, static_cast<std::size_t>(size_bytes_ - done),
                               static_cast<off_t>(done));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw_reason(errno);
    if (count == 0) throw Error(ErrorCode::io, "became shorter while it was read");
    done += count;
  }
  return bytes;
}

}  // namespace simile
