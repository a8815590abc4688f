// SPDX-License-Identifier: Apache-2.0
#include "conformance/inputs.hpp"

#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include "support/oracle.hpp"
#include "support/random_images.hpp"

#include "simile/core/error.hpp"
#include "simile/core/random.hpp"
#include "simile/similarity/cosine.hpp"
#include "simile/similarity/euclidean.hpp"
#include "simile/similarity/hamming.hpp"
#include "simile/similarity/minhash.hpp"
#include "simile/similarity/orb.hpp"
#include "simile/similarity/ssim.hpp"
#include "simile/similarity/ssim_gaussian.hpp"
#include "simile/similarity/template_match.hpp"

namespace simile {
namespace {

/// Features of both sides in one array; of two sets the right items follow the left ones.
template <class T, int Rank, class Base>
class Sides {
 public:
  Sides(Array<T, Rank> features, std::int64_t num_left, bool one_set)
      : features_(std::move(features)), right_begin_(one_set ? 0 : num_left), one_set_(one_set) {
    left_ = features_.view();
    left_.shape[0] = num_left;
    right_ = features_.view();
    right_.data += right_begin_ * right_.stride[0];
    right_.shape[0] -= right_begin_;
  }

 protected:
  template <class... Options>
  std::unique_ptr<Base> make_metric(Options... options) const {
    return one_set_ ? std::make_unique<Base>(left_, options...) : std::make_unique<Base>(left_, right_, options...);
  }
  View<const T, Rank - 1> left_item(std::int64_t item) const { return left_[item]; }
  View<const T, Rank - 1> right_item(std::int64_t item) const { return right_[item]; }

 private:
  Array<T, Rank> features_;
  std::int64_t right_begin_;
  bool one_set_;
  View<const T, Rank> left_;
  View<const T, Rank> right_;
};

template <class T>
std::span<const T> as_span(const View<const T, 1>& row) {
  return {row.data, static_cast<std::size_t>(row.shape[0])};
}

/// All of the same size, 12 pixels wide.
Array<std::uint8_t, 3> images(std::int64_t count, std::int64_t height = 9) {
  constexpr std::int64_t kWidth = 12;
  std::vector<Array<std::uint8_t, 2>> all;
  for (std::int64_t k = 0; k < count; ++k) {
    const auto seed = static_cast<std::uint64_t>(k);
    if (k % 11 == 3) {
      all.push_back(constant_image(height, kWidth, static_cast<std::uint8_t>(k * 37 % 256)));
    } else if (k % 5 != 0 && k > 5) {
      all.push_back(near_duplicate(all[static_cast<std::size_t>(k - 5)].view(), k % 7 == 0 ? 0 : 9, seed));
    } else {
      all.push_back(k % 2 == 0 ? natural_image(height, kWidth, seed) : noise_image(height, kWidth, seed));
    }
  }
  if (all.empty()) return Array<std::uint8_t, 3>({0, height, kWidth});
  return stack(all);
}

class SsimInput final : public ConformanceInput, Sides<std::uint8_t, 3, SsimMetric> {
 public:
  SsimInput(std::int64_t num_left, std::int64_t num_items, bool one_set)
      : Sides(images(num_items), num_left, one_set), metric_(make_metric()) {}
  const Metric& metric() const override { return *metric_; }
  double oracle(std::int64_t left, std::int64_t right) const override {
    return oracle_ssim(left_item(left), right_item(right));
  }

 private:
  std::unique_ptr<SsimMetric> metric_;
};

class SsimGaussianInput final : public ConformanceInput, Sides<std::uint8_t, 3, SsimGaussianMetric> {
 public:
  SsimGaussianInput(std::int64_t num_left, std::int64_t num_items, bool one_set)
      : Sides(images(num_items, 13), num_left, one_set), metric_(make_metric()) {}
  const Metric& metric() const override { return *metric_; }
  double oracle(std::int64_t left, std::int64_t right) const override {
    return oracle_ssim_gaussian(left_item(left), right_item(right));
  }

