// SPDX-License-Identifier: Apache-2.0
#include "simile/core/atomic_file.hpp"

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "simile/core/error.hpp"
#include "simile/core/input_file.hpp"
#include "simile/core/text.hpp"
#include "simile/core/units.hpp"

namespace simile {
namespace {

constexpr std::size_t kBufferBytes = 1 << 20;

}  // namespace

void throw_system_error(std::string_view action, const std::filesystem::path& path) {
  const int code = errno;
  throw Error(code == ENOENT ? ErrorCode::not_found : ErrorCode::io,
              concat("cannot ", action, " ", in_quotes(path.native()), ": ", std::strerror(code)));
}

AtomicFile::AtomicFile(std::filesystem::path target) : target_(std::move(target)) {
  // Not mkstemp: its files are private, and the umask that theirs should follow can only be read by changing it, for
  // every thread of the process.
  static std::atomic<std::uint64_t> counter{0};
  do {
    temporary_ = target_.parent_path() / concat(kTemporaryPrefix, ::getpid(), "-", counter.fetch_add(1));
    descriptor_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  } while (descriptor_ < 0 && errno == EEXIST);
  if (descriptor_ < 0) throw_system_error("write", target_);
}

AtomicFile::~AtomicFile() {
  if (descriptor_ < 0) return;
  ::close(descriptor_);
  ::unlink(temporary_.c_str());
}

void AtomicFile::write(std::string_view bytes) {
  if (bytes.size() >= kBufferBytes) {  // an array: not through the buffer, which would hold it again
    flush();
    write_through(bytes);
    return;
  }
  buffer_ += bytes;
  if (buffer_.size() >= kBufferBytes) flush();
}

void AtomicFile::write(std::span<const std::uint8_t> bytes) {
  write(std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
}

void AtomicFile::flush() {
  write_through(buffer_);
  buffer_.clear();
}

void AtomicFile::write_through(std::string_view rest) {
  while (!rest.empty()) {
    const ssize_t written = ::write(descriptor_, rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) throw_system_error("write", target_);
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
}

void AtomicFile::sync() {
  ensure(descriptor_ >= 0, "a file is committed twice");
  flush();
  if (::fsync(descriptor_) != 0) throw_system_error("write", target_);
}

void AtomicFile::commit() {
  sync();
  if (::rename(temporary_.c_str(), target_.c_str()) != 0) throw_system_error("write", target_);
  ::close(std::exchange(descriptor_, -1));
}

void sync_folder(const std::filesystem::path& folder) {
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) throw_system_error("open the folder", folder);
  const bool synced = ::fsync(descriptor) == 0 || errno == EINVAL;  // EINVAL: a file system that need not be asked
  const int code = errno;
  ::close(descriptor);
  errno = code;
  if (!synced) throw_system_error("write", folder);
}

void write_text(const std::filesystem::path& path, std::string_view text) {
  AtomicFile file(path);
  file.write(text);
  file.commit();
}

std::string read_file(const std::filesystem::path& path, std::int64_t max_bytes) {
  try {
    const InputFile file(path);
    if (file.size_bytes() > max_bytes) {
      throw Error(ErrorCode::invalid_argument,
                  concat("has ", format_bytes(file.size_bytes()), ", more than the allowed ", format_bytes(max_bytes)));
    }
    std::string bytes(static_cast<std::size_t>(file.size_bytes()), '\0');
    file.read_at(0, bytes.data(), file.size_bytes());
    return bytes;
  } catch (const Error& error) {
    throw Error(error.code(), concat(in_quotes(path.native()), " ", error.what()));
  }
}

}  // namespace simile
