// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include "cuda/core/launch.hpp"
#include "cuda/similarity/backend.hpp"
#include "cuda/similarity/edge_components.hpp"
#include "cuda/similarity/screen.hpp"
#include "cuda/similarity/sink_driver.hpp"
#include "device_work.hpp"

#include "simile/core/error.hpp"
#include "simile/core/text.hpp"
#include "simile/similarity/components.hpp"

namespace simile::cuda {
namespace {

constexpr int kDevice = 0;
constexpr std::int64_t kHostBytes = 1LL << 30;

/// A point in a stream's work that knows when it was reached.
class TimedEvent {
 public:
  TimedEvent() { check(cudaEventCreate(&event_), "cudaEventCreate"); }
  TimedEvent(const TimedEvent&) = delete;
  TimedEvent& operator=(const TimedEvent&) = delete;
  ~TimedEvent() { static_cast<void>(cudaEventDestroy(event_)); }
  void record(const Stream& stream) const { check(cudaEventRecord(event_, stream.get()), "cudaEventRecord"); }
  double seconds_since(const TimedEvent& begin) const {
    check(cudaEventSynchronize(event_), "cudaEventSynchronize");
    float ms = 0;
    check(cudaEventElapsedTime(&ms, begin.event_, event_), "cudaEventElapsedTime");
    return static_cast<double>(ms) / 1e3;
  }

 private:
  cudaEvent_t event_ = nullptr;
};

std::int64_t second_level_cache_bytes() {
  int bytes = 0;
  check(cudaDeviceGetAttribute(&bytes, cudaDevAttrL2CacheSize, kDevice), "cudaDeviceGetAttribute");
  return bytes;
}

class TimedWork : public DeviceWork {
 public:
  double run() final {
    reset();
    const Stream& stream = gpu_.stream();
    // What is queued here keeps the device busy until what is timed has been queued, too.
    fill_zero(flushing_.data(), flushing_.size(), stream);
    begin_.record(stream);
    queue();
    end_.record(stream);
    return end_.seconds_since(begin_);
  }

 protected:
  Gpu& gpu() { return gpu_; }
  /// Makes everything as it was before the first run.
  virtual void reset() = 0;
  virtual void queue() = 0;

 private:
  CurrentDevice current_{kDevice};
  Gpu gpu_{0};
  DeviceBuffer<std::uint8_t> flushing_{2 * second_level_cache_bytes(), gpu_.stream()};
  TimedEvent begin_;
  TimedEvent end_;
};

class TileWork final : public TimedWork {
 public:
  TileWork(const Metric& metric, double threshold, const Need& need)
      : pairs_(Pairs::rectangle(metric.num_left(), metric.num_right())),
        tile_{.rows = {0, metric.num_left()}, .cols = {0, metric.num_right()}, .upper = false, .list = {}},
        need_(need),
        maker_(make_screen(metric.items())),
        components_(threshold),
        exact_{Exact(metric)} {
    ensure(maker_ != nullptr, "the device does not compare these items");
    const std::int64_t edge = std::max(pairs_.num_left(), pairs_.num_right());
    const Cost cost = maker_->cost().tile;
    slot_.scratch = {scratch_bytes(cost, pairs_.num_left(), pairs_.num_right()), gpu().stream()};
    slot_.pairs = {pairs_.count(), gpu().stream()};
    slot_.count = {1, gpu().stream()};
    screen_ = maker_->make(gpu(), pairs_, {.tile_edge = edge, .block_edge = edge, .all_resident = true});
    components_.begin(pairs_, 1);
    driver_ = make_sink_driver({gpu(), pairs_, components_, context_, exact_, kHostBytes});
  }

  std::vector<std::int64_t> labels() override {
    driver_->bring_home();
    components_.finish([](std::span<ScoredPair> /*open*/) {});
    return components_.labels();
  }
  std::int64_t evaluations() override {
    unsigned long long count = 0;
    copy_to_host(&count, slot_.count.data(), 1, gpu().stream());
    gpu().stream().synchronize();
    return static_cast<std::int64_t>(count);
  }

 protected:
  void reset() override {
    components_.begin(pairs_, 1);
    driver_->begin();
    fill_zero(slot_.count.data(), 1, gpu().stream());
  }
  void queue() override { screen_->score(tile_, need_, {}, slot_, driver_->device_sink(need_, slot_.list())); }

 private:
  ThreadPool pool_{1};
  std::unique_ptr<Progress> progress_ = make_silent_progress();
  Cancellation cancellation_;
  Context context_{pool_, *progress_, cancellation_, kHostBytes};
  Pairs pairs_;
  Tile tile_;
  Need need_;
  std::unique_ptr<ScreenMaker> maker_;
  Slot slot_;
  std::unique_ptr<Screen> screen_;
  Components components_;
  std::vector<Exact> exact_;
  std::unique_ptr<SinkDriver> driver_;
};

class EdgeWork final : public TimedWork {
 public:
  EdgeWork(const View<const std::int32_t, 2>& edges, std::int64_t num_nodes)
      : edges_(2 * edges.shape[0], gpu().stream()),
        nodes_(num_nodes, gpu().stream()),
        labels_(num_nodes, gpu().stream()),
        wrong_(1, gpu().stream()),
        graph_{edges_.data(), edges.shape[0], num_nodes, nodes_.data(), wrong_.data()} {
    copy_to_device(edges_.data(), edges.data, edges_.size(), gpu().stream());
    gpu().stream().synchronize();
  }

  std::vector<std::int64_t> labels() override {
    std::vector<std::int64_t> found(static_cast<std::size_t>(labels_.size()));
    copy_to_host(found.data(), labels_.data(), labels_.size(), gpu().stream());
    gpu().stream().synchronize();
    return found;
  }
  std::int64_t evaluations() override { return 0; }

 protected:
  void reset() override {}
  void queue() override { queue_edge_components(gpu(), graph_, labels_.data()); }

 private:
  DeviceBuffer<std::int32_t> edges_;
  DeviceBuffer<std::int32_t> nodes_;
  DeviceBuffer<std::int64_t> labels_;
  DeviceBuffer<unsigned long long> wrong_;
  DeviceGraph graph_;
};

}  // namespace

std::unique_ptr<DeviceWork> make_tile_work(const Metric& metric, double threshold, const Need& need) {
  return std::make_unique<TileWork>(metric, threshold, need);
}

std::unique_ptr<DeviceWork> make_edge_work(View<const std::int32_t, 2> edges, std::int64_t num_nodes) {
  return std::make_unique<EdgeWork>(edges, num_nodes);
}

std::string device_name() {
  const auto devices = CudaBackend().devices();
  return devices.empty() ? "" : devices.front().description;
}

}  // namespace simile::cuda
