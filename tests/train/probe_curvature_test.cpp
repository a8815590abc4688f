// SPDX-License-Identifier: Apache-2.0
#include "simile/train/probe_curvature.hpp"

#include <fstream>

#include <gtest/gtest.h>

#include "support/temporary_folder.hpp"
#include "train/gram.hpp"

namespace simile {
namespace {

namespace fs = std::filesystem;

ProbeCurvature curvature_of(std::int64_t dimensions) {
  ProbeCurvature curvature{dimensions, 12, 0.5, {}};
  const std::int64_t stride = row_stride(dimensions);
  curvature.factor.resize(static_cast<std::size_t>(CholeskyFactor::packed_size(stride)), 0.25F);
  return curvature;
}

TEST(ProbeCurvatureFile, ComesBackAsItWasWritten) {
  const test::TemporaryFolder folder;
  for (const std::int64_t dimensions : {1, 20, 300}) {
    const ProbeCurvature written = curvature_of(dimensions);
    write_curvature(folder.path(), written);
    const auto found = read_curvature(folder.path());
    ASSERT_NE(found, nullptr);
    EXPECT_TRUE(found->is_whole());
    EXPECT_EQ(found->dimensions, dimensions);
    EXPECT_EQ(found->labels, 12);
    EXPECT_EQ(found->c, 0.5);
    EXPECT_EQ(found->factor, written.factor);
  }
}

TEST(ProbeCurvatureFile, WithoutOneThereIsNone) {
  const test::TemporaryFolder folder;
  EXPECT_EQ(read_curvature(folder.path()), nullptr);
  EXPECT_EQ(read_curvature(folder.path() / "none"), nullptr);
  fs::create_directory(folder.path() / "curvature.state");
  EXPECT_EQ(read_curvature(folder.path()), nullptr);
}

TEST(ProbeCurvatureFile, ADamagedOneIsNone) {
  const test::TemporaryFolder folder;
  const fs::path file = folder.path() / "curvature.state";
  write_curvature(folder.path(), curvature_of(5));
  const auto size = static_cast<std::int64_t>(fs::file_size(file));
  for (std::int64_t place = 0; place < size; place += 7) {
    write_curvature(folder.path(), curvature_of(5));
    {
      std::fstream stream(file, std::ios::binary | std::ios::in | std::ios::out);
      stream.seekp(place);
      stream.put('\x5a');
    }
    EXPECT_EQ(read_curvature(folder.path()), nullptr) << "byte " << place;
  }
  for (const std::int64_t left : {size - 8, size - 1, std::int64_t{40}, std::int64_t{3}, std::int64_t{0}}) {
    write_curvature(folder.path(), curvature_of(5));
    fs::resize_file(file, static_cast<std::uintmax_t>(left));
    EXPECT_EQ(read_curvature(folder.path()), nullptr) << left << " bytes";
  }
}

TEST(ProbeCurvatureFile, OneThatIsTooLargeIsNotRead) {
  const test::TemporaryFolder folder;
  write_curvature(folder.path(), curvature_of(5));
  fs::resize_file(folder.path() / "curvature.state", std::uintmax_t{1} << 40);  // sparse
  EXPECT_EQ(read_curvature(folder.path()), nullptr);
}

}  // namespace
}  // namespace simile
