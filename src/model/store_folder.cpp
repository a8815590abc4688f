// SPDX-License-Identifier: Apache-2.0
#include "model/store_folder.hpp"

#include <cerrno>
#include <system_error>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "model/model_files.hpp"

#include "simile/core/atomic_file.hpp"
#include "simile/core/error.hpp"
#include "simile/core/text.hpp"

namespace simile {

namespace fs = std::filesystem;

StoreLock::StoreLock(const fs::path& store) {
  const fs::path path = store / ".lock";
  descriptor_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
  if (descriptor_ < 0) throw_system_error("write", path);
  if (::flock(descriptor_, LOCK_EX | LOCK_NB) == 0) return;
  const int code = errno;
  ::close(descriptor_);
  if (code == EWOULDBLOCK) {
    throw Error(ErrorCode::io, concat("another simile is changing the models in ", in_quotes(store.native())));
  }
  errno = code;
  throw_system_error("lock", path);
}

StoreLock::~StoreLock() { ::close(descriptor_); }

bool is_own_file(const std::string& name) {
  if (name.starts_with(kTemporaryPrefix)) return true;
  const std::string_view extension = kWeightsExtension;
  if (name.size() != kWeightsPrefix.size() + kDigitsInName + extension.size()) return false;
  const auto digits = std::string_view(name).substr(kWeightsPrefix.size(), kDigitsInName);
  return name.starts_with(kWeightsPrefix) && name.ends_with(extension) &&
         digits.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

void remove_leftovers(const fs::path& folder, const std::string& weights) {
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(folder, ignored)) {
    const std::string name = entry.path().filename().native();
    if (name != weights && is_own_file(name) && entry.is_regular_file(ignored)) fs::remove(entry.path(), ignored);
  }
}

}  // namespace simile
