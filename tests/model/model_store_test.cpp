// SPDX-License-Identifier: Apache-2.0
#include "simile/model/model_store.hpp"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <unistd.h>

#include "core/expect_error.hpp"
#include "model/cards.hpp"
#include "support/temporary_folder.hpp"

#include "simile/core/sha256.hpp"

namespace simile {
namespace {

namespace fs = std::filesystem;
using test::a_card;
using testing::ElementsAre;
using testing::HasSubstr;

class ModelStoreTest : public testing::Test {
 protected:
  /// A folder with a card and its weights, whose checksum the card says.
  fs::path write_model(const fs::path& folder, ModelCard card, std::uint8_t value = 1) {
    test::write_weights(folder / card.weights, value);
    card.sha256 = sha256_of_file(folder / card.weights);
    write_card(folder, card);
    return folder;
  }
  static void write_card(const fs::path& folder, const ModelCard& card) {
    fs::create_directories(folder);
    std::ofstream(folder / "card.json") << to_json(card);
  }
  static ModelCard named(const std::string& name) {
    ModelCard card = a_card();
    card.name = name;
    return card;
  }
  Model add(const fs::path& source, const std::string& name = {}, bool overwrite = false) {
    return add_model(store_, {.source = source.native(), .name = name, .architecture = {}, .overwrite = overwrite});
  }
  std::vector<std::string> names() const {
    std::vector<std::string> all;
    for (const auto& listed : list_models(store_)) all.push_back(listed.name);
    return all;
  }
  /// Whatever lies in a model's folder of the user, the lock not counted.
  std::vector<std::string> files_of(const std::string& name) const {
    std::vector<std::string> all;
    for (const auto& entry : fs::directory_iterator(store_.user / name))
      all.push_back(entry.path().filename().native());
    std::sort(all.begin(), all.end());
    return all;
  }

  test::TemporaryFolder folder_;
  ModelStore store_{folder_ / "user", {folder_ / "none", folder_ / "shared"}};
};

TEST_F(ModelStoreTest, FindsNamesOfTheUserBeforeThoseThatCameWithTheProgram) {
  write_model(folder_ / "shared" / "a", named("a"));
  write_model(folder_ / "shared" / "b", named("b"));
  write_model(folder_ / "user" / "b", named("b"));
  EXPECT_EQ(find_model(store_, "a").card_file, folder_ / "shared" / "a" / "card.json");
  const Model b = find_model(store_, "b");
  EXPECT_EQ(b.card_file, folder_ / "user" / "b" / "card.json");
  EXPECT_EQ(b.weights, folder_ / "user" / "b" / "model.safetensors");
  EXPECT_NO_THROW(check_weights(b));
  const auto all = list_models(store_);
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].name, "a");
  EXPECT_FALSE(all[0].of_user);
  EXPECT_TRUE(all[1].of_user);
}

TEST_F(ModelStoreTest, ANameMeansTheStoresModelAPathNever) {
  write_model(folder_ / "user" / "a", named("a"));
  write_model(folder_ / "shared" / "b", named("b"));
  EXPECT_EQ(find_in_store(store_, "a"), folder_ / "user" / "a");
  EXPECT_EQ(find_in_store(store_, "b"), folder_ / "shared" / "b");
  for (const std::string model : {"", "none", "./a", "..", "a/", "a.json", "a.safetensors"}) {
    EXPECT_EQ(find_in_store(store_, model), fs::path()) << model;
  }
}

TEST_F(ModelStoreTest, FindsPathsOfFoldersCardsAndWeights) {
  const fs::path run = write_model(folder_ / "run", named("run"));
  EXPECT_EQ(find_model(store_, run).card.name, "run");
  EXPECT_EQ(find_model(store_, run / "card.json").weights, run / "model.safetensors");
  EXPECT_EQ(find_model(store_, run / "model.safetensors").card.name, "run");
  EXPECT_EQ(find_model(store_, run / "model.safetensors", "resnet18").card.name, "run");
}

TEST_F(ModelStoreTest, TakesTheBuiltInCardForWeightsWithoutOne) {
  test::write_weights(folder_ / "x.safetensors");
  const Model model = find_model(store_, folder_ / "x.safetensors", "resnet50");
  EXPECT_EQ(model.card.architecture, "resnet50");
  EXPECT_EQ(model.card.dimensions, 2048);
  EXPECT_TRUE(model.card_file.empty());
  EXPECT_EQ(model.weights, folder_ / "x.safetensors");
  expect_error(ErrorCode::invalid_argument, "has no card.json beside it: --arch says what it is: resnet18, resnet50, ",
               [&] { find_model(store_, folder_ / "x.safetensors"); });
  expect_error(ErrorCode::invalid_argument, "--arch 'alexnet': allowed are resnet18, ",
               [&] { find_model(store_, folder_ / "x.safetensors", "alexnet"); });
}

