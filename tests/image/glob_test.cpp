// SPDX-License-Identifier: Apache-2.0
#include <chrono>

#include <gtest/gtest.h>

#include "support/image_errors.hpp"

#include "simile/image/catalogue.hpp"

namespace simile {
namespace {

using simile::test::error_of;
using simile::test::IsError;

struct GlobCase {
  std::string glob;
  std::string path;
  bool matches;
};

std::ostream& operator<<(std::ostream& out, const GlobCase& value) {
  return out << value.glob << (value.matches ? " matches " : " does not match ") << value.path;
}

class GlobMatch : public ::testing::TestWithParam<GlobCase> {};

TEST_P(GlobMatch, IsAsDescribed) { EXPECT_EQ(glob_match(GetParam().glob, GetParam().path), GetParam().matches); }

INSTANTIATE_TEST_SUITE_P(
    Cases, GlobMatch,
    ::testing::Values(
        GlobCase{"*.jpg", "a.jpg", true}, GlobCase{"*.jpg", "deep/er/a.jpg", true}, GlobCase{"*.jpg", "a.jpeg", false},
        GlobCase{"*.jpg", "a.jpg/b", false}, GlobCase{"*", "any/thing", true}, GlobCase{"a*", "a", true},
        GlobCase{"a*b*c", "a-b-b-c", true}, GlobCase{"a*b*c", "a-c-b", false}, GlobCase{"x/*.jpg", "x/a.jpg", true},
        GlobCase{"x/*.jpg", "x/y/a.jpg", false}, GlobCase{"x/*.jpg", "w/x/a.jpg", false},
        GlobCase{"x/**", "x/y/z", true}, GlobCase{"x/**", "xy/z", false}, GlobCase{"**/a.jpg", "a.jpg", true},
        GlobCase{"**/a.jpg", "x/y/a.jpg", true}, GlobCase{"**/a.jpg", "x/ya.jpg", false},
        GlobCase{"x/**/z", "x/z", true}, GlobCase{"x/**/z", "x/y/y/z", true}, GlobCase{"x/**/z", "x/yz", false},
        GlobCase{"x/**/**/z", "x/z", true}, GlobCase{"x**z/a", "x/y/z/a", true}, GlobCase{"**", "x/y", true},
        GlobCase{"?.png", "a.png", true}, GlobCase{"?.png", ".png", false}, GlobCase{"x?a.png", "x/a.png", false},
        GlobCase{"x/?/a", "x///a", false}, GlobCase{"[abc].png", "b.png", true}, GlobCase{"[abc].png", "d.png", false},
        GlobCase{"[a-c].png", "c.png", true}, GlobCase{"[a-c].png", "-.png", false}, GlobCase{"[!a-c]", "d", true},
        GlobCase{"[^a-c]", "b", false}, GlobCase{"[]]", "]", true}, GlobCase{"[!]]", "]", false},
        GlobCase{"[a-]", "-", true}, GlobCase{"[z-a]", "m", false}, GlobCase{"x[!a]y/z", "x/y/z", false},
        GlobCase{"[*]", "*", true}, GlobCase{"[*]", "a", false}, GlobCase{"A.jpg", "a.jpg", false},
        GlobCase{"*\xff*", "a\xff.jpg", true}, GlobCase{"a\nb", "a\nb", true}));

TEST(Glob, IsRefusedWhenASetHasNoEnd) {
  for (const std::string glob : {"[abc", "x[", "[]", "[!]"}) {
    EXPECT_THAT(error_of([&] { glob_match(glob, "a"); }), IsError(ErrorCode::invalid_argument, "'" + glob + "'"));
  }
}

TEST(Glob, IsRefusedWhenEmpty) {
  EXPECT_THAT(error_of([] { glob_match("", "a"); }), IsError(ErrorCode::invalid_argument, "empty glob"));
}

TEST(Glob, TakesNoLongerForPatternsThatMakeBacktrackingHang) {
  std::string glob;
  for (int k = 0; k < 30; ++k) glob += "*a";
  const auto start = std::chrono::steady_clock::now();
  EXPECT_FALSE(glob_match(glob + "b", std::string(200, 'a')));
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
}

}  // namespace
}  // namespace simile
