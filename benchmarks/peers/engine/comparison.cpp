// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <chrono>
#include <limits>
#include <ostream>
#include <vector>

#include "work.hpp"

#include "simile/core/error.hpp"
#include "simile/core/npy.hpp"
#include "simile/core/text.hpp"
#include "simile/feature/features.hpp"
#include "simile/similarity/compare.hpp"
#include "simile/similarity/components.hpp"
#include "simile/similarity/edges.hpp"
#include "simile/similarity/euclidean.hpp"
#include "simile/similarity/histogram.hpp"
#include "simile/similarity/make_metric.hpp"

namespace simile::bench {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

/// The whole `.npy` file, or its first `items` rows.
template <class T, int Rank>
Array<T, Rank> load(const std::string& path, NpyType type, std::int64_t items) {
  const NpyFile file(path);
  const auto& shape = file.header().shape;
  if (shape.size() != static_cast<std::size_t>(Rank)) {
    throw Error(ErrorCode::invalid_argument, concat(in_quotes(path), " has ", shape.size(), " axes, not ", Rank));
  }
  std::array<std::int64_t, Rank> extents{};
  std::copy(shape.begin(), shape.end(), extents.begin());
  Array<T, Rank> rows(extents);
  file.read(type, rows.data());
  if (items < extents[0]) rows.truncate(items);
  return rows;
}

Features load_features(const Arguments& arguments) {
  const std::string& method = arguments.text("method");
  const std::string& path = arguments.text("file");
  const std::int64_t items = arguments.integer("items", INT64_MAX);
  Features features;
  std::int64_t rows = 0;
  if (method == "ssim") {
    features.method = Method::ssim;
    features.images = load<std::uint8_t, 3>(path, NpyType::uint8, items);
    rows = features.images.shape(0);
  } else if (method == "template") {
    features.method = Method::template_match;
    features.colour_images = load<std::uint8_t, 4>(path, NpyType::uint8, items);
    rows = features.colour_images.shape(0);
  } else if (method == "hash") {
    features.method = Method::phash;
    features.codes = load<std::uint8_t, 2>(path, NpyType::uint8, items);
    rows = features.codes.shape(0);
    features.bits = arguments.integer("bits", features.codes.shape(1) * 8);
  } else if (method == "embedding" || method == "euclidean") {
    features.method = Method::embedding;
    features.vectors = load<float, 2>(path, NpyType::float32, items);
    rows = features.vectors.shape(0);
  } else if (method == "minhash") {
    features.method = Method::minhash;
    features.signatures = load<std::uint32_t, 2>(path, NpyType::uint32, items);
    rows = features.signatures.shape(0);
  } else if (method == "orb") {
    features.method = Method::orb;
    const auto offsets = load<std::int64_t, 1>(arguments.text("offsets"), NpyType::int64, INT64_MAX);
    rows = std::min(items, offsets.size() - 1);
    features.offsets.assign(offsets.data(), offsets.data() + rows + 1);
    features.codes = load<std::uint8_t, 2>(path, NpyType::uint8, features.offsets.back());
  } else {
    throw Error(ErrorCode::invalid_argument, concat("method=", in_quotes(method), " is not known"));
  }
  for (std::int64_t row = 0; row < rows; ++row) features.items.push_back(row);
  return features;
}

/// Another metric that is never told what its sink needs, so that it scores every pair to the end: the same result
/// without pruning, to be compared against.
class Unpruned final : public Metric {
 public:
  explicit Unpruned(const Metric& inner) : inner_(inner) {}
  std::string_view name() const override { return inner_.name(); }
  std::int64_t num_left() const override { return inner_.num_left(); }
  std::int64_t num_right() const override { return inner_.num_right(); }
  std::int64_t resident_bytes() const override { return inner_.resident_bytes(); }
  Cost cost() const override { return inner_.cost(); }
  double exact(std::int64_t left, std::int64_t right) const override { return inner_.exact(left, right); }

 protected:
  void screen_block(const Tile& tile, const Need& /*need*/, Workspace& workspace,
                    std::vector<ScoredPair>& out) const override {
    inner_.screen(tile, Need{}, workspace, out);
  }

 private:
  const Metric& inner_;
};

std::unique_ptr<Metric> load_metric(const Arguments& arguments, const Features& features) {
  if (arguments.text("method") == "euclidean") return std::make_unique<EuclideanMetric>(features.vectors.view());
  MetricOptions options;
  if (const auto window = arguments.text("window", ""); !window.empty()) options.window = parse_window(window);
  return make_metric(features, options);
}

class Comparison final : public Work {
 public:
  explicit Comparison(const Arguments& arguments)
      : features_(load_features(arguments)), metric_(load_metric(arguments, features_)), sink_(arguments.text("sink")) {
    constexpr std::array kSinks{"components", "unpruned", "scores", "edges", "histogram"};
    if (std::find(kSinks.begin(), kSinks.end(), sink_) == kSinks.end()) {
      throw Error(ErrorCode::invalid_argument, concat("sink=", in_quotes(sink_), " is not known"));
    }
    if (sink_ != "scores" && sink_ != "histogram") threshold_ = arguments.number("threshold");
  }

  Report run(const Context& context) override {
    if (sink_ == "scores") {
      Edges edges(-std::numeric_limits<double>::infinity(), {});
      const Report report = timed(edges, *metric_, context);
      scores_.clear();
      edges.for_each([this](const Edge& edge) { scores_.push_back(edge.similarity); });
      return report;
    }
    if (sink_ == "edges") {
      Edges edges(threshold_, {});
      const Report report = timed(edges, *metric_, context);
      integers_.clear();
      edges.for_each([this](const Edge& edge) { integers_.insert(integers_.end(), {edge.left, edge.right}); });
      return report;
    }
    if (sink_ == "histogram") {
      Histogram histogram;
      const Report report = timed(histogram, *metric_, context);
      integers_ = histogram.counts();
      return report;
    }
    const auto start = Clock::now();
    Components components(threshold_);
    const Unpruned unpruned(*metric_);
    Report report = timed(components, sink_ == "unpruned" ? static_cast<const Metric&>(unpruned) : *metric_, context);
    report.seconds = seconds_since(start);
    integers_ = components.labels();
    return report;
  }

  void write(std::ostream& out) const override {
    if (sink_ == "scores") {
      write_values(out, scores_);
    } else {
      write_values(out, integers_);
    }
  }

 private:
  static Report timed(Sink& sink, const Metric& metric, const Context& context) {
    const auto stats = compare(Pairs::triangle(metric.num_left()), metric, sink, context);
    return {stats.seconds, stats.pairs, stats.pairs_skipped, stats.exact_evaluations};
  }

  Features features_;
  std::unique_ptr<Metric> metric_;
  std::string sink_;
  double threshold_ = 0;
  std::vector<std::int64_t> integers_;  // labels, edges or counts
  std::vector<double> scores_;
};

}  // namespace

std::unique_ptr<Work> prepare_comparison(const Arguments& arguments) { return std::make_unique<Comparison>(arguments); }

}  // namespace simile::bench