TEST_F(ModelStoreTest, BelievesTheCardBesideWeightsOnlyIfItIsAboutThem) {
  const fs::path run = write_model(folder_ / "run", named("run"));
  test::write_weights(run / "other.safetensors");
  expect_error(ErrorCode::invalid_argument, "--arch says", [&] { find_model(store_, run / "other.safetensors"); });
  EXPECT_TRUE(find_model(store_, run / "other.safetensors", "resnet18").card_file.empty());
  // Another architecture than the card's: the user's word about a file counts.
  EXPECT_TRUE(find_model(store_, run / "model.safetensors", "resnet50").card_file.empty());
  folder_.write("run/card.json", "{}");
  EXPECT_EQ(find_model(store_, run / "model.safetensors", "resnet18").card.name, "resnet18");
  expect_error(ErrorCode::model, "is no model card", [&] { find_model(store_, run / "model.safetensors"); });
}

TEST_F(ModelStoreTest, SaysWhyThereIsNoModel) {
  const fs::path run = write_model(folder_ / "run", named("run"));
  expect_error(ErrorCode::not_found, "no model 'a'; there are none at all", [&] { find_model(store_, "a"); });
  write_model(folder_ / "user" / "b", named("b"));
  expect_error(ErrorCode::not_found, "no model 'a'; there are b", [&] { find_model(store_, "a"); });
  expect_error(ErrorCode::not_found, "--model FILE.safetensors --arch resnet50, published at https://",
               [&] { find_model(store_, "resnet50"); });
  expect_error(ErrorCode::not_found, "no model ''", [&] { find_model(store_, ""); });
  expect_error(ErrorCode::not_found, "'..' holds no card.json", [&] { find_model(store_, ".."); });
  expect_error(ErrorCode::not_found, "/none'", [&] { find_model(store_, folder_ / "none"); });
  expect_error(ErrorCode::not_found, "holds no card.json", [&] { find_model(store_, folder_ / "user"); });
  expect_error(ErrorCode::invalid_argument, "are not read: models/README.md",
               [&] { find_model(store_, folder_.write("x.pth", "")); });
  expect_error(ErrorCode::invalid_argument, "--arch 'resnet50': the card ",
               [&] { find_model(store_, run, "resnet50"); });
  expect_error(ErrorCode::invalid_argument, "--arch 'resnet50': the card ",
               [&] { find_model(store_, "b", "resnet50"); });
  fs::remove(run / "model.safetensors");
  expect_error(ErrorCode::not_found, "model.safetensors' of model 'run' are not there",
               [&] { find_model(store_, run); });
  ModelCard card = named("run");
  card.weights.clear();
  write_card(run, card);
  expect_error(ErrorCode::model, "names no weights", [&] { find_model(store_, run); });
}

TEST_F(ModelStoreTest, SeesWeightsThatAreNotTheCards) {
  const Model model = find_model(store_, write_model(folder_ / "run", named("run")));
  test::write_weights(model.weights, 2);
  expect_error(ErrorCode::model, "is not the file that its card describes: its SHA-256 is ",
               [&] { check_weights(model); });
}

TEST_F(ModelStoreTest, ListsBrokenModelsWithTheirReason) {
  write_model(folder_ / "user" / "good", named("good"));
  folder_.write("user/bad/card.json", "{}");
  write_card(folder_ / "shared" / "empty", named("empty"));
  folder_.write("user/no_card/x", "");
  folder_.write("user/file", "");
  const auto all = list_models(store_);
  ASSERT_THAT(names(), ElementsAre("bad", "empty", "good"));
  EXPECT_THAT(all[0].problem, HasSubstr("is no model card"));
  EXPECT_THAT(all[1].problem, HasSubstr("are not there"));
  EXPECT_FALSE(all[1].model);
  EXPECT_TRUE(all[2].model);
  EXPECT_TRUE(list_models({}).empty());
}

TEST_F(ModelStoreTest, AddsACopyThatItFindsByName) {
  const fs::path run = write_model(folder_ / "run", named("run"), 3);
  const Model added = add(run);
  EXPECT_EQ(added.card.name, "run");
  EXPECT_EQ(added.card.sha256, sha256_of_file(run / "model.safetensors"));
  fs::remove_all(run);
  const Model found = find_model(store_, "run");
  EXPECT_EQ(found.card, added.card);
  EXPECT_NO_THROW(check_weights(found));
  EXPECT_THAT(files_of("run"), ElementsAre("card.json", added.card.weights));
}

