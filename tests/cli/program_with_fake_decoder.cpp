// SPDX-License-Identifier: Apache-2.0
// As src/cli/main.cpp, with the decoder of the tests.
#include <csignal>
#include <iostream>

#include "support/fake_decoder.hpp"

#include "simile/cli/run.hpp"
#include "simile/image/decode_service.hpp"

namespace {

simile::Cancellation g_cancellation;

extern "C" void request_stop(int /*signal*/) { g_cancellation.request(); }

}  // namespace

int main(int argc, char** argv) {
  if (argc == 2 && argv[1] == simile::kDecodeWorkerArgument) return simile::test::serve_fake_decoding();
  std::signal(SIGINT, request_stop);
  return simile::run({argv + 1, argv + argc}, {std::cout, std::cerr}, g_cancellation, "/proc/self/exe");
}
