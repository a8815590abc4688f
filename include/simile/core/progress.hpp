// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <iosfwd>
#include <memory>
#include <string_view>

namespace simile {

/// Told by long work how far it is. One phase at a time: begin, any number of advances, end.
class Progress {
 public:
  virtual ~Progress() = default;
  /// `total` units of work lie ahead; `unit` is their plural ("images", "pairs").
  virtual void begin(std::string_view phase, std::int64_t total, std::string_view unit) = 0;
  /// `count` more are done. May be called from any worker.
  virtual void advance(std::int64_t count) = 0;
  /// `count` were done by an earlier run: rates and times do not count them.
  virtual void resume(std::int64_t count) { advance(count); }
  /// The phase is over, finished or not.
  virtual void end() = 0;
  /// Something that people should know and that stops nothing. May be called from any worker.
  virtual void note(std::string_view /*text*/) {}
};

/// begin() now, end() when the scope is left, also by an exception.
class ProgressPhase {
 public:
  ProgressPhase(Progress& progress, std::string_view phase, std::int64_t total, std::string_view unit)
      : progress_(progress) {
    progress_.begin(phase, total, unit);
  }
  ~ProgressPhase() { progress_.end(); }
  ProgressPhase(const ProgressPhase&) = delete;
  ProgressPhase& operator=(const ProgressPhase&) = delete;
  void advance(std::int64_t count) { progress_.advance(count); }
  void resume(std::int64_t count) { progress_.resume(count); }

 private:
  Progress& progress_;
};

/// Shows nothing.
std::unique_ptr<Progress> make_silent_progress();
/// A bar that redraws itself, for a terminal: phase, share done, rate, elapsed, time left.
std::unique_ptr<Progress> make_terminal_progress(std::ostream& out, int width_columns);
/// A whole line every few seconds and at the end of a phase, for logs and pipes.
std::unique_ptr<Progress> make_plain_progress(std::ostream& out);

}  // namespace simile