TEST_F(ModelStoreTest, AddsWeightsByArchitecture) {
  test::write_weights(folder_ / "x.safetensors");
  AddModelOptions options{.source = folder_ / "x.safetensors", .name = "my-resnet", .architecture = "resnet50"};
  add_model(store_, options);
  const Model found = find_model(store_, "my-resnet");
  EXPECT_EQ(found.card.architecture, "resnet50");
  EXPECT_EQ(found.card.sha256, sha256_of_file(folder_ / "x.safetensors"));
  options.name = "../x";
  expect_error(ErrorCode::model, "name '../x'", [&] { add_model(store_, options); });
}

TEST_F(ModelStoreTest, NeverReplacesAModelUnlessTold) {
  const fs::path first = write_model(folder_ / "first", named("a"), 1);
  const fs::path second = write_model(folder_ / "second", named("a"), 2);
  const Model added = add(first);
  expect_error(ErrorCode::invalid_argument, "model 'a' exists (--overwrite replaces it", [&] { add(second); });
  EXPECT_EQ(find_model(store_, "a").card, added.card);
  folder_.write("user/a/notes.txt", "the user's");
  const Model replaced = add(second, "", true);
  EXPECT_EQ(find_model(store_, "a").card, replaced.card);
  EXPECT_NE(replaced.card.sha256, added.card.sha256);
  EXPECT_THAT(files_of("a"), ElementsAre("card.json", replaced.card.weights, "notes.txt"));
  add(second, "", true);  // the same again
  EXPECT_NO_THROW(check_weights(find_model(store_, "a")));
  EXPECT_NO_THROW(add(second, "b"));
}

TEST_F(ModelStoreTest, DoesNotHideAModelOfTheProgramUnlessTold) {
  write_model(folder_ / "shared" / "a", named("a"));
  const fs::path own = write_model(folder_ / "own", named("a"), 2);
  expect_error(ErrorCode::invalid_argument, "a model 'a' came with simile", [&] { add(own); });
  add(own, "", true);
  EXPECT_EQ(find_model(store_, "a").card_file, folder_ / "user" / "a" / "card.json");
}

TEST_F(ModelStoreTest, LeavesNothingBehindOfWhatItRefuses) {
  const fs::path run = write_model(folder_ / "run", named("a"));
  const Model first = add(run);
  test::write_weights(run / "model.safetensors", 9);  // no longer the card's
  expect_error(ErrorCode::model, "is not the file that its card describes", [&] { add(run, "", true); });
  expect_error(ErrorCode::model, "is not the file that its card describes", [&] { add(run, "new"); });
  EXPECT_THAT(names(), ElementsAre("a"));
  EXPECT_FALSE(fs::exists(store_.user / "new"));
  EXPECT_THAT(files_of("a"), ElementsAre("card.json", first.card.weights));
  EXPECT_NO_THROW(check_weights(find_model(store_, "a")));

  folder_.write("run/model.safetensors", "no weights");
  expect_error(ErrorCode::decode, "model.safetensors' is not a usable .safetensors file", [&] { add(run, "new"); });
  write_safetensors(folder_ / "empty.safetensors", {});
  expect_error(ErrorCode::model, "has no tensors", [&] {
    add_model(store_, {.source = folder_ / "empty.safetensors", .name = "new", .architecture = "resnet18"});
  });
  EXPECT_FALSE(fs::exists(store_.user / "new"));
}

TEST_F(ModelStoreTest, RemovesWhatAKilledRunLeft) {
  const fs::path run = write_model(folder_ / "run", named("a"));
  folder_.write("user/a/.simile-arriving.safetensors", "half");
  folder_.write("user/a/.simile-1-2", "half");
  folder_.write("user/a/model-0123456789abcdef.safetensors", "without a card");
  EXPECT_THAT(names(), ElementsAre());
  const Model added = add(run);
  EXPECT_THAT(files_of("a"), ElementsAre("card.json", added.card.weights));
}

TEST_F(ModelStoreTest, SaysThatAnotherRunIsAdding) {
  const fs::path run = write_model(folder_ / "run", named("a"));
  add(run);
  const int descriptor = ::open((store_.user / ".lock").c_str(), O_RDWR | O_CLOEXEC);
  ASSERT_GE(descriptor, 0);
  ASSERT_EQ(::flock(descriptor, LOCK_EX | LOCK_NB), 0);
  expect_error(ErrorCode::io, "another simile is changing the models", [&] { add(run, "b"); });
  ::close(descriptor);
  EXPECT_NO_THROW(add(run, "b"));
}

