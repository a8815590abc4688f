// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdlib>
#include <sstream>

#include "pipeline/runs.hpp"

#include "simile/cli/run.hpp"

namespace simile::test {

struct Outcome {
  int code = -1;
  std::string out;
  std::string err;
};

inline void PrintTo(const Outcome& outcome, std::ostream* out) {
  *out << "exit code " << outcome.code << ", stdout \"" << outcome.out << "\", stderr \"" << outcome.err << '"';
}

/// The program, in this process.
inline Outcome simile_run(const std::vector<std::string>& arguments, const Cancellation& cancellation = {}) {
  std::ostringstream out;
  std::ostringstream err;
  const int code = run(arguments, {out, err}, cancellation);
  return {code, out.str(), err.str()};
}

MATCHER_P2(Fails, code, text, "exit code " + std::to_string(code) + ", nothing on stdout, '" + text + "' on stderr") {
  return arg.code == code && arg.out.empty() && arg.err.find(text) != std::string::npos;
}

/// An environment variable for the length of a scope.
class Variable {
 public:
  Variable(std::string name, const std::string& value) : name_(std::move(name)) {
    ::setenv(name_.c_str(), value.c_str(), 1);
  }
  ~Variable() { ::unsetenv(name_.c_str()); }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  std::string name_;
};

/// Another current folder for the length of a scope.
class CurrentFolder {
 public:
  explicit CurrentFolder(const std::filesystem::path& folder) { std::filesystem::current_path(folder); }
  ~CurrentFolder() { std::filesystem::current_path(before_); }
  CurrentFolder(const CurrentFolder&) = delete;
  CurrentFolder& operator=(const CurrentFolder&) = delete;

 private:
  std::filesystem::path before_ = std::filesystem::current_path();
};

}  // namespace simile::test
