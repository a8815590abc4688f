// SPDX-License-Identifier: Apache-2.0
#include "simile/core/simd.hpp"

#include <algorithm>
#include <string>

#include "core/expect_error.hpp"

namespace simile {
namespace {

TEST(Simd, StartsWithPortableAndAscends) {
  const auto levels = supported_simd_levels();
  ASSERT_FALSE(levels.empty());
  EXPECT_EQ(levels.front(), SimdLevel::portable);
  EXPECT_TRUE(std::is_sorted(levels.begin(), levels.end()));
}

TEST(Simd, UsesWhatItIsTold) {
  const SimdLevel before = simd_level();
  for (const auto level : supported_simd_levels()) {
    set_simd_level(level);
    EXPECT_EQ(to_string(simd_level()), to_string(level));
  }
  set_simd_level(before);
}

TEST(Simd, RefusesALevelThatIsNotHere) {
  const auto levels = supported_simd_levels();
  for (const auto level : {SimdLevel::avx2, SimdLevel::avx512, SimdLevel::vnni, SimdLevel::amx}) {
    if (std::find(levels.begin(), levels.end(), level) != levels.end()) continue;
    expect_error(ErrorCode::invalid_argument, "this machine has portable", [&] { set_simd_level(level); });
  }
  expect_error(ErrorCode::invalid_argument, "'unknown'", [] { set_simd_level(static_cast<SimdLevel>(9)); });
}

}  // namespace
}  // namespace simile