 private:
  std::unique_ptr<SsimGaussianMetric> metric_;
};

/// `longer`: the length of some rows; the others have length 1 or 0.
Array<float, 2> vectors(std::int64_t count, float longer) {
  constexpr std::int64_t kDimensions = 45;
  auto rows = clustered_unit_vectors(count, kDimensions, 7, 0.5, 1);
  for (std::int64_t k = 0; k < count; ++k) {
    for (std::int64_t c = 0; c < kDimensions; ++c) {
      float& value = rows.view()(k, c);
      if (k % 17 == 4) value = 0;                      // alike to nothing
      if (k % 17 == 9) value = rows.view()(k - 7, c);  // the same
      if (k % 17 == 11) value *= longer;               // another length
    }
  }
  return rows;
}

class CosineInput final : public ConformanceInput, Sides<float, 2, CosineMetric> {
 public:
  CosineInput(std::int64_t num_left, std::int64_t num_items, bool one_set)
      : Sides(vectors(num_items, 1000), num_left, one_set), metric_(make_metric()) {}
  const Metric& metric() const override { return *metric_; }
  double oracle(std::int64_t left, std::int64_t right) const override {
    return oracle_cosine(as_span(left_item(left)), as_span(right_item(right)));
  }

 private:
  std::unique_ptr<CosineMetric> metric_;
};

class EuclideanInput final : public ConformanceInput, Sides<float, 2, EuclideanMetric> {
 public:
  EuclideanInput(std::int64_t num_left, std::int64_t num_items, bool one_set)
      : Sides(vectors(num_items, 3), num_left, one_set), metric_(make_metric()) {}
  const Metric& metric() const override { return *metric_; }
  double oracle(std::int64_t left, std::int64_t right) const override {
    return oracle_euclidean(as_span(left_item(left)), as_span(right_item(right)));
  }

 private:
  std::unique_ptr<EuclideanMetric> metric_;
};

constexpr std::int64_t kBits = 77;

Array<std::uint8_t, 2> codes(std::int64_t count) {
  Array<std::uint8_t, 2> rows({count, (kBits + 7) / 8});
  Random random(2);
  for (std::int64_t k = 0; k < count; ++k) {
    const auto row = rows.view()[k];
    for (std::int64_t bit = 0; bit < kBits; ++bit) {
      // Some are copies with a few bits changed.
      bool set = random.below(2) != 0;
      if (k % 3 != 0) set = ((rows.view()(k - 1, bit / 8) << bit % 8 & 0x80) != 0) != (random.below(12) == 0);
      if (set) row(bit / 8) |= static_cast<std::uint8_t>(0x80 >> bit % 8);
    }
  }
  return rows;
}

class HammingInput final : public ConformanceInput, Sides<std::uint8_t, 2, HammingMetric> {
 public:
  HammingInput(std::int64_t num_left, std::int64_t num_items, bool one_set)
      : Sides(codes(num_items), num_left, one_set), metric_(make_metric(kBits)) {}
  const Metric& metric() const override { return *metric_; }
  double oracle(std::int64_t left, std::int64_t right) const override {
    return oracle_hamming(as_span(left_item(left)), as_span(right_item(right)), kBits);
  }

 private:
  std::unique_ptr<HammingMetric> metric_;
};

/// Colour images whose channels are three of the grey ones; some are black.
Array<std::uint8_t, 4> colour_images(std::int64_t count) {
  const auto planes = images(count + 2);
  Array<std::uint8_t, 4> colour({count, planes.shape(1), planes.shape(2), 3});
  const std::int64_t pixels = planes.shape(1) * planes.shape(2);
  for (std::int64_t k = 0; k < count * pixels * 3; ++k) {
    const std::int64_t item = k / (pixels * 3);
    const std::int64_t channel = k % 3;
    if (item % 13 != 5) colour.data()[k] = planes.data()[(item + channel) * pixels + k / 3 % pixels];
  }
  return colour;
}

class TemplateInput final : public ConformanceInput, Sides<std::uint8_t, 4, TemplateMetric> {
 public:
  TemplateInput(std::int64_t num_left, std::int64_t num_items, bool one_set)
      : Sides(colour_images(num_items), num_left, one_set), metric_(make_metric()) {}
  const Metric& metric() const override { return *metric_; }
  double oracle(std::int64_t left, std::int64_t right) const override {
    return oracle_template(left_item(left), right_item(right));
  }

