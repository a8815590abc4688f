// SPDX-License-Identifier: Apache-2.0
#include "cli/process.hpp"

#include <csignal>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <thread>

#include <fcntl.h>
#include <grp.h>
#include <sys/wait.h>
#include <unistd.h>

namespace simile::test {
namespace {

constexpr uid_t kNobody = 65534;

std::string text_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

int open_for_writing(const std::filesystem::path& path) {
  return ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
}

/// Programs and runs of the tests keep what they read here, not in the user's cache.
class PrivateCache : public ::testing::Environment {
 public:
  PrivateCache() { ::setenv("XDG_CACHE_HOME", folder_.path().c_str(), 1); }

 private:
  TemporaryFolder folder_;
};
const auto* const kPrivateCache = ::testing::AddGlobalTestEnvironment(new PrivateCache);

}  // namespace

Process::Process(const std::vector<std::string>& arguments, const ProcessOptions& options) {
  std::vector<char*> words{const_cast<char*>("simile")};
  for (const auto& argument : arguments) words.push_back(const_cast<char*>(argument.c_str()));
  words.push_back(nullptr);
  int out = open_for_writing(options.standard_out.empty() ? folder_.path() / "out" : options.standard_out);
  const int err = open_for_writing(folder_.path() / "err");
  // Opened before rights are given up: the build folder may be closed to others.
  const int program = ::open(options.program, O_RDONLY | O_CLOEXEC);
  int pipe[2] = {-1, -1};
  if (options.broken_pipe) {
    if (::pipe2(pipe, O_CLOEXEC) != 0) throw std::runtime_error("pipe2");
    ::close(pipe[0]);
    ::close(out);
    out = pipe[1];
  }
  if (out < 0 || err < 0 || program < 0) throw std::runtime_error(std::string("cannot start ") + options.program);
  id_ = ::fork();
  if (id_ == 0) {
    ::dup2(out, STDOUT_FILENO);
    ::dup2(err, STDERR_FILENO);
    if (options.ignored_children) ::signal(SIGCHLD, SIG_IGN);
    const bool dropped =
        !options.as_nobody || (::setgroups(0, nullptr) == 0 && ::setgid(kNobody) == 0 && ::setuid(kNobody) == 0);
    if (dropped) ::fexecve(program, words.data(), environ);
    ::_exit(127);
  }
  for (const int descriptor : {out, err, program}) ::close(descriptor);
  if (id_ < 0) throw std::runtime_error("fork");
}

Process::~Process() {
  if (!running()) return;
  send(SIGKILL);
  collect(true);
}

void Process::send(int signal) const {
  if (!code_) ::kill(id_, signal);
}

void Process::collect(bool block) {
  int status = 0;
  if (code_ || ::waitpid(id_, &status, block ? 0 : WNOHANG) != id_) return;
  code_ = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

bool Process::running() {
  collect(false);
  return !code_;
}

std::optional<int> Process::wait() {
  const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  while (running() && std::chrono::steady_clock::now() < end) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  return code_;
}

std::string Process::out() const { return text_of(folder_.path() / "out"); }
std::string Process::err() const { return text_of(folder_.path() / "err"); }

bool wait_until(const std::function<bool()>& condition) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

}  // namespace simile::test
