// SPDX-License-Identifier: Apache-2.0
#include "similarity/expected_time.hpp"

#include <algorithm>

namespace simile {
namespace {

/// Seconds of one thread for a pair: what it compares, over what a fast core does of it in a second
/// (benchmarks/results/peers_cpu.json), no pair being decided early.
struct SecondsPerPair {
  double operator()(const std::monostate& /*none*/) const { return 0; }
  double operator()(const VectorItems& items) const { return static_cast<double>(items.left.shape[1]) / 5e10; }
  double operator()(const CodeItems& items) const { return static_cast<double>(items.left.shape[1]) / 2e9; }
  double operator()(const SignatureItems& /*items*/) const { return 1 / 3e8; }
  double operator()(const DescriptorItems& items) const {
    return descriptors(items.left) * descriptors(items.right) / 5e8;
  }
  double operator()(const GreyItems& items) const {
    const auto pixels = static_cast<double>(items.left.shape[1] * items.left.shape[2]);
    return pixels / (items.window == GreyItems::Window::gaussian ? 4e8 : 1.25e9);
  }
  double operator()(const ColourItems& items) const {
    return static_cast<double>(items.left.shape[1] * items.left.shape[2] * items.left.shape[3]) / 7e10;
  }

 private:
  static double descriptors(const DescriptorItems::Side& side) {
    const auto images = static_cast<double>(std::max<std::int64_t>(1, std::ssize(side.offsets) - 1));
    return static_cast<double>(side.codes.shape[0]) / images;
  }
};

}  // namespace

double expected_cpu_seconds(const Pairs& pairs, const Metric& metric, int num_threads) {
  return static_cast<double>(pairs.count()) * std::visit(SecondsPerPair{}, metric.items().sides) / num_threads;
}

}  // namespace simile
