// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "simile/core/cancellation.hpp"

namespace simile {

/// Exit codes of the program.
inline constexpr int kExitDone = 0;
inline constexpr int kExitFailed = 1;
inline constexpr int kExitUsage = 2;
inline constexpr int kExitInterrupted = 130;

/// Where a run writes: data to `out`, logs and progress to `err`; and where it reads answers to its questions.
struct Streams {
  std::ostream& out;
  std::ostream& err;
  int err_columns = 0;         ///< width of the terminal behind `err`; 0 where it is none
  std::istream* in = nullptr;  ///< nothing: no questions
};

/// The program: `arguments` without the program's name; `decode_worker` as Context says. Gives the exit code; throws
/// nothing.
int run(const std::vector<std::string>& arguments, const Streams& streams, const Cancellation& cancellation,
        const std::string& decode_worker = {});

}  // namespace simile
