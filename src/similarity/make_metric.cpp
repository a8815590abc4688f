// SPDX-License-Identifier: Apache-2.0
#include "simile/similarity/make_metric.hpp"

#include "simile/core/error.hpp"
#include "simile/similarity/cosine.hpp"
#include "simile/similarity/hamming.hpp"
#include "simile/similarity/ssim.hpp"
#include "simile/similarity/template_match.hpp"

namespace simile {

std::unique_ptr<Metric> make_metric(const Features& features, const MetricOptions& /*options*/) {
  switch (features.method) {
    case Method::ssim:
      return std::make_unique<SsimMetric>(features.images.view());
    case Method::phash:
    case Method::dhash:
    case Method::ahash:
      return std::make_unique<HammingMetric>(features.codes.view(), features.bits);
    case Method::embedding:
      return std::make_unique<CosineMetric>(features.vectors.view());
    case Method::template_match:
      return std::make_unique<TemplateMetric>(features.colour_images.view());
    case Method::minhash:
    case Method::orb:
      break;
  }
  throw Error(ErrorCode::internal, "a method without a metric");
}

}  // namespace simile
