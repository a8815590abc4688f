// SPDX-License-Identifier: Apache-2.0
// Hamming distance on the emulated device, by counting and by tensor cores, against the host: codes of many lengths,
// sets around the edges of blocks and warps, pairs at the border of what is alike, blocks that are rejected early, late
// or not at all.
#include "simile/similarity/hamming.hpp"

#include <cstdlib>
#include <memory>
#include <string>
#include <tuple>

#include <cuda_emulator.hpp>
#include <gtest/gtest.h>

#include "cuda/similarity/backend.hpp"
#include "cuda/similarity/hamming_tensor.cuh"
#include "similarity/sink_kinds.hpp"

#include "simile/core/random.hpp"
#include "simile/similarity/compare.hpp"

namespace simile::cuda {
namespace {

void flip(Array<std::uint8_t, 2>& codes, std::int64_t item, std::int64_t bit) {
  codes.view()(item, bit / 8) ^= static_cast<std::uint8_t>(0x80 >> bit % 8);
}

/// Random codes, and in between: near copies of earlier ones, whose distance is the reach or one beside it, others that
/// only differ in their last quarter, no bits at all and all of them.
Array<std::uint8_t, 2> make_codes(std::int64_t count, std::int64_t bits, std::int64_t reach) {
  Array<std::uint8_t, 2> codes({count, (bits + 7) / 8});
  Random random(static_cast<std::uint64_t>(bits));
  for (std::int64_t item = 0; item < count; ++item) {
    std::fill_n(&codes.view()(item, 0), codes.shape(1), std::uint8_t{0});
    const auto copy = [&](std::int64_t from) {
      std::copy_n(&codes.view()(from, 0), codes.shape(1), &codes.view()(item, 0));
    };
    const auto drawn = static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(bits)));
    if (item % 4 == 3) {
      copy(item - 3);
      // Every 7th bit from a random one on is another one each: 7 divides none of the lengths.
      for (std::int64_t k = 0; k < reach - 1 + item / 4 % 3; ++k) flip(codes, item, (drawn + 7 * k) % bits);
    } else if (item % 16 == 5) {
      copy(item - 5);
      for (std::int64_t bit = bits - bits / 4; bit < bits; ++bit) flip(codes, item, bit);
    } else if (item % 32 != 9) {
      for (std::int64_t bit = 0; bit < bits; ++bit) {
        if (item % 32 == 10 || random.below(2) == 0) flip(codes, item, bit);
      }
    }
  }
  return codes;
}

class HammingOnDevice : public testing::Test {
 protected:
  void TearDown() override {
    ::unsetenv("SIMILE_GPU_HAMMING");
    EXPECT_EQ(emulator::live_allocations(), 0);
  }

  std::string text_of(const Backend& backend, const Pairs& pairs, const Metric& metric, const SinkKind& kind) {
    const auto sink = kind.make();
    const Context context{.pool = pool_,
                          .progress = *progress_,
                          .cancellation = cancellation_,
                          .memory_bytes = 1 << 24,
                          .device = {backend.name() == "cuda" ? Device::Kind::cuda : Device::Kind::cpu, 0},
                          .device_memory_bytes = 1 << 24};
    backend.compare(pairs, metric, *sink, context, nullptr);
    return kind.text(*sink, pairs.num_left());
  }
  void expect_same(const Pairs& pairs, const Metric& metric, double threshold) {
    for (const SinkKind& kind : sink_kinds(threshold, 1 << 16)) {
      const std::string expected = text_of(*backends().front(), pairs, metric, kind);
      for (const char* const way : {"", "tensor"}) {
        ::setenv("SIMILE_GPU_HAMMING", way, /*overwrite=*/1);
        ASSERT_EQ(text_of(CudaBackend(), pairs, metric, kind), expected) << kind.name << ", " << threshold << way;
      }
    }
  }

  ThreadPool pool_{2};
  std::unique_ptr<Progress> progress_ = make_silent_progress();
  Cancellation cancellation_;
};

class HammingOfSizes : public HammingOnDevice,
                       public testing::WithParamInterface<std::tuple<std::int64_t, std::int64_t>> {};

INSTANTIATE_TEST_SUITE_P(Bits, HammingOfSizes,
                         testing::Combine(testing::Values(64, 100, 256, 1000, 4096),
                                          testing::Values(1, 63, 64, 65, 127, 128, 129)),
                         [](const auto& of) { return concat(std::get<0>(of.param), "_items", std::get<1>(of.param)); });

TEST_P(HammingOfSizes, FindWhatTheHostFinds) {
  const auto [bits, count] = GetParam();
  const std::int64_t reach = bits / 10;
  const double threshold = static_cast<double>(bits - reach) / static_cast<double>(bits);
  const auto codes = make_codes(count, bits, reach);
  expect_same(Pairs::triangle(count), HammingMetric(codes.view(), bits), threshold);
}

TEST_F(HammingOnDevice, FindTheOnlyPairThatReaches) {
  for (const std::int64_t bits : {1, 64, 100, 129, 1000, 4096}) {
    const auto code = make_codes(1, bits, 0);
    for (const std::int64_t reach : {std::int64_t{0}, bits / 10, bits / 2, bits - 1}) {
      const double threshold = static_cast<double>(bits - reach) / static_cast<double>(bits);
      for (const std::int64_t distance : {reach, reach + 1}) {
        Array<std::uint8_t, 2> other({1, code.shape(1)});
        std::copy_n(code.data(), code.size(), other.data());
        for (std::int64_t bit = 0; bit < distance; ++bit) flip(other, 0, bit);
        expect_same(Pairs::rectangle(1, 1), HammingMetric(code.view(), other.view(), bits), threshold);
      }
    }
  }
}

TEST_F(HammingOnDevice, FindWhatTheHostFindsInTwoSets) {
  for (const std::int64_t bits : {100, 1280}) {
    const std::int64_t reach = bits / 20;
    const auto few = make_codes(3, bits, reach);
    const auto many = make_codes(300, bits, reach);
    const double threshold = static_cast<double>(bits - reach) / static_cast<double>(bits);
    expect_same(Pairs::rectangle(3, 300), HammingMetric(few.view(), many.view(), bits), threshold);
    expect_same(Pairs::rectangle(300, 3), HammingMetric(many.view(), few.view(), bits), 1);
    expect_same(Pairs::rectangle(300, 3), HammingMetric(many.view(), few.view(), bits), 1.5);  // nothing reaches that
  }
}

TEST(BitStages, HoldEveryWordOnce) {
  for (const bool rejects : {false, true}) {
    for (std::int64_t count = 2; count < 300; count += 2) {
      std::int64_t k = 0;
      while (k < count) {
        const std::int64_t words = 1LL << log_words_at(k, count, rejects);
        ASSERT_GE(words, kBitStep);
        ASSERT_LE(words, rejects && k == 0 ? kBitStep : kBitWords);
        ASSERT_LT(words / 2, std::max<std::int64_t>(count - k, 3)) << k << " of " << count;
        k += words;
      }
    }
  }
}

}  // namespace
}  // namespace simile::cuda
