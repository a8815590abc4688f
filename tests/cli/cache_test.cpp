// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include "cli/command_line.hpp"

namespace simile {
namespace {

namespace fs = std::filesystem;
using test::simile_run;
using test::Variable;
using ::testing::HasSubstr;
using ::testing::Not;

class Cache : public test::Runs {
 protected:
  Cache() { photos({2, 1}); }
  test::Outcome cluster_cli(std::vector<std::string> more = {}) const {
    more.insert(more.begin(), {"cluster", path("photos").native(), "--out", out_.native(), "--overwrite", "--json"});
    return simile_run(more);
  }
  static int from_cache(const test::Outcome& outcome) {
    EXPECT_EQ(outcome.code, kExitDone) << outcome.err;
    return nlohmann::json::parse(outcome.out)["from_cache"];
  }
};

TEST_F(Cache, IsWhereTheEnvironmentHasItsCaches) {
  const Variable folder("XDG_CACHE_HOME", path("caches").native());
  EXPECT_EQ(from_cache(cluster_cli()), 0);
  EXPECT_TRUE(fs::is_directory(path("caches/simile")));
  EXPECT_EQ(from_cache(cluster_cli()), 3);
  EXPECT_EQ(from_cache(cluster_cli({"--no-cache"})), 0);
}

TEST_F(Cache, IsWhereItsFlagSays) {
  const Variable folder("XDG_CACHE_HOME", path("caches").native());
  EXPECT_EQ(from_cache(cluster_cli({"--cache", path("mine").native()})), 0);
  EXPECT_EQ(from_cache(cluster_cli({"--cache", path("mine").native()})), 3);
  EXPECT_FALSE(fs::exists(path("caches")));
  EXPECT_EQ(simile_run({"features", path("photos").native(), "--out", path("f.npy").native(), "--cache",
                        path("mine").native()})
                .code,
            kExitDone);
}

TEST_F(Cache, IsLeftOutWhateverTheSettingsSay) {
  const Variable setting("SIMILE_CACHE", path("mine").native());
  EXPECT_EQ(from_cache(cluster_cli({"--no-cache"})), 0);
  EXPECT_FALSE(fs::exists(path("mine")));
  EXPECT_EQ(from_cache(cluster_cli()), 0);
  EXPECT_EQ(from_cache(cluster_cli()), 3);
  EXPECT_EQ(from_cache(cluster_cli({"--no-cache"})), 0);
}

TEST_F(Cache, IsNotTouchedByAPlan) {
  const auto cache = path("mine").native();
  EXPECT_EQ(simile_run({"cluster", path("photos").native(), "--dry-run", "--cache", cache}).code, kExitDone);
  EXPECT_FALSE(fs::exists(cache));
}

TEST_F(Cache, ThatCannotBeUsedIsANote) {
  const auto file = folder_.write("file", std::string_view("x")).native();
  const auto outcome = cluster_cli({"--cache", file});
  EXPECT_EQ(from_cache(outcome), 0);
  EXPECT_THAT(outcome.err, HasSubstr("simile: note: what was read is not kept for the next run: "));
  EXPECT_THAT(outcome.err, HasSubstr(file));
  EXPECT_EQ(cluster_cli({"--cache", file, "-q"}).err, "");
  EXPECT_THAT(cluster_cli({"--cache", file, "--no-cache"}).err, Not(HasSubstr("note")));
}

}  // namespace
}  // namespace simile
