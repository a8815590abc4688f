// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

#include "support/image_files.hpp"

namespace simile::test {

struct ProcessOptions {
  bool as_nobody = false;                ///< give up root's rights first (needs root)
  std::filesystem::path standard_out{};  ///< default: kept for out()
  const char* program = SIMILE_PROGRAM;
  bool ignored_children = false;  ///< inherits SIGCHLD as ignored
  bool broken_pipe = false;       ///< standard output is a pipe that nobody reads any more
};

/// The built program in a process of its own; killed when it goes out of scope.
class Process {
 public:
  explicit Process(const std::vector<std::string>& arguments, const ProcessOptions& options = {});
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  void send(int signal) const;
  /// Exit code, or minus the signal that ended it; nothing when it is still running after a minute.
  std::optional<int> wait();
  bool running();
  pid_t id() const { return id_; }
  std::string out() const;
  std::string err() const;

 private:
  void collect(bool block);

  TemporaryFolder folder_;
  pid_t id_ = -1;
  std::optional<int> code_;
};

/// Looks every millisecond until `condition` holds; false when it does not within half a minute.
bool wait_until(const std::function<bool()>& condition);

}  // namespace simile::test
