// SPDX-License-Identifier: Apache-2.0
// Vectors that lie on the device already: compared as they are, with the result of the same vectors on the host.
#include <cmath>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include <cuda_emulator.hpp>
#include <gtest/gtest.h>

#include "cuda/core/buffer.hpp"
#include "cuda/similarity/backend.hpp"
#include "similarity/hard_vectors.hpp"
#include "similarity/sink_kinds.hpp"

#include "simile/similarity/cosine.hpp"
#include "simile/similarity/euclidean.hpp"
#include "simile/similarity/mutual_reachability.hpp"

namespace simile::cuda {
namespace {

constexpr Device kGpu{Device::Kind::cuda, 0};

class DeviceVectors : public testing::Test {
 protected:
  Context context(const Device& device, std::int64_t device_bytes = 0) {
    return {.pool = pool_,
            .progress = *progress_,
            .cancellation = cancellation_,
            .memory_bytes = 1 << 24,
            .device = device,
            .device_memory_bytes = device_bytes};
  }
  std::string compare(const Pairs& pairs, const Metric& metric, const SinkKind& kind, const Device& device,
                      std::int64_t device_bytes = 0) {
    const auto sink = kind.make();
    const Context here = context(device, device_bytes);
    const CudaBackend on_gpu;
    const Backend& backend = device == kGpu ? static_cast<const Backend&>(on_gpu) : *backends().front();
    backend.compare(pairs, metric, *sink, here, nullptr);
    return kind.text(*sink, pairs.num_left());
  }
  /// The array's copy on the device, as long as the buffer is there.
  View<const float, 2> copy(const Array<float, 2>& rows, DeviceBuffer<float>& buffer) {
    buffer = DeviceBuffer<float>(rows.size(), stream_);
    copy_to_device(buffer.data(), rows.data(), rows.size(), stream_);
    stream_.synchronize();
    return {buffer.data(), rows.view().shape, kGpu};
  }

  ThreadPool pool_{2};
  std::unique_ptr<Progress> progress_ = make_silent_progress();
  Cancellation cancellation_;
  Stream stream_;
};

TEST_F(DeviceVectors, AreComparedAsOnTheHost) {
  const auto left = hard_vectors(45, 7);
  const auto right = hard_vectors(45, 8);
  DeviceBuffer<float> left_there;
  DeviceBuffer<float> right_there;
  const auto left_view = copy(left, left_there);
  const auto right_view = copy(right, right_there);
  const Pairs triangle = Pairs::triangle(36);
  const Pairs rectangle = Pairs::rectangle(36, 36);
  const std::vector<IndexPair> some{{0, 27}, {3, 5}, {29, 30}, {1, 35}};
  const Pairs list = Pairs::list(some, 36);
  for (const auto& kind : sink_kinds(0.5, 1 << 20)) {
    EXPECT_EQ(compare(triangle, CosineMetric(left_view), kind, kGpu),
              compare(triangle, CosineMetric(left.view()), kind, {}));
    EXPECT_EQ(compare(triangle, EuclideanMetric(left_view), kind, kGpu),
              compare(triangle, EuclideanMetric(left.view()), kind, {}));
    EXPECT_EQ(compare(rectangle, CosineMetric(left_view, right_view), kind, kGpu),
              compare(rectangle, CosineMetric(left.view(), right.view()), kind, {}));
    EXPECT_EQ(compare(list, CosineMetric(left_view), kind, kGpu), compare(list, CosineMetric(left.view()), kind, {}));
    // In blocks, of which not all are there at a time.
    EXPECT_EQ(compare(rectangle, CosineMetric(left_view, right_view), kind, kGpu, 20000),
              compare(rectangle, CosineMetric(left.view(), right.view()), kind, {}));
  }
}

TEST_F(DeviceVectors, AreNotCopied) {
  constexpr std::int64_t kRows = 512;
  constexpr std::int64_t kDepth = 256;
  Array<float, 2> rows({kRows, kDepth});
  Random random(2);
  for (std::int64_t k = 0; k < rows.size(); ++k) rows.data()[k] = static_cast<float>(2 * random.uniform() - 1);
  DeviceBuffer<float> there;
  const auto view = copy(rows, there);
  const auto most_memory = [&](const Metric& metric) {
    emulator::reset_peak_memory();
    const std::size_t before = emulator::memory_in_use();
    compare(Pairs::triangle(kRows), metric, sink_kinds(0.5, 1 << 20).front(), kGpu, 1 << 24);
    return static_cast<std::int64_t>(emulator::peak_memory() - before);
  };
  EXPECT_EQ(most_memory(CosineMetric(rows.view())) - most_memory(CosineMetric(view)), 4 * kRows * kDepth);
}

template <class Act>
std::string message_of(const Act& act) {
  try {
    act();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::invalid_argument);
    return error.what();
  }
  return "no error";
}

TEST_F(DeviceVectors, AreRefusedWhereTheyCannotBeCompared) {
  auto rows = hard_vectors(16, 7);
  DeviceBuffer<float> there;
  const auto view = copy(rows, there);
  const CosineMetric metric(view);
  const Pairs pairs = Pairs::triangle(36);
  Components components(0.5);
  EXPECT_EQ(message_of([&] { simile::compare(pairs, metric, components, context({})); }),
            "features on cuda:0 cannot be compared on cpu");
  EXPECT_EQ(message_of([&] { metric.exact(0, 1); }), "the vectors lie on cuda:0 and are compared there, not on cpu");
  EXPECT_EQ(message_of([&] { backends().front()->compare(pairs, metric, components, context({}), nullptr); }),
            "the vectors lie on cuda:0 and are compared there, not on cpu");
  EXPECT_EQ(message_of([&] { CosineMetric(view, rows.view()); }), "vectors on cuda:0 and on cpu cannot be compared");
  const std::vector<double> cores(36, 0.9);
  EXPECT_EQ(MutualReachability(metric, cores).device(), kGpu);

  rows.view()(30, 5) = std::numeric_limits<float>::quiet_NaN();
  rows.view()(21, 15) = std::numeric_limits<float>::infinity();
  DeviceBuffer<float> wrong_there;
  const CosineMetric wrong(copy(rows, wrong_there));
  EXPECT_EQ(message_of([&] { compare(pairs, wrong, sink_kinds(0.5, 1 << 20).front(), kGpu); }),
            "row 21 holds NaN or an infinite value");
}

}  // namespace
}  // namespace simile::cuda
