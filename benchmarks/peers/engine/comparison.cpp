// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <chrono>
#include <ostream>
#include <span>
#include <utility>
#include <vector>

#include "work.hpp"

#include "simile/core/error.hpp"
#include "simile/core/npy.hpp"
#include "simile/core/text.hpp"
#include "simile/feature/features.hpp"
#include "simile/similarity/compare.hpp"
#include "simile/similarity/components.hpp"
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
  } else if (method == "embedding") {
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

/// Hands everything to another sink, but asks for every pair: the same result without any pruning, to be compared
/// against.
class Unpruned final : public Sink {
 public:
  explicit Unpruned(Sink& inner) : inner_(inner) {}
  std::string_view name() const override { return inner_.name(); }
  void begin(const Pairs& pairs, int num_workers) override { inner_.begin(pairs, num_workers); }
  Need need(const Tile& /*tile*/) const override { return {}; }
  void consume(int worker, const Tile& tile, std::span<const ScoredPair> scored, Exact& exact) override {
    inner_.consume(worker, tile, scored, exact);
  }
  void finish() override { inner_.finish(); }

 private:
  Sink& inner_;
};

/// Every pair's exact similarity.
class Scores final : public Sink {
 public:
  std::string_view name() const override { return "scores"; }
  void begin(const Pairs& pairs, int /*num_workers*/) override {
    num_items_ = pairs.num_left();
    values_.assign(static_cast<std::size_t>(pairs.count()), 0);
  }
  Need need(const Tile& /*tile*/) const override {
    Need need;
    need.exact = true;
    return need;
  }
  void consume(int /*worker*/, const Tile& /*tile*/, std::span<const ScoredPair> scored, Exact& exact) override {
    for (const auto& pair : scored) {
      const std::int64_t before = pair.left * num_items_ - pair.left * (pair.left + 1) / 2;
      values_[static_cast<std::size_t>(before + pair.right - pair.left - 1)] = exact(pair);
    }
  }
  void finish() override {}
  const std::vector<double>& values() const { return values_; }

 private:
  std::int64_t num_items_ = 0;
  std::vector<double> values_;
};

template <class T>
void write_values(std::ostream& out, const std::vector<T>& values) {
  out.write(reinterpret_cast<const char*>(values.data()), static_cast<std::streamsize>(values.size() * sizeof(T)));
}

class Comparison final : public Work {
 public:
  explicit Comparison(const Arguments& arguments)
      : features_(load_features(arguments)), metric_(make_metric(features_)), sink_(arguments.text("sink")) {
    if (sink_ != "components" && sink_ != "unpruned" && sink_ != "scores") {
      throw Error(ErrorCode::invalid_argument, concat("sink=", in_quotes(sink_), " is not known"));
    }
    if (sink_ != "scores") threshold_ = arguments.number("threshold");
  }

  Report run(const Context& context) override {
    if (sink_ == "scores") {
      Scores scores;
      Report report = timed(scores, context);
      scores_ = scores.values();
      return report;
    }
    const auto start = Clock::now();
    Components components(threshold_);
    Unpruned unpruned(components);
    Report report = timed(sink_ == "unpruned" ? static_cast<Sink&>(unpruned) : components, context);
    report.seconds = seconds_since(start);
    labels_ = components.labels();
    return report;
  }

  void write(std::ostream& out) const override {
    if (sink_ == "scores") {
      write_values(out, scores_);
    } else {
      write_values(out, labels_);
    }
  }

 private:
  Report timed(Sink& sink, const Context& context) const {
    const auto stats = compare(Pairs::triangle(metric_->num_left()), *metric_, sink, context);
    return {stats.seconds, stats.pairs, stats.pairs_skipped, stats.exact_evaluations};
  }

  Features features_;
  std::unique_ptr<Metric> metric_;
  std::string sink_;
  double threshold_ = 0;
  std::vector<std::int64_t> labels_;
  std::vector<double> scores_;
};

}  // namespace

std::unique_ptr<Work> prepare_comparison(const Arguments& arguments) {
  return std::make_unique<Comparison>(arguments);
}

}  // namespace simile::bench
