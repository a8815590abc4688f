// SPDX-License-Identifier: Apache-2.0
// The linear probe by LibTorch, here on its CPU device, beside our own.
#include "train/torch/probe_fit.hpp"

#include <limits>

#include <gtest/gtest.h>

#include "core/expect_error.hpp"
#include "train/vectors.hpp"

#include "simile/train/helper.hpp"

extern "C" const void* simile_helper_backend();

namespace simile {
namespace {

using test::LabelledVectors;
using test::Work;

// Ours, and how far one of them may be from a minimum.
constexpr double kEqual = 2e-5;

ProbeFit fit(const LabelledVectors& data, std::int64_t classes, const ProbeOptions& options, const LinearModel* start,
             const Work& work) {
  return static_cast<const HelperBackend*>(simile_helper_backend())
      ->fit_probe(data.vectors.view(), data.labels, classes, options, start, work.context);
}

TEST(ProbeFitTorch, FindsTheMinimumThatOurOwnFinds) {
  struct Size {
    std::int64_t count, dimensions, classes;
  };
  for (const auto& [count, dimensions, classes] :
       {Size{200, 15, 6}, Size{64, 70, 2}, Size{20, 70, 3}, Size{2, 3, 2}, Size{50, 1, 2}, Size{2000, 33, 5}}) {
    for (const bool balanced : {false, true}) {
      LabelledVectors data = test::labelled_vectors(count, dimensions, classes, 0.3, 7);
      for (std::size_t k = 0; k + 2 < data.labels.size(); k += 3) data.labels[k] = 0;  // unequal classes
      const Work work;
      const ProbeOptions options{.balanced = balanced, .tolerance = 1e-7};
      const ProbeFit theirs = fit(data, classes, options, nullptr, work);
      const LinearProbe own(data.vectors.view(), data.items, data.labels, classes, work.context);
      const ProbeFit ours = own.fit(options);
      EXPECT_NEAR(own.loss(theirs.model, options), ours.loss, kEqual) << count << " x " << dimensions;
      EXPECT_NEAR(theirs.loss, own.loss(theirs.model, options), 1e-5);
      EXPECT_LT(theirs.evaluations, 200);
    }
  }
}

TEST(ProbeFitTorch, AClassWithoutLabelsAndAZeroVectorAreNoTrouble) {
  LabelledVectors data = test::labelled_vectors(60, 5, 3, 0.5, 19);
  for (std::int64_t k = 0; k < 5; ++k) data.vectors.data()[k] = 0;
  const Work work;
  for (const bool balanced : {false, true}) {
    const ProbeOptions options{.balanced = balanced, .tolerance = 1e-7};
    const LinearProbe own(data.vectors.view(), data.items, data.labels, 4, work.context);
    EXPECT_NEAR(own.loss(fit(data, 4, options, nullptr, work).model, options), own.fit(options).loss, 1e-4);
  }
}

TEST(ProbeFitTorch, AStartNearTheSolutionSavesWork) {
  LabelledVectors data = test::labelled_vectors(3000, 40, 6, 0.15, 21);
  const Work work;
  const LinearProbe part(data.vectors.view(), std::span(data.items).first(2970), std::span(data.labels).first(2970), 6,
                         work.context);
  const LinearModel start = part.fit({}).model;
  const ProbeFit cold = fit(data, 6, {}, nullptr, work);
  const ProbeFit warm = fit(data, 6, {}, &start, work);
  EXPECT_LT(warm.evaluations, cold.evaluations);
  EXPECT_NEAR(warm.loss, cold.loss, kEqual);
}

TEST(ProbeFitTorch, ValuesThatAreNotFiniteAreRefused) {
  LabelledVectors data = test::labelled_vectors(60, 5, 3, 0.5, 19);
  const Work work;
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    data.vectors.data()[7 * 5 + 2] = bad;
    expect_error(ErrorCode::model, "vector 7 ", [&] { fit(data, 3, {}, nullptr, work); });
  }
}

TEST(ProbeFitTorch, StopsWhenAsked) {
  const LabelledVectors data = test::labelled_vectors(60, 5, 3, 0.5, 19);
  Work work;
  work.cancellation.request();
  expect_error(ErrorCode::cancelled, "interrupted", [&] { fit(data, 3, {}, nullptr, work); });
}

}  // namespace
}  // namespace simile