 private:
  std::unique_ptr<TemplateMetric> metric_;
};

Array<std::uint32_t, 2> signatures(std::int64_t count) {
  constexpr std::int64_t kLength = 128;
  Array<std::uint32_t, 2> rows({count, kLength});
  Random random(3);
  for (std::int64_t k = 0; k < count; ++k) {
    for (std::int64_t c = 0; c < kLength; ++c) {
      // Values of which many share the low byte; some rows are copies with a few minima changed, some are of nothing.
      auto value = static_cast<std::uint32_t>(random.below(4) << 8 | random.below(3));
      if (k % 3 != 0 && random.below(8) != 0) value = rows.view()(k - 1, c);
      rows.view()(k, c) = k % 13 == 6 ? 0xffffffffU : value;
    }
  }
  return rows;
}

class MinhashInput final : public ConformanceInput, Sides<std::uint32_t, 2, MinhashMetric> {
 public:
  MinhashInput(std::int64_t num_left, std::int64_t num_items, bool one_set)
      : Sides(signatures(num_items), num_left, one_set), metric_(make_metric()) {}
  const Metric& metric() const override { return *metric_; }
  double oracle(std::int64_t left, std::int64_t right) const override {
    return oracle_minhash(as_span(left_item(left)), as_span(right_item(right)));
  }

 private:
  std::unique_ptr<MinhashMetric> metric_;
};

/// Descriptors of images that have 0 to 7 of them, with many ties.
class OrbInput final : public ConformanceInput {
 public:
  OrbInput(std::int64_t num_left, std::int64_t num_items, bool one_set) : right_begin_(one_set ? 0 : num_left) {
    Random random(4);
    for (std::int64_t k = 0; k < num_items; ++k) offsets_.push_back(offsets_.back() + (k * 5 + 2) % 8);
    descriptors_ = Array<std::uint8_t, 2>({offsets_.back(), kDescriptorBytes});
    for (std::int64_t k = 0; k < descriptors_.size(); ++k) {
      const bool varied = k % kDescriptorBytes % 9 == 0;
      descriptors_.data()[k] = static_cast<std::uint8_t>(varied ? random.below(8) : 0x5a);
    }
    // Of two sets each has offsets that begin with 0.
    const std::vector<std::int64_t> left(offsets_.begin(), offsets_.begin() + num_left + 1);
    std::vector<std::int64_t> right;
    for (auto k = static_cast<std::size_t>(right_begin_); k < offsets_.size(); ++k) {
      right.push_back(offsets_[k] - offsets_[static_cast<std::size_t>(right_begin_)]);
    }
    metric_ = one_set ? std::make_unique<OrbMetric>(descriptors_.view(), offsets_)
                      : std::make_unique<OrbMetric>(rows(0, num_left), left, rows(num_left, num_items), right);
  }
  const Metric& metric() const override { return *metric_; }
  double oracle(std::int64_t left, std::int64_t right) const override {
    right += right_begin_;
    return oracle_orb(rows(left, left + 1), rows(right, right + 1));
  }

 private:
  static constexpr std::int64_t kDescriptorBytes = 32;

  /// The descriptors of images first .. end - 1.
  View<const std::uint8_t, 2> rows(std::int64_t first, std::int64_t end) const {
    const std::int64_t begin = offsets_[static_cast<std::size_t>(first)];
    return {descriptors_.data() + begin * kDescriptorBytes,
            {offsets_[static_cast<std::size_t>(end)] - begin, kDescriptorBytes}};
  }

  std::vector<std::int64_t> offsets_{0};
  Array<std::uint8_t, 2> descriptors_;
  std::int64_t right_begin_;
  std::unique_ptr<OrbMetric> metric_;
};

}  // namespace

std::unique_ptr<ConformanceInput> make_input(const std::string& metric, std::int64_t num_left, std::int64_t num_right,
                                             bool one_set) {
  const std::int64_t num_items = one_set ? num_left : num_left + num_right;
  if (metric == "ssim") return std::make_unique<SsimInput>(num_left, num_items, one_set);
  if (metric == "ssim_gaussian") return std::make_unique<SsimGaussianInput>(num_left, num_items, one_set);
  if (metric == "cosine") return std::make_unique<CosineInput>(num_left, num_items, one_set);
  if (metric == "euclidean") return std::make_unique<EuclideanInput>(num_left, num_items, one_set);
  if (metric == "template") return std::make_unique<TemplateInput>(num_left, num_items, one_set);
  if (metric == "minhash") return std::make_unique<MinhashInput>(num_left, num_items, one_set);
  if (metric == "orb") return std::make_unique<OrbInput>(num_left, num_items, one_set);
  ensure(metric == "hamming", "no inputs for this metric");
  return std::make_unique<HammingInput>(num_left, num_items, one_set);
}

}  // namespace simile
