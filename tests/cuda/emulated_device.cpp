// SPDX-License-Identifier: Apache-2.0
// Linked into a test program, this gives it the emulated device; before the first test is registered.
#include <cstdlib>

namespace {

[[maybe_unused]] const int kNamed = ::setenv("SIMILE_CUDA_LIBRARY", SIMILE_EMULATED_LIBRARY, /*overwrite=*/1);
// The CPU's cases are another program's.
[[maybe_unused]] const int kOnly = ::setenv("SIMILE_TEST_BACKEND", "cuda", /*overwrite=*/1);

}  // namespace
