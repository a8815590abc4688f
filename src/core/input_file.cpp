// SPDX-License-Identifier: Apache-2.0
#include "simile/core/input_file.hpp"

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

InputFile::InputFile(const std::filesystem::path& path)
    : descriptor_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)) {
  if (descriptor_ < 0) throw_reason(errno);
  struct stat status{};
  if (::fstat(descriptor_, &status) != 0 || !S_ISREG(status.st_mode)) {
    ::close(descriptor_);
    throw Error(ErrorCode::io, concat("is not a file but ", kind_name(status.st_mode)));
  }
  size_bytes_ = status.st_size;
}

InputFile::~InputFile() { ::close(descriptor_); }

Array<std::uint8_t, 1> InputFile::read() const {
  Array<std::uint8_t, 1> bytes({size_bytes_});
  read_at(0, bytes.data(), size_bytes_);
  return bytes;
}

void InputFile::read_at(std::int64_t offset, void* target, std::int64_t count) const {
  auto* bytes = static_cast<char*>(target);
  while (count > 0) {
    const auto got = ::pread(descriptor_, bytes, static_cast<std::size_t>(count), static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw_reason(errno);
    if (got == 0) throw Error(ErrorCode::io, "became shorter while it was read");
    bytes += got;
    offset += got;
    count -= got;
  }
}

}  // namespace simile
