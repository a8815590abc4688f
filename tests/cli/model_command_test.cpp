// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "cli/command_line.hpp"
#include "model/cards.hpp"
#include "support/temporary_folder.hpp"

namespace simile {
namespace {

using nlohmann::json;
using test::Fails;
using test::simile_run;
using testing::HasSubstr;

class ModelCommand : public testing::Test {
 protected:
  std::string weights(const std::string& name, std::uint8_t value = 1) const {
    test::write_weights(folder_ / name, value);
    return folder_ / name;
  }

  test::TemporaryFolder folder_;
  test::Variable store_{"XDG_DATA_HOME", folder_ / "data"};
};

TEST_F(ModelCommand, AddsListsAndDescribesAModel) {
  const auto added = simile_run({"model", "add", weights("x.safetensors"), "--arch", "resnet50", "--name", "mine"});
  EXPECT_EQ(added.code, kExitDone) << added.err;
  EXPECT_EQ(added.out, "added mine to '" + (folder_ / "data/simile/models/mine").native() +
                           "'\ninput 224x224 px: the shorter side to 256 px, then the middle; mean 0.485 0.456 0.406, "
                           "std 0.229 0.224 0.225, as the weights published at https://huggingface.co/timm/"
                           "resnet50.tv_in1k want it; if yours want something else, change it in card.json there\n");
  const std::string folder = folder_ / "data/simile/models/mine";
  const auto again = simile_run({"model", "add", folder, "--name", "again"});
  EXPECT_THAT(again.out,
              HasSubstr("mean 0.485 0.456 0.406, std 0.229 0.224 0.225, as '" + folder + "/card.json' says\n"));

  const auto list = simile_run({"model", "list"});
  EXPECT_EQ(list.code, kExitDone);
  EXPECT_THAT(list.out, HasSubstr("NAME "));
  EXPECT_THAT(list.out, testing::ContainsRegex("\nmine +resnet50 +224x224 +2048 +you\n"));
  const auto listed = json::parse(simile_run({"model", "list", "--json"}).out);
  const auto mine = std::find_if(listed.begin(), listed.end(), [](const auto& each) { return each["name"] == "mine"; });
  ASSERT_NE(mine, listed.end());
  EXPECT_EQ((*mine)["architecture"], "resnet50");
  EXPECT_EQ((*mine)["added_by_user"], true);

  const auto info = simile_run({"model", "info", "mine", "--tensors"});
  EXPECT_EQ(info.code, kExitDone) << info.err;
  for (const auto* part :
       {"architecture  resnet50\n", "224x224 px: the shorter side to 256 px, then the middle\n", ", checked\n",
        "2,048 values of layer pooled\n", "1 tensor, 4 values\n", "\n  'fc.weight' U8 [2, 2]\n"}) {
    EXPECT_THAT(info.out, HasSubstr(part));
  }
  EXPECT_THAT(simile_run({"model", "info", "mine"}).out, testing::Not(HasSubstr("fc.weight")));
  const auto told = json::parse(simile_run({"model", "info", "mine", "--json"}).out);
  EXPECT_EQ(told["card"]["name"], "mine");
  EXPECT_EQ(told["values"], 4);
  EXPECT_EQ(told["tensors"][0]["shape"], json({2, 2}));
}

TEST_F(ModelCommand, SaysWhatIsWrong) {
  const std::string file = weights("x.safetensors");
  EXPECT_THAT(simile_run({"model"}), Fails(kExitUsage, "commands are list, add, info, remove"));
  EXPECT_THAT(simile_run({"model", "add"}), Fails(kExitUsage, "FILE is required"));
  EXPECT_THAT(simile_run({"model", "add", file}), Fails(kExitUsage, "--arch says what it is"));
  EXPECT_THAT(simile_run({"model", "add", file, "--arch", "alexnet"}),
              Fails(kExitUsage, "--arch 'alexnet': allowed are"));
  EXPECT_THAT(simile_run({"model", "add", file, "--arch", "resnet50", "--name", "a/b"}),
              Fails(kExitFailed, "name 'a/b'"));
  EXPECT_THAT(simile_run({"model", "info", "none"}), Fails(kExitFailed, "there is no model 'none'"));
  EXPECT_THAT(simile_run({"model", "info", folder_.write("x.pth", "")}), Fails(kExitUsage, "are not read"));
  EXPECT_THAT(simile_run({"model", "info", folder_.write("bad.safetensors", "x"), "--arch", "resnet18"}),
              Fails(kExitFailed, "bad.safetensors' is not a usable .safetensors file"));
}

TEST_F(ModelCommand, ReplacesOnlyWhenTold) {
  const std::string first = weights("1.safetensors", 1);
  const std::string second = weights("2.safetensors", 2);
  EXPECT_EQ(simile_run({"model", "add", first, "--arch", "resnet18"}).code, kExitDone);
  EXPECT_THAT(simile_run({"model", "add", second, "--arch", "resnet18"}), Fails(kExitUsage, "--overwrite replaces it"));
  EXPECT_EQ(simile_run({"model", "add", second, "--arch", "resnet18", "--overwrite"}).code, kExitDone);
}

TEST_F(ModelCommand, RemovesWhatWasAdded) {
  const std::string file = weights("x.safetensors");
  EXPECT_EQ(simile_run({"model", "add", file, "--arch", "resnet18", "--name", "mine"}).code, kExitDone);
  const auto told = simile_run({"model", "remove", "mine", "--dry-run"});
  EXPECT_THAT(told.out, HasSubstr("to be removed: mine, 2 files of "));
  EXPECT_THAT(told.out, HasSubstr("nothing was removed"));
  EXPECT_EQ(simile_run({"model", "info", "mine"}).code, kExitDone);
  const auto removed = simile_run({"model", "remove", "mine"});
  EXPECT_EQ(removed.code, kExitDone) << removed.err;
  EXPECT_THAT(removed.out, HasSubstr("removed mine, 2 files of "));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "data/simile/models/mine"));
  EXPECT_TRUE(std::filesystem::exists(file));
  EXPECT_THAT(simile_run({"model", "remove", "mine"}), Fails(kExitFailed, "you added no model 'mine'"));
  EXPECT_THAT(simile_run({"model", "remove"}), Fails(kExitUsage, "NAME is required"));
}

TEST_F(ModelCommand, SeesWeightsThatChanged) {
  EXPECT_EQ(simile_run({"model", "add", weights("x.safetensors"), "--arch", "resnet18"}).code, kExitDone);
  for (const auto& entry : std::filesystem::directory_iterator(folder_ / "data/simile/models/resnet18")) {
    if (entry.path().extension() == ".safetensors") test::write_weights(entry.path(), 7);
  }
  EXPECT_THAT(simile_run({"model", "info", "resnet18"}), Fails(kExitFailed, "is not the file that its card describes"));
}

TEST_F(ModelCommand, ListsAModelThatIsNotUsable) {
  folder_.write("data/simile/models/bad/card.json", "{}");
  const auto list = simile_run({"model", "list"});
  EXPECT_EQ(list.code, kExitDone);
  EXPECT_THAT(list.out, HasSubstr("not usable: "));
}

}  // namespace
}  // namespace simile