TEST_F(ModelStoreTest, RemovesAModelAndNothingElse) {
  const fs::path run = write_model(folder_ / "run", named("a"));
  add(run);
  add(run, "b");
  folder_.write("user/a/notes.txt", "the user's");
  const RemovedModel told = remove_model(store_, "a", true);
  EXPECT_EQ(told.num_files, 2);
  EXPECT_TRUE(told.folder_stays);
  EXPECT_THAT(names(), ElementsAre("a", "b"));
  EXPECT_EQ(remove_model(store_, "a", false).num_files, 2);
  EXPECT_THAT(files_of("a"), ElementsAre("notes.txt"));
  EXPECT_FALSE(remove_model(store_, "b", false).folder_stays);
  EXPECT_FALSE(fs::exists(store_.user / "b"));
  EXPECT_THAT(names(), ElementsAre());
  EXPECT_TRUE(fs::exists(run / "model.safetensors"));
}

TEST_F(ModelStoreTest, RemovesNoWeightsThatWerePutThereByHand) {
  write_model(store_.user / "mine", named("mine"));
  EXPECT_TRUE(remove_model(store_, "mine", false).folder_stays);
  EXPECT_THAT(files_of("mine"), ElementsAre("model.safetensors"));
}

TEST_F(ModelStoreTest, RemovesAModelThatIsNotUsable) {
  folder_.write("user/bad/card.json", "{}");
  remove_model(store_, "bad", false);
  EXPECT_FALSE(fs::exists(store_.user / "bad"));
}

TEST_F(ModelStoreTest, RemovesOnlyWhatTheUserAdded) {
  write_model(folder_ / "shared" / "a", named("a"));
  write_model(folder_ / "b", named("b"));
  expect_error(ErrorCode::invalid_argument, "came with simile", [&] { remove_model(store_, "a", false); });
  fs::create_directories(store_.user);
  for (const std::string name : {"../b", "..", "", "none"}) {
    expect_error(ErrorCode::not_found, "you added no model", [&] { remove_model(store_, name, false); });
  }
  fs::create_directory_symlink(folder_ / "b", store_.user / "b");
  expect_error(ErrorCode::invalid_argument, "is a symbolic link", [&] { remove_model(store_, "b", false); });
  EXPECT_TRUE(fs::exists(folder_ / "b" / "card.json"));
  add(folder_ / "shared" / "a", "", true);
  EXPECT_EQ(remove_model(store_, "a", false).shown_instead, folder_ / "shared" / "a");
  EXPECT_EQ(find_model(store_, "a").card_file, folder_ / "shared" / "a" / "card.json");
}

TEST_F(ModelStoreTest, SaysThatThereIsNoPlaceForModels) {
  const fs::path run = write_model(folder_ / "run", named("a"));
  expect_error(ErrorCode::io, "neither HOME nor XDG_DATA_HOME",
               [&] { add_model({}, AddModelOptions{run, {}, {}, false}); });
  store_.user = folder_.write("file", "") / "models";
  expect_error(ErrorCode::io, "cannot write", [&] { add(run); });
}

TEST_F(ModelStoreTest, ReadsWhatAddWroteEvenThroughALinkedStore) {
  fs::create_directories(folder_ / "elsewhere");
  fs::create_directory_symlink(folder_ / "elsewhere", folder_ / "user");
  add(write_model(folder_ / "run", named("a")));
  EXPECT_THAT(names(), ElementsAre("a"));
  EXPECT_TRUE(fs::exists(folder_ / "elsewhere" / "a" / "card.json"));
}

TEST(DefaultModelStore, IsWhereTheEnvironmentSays) {
  const char* const before = std::getenv("XDG_DATA_HOME");
  const std::string kept = before == nullptr ? "" : before;
  ::setenv("XDG_DATA_HOME", "/data", 1);
  EXPECT_EQ(default_model_store().user, "/data/simile/models");
  ::setenv("XDG_DATA_HOME", "relative", 1);  // which the XDG specification says to ignore
  const char* const home = std::getenv("HOME");
  if (home != nullptr) {
    EXPECT_EQ(default_model_store().user, fs::path(home) / ".local/share/simile/models");
  }
  if (before == nullptr) {
    ::unsetenv("XDG_DATA_HOME");
  } else {
    ::setenv("XDG_DATA_HOME", kept.c_str(), 1);
  }
  const auto program = fs::read_symlink("/proc/self/exe").parent_path();
  EXPECT_EQ(default_model_store().shared[0], program / "models");
  EXPECT_EQ(default_model_store().shared[1], program.parent_path() / "models");
}

}  // namespace
}  // namespace simile
