// SPDX-License-Identifier: Apache-2.0
#include "similarity/expected_time.hpp"

#include <gtest/gtest.h>

#include "conformance/inputs.hpp"
#include "similarity/engine.hpp"

#include "simile/similarity/cosine.hpp"
#include "simile/similarity/ssim.hpp"

namespace simile {
namespace {

TEST(ExpectedTime, GrowsWithThePairsAndFallsWithTheThreads) {
  for (const char* name : {"ssim", "ssim_gaussian", "cosine", "euclidean", "template", "hamming", "minhash", "orb"}) {
    const auto input = make_input(name, 20, 20, true);
    const double all = expected_cpu_seconds(Pairs::triangle(20), input->metric(), 1);
    EXPECT_GT(all, 0) << name;
    EXPECT_DOUBLE_EQ(expected_cpu_seconds(Pairs::triangle(20), input->metric(), 4), all / 4) << name;
    EXPECT_DOUBLE_EQ(expected_cpu_seconds(Pairs::rectangle(20, 19), input->metric(), 1), 2 * all) << name;
  }
}

TEST(ExpectedTime, IsOfTheRightOrder) {
  Array<float, 2> vectors({2, 512});
  vectors.data()[0] = vectors.data()[512] = 1;
  // 10,000 x 512 took 0.1 to 0.4 s on two threads.
  const double cosine = expected_cpu_seconds(Pairs::triangle(10000), CosineMetric(vectors.view()), 2);
  EXPECT_GT(cosine, 0.05);
  EXPECT_LT(cosine, 1);
  // 3,781 photos at 64 px took 4.5 s.
  const Array<std::uint8_t, 3> images({2, 64, 64});
  const double ssim = expected_cpu_seconds(Pairs::triangle(3781), SsimMetric(images.view()), 2);
  EXPECT_GT(ssim, 1);
  EXPECT_LT(ssim, 20);
}

TEST(ExpectedTime, IsNothingForWhatOnlyTheHostCompares) {
  EXPECT_EQ(expected_cpu_seconds(Pairs::triangle(1000), FunctionMetric(1000, 1000, hashed_similarity), 1), 0);
}

}  // namespace
}  // namespace simile
