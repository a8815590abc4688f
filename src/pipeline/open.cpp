// SPDX-License-Identifier: Apache-2.0
#include "pipeline/open.hpp"

#include <algorithm>

#include "simile/core/error.hpp"
#include "simile/core/text.hpp"

namespace simile {

Dataset open_nonempty(const std::filesystem::path& input, const ListingOptions& listing, const Context& context) {
  Dataset dataset = open_dataset(input, {listing, context.memory_bytes}, context);
  if (dataset.catalogue().size() == 0) {
    throw Error(ErrorCode::not_found, concat("nothing to read in ", in_quotes(input.native())));
  }
  return dataset;
}

Extraction extract_nonempty(Dataset& dataset, const FeatureOptions& options, const Context& context) {
  Extraction extraction = extract_features(dataset, options, context);
  if (extraction.features.num_rows() > 0) return extraction;
  const auto& [item, reason] = extraction.errors.front();
  const auto& ids = dataset.catalogue().ids;
  throw Error(ErrorCode::decode, concat("none of the ", ids.size(), " items could be read; the first, ",
                                        in_quotes(ids[static_cast<std::size_t>(item)]), ": ", reason));
}

MetricOptions checked_metric_options(std::optional<SsimWindow> window, const Dataset& dataset, Method method,
                                     const FeatureOptions& options) {
  if (!window) return {};
  const auto flag = concat("--window ", to_string(*window));
  if (method != Method::ssim) {
    throw Error(ErrorCode::invalid_argument, concat(flag, ": no effect with --method ", info(method).name));
  }
  constexpr std::int64_t kGaussianSidePx = 11;  // 3.5 standard deviations of 1.5 px to each side
  const PixelSize size = compared_size(dataset.images, method, options);
  if (*window == SsimWindow::gaussian && std::min(size.width_px, size.height_px) < kGaussianSidePx) {
    throw Error(ErrorCode::invalid_argument,
                concat(flag, ": images of ", size.width_px, "x", size.height_px, " pixels are smaller than its ",
                       kGaussianSidePx, "x", kGaussianSidePx, " (set --size)"));
  }
  return {.window = *window};
}

double checked_threshold(std::optional<double> wanted, Method method) {
  const MethodInfo& method_info = info(method);
  const double threshold = wanted.value_or(method_info.default_threshold);
  if (!(threshold >= method_info.min_threshold && threshold <= 1)) {
    throw Error(ErrorCode::invalid_argument, concat("--threshold ", threshold, ": allowed for ", method_info.name,
                                                    " are ", method_info.min_threshold, " to 1"));
  }
  return threshold;
}

}  // namespace simile
