// SPDX-License-Identifier: Apache-2.0
#include "report/move_file.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "simile/core/atomic_file.hpp"
#include "simile/core/error.hpp"

namespace simile::report {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kPieceBytes = 1 << 20;

[[noreturn]] void throw_errno(const fs::path& path) {
  throw fs::filesystem_error("", path, std::error_code(errno, std::generic_category()));
}

/// A descriptor that is closed when the scope ends.
class Descriptor {
 public:
  Descriptor(const fs::path& path, int flags, mode_t mode = 0)
      : path_(path), value_(::open(path.c_str(), flags | O_CLOEXEC | O_NOFOLLOW, mode)) {
    if (value_ < 0) throw_errno(path);
  }
  ~Descriptor() { ::close(value_); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  int value() const { return value_; }
  struct stat status() const {
    struct stat status{};
    check(::fstat(value_, &status) == 0);
    return status;
  }
  void check(bool good) const {
    if (!good) throw_errno(path_);
  }
  /// Up to kPieceBytes from the position on; empty at the end.
  std::string_view read(std::vector<char>& buffer) const {
    buffer.resize(kPieceBytes);
    std::size_t filled = 0;
    while (filled < buffer.size()) {
      const ssize_t got = ::read(value_, buffer.data() + filled, buffer.size() - filled);
      if (got < 0 && errno == EINTR) continue;
      check(got >= 0);
      if (got == 0) break;
      filled += static_cast<std::size_t>(got);
    }
    return {buffer.data(), filled};
  }
  void write(std::string_view rest) const {
    while (!rest.empty()) {
      const ssize_t written = ::write(value_, rest.data(), rest.size());
      if (written < 0 && errno == EINTR) continue;
      check(written >= 0);
      rest.remove_prefix(static_cast<std::size_t>(written));
    }
  }

 private:
  fs::path path_;
  int value_;
};

// Not blocking: a FIFO that takes a photo's name must not hold the run up.
Descriptor open_source(const fs::path& path) { return Descriptor(path, O_RDONLY | O_NONBLOCK); }

std::int64_t nanoseconds(const timespec& time) { return time.tv_sec * 1'000'000'000LL + time.tv_nsec; }

bool unchanged(const struct stat& before, const struct stat& after) {
  return before.st_size == after.st_size && nanoseconds(before.st_mtim) == nanoseconds(after.st_mtim) &&
         nanoseconds(before.st_ctim) == nanoseconds(after.st_ctim);
}

bool same_bytes(const Descriptor& a, const Descriptor& b, const Cancellation& cancellation) {
  std::vector<char> first;
  std::vector<char> second;
  for (;;) {
    cancellation.check();
    const auto piece = a.read(first);
    if (piece != b.read(second)) return false;
    if (piece.empty()) return true;
  }
}

/// The user's own ("user.") must come along; those of the system (labels, access lists) where the system takes them.
void copy_attributes(const Descriptor& from, const Descriptor& to) {
  const ssize_t bytes = ::flistxattr(from.value(), nullptr, 0);
  if (bytes <= 0) return;  // none, or a file system without
  std::string names(static_cast<std::size_t>(bytes), '\0');
  const ssize_t listed = ::flistxattr(from.value(), names.data(), names.size());
  from.check(listed >= 0);
  names.resize(static_cast<std::size_t>(listed));
  for (std::size_t at = 0; at < names.size(); at += std::strlen(names.c_str() + at) + 1) {
    const char* const name = names.c_str() + at;
    const bool needed = std::string_view(name).starts_with("user.");
    const ssize_t size = ::fgetxattr(from.value(), name, nullptr, 0);
    std::vector<char> value(size > 0 ? static_cast<std::size_t>(size) : 0);
    const ssize_t got = size < 0 ? size : ::fgetxattr(from.value(), name, value.data(), value.size());
    if (got < 0) {
      from.check(!needed);
      continue;
    }
    to.check(::fsetxattr(to.value(), name, value.data(), static_cast<std::size_t>(got), 0) == 0 || !needed);
  }
}

/// Owner, permissions, attributes and times; the owner only where the system lets us.
void copy_properties(const Descriptor& from, const struct stat& status, const Descriptor& to) {
  if (::fchown(to.value(), status.st_uid, status.st_gid) != 0 && errno != EPERM) to.check(false);
  copy_attributes(from, to);
  to.check(::fchmod(to.value(), status.st_mode & 07777) == 0);
  const timespec times[2]{status.st_atim, status.st_mtim};
  to.check(::futimens(to.value(), times) == 0);
}

/// Fills `temporary` and brings it to the disk; `from` has not changed meanwhile.
void copy_file(const fs::path& from, const fs::path& temporary, const Cancellation& cancellation) {
  const Descriptor source = open_source(from);
  const struct stat before = source.status();
  if (!S_ISREG(before.st_mode)) throw Error(ErrorCode::io, "is not a regular file any more");
  const Descriptor copy(temporary, O_WRONLY | O_CREAT | O_EXCL, 0600);
  std::vector<char> buffer;
  for (auto piece = source.read(buffer); !piece.empty(); piece = source.read(buffer)) {
    cancellation.check();
    copy.write(piece);
  }
  copy_properties(source, before, copy);
  copy.check(::fsync(copy.value()) == 0);
  // What is read back now comes from the disk where the system honours this.
  (void)::posix_fadvise(copy.value(), 0, 0, POSIX_FADV_DONTNEED);
  const Descriptor again = open_source(from);
  const Descriptor written = open_source(temporary);
  if (!same_bytes(again, written, cancellation)) throw Error(ErrorCode::io, "differs from its copy");
  if (!unchanged(before, source.status()) || again.status().st_ino != before.st_ino) {
    throw Error(ErrorCode::io, "changed while it was copied");
  }
}

/// rename() that fails where the target exists; 0, or errno.
int rename_to_free_name(const fs::path& from, const fs::path& to) {
  if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return 0;
  if (errno != EINVAL && errno != ENOSYS) return errno;
  // A file system without that: a second name cannot be made over an existing one either.
  if (::link(from.c_str(), to.c_str()) == 0) {
    if (::unlink(from.c_str()) == 0) return 0;
    const int code = errno;
    ::unlink(to.c_str());
    return code;
  }
  if (errno != EPERM && errno != EOPNOTSUPP && errno != ENOSYS) return errno;
  if (stands(to)) return EEXIST;
  return ::rename(from.c_str(), to.c_str()) == 0 ? 0 : errno;
}

}  // namespace

FileStamp stamp_of(const fs::path& path) {
  struct stat status{};
  if (::lstat(path.c_str(), &status) != 0) {
    if (errno != ENOENT && errno != ENOTDIR) throw_errno(path);
    return {};
  }
  if (!S_ISREG(status.st_mode)) return {};
  return {status.st_size, nanoseconds(status.st_mtim), status.st_dev, status.st_ino};
}

bool stands(const fs::path& path) {
  struct stat status{};
  if (::lstat(path.c_str(), &status) == 0) return true;
  if (errno != ENOENT && errno != ENOTDIR) throw_errno(path);
  return false;
}

void make_folders(const fs::path& folder) {
  if (fs::is_directory(folder)) return;
  make_folders(folder.parent_path());
  if (::mkdir(folder.c_str(), 0777) != 0 && errno != EEXIST) throw_errno(folder);
  sync_folder(folder.parent_path());
}

void move_file(const fs::path& from, const fs::path& to, const fs::path& temporary, Carry carry,
               const Cancellation& cancellation) {
  const int refused = carry == Carry::rename ? rename_to_free_name(from, to) : EXDEV;
  if (refused == 0) return;
  if (refused != EXDEV) {
    errno = refused;
    throw_errno(from);
  }
  ::unlink(temporary.c_str());  // what a crash left: the name is ours alone
  const FileStamp before = stamp_of(from);
  try {
    copy_file(from, temporary, cancellation);
    errno = rename_to_free_name(temporary, to);
    if (errno != 0) throw_errno(to);
  } catch (...) {
    ::unlink(temporary.c_str());
    throw;
  }
  // Only when both the copy and its name are on the disk may the original go.
  try {
    sync_folder(to.parent_path());
    if (stamp_of(from) != before) throw Error(ErrorCode::io, "changed while it was copied");
    if (::unlink(from.c_str()) != 0) throw_errno(from);
  } catch (...) {
    ::unlink(to.c_str());
    throw;
  }
}

bool same_content(const fs::path& a, const fs::path& b, const Cancellation& cancellation) {
  const Descriptor first = open_source(a);
  const Descriptor second = open_source(b);
  const struct stat status_a = first.status();
  const struct stat status_b = second.status();
  if (!S_ISREG(status_a.st_mode) || !S_ISREG(status_b.st_mode) || status_a.st_size != status_b.st_size) return false;
  return same_bytes(first, second, cancellation);
}

}  // namespace simile::report
