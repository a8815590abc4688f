// SPDX-License-Identifier: Apache-2.0
#include <limits>
#include <vector>

#include "cuda/similarity/sinks/drivers.hpp"

namespace simile::cuda {
namespace {

class HistogramDriver final : public SinkDriver {
 public:
  HistogramDriver(const SinkSetting& setting, Histogram& histogram)
      : gpu_(setting.gpu),
        histogram_(histogram),
        borders_(histogram.num_bins(), gpu_.stream()),
        ends_(histogram.num_bins(), gpu_.stream()),
        counts_(histogram.num_bins() + 1, gpu_.stream()) {
    std::vector<double> borders;
    for (std::int64_t k = 0; k <= histogram.num_bins(); ++k) borders.push_back(histogram.border(k));
    low_ = borders.front();
    bins_per_unit_ = static_cast<double>(histogram.num_bins()) / (borders.back() - low_);
    borders.back() = std::numeric_limits<double>::infinity();  // the last bin has no end
    copy_to_device(borders_.data(), borders.data(), borders_.size(), gpu_.stream());
    copy_to_device(ends_.data(), borders.data() + 1, ends_.size(), gpu_.stream());
    fill_zero(counts_.data(), counts_.size(), gpu_.stream());
    gpu_.stream().synchronize();
  }

  DeviceSink device_sink(const Need& /*need*/, const PairList& list) const override {
    return DeviceHistogram{
        list, {low_, bins_per_unit_, borders_.data(), ends_.data(), histogram_.num_bins()}, {counts_.data()}};
  }

  void bring_home() override {
    std::vector<unsigned long long> counts(static_cast<std::size_t>(counts_.size()));
    copy_to_host(counts.data(), counts_.data(), counts_.size(), gpu_.stream());
    fill_zero(counts_.data(), counts_.size(), gpu_.stream());
    gpu_.stream().synchronize();
    histogram_.add(std::vector<std::int64_t>(counts.begin(), counts.end()));
  }

 private:
  Gpu& gpu_;
  Histogram& histogram_;
  DeviceBuffer<double> borders_;
  DeviceBuffer<double> ends_;
  DeviceBuffer<unsigned long long> counts_;
  double low_ = 0;
  double bins_per_unit_ = 0;
};

}  // namespace

std::unique_ptr<SinkDriver> make_histogram_driver(const SinkSetting& setting, Histogram& histogram) {
  return std::make_unique<HistogramDriver>(setting, histogram);
}

std::int64_t histogram_device_bytes(const Histogram& histogram) { return 24 * (histogram.num_bins() + 1); }

}  // namespace simile::cuda
