// SPDX-License-Identifier: Apache-2.0
#include "simile/core/array.hpp"

#include <cstdint>
#include <limits>
#include <type_traits>
#include <utility>

#include "core/expect_error.hpp"

// Sanitizers would end the process where malloc returns null.
extern "C" {
const char* __asan_default_options();
const char* __asan_default_options() { return "allocator_may_return_null=1"; }
const char* __tsan_default_options();
const char* __tsan_default_options() { return "allocator_may_return_null=1"; }
}

namespace simile {
namespace {

constexpr std::int64_t kHuge = std::numeric_limits<std::int64_t>::max();

TEST(View, IndexesRowMajorAndSlices) {
  Array<int, 3> array({2, 3, 4});
  for (int k = 0; k < 24; ++k) array.data()[k] = k;
  const auto view = array.view();
  EXPECT_EQ(view.size(), 24);
  EXPECT_EQ(view(1, 2, 3), 23);
  EXPECT_EQ(view(1, 0, 2), 14);
  EXPECT_EQ(view[1][2](3), 23);
  EXPECT_TRUE(view.contiguous());
  EXPECT_TRUE(view[1].contiguous());
  const View<const int, 3> constant = view;
  EXPECT_EQ(&constant(1, 1, 1), &view(1, 1, 1));
  EXPECT_EQ(constant.device, Device{});
}

TEST(View, KnowsWhenItIsNotContiguous) {
  Array<int, 2> array({4, 6});
  auto columns = array.view();
  columns.shape[1] = 3;
  EXPECT_FALSE(columns.contiguous());
  EXPECT_TRUE((View<int, 2>(array.data(), {0, 6}).contiguous()));
}

TEST(View, KeepsItsDeviceWhenSliced) {
  int value = 0;
  const View<int, 2> view(&value, {1, 1}, Device{Device::Kind::cuda, 3});
  EXPECT_EQ(to_string(view[0].device), "cuda:3");
  EXPECT_EQ(to_string(Device{}), "cpu");
}

TEST(Array, StartsAsAlignedZeros) {
  for (std::int64_t size : {1, 3, 64, 1000}) {
    const Array<std::uint8_t, 1> array({size});
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(array.data()) % kHostAlignment, 0U);
    for (std::int64_t k = 0; k < size; ++k) ASSERT_EQ(array.data()[k], 0);
  }
}

TEST(Array, MovesItsMemory) {
  static_assert(!std::is_copy_constructible_v<Array<int, 1>>);
  Array<int, 2> first({2, 2});
  first.view()(1, 1) = 7;
  const int* const memory = first.data();
  Array<int, 2> second(std::move(first));
  EXPECT_EQ(second.data(), memory);
  EXPECT_EQ(first.data(), nullptr);  // NOLINT(bugprone-use-after-move): what a moved-from array holds is promised
  EXPECT_EQ(first.size(), 0);
  Array<int, 2> third({5, 5});
  third = std::move(second);
  EXPECT_EQ(third.view()(1, 1), 7);
  EXPECT_EQ(third.size_bytes(), 16);
  const auto copy = third.clone();
  EXPECT_NE(copy.data(), third.data());
  EXPECT_EQ(copy.view()(1, 1), 7);
}

TEST(Array, IsEmptyWhenMadeWithoutAShapeOrWithNoItems) {
  EXPECT_EQ((Array<int, 3>().size()), 0);
  const Array<int, 3> none({0, 5, 5});
  EXPECT_EQ(none.size(), 0);
  EXPECT_EQ(none.clone().size(), 0);
}

TEST(Array, RefusesNegativeExtents) {
  expect_error(ErrorCode::invalid_argument, "-1 is negative", [] { Array<int, 2>({3, -1}); });
}

TEST(Array, RefusesSizesThatOverflow) {
  expect_error(ErrorCode::invalid_argument, "too large", [] { Array<std::uint8_t, 2>({1LL << 32, 1LL << 32}); });
  expect_error(ErrorCode::invalid_argument, "too large", [] { Array<double, 1>({kHuge / 4}); });
  expect_error(ErrorCode::invalid_argument, "too large", [] { Array<std::uint8_t, 1>({kHuge}); });
}

// The strides of an empty view are products too.
TEST(Array, RefusesSizesThatOverflowBesideAnEmptyAxis) {
  expect_error(ErrorCode::invalid_argument, "too large", [] { Array<std::uint8_t, 3>({0, 1LL << 40, 1LL << 40}); });
  expect_error(ErrorCode::invalid_argument, "too large", [] { Array<std::uint8_t, 3>({1LL << 40, 1LL << 40, 0}); });
}

TEST(Array, ReportsMemoryThatIsNotThere) {
  expect_error(ErrorCode::out_of_memory, "TiB", [] { Array<std::uint8_t, 1>({1LL << 55}); });
}

TEST(Array, TakesOverAnotherShapeAndLosesRows) {
  Array<int, 1> line({6});
  for (int k = 0; k < 6; ++k) line.data()[k] = k;
  const int* const memory = line.data();
  Array<int, 2> table(std::move(line), {3, 2});
  EXPECT_EQ(table.data(), memory);
  EXPECT_EQ(table.view()(2, 1), 5);
  table.truncate(2);
  EXPECT_EQ(table.shape(), (std::array<std::int64_t, 2>{2, 2}));
  EXPECT_EQ(table.view()(1, 1), 3);
  EXPECT_THROW(table.truncate(3), Error);
  EXPECT_THROW((Array<int, 1>(std::move(table), {5})), Error);
}

}  // namespace
}  // namespace simile
