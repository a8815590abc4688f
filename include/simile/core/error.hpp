// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <source_location>
#include <stdexcept>
#include <string>
#include <string_view>

namespace simile {

/// What kind of thing went wrong. The program maps these to exit codes in one place (cli/).
enum class ErrorCode {
  invalid_argument,  ///< a value from outside is not allowed; the message names it and what is allowed
  not_found,         ///< a file, folder or item that was named does not exist
  io,                ///< the operating system refused a read or a write
  decode,            ///< bytes are not what their format says
  out_of_memory,     ///< more memory is needed than the budget or the machine has
  cuda,              ///< a GPU call failed
  model,             ///< a network or its weights cannot be used
  cancelled,         ///< the user stopped the run
  internal,          ///< an invariant is broken: a bug in simile
};

/// The code's name as written above.
std::string_view to_string(ErrorCode code) noexcept;

/// The one exception of the library: a code, a message for people and the place where it was thrown.
class Error : public std::runtime_error {
 public:
  Error(ErrorCode code, const std::string& message, std::source_location where = std::source_location::current());

  ErrorCode code() const noexcept { return code_; }
  const std::source_location& where() const noexcept { return where_; }

 private:
  ErrorCode code_;
  std::source_location where_;
};

/// Throws `internal` with `message` unless `condition` holds.
inline void ensure(bool condition, const char* message, std::source_location where = std::source_location::current()) {
  if (!condition) throw Error(ErrorCode::internal, message, where);
}

}  // namespace simile
