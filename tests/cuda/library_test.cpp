// SPDX-License-Identifier: Apache-2.0
#include <dlfcn.h>
#include <gtest/gtest.h>

#include "simile/core/version.hpp"
#include "simile/similarity/compare.hpp"

namespace simile {
namespace {

TEST(CudaLibrary, HasWhatTheProgramLooksForByName) {
  void* const library = ::dlopen(SIMILE_BUILT_LIBRARY, RTLD_NOW | RTLD_LOCAL);
  ASSERT_NE(library, nullptr) << ::dlerror();
  const auto version = reinterpret_cast<const char* (*)()>(::dlsym(library, "simile_cuda_version"));
  const auto backend = reinterpret_cast<const Backend* (*)()>(::dlsym(library, "simile_cuda_backend"));
  ASSERT_TRUE(version != nullptr && backend != nullptr);
  EXPECT_EQ(version(), kVersion);
  EXPECT_EQ(backend()->name(), "cuda");
}

}  // namespace
}  // namespace simile
