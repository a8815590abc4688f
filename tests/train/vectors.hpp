// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "simile/core/array.hpp"
#include "simile/core/context.hpp"
#include "simile/core/random.hpp"

namespace simile::test {

/// A context with everything it refers to.
struct Work {
  explicit Work(int threads = 1) : pool(threads) {}
  ThreadPool pool;
  std::unique_ptr<Progress> progress = make_silent_progress();
  Cancellation cancellation;
  Context context{pool, *progress, cancellation, std::int64_t{1} << 30};
};

/// About normal: the sum of twelve uniform values.
inline float drawn(Random& random) {
  double sum = -6;
  for (int k = 0; k < 12; ++k) sum += random.uniform();
  return static_cast<float>(sum);
}

/// Vectors about a centre for each class; item k has class k % classes.
struct LabelledVectors {
  Array<float, 2> vectors;
  std::vector<std::int64_t> items;
  std::vector<std::int32_t> labels;
};

inline LabelledVectors labelled_vectors(std::int64_t count, std::int64_t dimensions, std::int64_t classes,
                                        double distance, std::uint64_t seed) {
  Random random(seed);
  Array<float, 2> centres({classes, dimensions});
  for (std::int64_t k = 0; k < centres.size(); ++k) centres.data()[k] = static_cast<float>(distance) * drawn(random);
  LabelledVectors made{Array<float, 2>({count, dimensions}), {}, {}};
  for (std::int64_t row = 0; row < count; ++row) {
    made.items.push_back(row);
    made.labels.push_back(static_cast<std::int32_t>(row % classes));
    for (std::int64_t k = 0; k < dimensions; ++k) {
      made.vectors.data()[row * dimensions + k] = drawn(random) + centres.data()[(row % classes) * dimensions + k];
    }
  }
  return made;
}

}  // namespace simile::test
