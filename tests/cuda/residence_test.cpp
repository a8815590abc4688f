// SPDX-License-Identifier: Apache-2.0
#include "cuda/similarity/residence.hpp"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace simile::cuda {
namespace {

using Log = std::vector<std::string>;

struct Entry {
  Log* log;
  std::string text;
};

/// Work that writes the text into the log when the device comes to it.
void queue(const Stream& stream, Log& log, const std::string& text) {
  const auto write = [](void* data) {
    const std::unique_ptr<Entry> entry(static_cast<Entry*>(data));
    entry->log->push_back(entry->text);
  };
  check(cudaLaunchHostFunc(stream.get(), write, new Entry{&log, text}), "cudaLaunchHostFunc");
}

struct LoggedBlock {
  struct Source {
    Log* log;
  };
  void load(Gpu& gpu, const Source& source, const Range& items) {
    name = std::to_string(items.begin);
    queue(gpu.uploader().stream(), *source.log, "load " + name);
  }
  void prepare(Gpu& /*gpu*/, const Range& /*items*/) {}

  std::string name;
};

class ResidenceTest : public testing::Test {
 protected:
  void compare(std::int64_t left, std::int64_t right) {
    const std::string a = blocks_.at(left).name;
    const std::string b = blocks_.at(right).name;
    queue(gpu_.stream(), log_, a + " with " + b);
  }
  /// What the device has done when the uploads are.
  Log done_after_uploads() {
    gpu_.uploader().stream().synchronize();
    const Log done = log_;
    gpu_.stream().synchronize();
    return done;
  }

  Log log_;
  Gpu gpu_{1 << 20};
  Residence<LoggedBlock> blocks_{gpu_, {&log_}, 100, 1, 4, 2};
};

TEST_F(ResidenceTest, LoadsABlockWhileTheTilesBeforeAreAtWork) {
  compare(0, 1);
  compare(0, 2);
  compare(0, 3);
  compare(0, 4);  // in the place of 1
  EXPECT_EQ(done_after_uploads(), (Log{"load 0", "load 1", "load 2", "load 3", "0 with 1", "load 4"}));
}

TEST_F(ResidenceTest, LoadsNothingOverABlockThatIsAtWork) {
  compare(0, 1);
  compare(2, 3);
  compare(1, 1);
  compare(4, 5);  // in the places of 0 and 2
  compare(1, 6);  // of 3
  compare(7, 7);  // of 4
  const Log done = done_after_uploads();
  const auto place = [&](const std::string& text) { return std::find(done.begin(), done.end(), text); };
  for (const auto& [work, load] : {std::pair{"0 with 1", "load 4"}, std::pair{"2 with 3", "load 5"},
                                   std::pair{"2 with 3", "load 6"}, std::pair{"4 with 5", "load 7"}}) {
    EXPECT_LT(place(work), place(load)) << work;
    EXPECT_NE(place(load), done.end()) << load;
  }
}

TEST_F(ResidenceTest, LoadsABlockOfTwoSetsWhileTheTileBeforeIsAtWork) {
  Residence<LoggedBlock> left(gpu_, {&log_}, 100, 1, 2, 1);
  for (std::int64_t k = 0; k < 3; ++k) queue(gpu_.stream(), log_, "work on " + left.at(k).name);
  EXPECT_EQ(done_after_uploads(), (Log{"load 0", "load 1", "work on 0", "load 2"}));
}

TEST_F(ResidenceTest, WaitsForTheLastBlockWhereThereIsNoOther) {
  Residence<LoggedBlock> one(gpu_, {&log_}, 100, 1, 1, 1);
  for (std::int64_t k = 0; k < 3; ++k) queue(gpu_.stream(), log_, "work on " + one.at(k).name);
  EXPECT_EQ(done_after_uploads(), (Log{"load 0", "work on 0", "load 1", "work on 1", "load 2"}));
}

}  // namespace
}  // namespace simile::cuda
