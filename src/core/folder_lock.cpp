// SPDX-License-Identifier: Apache-2.0
#include "simile/core/folder_lock.hpp"

#include <cerrno>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "simile/core/atomic_file.hpp"
#include "simile/core/error.hpp"
#include "simile/core/text.hpp"

namespace simile {
namespace {

/// Opens and locks the file; a lock on a file that was meanwhile removed by its last owner is none, so look again.
int take_lock(const std::filesystem::path& path, const std::filesystem::path& folder) {
  for (;;) {
    const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (descriptor < 0) throw_system_error("write beside", folder);
    if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
      const int code = errno;
      ::close(descriptor);
      if (code == EWOULDBLOCK)
        throw Error(ErrorCode::io, concat("another run is writing to ", in_quotes(folder.native())));
      errno = code;
      throw_system_error("lock", folder);
    }
    struct stat locked{};
    struct stat present{};
    if (::fstat(descriptor, &locked) == 0 && ::stat(path.c_str(), &present) == 0 && locked.st_ino == present.st_ino &&
        locked.st_dev == present.st_dev) {
      return descriptor;
    }
    ::close(descriptor);
  }
}

}  // namespace

FolderLock::FolderLock(const std::filesystem::path& folder)
    : file_(folder.parent_path() / concat(".", folder.filename().native(), ".simile-lock")),
      descriptor_(take_lock(file_, folder)) {}

FolderLock::~FolderLock() {
  ::unlink(file_.c_str());
  ::close(descriptor_);
}

}  // namespace simile
