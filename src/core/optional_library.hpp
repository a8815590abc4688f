// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "simile/core/error.hpp"

namespace simile {

/// A part of simile that is a library of its own, opened at its first use and never closed, so that a command which
/// does not use it does not pay for what it brings. Looked for beside the program, in ../lib/simile, and instead of
/// these where an environment variable says. Not for several threads at once.
class OptionalLibrary {
 public:
  struct Description {
    const char* file_name;  ///< "libsimile_learn.so"
    const char* variable;   ///< of the environment: "SIMILE_LEARN_LIBRARY"
    const char* option;     ///< of the build: "SIMILE_WITH_LEARN"
    const char* version;    ///< a function of the library that gives its version as const char*
    ErrorCode code;         ///< of what open() throws
  };
  explicit OptionalLibrary(const Description& description) : description_(description) {}

  /// Whether there is a file that would be opened.
  bool present() const;
  /// Throws, with the description's code: the library is not there, cannot be opened (with the loader's reason), or is
  /// of another version.
  void open();
  bool opened() const { return library_ != nullptr; }
  /// A function of the library, which is open. Throws when it has none of this name.
  template <class Function>
  Function* function(const std::string& name) const {
    return reinterpret_cast<Function*>(address(name));
  }

 private:
  std::vector<std::filesystem::path> candidates() const;
  void* address(const std::string& name) const;

  Description description_;
  void* library_ = nullptr;
};

/// Whether an NVIDIA driver can be opened here; asked before anything that costs more.
bool has_nvidia_driver();

}  // namespace simile
