// SPDX-License-Identifier: Apache-2.0
// Linked into a test program, this gives it the emulated device; before the first test is registered.
#include <cstdlib>

namespace {

[[maybe_unused]] const int kNamed = ::setenv("SIMILE_CUDA_LIBRARY", SIMILE_EMULATED_LIBRARY, /*overwrite=*/1);

}  // namespace
