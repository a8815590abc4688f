// SPDX-License-Identifier: Apache-2.0
#include "simile/core/state_file.hpp"

#include <cstdint>
#include <fstream>
#include <limits>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/expect_error.hpp"
#include "support/temporary_folder.hpp"

namespace simile {
namespace {

using testing::ElementsAre;
using Bytes = std::vector<std::uint8_t>;

Bytes written(const std::function<void(StateWriter&)>& write, std::string_view kind = "kind") {
  Bytes bytes;
  StateWriter writer(kind, [&](std::string_view piece) { bytes.insert(bytes.end(), piece.begin(), piece.end()); });
  write(writer);
  writer.finish();
  return bytes;
}

struct Twin {
  std::int64_t number;
  double value;
  friend bool operator==(const Twin&, const Twin&) = default;
};

Bytes example() {
  return written([](StateWriter& out) {
    out.integer(-5);
    out.number(std::numeric_limits<double>::infinity());
    out.text("nine char");
    out.text("");
    const std::vector<Twin> twins{{1, 0.5}, {2, -0.25}};
    out.array(std::span<const Twin>(twins));
    out.array(std::span<const double>());
  });
}

void expect_example(StateReader& in) {
  EXPECT_EQ(in.integer(), -5);
  EXPECT_EQ(in.number(), std::numeric_limits<double>::infinity());
  EXPECT_EQ(in.text(), "nine char");
  EXPECT_EQ(in.text(), "");
  EXPECT_THAT(in.array<Twin>(), ElementsAre(Twin{1, 0.5}, Twin{2, -0.25}));
  EXPECT_TRUE(in.array<double>().empty());
  in.finish();
}

TEST(StateFile, GivesBackWhatWasWritten) {
  const Bytes bytes = example();
  StateReader in("kind", bytes);
  expect_example(in);
  EXPECT_EQ(bytes.size() % 8, 0U);
}

TEST(StateFile, IsReadFromAFileToo) {
  const test::TemporaryFolder folder;
  const Bytes bytes = example();
  std::ofstream(folder.path() / "state", std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  const InputFile file(folder.path() / "state");
  StateReader in("kind", file);
  expect_example(in);
}

TEST(StateFile, RefusesEveryTruncationAndEveryFlippedBit) {
  const Bytes bytes = example();
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    expect_error(ErrorCode::decode, "cannot be continued from",
                 [&] { StateReader("kind", std::span(bytes).first(size)); });
  }
  for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    Bytes changed = bytes;
    changed[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
    expect_error(ErrorCode::decode, "cannot be continued from", [&] { StateReader("kind", changed); });
  }
}

TEST(StateFile, NamesWhatIsWrong) {
  const Bytes bytes = example();
  expect_error(ErrorCode::decode, "it holds 'kind', not 'other'", [&] { StateReader("other", bytes); });
  const Bytes text(64, 'x');
  expect_error(ErrorCode::decode, "not a state file", [&] { StateReader("kind", text); });
  Bytes later = bytes;
  later[8] = 2;
  expect_error(ErrorCode::decode, "its format is 2", [&] { StateReader("kind", later); });
  later = bytes;
  later[20] ^= 1;
  expect_error(ErrorCode::decode, "checksum", [&] { StateReader("kind", later); });
}

TEST(StateFile, BelievesNoCountBeyondItsEnd) {
  for (const std::int64_t count : {std::int64_t{-1}, std::int64_t{3}, std::numeric_limits<std::int64_t>::max()}) {
    const Bytes bytes = written([&](StateWriter& out) {
      out.integer(count);
      out.number(1);
      out.number(2);
    });
    expect_error(ErrorCode::decode, "a count is", [&] { StateReader("kind", bytes).array<double>(); });
    StateReader in("kind", bytes);
    if (count > 16 || count < 0) expect_error(ErrorCode::decode, "a length is", [&] { in.text(); });
  }
}

TEST(StateFile, EndsWhereItShould) {
  const Bytes bytes = written([](StateWriter& out) { out.integer(7); });
  StateReader in("kind", bytes);
  expect_error(ErrorCode::decode, "more in it", [&] { in.finish(); });
  expect_error(ErrorCode::decode, "seven is 7", [&] { in.integer("seven", 0, 6); });
  in.finish();
  expect_error(ErrorCode::decode, "ends early", [&] { in.integer(); });
}

}  // namespace
}  // namespace simile
