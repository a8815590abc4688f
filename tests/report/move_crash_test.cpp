// SPDX-License-Identifier: Apache-2.0
// kill -9 after every single system call of a move and of an undo: no photo is ever lost, and the next undo puts
// everything back as it was.
#include <csignal>
#include <functional>
#include <optional>

#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "report/moves.hpp"

#include "simile/core/random.hpp"

namespace simile {
namespace {

namespace fs = std::filesystem;
using test::MovedPhotos;
using test::state_of;
using test::TemporaryFolder;

// Every call is a moment to be killed at; a process under AddressSanitizer is too slow to fork for trying all.
#ifdef __SANITIZE_ADDRESS__
constexpr std::int64_t kStride = 5;
constexpr int kRounds = 10;
#else
constexpr std::int64_t kStride = 1;
constexpr int kRounds = 50;
#endif

enum class Ending { finished, killed, failed, not_allowed };

/// Runs `work` in a process of its own that is killed after its `calls`-th system call.
Ending run_until_call(std::int64_t calls, const std::function<void()>& work) {
  const pid_t child = ::fork();
  if (child == 0) {
    if (::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) ::_exit(77);
    ::raise(SIGSTOP);
    try {
      work();
    } catch (const std::exception&) {
      ::_exit(1);
    }
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  if (WIFEXITED(status)) return Ending::not_allowed;
  for (std::int64_t stop = 0; stop < 2 * calls; ++stop) {  // one stop before a call and one after
    ::ptrace(PTRACE_SYSCALL, child, nullptr, nullptr);
    ::waitpid(child, &status, 0);
    if (WIFEXITED(status)) return WEXITSTATUS(status) == 0 ? Ending::finished : Ending::failed;
    if (!WIFSTOPPED(status)) return Ending::failed;
  }
  ::kill(child, SIGKILL);
  ::waitpid(child, &status, 0);
  return Ending::killed;
}

struct Trees {
  const char* name;
  bool across;  ///< photos and result on two file systems
};
void PrintTo(const Trees& value, std::ostream* out) { *out << value.name; }

class MoveCrash : public ::testing::TestWithParam<Trees> {
 protected:
  void SetUp() override {
    if (GetParam().across) {
      std::string name = "/dev/shm/simile-test-XXXXXX";
      if (::mkdtemp(name.data()) != nullptr) other_ = name;
      struct stat here{};
      struct stat there{};
      if (!other_ || ::stat(folder_.path().c_str(), &here) != 0 || ::stat(other_->c_str(), &there) != 0 ||
          here.st_dev == there.st_dev) {
        GTEST_SKIP() << "no second file system at /dev/shm";
      }
    }
    if (run_until_call(0, [] {}) == Ending::not_allowed)
      GTEST_SKIP() << "this system does not let a test trace its child";
  }
  void TearDown() override {
    std::error_code ignored;
    if (other_) fs::remove_all(*other_, ignored);
  }
  fs::path out_root() const { return other_ ? *other_ : folder_.path() / "out"; }

  /// Three photos, planned, in folders of their own.
  std::unique_ptr<MovedPhotos> planned() {
    ++count_;
    auto moved = std::make_unique<MovedPhotos>(
        folder_.path() / ("in" + std::to_string(count_)), out_root() / std::to_string(count_),
        std::vector<std::string>{"a/1.jpg", "b c/d/1.jpg", "e.jpg"}, std::vector<std::int64_t>{0, 0, 2});
    moved->plan();
    before_ = state_of(moved->in());
    return moved;
  }

  /// Each photo is whole at its place or in the result, or at both.
  void expect_nothing_lost(const MovedPhotos& moved) {
    const auto in = state_of(moved.in());
    const auto out = state_of(moved.out());
    for (const auto& move : moved.planned().moves) {
      const auto id = moved.result().catalogue.ids[static_cast<std::size_t>(move.item)];
      const auto& content = before_.at(id);
      const auto at = in.find(id);
      const auto moved_to = out.find(move.destination.native());
      const bool at_its_place = at != in.end() && at->second == content;
      const bool in_the_result = moved_to != out.end() && moved_to->second == content;
      EXPECT_TRUE(at_its_place || in_the_result) << id << " is lost";
      EXPECT_TRUE(at == in.end() || at_its_place) << id << " is damaged at its place: " << at->second;
      EXPECT_TRUE(moved_to == out.end() || in_the_result) << id << " is damaged in the result";
    }
  }
  void expect_undone(const MovedPhotos& moved) {
    const auto summary = moved.undo();
    EXPECT_EQ(summary.count(UndoOutcome::refused), 0);
    EXPECT_EQ(summary.count(UndoOutcome::gone), 0);
    EXPECT_EQ(state_of(moved.in()), before_);
    EXPECT_EQ(test::tree(moved.out()), (std::set<std::string>{"moves.csv", "moves.journal"}));
  }
  void clear(const MovedPhotos& moved) {
    fs::remove_all(moved.in());
    fs::remove_all(moved.out());
  }

  TemporaryFolder folder_;
  std::optional<fs::path> other_;
  std::map<std::string, std::string> before_;
  int count_ = 0;
};
INSTANTIATE_TEST_SUITE_P(Each, MoveCrash,
                         ::testing::Values(Trees{"WithinAFileSystem", false}, Trees{"AcrossFileSystems", true}),
                         [](const auto& test) { return test.param.name; });

TEST_P(MoveCrash, OfAMoveIsTakenBackWheneverItCame) {
  std::int64_t calls = 0;
  for (Ending ending = Ending::killed; ending == Ending::killed; calls += kStride) {
    SCOPED_TRACE("killed after call " + std::to_string(calls));
    const auto moved = planned();
    ending = run_until_call(calls, [&] { moved->carry_out(); });
    ASSERT_NE(ending, Ending::failed);
    expect_nothing_lost(*moved);
    expect_undone(*moved);
    clear(*moved);
    if (HasFailure()) return;
  }
  EXPECT_GT(calls, 40) << "fewer moments than there are steps";
}

TEST_P(MoveCrash, OfAnUndoIsMendedByTheNext) {
  std::int64_t calls = 0;
  for (Ending ending = Ending::killed; ending == Ending::killed; calls += kStride) {
    SCOPED_TRACE("killed after call " + std::to_string(calls));
    const auto moved = planned();
    EXPECT_TRUE(moved->carry_out().empty());
    ending = run_until_call(calls, [&] { moved->undo(); });
    ASSERT_NE(ending, Ending::failed);
    expect_nothing_lost(*moved);
    expect_undone(*moved);
    clear(*moved);
    if (HasFailure()) return;
  }
  EXPECT_GT(calls, 40) << "fewer moments than there are steps";
}

TEST_P(MoveCrash, OfBothAndOfTheUndoAgainIsMended) {
  Random random(20);
  for (int round = 0; round < kRounds; ++round) {
    const std::int64_t calls[]{static_cast<std::int64_t>(random.below(120)),
                               static_cast<std::int64_t>(random.below(120)),
                               static_cast<std::int64_t>(random.below(120))};
    SCOPED_TRACE("killed after calls " + std::to_string(calls[0]) + ", " + std::to_string(calls[1]) + ", " +
                 std::to_string(calls[2]));
    const auto moved = planned();
    run_until_call(calls[0], [&] { moved->carry_out(); });
    for (const auto count : {calls[1], calls[2]}) {
      run_until_call(count, [&] { moved->undo(); });
      expect_nothing_lost(*moved);
    }
    expect_undone(*moved);
    clear(*moved);
    if (HasFailure()) return;
  }
}

}  // namespace
}  // namespace simile
