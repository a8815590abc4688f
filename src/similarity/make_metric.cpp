// SPDX-License-Identifier: Apache-2.0
#include "simile/similarity/make_metric.hpp"

#include "simile/core/error.hpp"
#include "simile/core/text.hpp"
#include "simile/similarity/cosine.hpp"
#include "simile/similarity/hamming.hpp"
#include "simile/similarity/ssim.hpp"

namespace simile {

std::string_view to_string(SsimWindow window) { return window == SsimWindow::gaussian ? "gaussian" : "uniform"; }

SsimWindow parse_window(std::string_view name) {
  for (const auto window : {SsimWindow::uniform, SsimWindow::gaussian}) {
    if (name == to_string(window)) return window;
  }
  throw Error(ErrorCode::invalid_argument, concat("--window ", in_quotes(name), ": allowed are uniform, gaussian"));
}

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
    case Method::orb:
    case Method::template_match:
      break;
  }
  throw Error(ErrorCode::internal, "a method without a metric");
}

}  // namespace simile
