// SPDX-License-Identifier: Apache-2.0
// The one place where libraries are opened at run time.
#include "core/optional_library.hpp"

#include <algorithm>
#include <cstdlib>
#include <system_error>

#include <dlfcn.h>

#include "simile/core/text.hpp"
#include "simile/core/version.hpp"

namespace simile {
namespace {

namespace fs = std::filesystem;

std::string loader_reason() {
  const char* const text = ::dlerror();  // NOLINT(concurrency-mt-unsafe): of this thread
  return text == nullptr ? "no reason given" : text;
}

}  // namespace

std::vector<fs::path> OptionalLibrary::candidates() const {
  const char* const named = std::getenv(description_.variable);  // NOLINT(concurrency-mt-unsafe)
  if (named != nullptr && *named != '\0') return {named};
  std::error_code error;
  const fs::path folder = fs::read_symlink("/proc/self/exe", error).parent_path();
  return {folder / description_.file_name, folder.parent_path() / "lib" / "simile" / description_.file_name};
}

bool OptionalLibrary::present() const {
  const auto files = candidates();
  std::error_code error;
  return std::any_of(files.begin(), files.end(), [&](const fs::path& file) { return fs::exists(file, error); });
}

void OptionalLibrary::open() {
  if (library_ != nullptr) return;
  const auto files = candidates();
  for (const auto& file : files) {
    std::error_code error;
    if (!fs::exists(file, error)) continue;
    // Local: what the library brings must not take the place of the program's own libraries.
    library_ = ::dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (library_ == nullptr) {
      throw Error(description_.code, concat(in_quotes(file.native()), " cannot be opened: ", loader_reason()));
    }
    const std::string version = function<const char*()>(description_.version)();
    if (version == kVersion) return;
    library_ = nullptr;
    throw Error(description_.code,
                concat(description_.file_name, " is of version ", version, ", this program of ", kVersion));
  }
  throw Error(description_.code, concat("this needs ", description_.file_name, ", which is not at ",
                                        in_quotes(files.front().native()), ": build with -D", description_.option,
                                        "=ON, as ./dev does (", description_.variable, " names another place)"));
}

void* OptionalLibrary::address(const std::string& name) const {
  void* const found = ::dlsym(library_, name.c_str());
  if (found == nullptr) {
    throw Error(description_.code, concat(description_.file_name, " has no ", name, ": ", loader_reason()));
  }
  return found;
}

bool has_nvidia_driver() { return ::dlopen("libcuda.so.1", RTLD_LAZY | RTLD_LOCAL) != nullptr; }

}  // namespace simile
