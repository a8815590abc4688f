// SPDX-License-Identifier: Apache-2.0
#include "model/network/tensor_view.hpp"

#include <vector>

#include <gtest/gtest.h>

namespace simile {
namespace {

TEST(TensorView, AViewAndItsTensorShareMemory) {
  std::vector<float> values{1, 2, 3, 4, 5, 6};
  const View<float, 2> view(values.data(), {2, 3});
  at::Tensor tensor = to_tensor(view);
  ASSERT_EQ(tensor.sizes(), (std::vector<std::int64_t>{2, 3}));
  EXPECT_EQ(tensor.data_ptr(), values.data());
  tensor[1][2] = 9;
  EXPECT_EQ(values[5], 9);
}

TEST(TensorView, StridesGoBothWays) {
  const at::Tensor tensor = at::arange(12, at::kFloat).view({3, 4}).t();
  const auto view = to_view<float, 2>(tensor);
  EXPECT_EQ(view.shape, (std::array<std::int64_t, 2>{4, 3}));
  EXPECT_FALSE(view.contiguous());
  EXPECT_EQ(view(1, 2), 9);
  EXPECT_TRUE(at::equal(to_tensor(view), tensor));
  EXPECT_EQ(view.device, Device{});
}

TEST(TensorView, AnotherTypeOrRankIsABug) {
  const at::Tensor tensor = at::zeros({2, 2}, at::kFloat);
  EXPECT_THROW((to_view<std::uint8_t, 2>(tensor)), Error);
  EXPECT_THROW((to_view<float, 3>(tensor)), Error);
}

TEST(TensorView, ConstantElementsAreReadInPlace) {
  const std::vector<std::uint8_t> bytes{1, 2, 3, 4};
  const View<const std::uint8_t, 1> view(bytes.data(), {4});
  EXPECT_EQ(to_tensor(view).sum().item<std::int64_t>(), 10);
}

}  // namespace
}  // namespace simile
