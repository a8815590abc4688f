// SPDX-License-Identifier: Apache-2.0
#include <filesystem>

#include <gmock/gmock.h>

#include "docs/examples.hpp"

#include "simile/core/atomic_file.hpp"
#include "simile/core/text.hpp"

namespace simile {
namespace {

namespace fs = std::filesystem;
using test::output_of;

std::string text_of(const fs::path& path) { return read_file(path, 1 << 20); }

TEST(ApiChapter, ShowsEveryExampleAsItIs) {
  const std::string page = text_of(SIMILE_DOCS "/api.md");
  int examples = 0;
  for (const auto& entry : fs::directory_iterator(SIMILE_DOCS "/examples")) {
    const std::string file = text_of(entry.path());
    const std::string name = entry.path().filename().native();
    const std::string code = file.substr(file.find('\n') + 1);  // all but the licence
    const std::string shown = "[examples/" + name + "](examples/" + name + ")\n\n```cpp\n" + code + "```\n";
    EXPECT_NE(page.find(shown), std::string::npos) << "docs/api.md does not show " << name << " as it is";
    ++examples;
  }
  EXPECT_GE(examples, 4);
}

TEST(ApiChapter, HasExamplesThatPrintWhatTheySay) {
  EXPECT_EQ(output_of("groups_of_vectors"), "0\n1\n0\n1\n");
  EXPECT_EQ(output_of("nearest_codes"), "2 1\n1 0.9375\n");
  EXPECT_EQ(output_of("own_sink"), "2\n");
}

class Chapter : public testing::TestWithParam<const char*> {};

INSTANTIATE_TEST_SUITE_P(Docs, Chapter, testing::Values("api", "gpu"),
                         [](const auto& chapter) { return std::string(chapter.param); });

TEST_P(Chapter, LinksToFilesThatExist) {
  const std::string page = text_of(concat(SIMILE_DOCS "/", GetParam(), ".md"));
  bool code = false;
  int links = 0;
  for_each_part(page, '\n', [&](std::string_view line) {
    code ^= line.starts_with("```");
    for (auto at = line.find("]("); !code && at != std::string_view::npos; at = line.find("](", at + 1)) {
      const std::string target(line.substr(at + 2, line.find_first_of(")#", at + 2) - at - 2));
      EXPECT_TRUE(fs::exists(fs::path(SIMILE_DOCS) / target)) << target;
      ++links;
    }
  });
  EXPECT_GE(links, 1);
}

}  // namespace
}  // namespace simile
