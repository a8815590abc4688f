// SPDX-License-Identifier: Apache-2.0
#include "simile/similarity/make_metric.hpp"

#include "simile/core/error.hpp"
#include "simile/core/text.hpp"
#include "simile/similarity/cosine.hpp"
#include "simile/similarity/hamming.hpp"
#include "simile/similarity/minhash.hpp"
#include "simile/similarity/orb.hpp"
#include "simile/similarity/ssim.hpp"
#include "simile/similarity/ssim_gaussian.hpp"
#include "simile/similarity/template_match.hpp"

namespace simile {

std::string_view to_string(SsimWindow window) { return window == SsimWindow::gaussian ? "gaussian" : "uniform"; }

SsimWindow parse_window(std::string_view name) {
  for (const auto window : {SsimWindow::uniform, SsimWindow::gaussian}) {
    if (name == to_string(window)) return window;
  }
  throw Error(ErrorCode::invalid_argument, concat("--window ", in_quotes(name), ": allowed are uniform, gaussian"));
}

namespace {

/// On one set, or on two where `right` is given.
template <class Of, class Member, class... Arguments>
std::unique_ptr<Metric> make(const Features& left, const Features* right, Member member, Arguments... arguments) {
  const auto view = (left.*member).view();
  if (right == nullptr) return std::make_unique<Of>(view, arguments...);
  return std::make_unique<Of>(view, (right->*member).view(), arguments...);
}

std::unique_ptr<Metric> make(const Features& left, const Features* right, const MetricOptions& options) {
  switch (left.method) {
    case Method::ssim:
      if (options.window == SsimWindow::gaussian) return make<SsimGaussianMetric>(left, right, &Features::images);
      return make<SsimMetric>(left, right, &Features::images);
    case Method::phash:
    case Method::dhash:
    case Method::ahash:
      return make<HammingMetric>(left, right, &Features::codes, left.bits);
    case Method::embedding:
      return make<CosineMetric>(left, right, &Features::vectors);
    case Method::template_match:
      return make<TemplateMetric>(left, right, &Features::colour_images);
    case Method::minhash:
      return make<MinhashMetric>(left, right, &Features::signatures);
    case Method::orb:
      if (right == nullptr) return std::make_unique<OrbMetric>(left.codes.view(), left.offsets);
      return std::make_unique<OrbMetric>(left.codes.view(), left.offsets, right->codes.view(), right->offsets);
  }
  throw Error(ErrorCode::internal, "a method without a metric");
}

}  // namespace

std::unique_ptr<Metric> make_metric(const Features& features, const MetricOptions& options) {
  return make(features, nullptr, options);
}

std::unique_ptr<Metric> make_metric(const Features& left, const Features& right, const MetricOptions& options) {
  if (left.method != right.method || left.bits != right.bits) {
    throw Error(ErrorCode::invalid_argument,
                concat(info(left.method).name, " features of ", left.bits, " bits cannot be compared with ",
                       info(right.method).name, " features of ", right.bits, " bits"));
  }
  return make(left, &right, options);
}

}  // namespace simile
