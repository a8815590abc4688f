// SPDX-License-Identifier: Apache-2.0
#include <csignal>
#include <iostream>

#include <sys/ioctl.h>
#include <unistd.h>

#include "simile/cli/run.hpp"
#include "simile/image/decode_service.hpp"

namespace {

simile::Cancellation g_cancellation;

/// This very program, also when another was installed in its place meanwhile.
constexpr const char* kItself = "/proc/self/exe";

/// The first signal asks the run to stop; a second one, while it is stopping, ends the program at once.
extern "C" void request_stop(int signal) {
  g_cancellation.request();
  std::signal(signal, SIG_DFL);
}

int terminal_columns(int descriptor) {
  if (::isatty(descriptor) == 0) return 0;
  winsize size{};
  return ::ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 2 && argv[1] == simile::kDecodeWorkerArgument) return simile::serve_decoding();
  // Inherited as ignored, it would hide how a decoder's process ended.
  std::signal(SIGCHLD, SIG_DFL);
  std::signal(SIGINT, request_stop);
  std::signal(SIGTERM, request_stop);
  std::signal(SIGPIPE, SIG_IGN);
  std::ios::sync_with_stdio(false);
  const std::vector<std::string> arguments(argv + (argc > 0 ? 1 : 0), argv + argc);
  const int code = simile::run(arguments, {std::cout, std::cerr, terminal_columns(STDERR_FILENO), &std::cin},
                               g_cancellation, kItself);
  std::cout.flush();
  if (std::cout || code != simile::kExitDone) return code;
  std::cerr << "simile: cannot write to the standard output" << std::endl;
  return simile::kExitFailed;
}
