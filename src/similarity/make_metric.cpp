// SPDX-License-Identifier: Apache-2.0
#include "simile/similarity/make_metric.hpp"

#include "simile/core/error.hpp"
#include "simile/similarity/cosine.hpp"
#include "simile/similarity/hamming.hpp"
#include "simile/similarity/minhash.hpp"
#include "simile/similarity/orb.hpp"
#include "simile/similarity/ssim.hpp"

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
    case Method::minhash:
      return std::make_unique<MinhashMetric>(features.signatures.view());
    case Method::orb:
      return std::make_unique<OrbMetric>(features.codes.view(), features.offsets);
    case Method::template_match:
      break;
  }
  throw Error(ErrorCode::internal, "a method without a metric");
}

}  // namespace simile
