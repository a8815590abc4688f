// SPDX-License-Identifier: Apache-2.0
#include "simile/core/error.hpp"

#include <set>
#include <string>
#include <string_view>

#include "core/expect_error.hpp"

namespace simile {
namespace {

TEST(Error, CarriesCodeMessageAndPlace) {
  const Error error(ErrorCode::decode, "no header");
  EXPECT_EQ(error.code(), ErrorCode::decode);
  EXPECT_STREQ(error.what(), "no header");
  EXPECT_TRUE(std::string_view(error.where().file_name()).ends_with("error_test.cpp"));
  EXPECT_EQ(error.where().line(), __LINE__ - 4);
}

TEST(Error, NamesEveryCodeDifferently) {
  std::set<std::string_view> names;
  for (int code = 0; code <= static_cast<int>(ErrorCode::internal); ++code) {
    names.insert(to_string(static_cast<ErrorCode>(code)));
  }
  EXPECT_EQ(names.size(), 9U);
  EXPECT_FALSE(names.contains("unknown"));
  EXPECT_EQ(to_string(ErrorCode::out_of_memory), "out_of_memory");
}

TEST(Error, EnsureThrowsInternalOnlyWhenBroken) {
  EXPECT_NO_THROW(ensure(true, "never"));
  expect_error(ErrorCode::internal, "the sky fell", [] { ensure(false, "the sky fell"); });
}

}  // namespace
}  // namespace simile
