// SPDX-License-Identifier: Apache-2.0
#include "simile/core/progress.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <mutex>
#include <ostream>
#include <string>

#include "simile/core/text.hpp"
#include "simile/core/units.hpp"

namespace simile {
namespace {

using Clock = std::chrono::steady_clock;

class SilentProgress final : public Progress {
 public:
  void begin(std::string_view, std::int64_t, std::string_view) override {}
  void advance(std::int64_t) override {}
  void end() override {}
};

/// Counts and decides when to draw; subclasses draw.
class TimedProgress : public Progress {
 public:
  TimedProgress(std::ostream& out, double period_s) : out_(out), period_s_(period_s) {}

  void begin(std::string_view phase, std::int64_t total, std::string_view unit) override {
    const std::lock_guard lock(mutex_);
    phase_ = phase;
    unit_ = unit;
    total_ = total;
    done_.store(0);
    resumed_ = 0;
    start_ = Clock::now();
    next_draw_ms_.store(first_draw_ms());
  }

  void advance(std::int64_t count) override {
    done_.fetch_add(count, std::memory_order_relaxed);
    // Reading the clock costs about 25 ns; callers advance once a tile or an image, never once a pair.
    if (elapsed_ms() < next_draw_ms_.load(std::memory_order_relaxed)) return;
    const std::unique_lock lock(mutex_, std::try_to_lock);
    if (!lock.owns_lock()) return;
    next_draw_ms_.store(elapsed_ms() + static_cast<std::int64_t>(period_s_ * 1000));
    draw(done_.load(std::memory_order_relaxed), seconds());
    drawn_ = true;
  }

  void resume(std::int64_t count) override {
    const std::lock_guard lock(mutex_);
    resumed_ += count;
    done_.fetch_add(count, std::memory_order_relaxed);
  }

  void end() override {
    const std::lock_guard lock(mutex_);
    finish(done_.load(), seconds());
    drawn_ = false;
  }

  void note(std::string_view text) override {
    const std::lock_guard lock(mutex_);
    if (drawn_) clear();
    drawn_ = false;
    out_ << "simile: note: " << text << '\n' << std::flush;
  }

 protected:
  /// Takes away what draw() left on the line; it is drawn again.
  virtual void clear() {}
  virtual std::int64_t first_draw_ms() const = 0;
  virtual void draw(std::int64_t done, double elapsed_s) = 0;
  virtual void finish(std::int64_t done, double elapsed_s) = 0;

  std::string rate(std::int64_t done, double elapsed_s) const {
    return concat(format_rate(elapsed_s > 0 ? static_cast<double>(done - resumed_) / elapsed_s : 0), " ", unit_, "/s");
  }
  std::string remaining(std::int64_t done, double elapsed_s) const {
    if (done <= resumed_) return "?";
    return format_duration(elapsed_s / static_cast<double>(done - resumed_) * static_cast<double>(total_ - done));
  }
  /// What a finished phase leaves behind: "reading: 3,781 images in 2.81 s (1.35 k images/s)".
  std::string summary(std::int64_t done, double elapsed_s) const {
    return concat(phase_, ": ", format_count(done), done < total_ ? concat(" of ", format_count(total_)) : "", " ",
                  unit_, " in ", format_duration(elapsed_s), " (", rate(done, elapsed_s), ")\n");
  }
  int percent(std::int64_t done) const {
    return total_ > 0 ? static_cast<int>(100.0 * static_cast<double>(done) / static_cast<double>(total_)) : 100;
  }

  // NOLINTBEGIN(misc-non-private-member-variables-in-classes)
  std::ostream& out_;
  std::string phase_;
  std::string unit_;
  std::int64_t total_ = 0;
  std::int64_t resumed_ = 0;  ///< of what is done, by an earlier run
  bool drawn_ = false;
  // NOLINTEND(misc-non-private-member-variables-in-classes)

 private:
  std::int64_t elapsed_ms() const {
    return std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - start_).count();
  }
  double seconds() const { return std::chrono::duration<double>(Clock::now() - start_).count(); }

  double period_s_;
  std::mutex mutex_;
  Clock::time_point start_;
  std::atomic<std::int64_t> done_{0};
  std::atomic<std::int64_t> next_draw_ms_{0};
};

class TerminalProgress final : public TimedProgress {
 public:
  TerminalProgress(std::ostream& out, int width_columns) : TimedProgress(out, 0.1), width_(width_columns) {}

 protected:
  std::int64_t first_draw_ms() const override { return 100; }

  void draw(std::int64_t done, double elapsed_s) override {
    const std::string left = concat(phase_, " ",
                                    percent(done) < 10    ? "  "
                                    : percent(done) < 100 ? " "
                                                          : "",
                                    percent(done), "% ");
    const std::string right = concat(" ", rate(done, elapsed_s), ", ", format_duration(elapsed_s), " elapsed, ",
                                     remaining(done, elapsed_s), " left");
    const int room = std::min(40, width_ - 3 - static_cast<int>(left.size() + right.size()));
    std::string bar;
    if (room >= 8) {
      const int filled =
          total_ > 0
              ? static_cast<int>(static_cast<double>(room) * static_cast<double>(done) / static_cast<double>(total_))
              : room;
      bar = concat("[", std::string(static_cast<std::size_t>(filled), '='),
                   std::string(static_cast<std::size_t>(std::max(0, room - filled)), ' '), "]");
    }
    std::string line = left + bar + right;
    line.resize(std::min(line.size(), static_cast<std::size_t>(std::max(1, width_ - 1))));
    out_ << "\r\x1b[K" << line << std::flush;
  }

  void clear() override { out_ << "\r\x1b[K"; }

  void finish(std::int64_t done, double elapsed_s) override {
    if (drawn_) clear();
    if (done > 0 && elapsed_s >= 0.1) {
      out_ << summary(done, elapsed_s);
    }
    out_ << std::flush;
  }

 private:
  int width_;
};

class PlainProgress final : public TimedProgress {
 public:
  explicit PlainProgress(std::ostream& out) : TimedProgress(out, 10.0) {}

 protected:
  std::int64_t first_draw_ms() const override { return 5000; }

  void draw(std::int64_t done, double elapsed_s) override {
    out_ << phase_ << ": " << percent(done) << "% (" << format_count(done) << " of " << format_count(total_) << ' '
         << unit_ << ", " << rate(done, elapsed_s) << ", " << remaining(done, elapsed_s) << " left)\n"
         << std::flush;
  }

  void finish(std::int64_t done, double elapsed_s) override { out_ << summary(done, elapsed_s) << std::flush; }
};

}  // namespace

std::unique_ptr<Progress> make_silent_progress() { return std::make_unique<SilentProgress>(); }

std::unique_ptr<Progress> make_terminal_progress(std::ostream& out, int width_columns) {
  return std::make_unique<TerminalProgress>(out, width_columns);
}

std::unique_ptr<Progress> make_plain_progress(std::ostream& out) { return std::make_unique<PlainProgress>(out); }

}  // namespace simile
