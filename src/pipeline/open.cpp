// SPDX-License-Identifier: Apache-2.0
#include "pipeline/open.hpp"

#include "pipeline/network_embedder.hpp"
#include "pipeline/target.hpp"

#include "simile/core/error.hpp"
#include "simile/core/text.hpp"
#include "simile/report/result_folder.hpp"
#include "simile/similarity/ssim_gaussian.hpp"

namespace simile {
namespace {

void check_window(SsimWindow window, Method method, const ImageSet& images, const FeatureOptions& features) {
  const auto flag = concat("--window ", to_string(window));
  if (method != Method::ssim) {
    throw Error(ErrorCode::invalid_argument, concat(flag, ": no effect with --method ", info(method).name));
  }
  if (window != SsimWindow::gaussian) return;
  const PixelSize size = compared_size(images, method, features);
  if (size.width_px < kGaussianWindow || size.height_px < kGaussianWindow) {
    throw Error(ErrorCode::invalid_argument, concat(flag, ": images of ", size.width_px, "x", size.height_px,
                                                    " pixels are smaller than its windows of 11x11 (set --size)"));
  }
}

}  // namespace

Dataset open_nonempty(const std::filesystem::path& input, const ListingOptions& listing, const Context& context) {
  Dataset dataset = open_dataset(input, {listing, context.memory_bytes}, context);
  if (dataset.catalogue().size() == 0) {
    throw Error(ErrorCode::not_found, concat("nothing to read in ", in_quotes(input.native())));
  }
  return dataset;
}

OpenedInput open_for_result(const std::filesystem::path& input, const std::filesystem::path& out,
                            std::string_view suffix, bool overwrite, const ListingOptions& listing,
                            const Context& context) {
  if (!std::filesystem::exists(input)) {
    throw Error(ErrorCode::not_found, concat("no such file or folder: ", in_quotes(input.native())));
  }
  OpenedInput opened;
  opened.out = resolved_out(out, input, suffix);
  check_apart(opened.out, input);
  check_result_target(opened.out, overwrite);
  opened.dataset = open_nonempty(input, listing, context);
  if (!std::filesystem::is_directory(input)) check_items_apart(opened.out, opened.dataset.catalogue());
  return opened;
}

Extraction extract_nonempty(Dataset& dataset, const FeatureOptions& options, const Context& context) {
  Extraction extraction = extract_features(dataset, with_embedder(options, dataset, context), context);
  if (extraction.features.num_rows() > 0) return extraction;
  const auto& [item, reason] = extraction.errors.front();
  const auto& ids = dataset.catalogue().ids;
  throw Error(ErrorCode::decode, concat("none of the ", ids.size(), " items could be read; the first, ",
                                        in_quotes(ids[static_cast<std::size_t>(item)]), ": ", reason));
}

Method checked_method(const Dataset& dataset, const FeatureOptions& features, const MetricOptions& metric) {
  const Method method = choose_method(dataset, features);
  features.validate_for(dataset, method);
  if (metric.window) check_window(*metric.window, method, dataset.images, features);
  return method;
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
